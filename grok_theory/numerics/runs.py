"""Independent runs in padded batches, so that run 7 is the same among 8 or 800."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import PyTree

from .. import progress
from .threads import yielded_over_cores


def runs_at_once() -> int:
    """How many runs one compiled call makes where nothing else is asked for: one on a CPU, 8 on an accelerator.

    A CPU gains nothing from a batch, and one run would cost the time and memory of all of it; an accelerator is idle
    with less.
    """
    return 1 if jax.default_backend() == "cpu" else 8


def counted(runs: int) -> str:
    """So many runs, in words that begin a sentence."""
    return "One run" if runs == 1 else f"{runs} runs at once"


def run_batched(
    one_run: Callable[..., Any],
    key: jax.Array,
    runs: int,
    *,
    batch: int | None = None,
    first: int = 0,
    arguments: tuple[Any, ...] = (),
    program: Callable[..., Any] = jax.jit,
    workers: int = 1,
) -> PyTree:
    """Make runs `first`, ..., `first + runs - 1` and stack them on a leading axis, as NumPy arrays.

    Run i gets `jax.random.fold_in(key, i)`. Every call of the compiled function makes exactly `batch` runs (the last
    batch is padded with further runs that are thrown away), so neither a run's draw nor its digits depend on how many
    runs are asked for, nor on which of them are already done. XLA may order sums differently for another batch size:
    keep `batch` fixed for results that must be equal to the bit.

    Parameters
    ----------
    one_run : callable
        Traceable function from a key, and what stands in `arguments`, to a pytree of arrays.
    key : Array
        A typed JAX key.
    runs : int
        How many; >= 1.
    batch : int, optional
        Runs computed together by one compiled call; `runs_at_once()` if left out.
    first : int, default 0
        Index of the first.
    arguments : tuple[Any, ...], default ()
        Pytrees handed to every run. A module-level `one_run` that takes its numbers this way is compiled once for all
        numbers; a closure is compiled at every call.
    program : callable, default jax.jit
        What makes the program; `numerics.programs.compiled` where a run compiles longer than it computes. Its draws may
        differ from those outside of it in the last digit.
    workers : int, default 1
        Batches computed at once, each in a thread: the digits are the same. Not for what calls LAPACK.

    Examples
    --------
    >>> import jax
    >>> run_batched(lambda key: jax.random.uniform(key), jax.random.key(0), 3).shape
    (3,)
    """
    batch = runs_at_once() if batch is None else batch
    made = _compiled(one_run, batch, len(arguments), program)
    # Batches are aligned to multiples of `batch`: where a run stands in its batch is a function of its index alone.
    start = first - first % batch
    bases = range(start, first + runs, batch)
    done = yielded_over_cores(
        lambda i: jax.tree_util.tree_map(np.asarray, made(key, np.uint32(bases[i]), *arguments)),
        len(bases),
        workers=workers,
    )
    parts = [next(done) for _ in progress.counted(bases, "runs" if batch == 1 else f"batches of {batch} runs")]
    return jax.tree_util.tree_map(lambda *p: np.concatenate(p)[first - start : first - start + runs], *parts)


@lru_cache(maxsize=32)
def _compiled(
    one_run: Callable[..., Any], batch: int, arguments: int, program: Callable[..., Any]
) -> Callable[..., Any]:
    """`one_run` for `batch` runs from a first one; keys are made inside, so that there is one program and no other."""

    def together(key, base, *arguments_of_all):
        if batch == 1:  # not a batch of one: products of matrices stay what they are
            alone = one_run(jax.random.fold_in(key, base), *arguments_of_all)
            return jax.tree_util.tree_map(lambda leaf: jnp.asarray(leaf)[None], alone)
        keys = jax.vmap(jax.random.fold_in, (None, 0))(key, base + jnp.arange(batch, dtype=jnp.uint32))
        return jax.vmap(one_run, in_axes=(0, *[None] * arguments))(keys, *arguments_of_all)

    return program(together)
