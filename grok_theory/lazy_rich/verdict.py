"""Where every solve of this wing ends: curves held to their ranges, their errors, a level, and the words for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, PyTree

from ..checks import is_traced
from ..numerics.invariants import ANY, INACCURATE, NON_NEGATIVE, OUT_OF_RANGE, PROBABILITY, hold
from ..numerics.padding import cut
from ..results import Solution
from ..status import FAILED, Status
from .clock import FlowOrDescent

RANGES = {
    "train_loss": NON_NEGATIVE,
    "test_loss": NON_NEGATIVE,
    # of a QuadraticCommittee
    "variance": NON_NEGATIVE,
    "misalignment": NON_NEGATIVE,
    "linear_power": NON_NEGATIVE,
    "teacher_overlap": ANY,
    "mean_power": NON_NEGATIVE,
    "bulk_power": NON_NEGATIVE,
    # of a MeanFieldNetwork: kernel and target matrix are positive, so their cosine is no cosine of obtuse angles
    "alignment": PROBABILITY,
    "kernel_movement": NON_NEGATIVE,
    "coherence": PROBABILITY,
    "distance": NON_NEGATIVE,
    "feature_overlap": PROBABILITY,
}


class Judged(NamedTuple):
    """`curves` nan where the level is 2; `inaccurate`, `broken`: why the level is more than the solver's own."""

    curves: dict[str, Any]
    errors: dict[str, Any]
    level: Array
    inaccurate: Array
    broken: Array


def judged(
    curves: Mapping[str, Any], errors: Mapping[str, Any], good: ArrayLike, *, noted: ArrayLike = False
) -> Judged:
    """The verdict on the curves of one solve; `good` and `noted` are what the solver says itself.

    A failed solve has no curve: one row lost is the end of all that follows, and half a solution invites use. Numbers
    of NumPy are judged by NumPy, which compiles nothing.
    """
    xp = np
    if not all(
        isinstance(leaf, (np.ndarray, np.generic, bool, int)) for leaf in jax.tree.leaves((curves, errors, good))
    ):
        xp, errors = jnp, {name: jax.lax.stop_gradient(error) for name, error in errors.items()}
    held = hold(curves, errors, 0, {name: RANGES[name] for name in curves})
    broken = held.level == FAILED
    level = xp.where(good & ~broken, xp.maximum(held.level, xp.asarray(noted, np.int8)), FAILED).astype(np.int8)
    kept = {name: xp.where(level == FAILED, np.nan, curve) for name, curve in held.curves.items()}
    return Judged(kept, errors, level, held.level == 1, broken & good)


def shortened(verdict: Judged, length: int) -> Judged:
    """The verdict without the times that padding added after the first `length`."""
    curves, errors = cut((verdict.curves, verdict.errors), length)
    return verdict._replace(curves=curves, errors=errors)


def solution_of(
    problem: PyTree, x: ArrayLike, dynamics: FlowOrDescent, method: object, verdict: Judged, status: Status, **more: Any
) -> Solution:
    """The Solution with the curves of a verdict; `more`: its other fields (`fields`, `stats`, `conditions`)."""
    return Solution(
        problem,
        x,
        verdict.curves,
        dynamics.x_name,
        dynamics,
        method,
        x_unit=dynamics.x_unit,
        numerical_error=verdict.errors,
        status=status,
        **more,
    )


def status_of(verdict: Judged, *, remarks: Sequence[str] = (), failed: str) -> Status:
    """The level in words: every remark that applies (in a trace: that may apply), or why it failed and what helps."""
    traced = is_traced(verdict.level)
    noted = [*remarks]
    if traced or np.any(np.asarray(verdict.inaccurate)):
        noted.append(INACCURATE)
    if traced:
        failed = f"{failed} Or a number of the Problem is out of its range (a traced one cannot be refused before)."
    elif np.any(np.asarray(verdict.broken)):
        failed = f"{OUT_OF_RANGE} {failed}"
    return Status(verdict.level, noted=" ".join(noted), failed=failed)
