"""Flows that JAX may batch and differentiate although their step is adapted.

JAX cannot run an adaptive march backwards, but it can push a tangent along. In a few numbers the march's derivative is
a Jacobian of as many columns, found beside the march and good for `grad` and `jvp` alike; so is that in the times,
which is the slope. Along everything else derivatives go forwards only (`jax.jvp`, `jax.jacfwd`). A batch is marched one
member after the other, so that none waits for the slowest and the memory is that of one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree

__all__ = ["differentiable"]

_tree = jax.tree_util.tree_map
_Symbolic = jax.custom_derivatives.SymbolicZero


def differentiable(
    march: Callable[[Any, Any, Any], Any], along_times: Callable[[Any, Any, Any, Any, Any], Any]
) -> Callable[[Any, Any, Any], Any]:
    """`march(numbers, rest, times)` as a function that can be mapped, and differentiated as said above.

    Parameters
    ----------
    march : callable
        From a pytree of few scalars, a pytree of arrays and the times (T,) to a pytree of arrays of floats.
    along_times : callable
        `along_times(numbers, rest, value, times, tangent)`: the tangent of `value`, what `march` returned, where the
        times have the `tangent` (T,).
    """
    plain = jax.custom_batching.sequential_vmap(march)

    @jax.custom_batching.sequential_vmap
    def with_columns(numbers, rest, times):
        flat, back = ravel_pytree(numbers)
        push = lambda way: jax.jvp(lambda each: march(back(each), rest, times), (flat,), (way,))  # noqa: E731
        return jax.vmap(push, out_axes=(None, 0))(jnp.eye(flat.size))

    @jax.custom_batching.sequential_vmap
    def with_others(numbers, rest, times, tangent):
        return jax.jvp(lambda others: march(numbers, others, times), (rest,), (tangent,))

    def push(primals, tangents):
        numbers, rest, times = primals
        by_numbers, by_rest, by_times = tangents
        value, moved = plain(*primals), []
        if _moves(by_numbers):
            value, columns = with_columns(*primals)
            by, _ = ravel_pytree(_arrays(by_numbers))
            moved.append(_tree(lambda part: jnp.einsum("d,d...->...", by, part), columns))
        if _moves(by_rest):
            value, part = with_others(*primals, _arrays(by_rest))
            moved.append(part)
        if _moves(by_times):
            moved.append(along_times(numbers, rest, value, times, by_times))
        return value, _tree(lambda leaf, *parts: sum(parts, jnp.zeros_like(leaf)), value, *moved)

    mapped = jax.custom_jvp(plain)
    mapped.defjvp(push, symbolic_zeros=True)
    return mapped


def _moves(tangents: Any) -> bool:
    return any(not isinstance(part, _Symbolic) for part in jax.tree_util.tree_leaves(tangents, is_leaf=_is_symbolic))


def _arrays(tangents: Any) -> Any:
    none = lambda part: jnp.zeros(part.shape, part.dtype) if _is_symbolic(part) else part  # noqa: E731
    return _tree(none, tangents, is_leaf=_is_symbolic)


def _is_symbolic(part: object) -> bool:
    return isinstance(part, _Symbolic)
