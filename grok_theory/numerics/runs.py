"""Independent runs in padded batches, so that run 7 is the same among 8 or 800."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import jax
import numpy as np
from jaxtyping import PyTree


def run_batched(
    one_run: Callable[..., Any],
    key: jax.Array,
    runs: int,
    *,
    batch: int = 8,
    first: int = 0,
    arguments: tuple[Any, ...] = (),
) -> PyTree:
    """Make runs `first`, ..., `first + runs - 1` and stack them on a leading axis, as NumPy arrays.

    Run i gets `jax.random.fold_in(key, i)`. Every call of the compiled function sees exactly `batch` keys (the last
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
    batch : int, default 8
        Runs computed together by one compiled call.
    first : int, default 0
        Index of the first.
    arguments : tuple[Any, ...], default ()
        Pytrees handed to every run. A module-level `one_run` that takes its numbers this way is compiled once for all
        numbers; a closure is compiled at every call.

    Examples
    --------
    >>> import jax
    >>> run_batched(lambda key: jax.random.uniform(key), jax.random.key(0), 3).shape
    (3,)
    """
    compiled = _compiled(one_run, len(arguments))
    # Batches are aligned to multiples of `batch`: where a run stands in its batch is a function of its index alone.
    start = first - first % batch
    parts = []
    for base in range(start, first + runs, batch):
        keys = _keys(key, np.arange(base, base + batch))
        parts.append(jax.tree_util.tree_map(np.asarray, compiled(keys, *arguments)))
    return jax.tree_util.tree_map(lambda *p: np.concatenate(p)[first - start : first - start + runs], *parts)


@jax.jit  # whole: operation by operation it is three compilations
def _keys(key: jax.Array, numbers: jax.Array) -> jax.Array:
    return jax.vmap(jax.random.fold_in, (None, 0))(key, numbers)


@lru_cache(maxsize=32)
def _compiled(one_run: Callable[..., Any], arguments: int) -> Callable[..., Any]:
    return jax.jit(jax.vmap(one_run, in_axes=(0, *[None] * arguments)))
