"""Flows that JAX may batch and differentiate although their step size is adapted.

JAX cannot run an adaptive march backwards, but it can push a tangent along. In richness, one number, the march's
derivative is one column, found beside the march and good for `grad` and `jvp` alike; along everything else (inputs,
targets, times) derivatives go forwards only (`jax.jvp`, `jax.jacfwd`). A batch is marched one member after the other,
so that none waits for the slowest and the memory is that of one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

_tree = jax.tree_util.tree_map
_Symbolic = jax.custom_derivatives.SymbolicZero


def differentiable(march: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """`march(richness, rest)` as a function that can be mapped, and differentiated as said above."""
    plain = jax.custom_batching.sequential_vmap(march)

    @jax.custom_batching.sequential_vmap
    def with_column(richness, rest):
        return jax.jvp(lambda number: march(number, rest), (richness,), (jnp.ones_like(richness),))

    @jax.custom_batching.sequential_vmap
    def along(richness, rest, tangent):
        return jax.jvp(lambda others: march(richness, others), (rest,), (tangent,))

    def push(primals, tangents):
        richness, rest = primals
        by_richness, by_rest = tangents
        value, moved = plain(richness, rest), None
        if not isinstance(by_richness, _Symbolic):
            value, column = with_column(richness, rest)
            moved = _tree(lambda part: part * by_richness, column)
        if any(not isinstance(part, _Symbolic) for part in jax.tree_util.tree_leaves(by_rest, is_leaf=_is_symbolic)):
            given = _tree(_as_array, by_rest, is_leaf=_is_symbolic)
            value, others = along(richness, rest, given)
            moved = others if moved is None else _tree(jnp.add, moved, others)
        return value, _tree(jnp.zeros_like, value) if moved is None else moved

    mapped = jax.custom_jvp(plain)
    mapped.defjvp(push, symbolic_zeros=True)
    return mapped


def _is_symbolic(part: object) -> bool:
    return isinstance(part, _Symbolic)


def _as_array(part: Any) -> Any:
    return jnp.zeros(part.shape, part.dtype) if isinstance(part, _Symbolic) else part
