"""The gradient of a training step, laid out so that every product and every gather reads whole rows.

A compiler for CPUs multiplies by a transposed factor, and gathers from one, an entry at a time. So the hidden layer is
kept as its columns (2M, K) while it trains, the gradient of the read-out is made as (M, K) and turned, and the classes
of every product are padded to whole registers by zero columns, which no loss sees.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import jax
import jax.numpy as jnp
from jax import Array

from ...dynamics import SGD, Adam, AdamW, GradientDescent
from ..network import activity_of_columns
from ..problem import GroupTask
from ..training.losses import Loss, objective
from ..training.optimizers import Optimizer

REGISTER = 16  # float32 numbers that a processor multiplies at once

Tree = TypeVar("Tree")


def by_entries(dynamics: Optimizer) -> bool:
    """Whether the step of an entry of a layer knows of no other entry, so that the layer may lie as it likes."""
    return isinstance(dynamics, (GradientDescent, SGD, Adam, AdamW))


def turned(tree: Tree) -> Tree:
    """What belongs to the hidden layer, in layers and in the memory of a dynamics alike, with its axes exchanged."""

    def turn(path: Sequence[object], leaf: Array) -> Array:
        return leaf.T if any(getattr(part, "key", None) == "hidden" for part in path) else leaf

    return jax.tree_util.tree_map_with_path(turn, tree)


def slopes(
    layers: dict[str, Array], still: Array | None, pairs: Array, labels: Array, task: GroupTask, loss: Loss
) -> dict[str, Array]:
    """Gradient of `objective` in the layers that learn: "hidden" as columns (2M, K), "readout" (K, M).

    `still` (n, K): the nodes, where the hidden layer does not learn.
    """
    order = task.group.order
    more = -order % REGISTER
    nodes, back = still, None
    if nodes is None:
        nodes, back = jax.vjp(lambda columns: activity_of_columns(task, columns, pairs), layers["hidden"])
    readout = jnp.pad(layers["readout"], ((0, 0), (0, more)))
    # Barriers keep the compiler from folding a transposition back into the product.
    nodes = jax.lax.optimization_barrier(nodes)
    outputs = (nodes @ readout)[:, :order]
    rest = jnp.pad(jax.grad(lambda outputs: objective(task, loss, outputs, labels))(outputs), ((0, 0), (0, more)))
    of_readout = jax.lax.optimization_barrier(jax.lax.optimization_barrier(rest.T) @ nodes)
    made = {"readout": of_readout.T[:, :order]}
    return made if back is None else {"hidden": back(rest @ readout.T)[0], **made}
