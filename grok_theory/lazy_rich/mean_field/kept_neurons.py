"""Neurons handed in and out: a start of one's own, and the particles in all input dimensions.

The flow moves weights within the span of the inputs, and particles are carried in r <= D coordinates of it. Outside
every weight stays as it began, a standard normal: one draw a particle, the same at all times.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ...checks import check_finite, check_memory, check_shape
from ...errors import BadValue
from ...named_axes import Field
from .problem import MeanFieldNetwork


def checked_start(problem: MeanFieldNetwork, start: Any) -> np.ndarray:
    """(1, N, D + C): weights and readouts of one flow side by side."""
    remedy = "Pass (weights, readouts) of the particles, (N, D) and (N,) or (N, C)."
    if not isinstance(start, tuple) or len(start) != 2:
        raise BadValue(f"start is {start!r}, but it must be a pair of arrays. {remedy}")
    weights, readouts = start
    dim = np.shape(problem.inputs)[1]
    check_shape("start[0]", weights, (None, dim), remedy)
    count = np.shape(weights)[0]
    several = np.ndim(readouts) > 1 or problem.outputs > 1
    check_shape("start[1]", readouts, (count, problem.outputs) if several else (count,), remedy)
    for at, part in enumerate(start):
        check_finite(f"start[{at}]", part, "Drop or mend these neurons.")
    if count == 0:
        raise BadValue(f"start has no neurons, but it must have at least one. {remedy}")
    return np.concatenate([np.asarray(weights, float), np.asarray(readouts, float).reshape(count, -1)], axis=1)[None]


def refuse_kept(keep: str | None, flows: int, count: int, numbers: int, times: int) -> None:
    """Before neurons are kept: what they take."""
    if keep is not None:
        check_memory(
            f"{flows} flows of {count} neurons of {numbers} numbers, kept at {times} times",
            8.0 * 3 * flows * count * numbers * times,
            "Ask for fewer times, lower count or scrambles, or leave keep out.",
        )


def unrotated(problem: MeanFieldNetwork, weights: ArrayLike, readouts: ArrayLike, seed: int) -> tuple[Any, Any]:
    """Weights (scramble, time, N, r) of principal coordinates in all D dimensions, with normals outside their span."""
    weights = np.asarray(weights)
    parts = [problem.inputs] if problem.test_inputs is None else [problem.inputs, problem.test_inputs]
    inputs = np.concatenate([np.asarray(part, float) for part in parts]) / np.sqrt(np.shape(problem.inputs)[1])
    right = np.linalg.svd(inputs, full_matrices=False)[2]
    dim = right.shape[1]
    found = weights @ right
    if dim > right.shape[0]:
        for scramble in range(len(found)):
            random = np.random.default_rng([seed, scramble, 1])
            # Partners share their weights.
            fresh = np.tile(random.standard_normal((found.shape[2] // 2, dim)), (2, 1))
            found[scramble] += (fresh - fresh @ right.T @ right)[None]
    return found, readouts


def fields_of_neurons(neurons: tuple[Any, Any]) -> dict[str, Field]:
    """`neurons` and `readouts` of (scramble, time, N, ...) with the neurons of all scrambles in one row."""
    fields = {}
    for name, axis, values in zip(("neurons", "readouts"), ("dim", "output"), neurons, strict=True):
        moved = np.moveaxis(np.asarray(values), 0, 1)
        flat = moved.reshape(moved.shape[0], -1, moved.shape[-1])
        fields[name] = Field(flat, ("time", "neuron", axis))
    return fields
