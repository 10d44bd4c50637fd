"""What can go wrong: every error this package raises on purpose."""

from __future__ import annotations


class GrokTheoryError(Exception):
    """Every error this package raises on purpose.

    Examples
    --------
    >>> import grok_theory as gt
    >>> all(issubclass(kind, gt.GrokTheoryError) for kind in (gt.BadValue, gt.SolveFailed, gt.TooLarge, gt.DamagedFile))
    True
    >>> issubclass(gt.BadValue, ValueError)
    True
    """


class BadValue(GrokTheoryError, ValueError):
    """An argument outside what is allowed.

    Examples
    --------
    >>> import grok_theory as gt
    >>> try:
    ...     gt.linear.TeacherStudent(samples_per_dim=-1.0, snr=5.0)
    ... except gt.BadValue as error:
    ...     print(error)
    samples_per_dim is -1.0, but it must be positive and finite. Pass samples / dim, for example 400 / 200.
    """


class SolveFailed(GrokTheoryError, RuntimeError):
    """A solver has no trustworthy answer; `throw=False` hands back what there is.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> import grok_theory as gt
    >>> task = gt.in_context.LinearAttention(2.0, 0.5, noise=0.5)  # no ridge
    >>> try:
    ...     gt.in_context.solve(task, [1.0])  # as many sequences as weights: the loss is infinite
    ... except gt.SolveFailed:
    ...     print("there is no answer")
    there is no answer
    """


class TooLarge(GrokTheoryError, MemoryError):
    """An allocation that would not fit, refused before it is made.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> import grok_theory as gt
    >>> problem = gt.linear.TeacherStudent(1.0, 5.0)
    >>> try:
    ...     gt.linear.simulate(problem, [1.0], dim=10**6, runs=1, key=jax.random.key(0))
    ... except gt.TooLarge:
    ...     print("refused before it is allocated")
    refused before it is allocated
    """


class DamagedFile(GrokTheoryError, ValueError):
    """A file that is truncated, altered, or not ours.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import grok_theory as gt
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "result.npz"
    ...     _ = path.write_text("no result")
    ...     try:
    ...         gt.load(path)
    ...     except gt.DamagedFile:
    ...         print("not a result of this package, or damaged")
    not a result of this package, or damaged
    """


class Float64Required(GrokTheoryError, RuntimeError):
    """A solver called while JAX computes in float32."""
