"""`compiled`, in place of `jax.jit`: the same function, in half the compiler's time on a CPU.

XLA has two ways to write the loop of a fused operation for a CPU. The newer goes through MLIR, and costs a small solve
half of its first call; elementwise both give the same digits in the same time. `compiled` asks for the older one, by a
compiler option of this one program: nothing is changed for the user's own. Sums of exponentials are up to 1.7 times
slower that way, so what computes longer than it compiles (particles, trainings, means over prompts) stays `jax.jit`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

import jax

from .padding import any_traced

__all__ = ["OPTIONS", "compiled"]

OPTIONS = {"xla_cpu_use_fusion_emitters": False, "xla_cpu_prefer_vector_width": 512}


def compiled(
    function: Callable[..., Any],
    *,
    static_argnums: int | Sequence[int] | None = None,
    static_argnames: str | Sequence[str] | None = None,
) -> Callable[..., Any]:
    """`jax.jit(function)`, compiled in about half the time where it is called with numbers, on a CPU.

    Where an argument is traced, or another compilation is under way around it, it is `jax.jit(function)`: JAX takes
    options of a whole program only. Results of the two may differ in the last digit, as those of a function inside and
    outside `jax.jit` do.

    Parameters
    ----------
    function : callable
        As for `jax.jit`.
    static_argnums, static_argnames : optional
        As for `jax.jit`.

    Returns
    -------
    callable
        As `jax.jit` gives; `_cache_size()` counts the programs of both.

    Examples
    --------
    >>> import jax
    >>> double = compiled(lambda x: 2 * x)
    >>> print(double(3.0), jax.grad(double)(3.0), jax.jit(double)(3.0))
    6.0 2.0 6.0
    """
    structure: dict[str, Any] = {"static_argnums": static_argnums, "static_argnames": static_argnames}
    plain = jax.jit(function, **structure)
    quick = jax.jit(function, compiler_options=OPTIONS, **structure)

    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        if jax.default_backend() == "cpu" and not any_traced(args, kwargs):
            try:
                return quick(*args, **kwargs)
            except (ValueError, jax.errors.JaxRuntimeError):
                # Inside another compilation, or an XLA without the option. What `function` itself refuses, it refuses
                # again.
                pass
        return plain(*args, **kwargs)

    call._cache_size = lambda: plain._cache_size() + quick._cache_size()  # type: ignore[attr-defined]
    return call
