"""From an error of the output to the errors of what is read off it.

Losses are squares, which feel an error through their root. The coherence norm(sum of gradients)^2 / (m sum of squares)
knows the residual's direction only: where the training set is fitted, that is the direction of its error.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import numpy as np
from jaxtyping import Float

from ...checks import is_traced
from ...numerics.padding import AnyArray, any_traced, namespace
from ...numerics.programs import compiled
from ..verdict import Judged
from .data import Data
from .readings import Reading


def by_numpy(verdict_of: Callable[..., Judged]) -> Callable[..., Judged]:
    """`verdict_of` of what a march found: by NumPy where that are numbers, which compiles nothing.

    Errors are half of the operations of a solve, and compiled they were half of its first call.
    """
    traced = compiled(verdict_of)

    def told(*found: Any) -> Judged:
        if any_traced(found):
            return traced(*found)
        with np.errstate(all="ignore"):  # a lost march is no news here: its curves are judged
            return verdict_of(*jax.tree_util.tree_map(np.asarray, found))

    return told


def first_of(tree: Any) -> Any:
    """Entry 0 of every array of a tree; of NumPy where there are numbers."""
    return jax.tree_util.tree_map(lambda leaf: (leaf if is_traced(leaf) else np.asarray(leaf))[0], tree)


def add_output_error(
    errors: dict[str, AnyArray],
    data: Data,
    readings: Reading,
    train_error: Float[AnyArray, " tau"],
    test_error: Float[AnyArray, " tau"],
) -> dict[str, AnyArray]:
    """`errors` with what an error of the output adds to losses and coherence.

    `train_error`, `test_error`: Euclidean norms (all samples and outputs together), (T,).
    """
    xp, samples = namespace(data, readings), data.samples
    residual = data.targets[None] - readings.output[:, :samples]
    errors = dict(errors)
    errors["train_loss"] += _of_mean_square(residual, train_error)
    if data.test_targets is not None:
        errors["test_loss"] += _of_mean_square(data.test_targets[None] - readings.output[:, samples:], test_error)
    errors["coherence"] = xp.minimum(errors["coherence"] + _of_coherence(readings, residual, train_error), 1.0)
    return errors


def _of_coherence(readings: Reading, residual: AnyArray, error: AnyArray) -> AnyArray:
    """Twice orders one and two of r.T r / (m sum_i norm(r_i)^2 T_ii) in the residual, 1 where that is all error."""
    xp = namespace(residual)
    own = xp.einsum("tpc,tpp->t", xp.square(residual), readings.kernel)
    together = xp.einsum("tpc,tpq,tqc->t", residual, readings.kernel, residual)
    moved = error * xp.sqrt(xp.trace(readings.kernel, axis1=1, axis2=2))  # of a gradient, at most
    known = own > xp.square(moved)
    own = xp.where(known, own, 1.0)
    above = (2 * moved * xp.sqrt(xp.maximum(together, 0.0)) + xp.square(moved)) / (residual.shape[1] * own)
    below = readings.coherence * (2 * moved / xp.sqrt(own) + xp.square(moved) / own)
    return xp.where(known, 2 * (above + below), 1.0)


def _of_mean_square(residual: AnyArray, error: AnyArray) -> AnyArray:
    xp = namespace(residual)
    norm = xp.sqrt(xp.sum(xp.square(residual), axis=(1, 2)))
    return (2 * norm * error + xp.square(error)) / residual.shape[1]


def output_norms(data: Data, output: AnyArray) -> tuple[AnyArray, AnyArray]:
    """Euclidean norms (T,) of outputs (T, n, c) on the training and on the test inputs."""
    xp = namespace(output)
    parts = output[:, : data.samples], output[:, data.samples :]
    train, test = (xp.sqrt(xp.sum(xp.square(part), axis=(1, 2))) for part in parts)
    return train, test
