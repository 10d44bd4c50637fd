"""What the two-layer network of this wing computes, in theory and in training alike: its nodes on pairs of elements."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike

from ..numerics.programs import compiled, compiled_soonest
from .problem import GroupTask

# Said beside curves that are nan although nothing diverged.
UNDEFINED = "A curve is nan where it is undefined: alignment where no gradient is left, off_diagonal of dead nodes."


def activity(task: GroupTask, hidden: Array, pairs: Array | np.ndarray) -> Array:
    """F (pairs, K): sigma(u(g1) + v(g2)) of every node on every pair."""
    return _activity(task.sigma, task.group.order, hidden, pairs)


def activity_of_columns(task: GroupTask, columns: Array, pairs: Array | np.ndarray) -> Array:
    """`activity` of a hidden layer that is given by its columns (2M, K): a gather then moves whole rows."""
    return _of_columns(task.sigma, task.group.order, columns, pairs)


def _activity(sigma: Callable, order: int, hidden: Array, pairs: Array | np.ndarray) -> Array:
    return _of_columns(sigma, order, hidden.T, pairs)


def _of_columns(sigma: Callable, order: int, columns: Array, pairs: Array | np.ndarray) -> Array:
    return sigma(columns[pairs[:, 0]] + columns[order + pairs[:, 1]])


def features_of(task: GroupTask, hidden: ArrayLike, pairs: ArrayLike) -> Array:
    """`activity` as one compiled program."""
    return _compiled_activity(task.sigma, task.group.order, hidden, pairs)


def centred_features(task: GroupTask, hidden: ArrayLike, pairs: ArrayLike, labels: ArrayLike) -> tuple[Array, Array]:
    """F~ (n, K) and Y~ (n, M); with centring by classes F~ is F. Complex hidden layers pass through polynomials."""
    return _centred(task.sigma, task.group.order, task.centering == "samples", hidden, pairs, labels)


_compiled_activity = compiled(_activity, static_argnums=(0, 1))


@partial(compiled_soonest, static_argnums=(0, 1, 2))
def _centred(
    sigma: Callable, order: int, by_samples: bool, hidden: Array, pairs: Array, labels: Array
) -> tuple[Array, Array]:
    features = _activity(sigma, order, hidden, pairs)
    targets = jax.nn.one_hot(labels, order, dtype=jnp.float64)
    if not by_samples:
        return features, targets - 1 / order
    return features - features.mean(axis=0, keepdims=True), targets - targets.mean(axis=0, keepdims=True)
