"""Under descent a clock is a whole step: the best one to stop at, and the one from which on a curve stays below.

Modes beyond a full step, eta r > 1, change sign at every step, so a curve is two smooth curves, one over the even and
one over the odd steps. Both are scanned on a grid in logs and refined between its points, down to single steps.
"""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from ..checks import is_traced
from ..dynamics import GradientDescent
from ..errors import BadValue
from ..numerics.programs import compiled
from ..numerics.spectra import FAR, SpectralRule, marchenko_pastur_rule
from ..pytrees import as_arrays
from .curves import STEP, curve_values
from .problem import TeacherStudent

__all__ = ["LAST_STEP", "best_step", "first_step_below", "read_steps", "refuse_traced"]

LAST_STEP = 2**52  # beyond, float64 does not know an even step from an odd one
EVERY = 64  # so many first steps are all looked at
SCAN = 1024  # points of the grid beyond them, a parity
CHUNK = 64  # steps that are read at once: one compiled length

Curve = Callable[[np.ndarray], np.ndarray]


def refuse_traced(problem: TeacherStudent, dynamics: GradientDescent, verb: str) -> None:
    """A whole number of steps has no derivative and no batch: refuse traced numbers."""
    if any(map(is_traced, jax.tree_util.tree_leaves((problem, dynamics)))):
        raise BadValue(
            f"problem or dynamics is traced, but linear.{verb} counts whole steps under GradientDescent, which have no "
            "derivative. Call it outside jit and vmap, or take GradientFlow()."
        )


@compiled
def _read(problem: TeacherStudent, dynamics: GradientDescent, steps, rule: SpectralRule):
    return curve_values(problem, dynamics, steps, rule)


def read_steps(problem: TeacherStudent, dynamics: GradientDescent, name: str) -> Curve:
    """Curve `name` as a function of whole steps, (n,) float64."""
    problem, dynamics = as_arrays(problem), as_arrays(dynamics)
    rule = marchenko_pastur_rule(problem.samples_per_dim, step=STEP, left=FAR)

    def curve(steps: np.ndarray) -> np.ndarray:
        steps = np.asarray(steps, float)
        padded = np.pad(steps, (0, -steps.size % CHUNK), mode="edge").reshape(-1, CHUNK)
        values = [_read(problem, dynamics, jnp.asarray(part), rule)[name] for part in padded]
        return np.concatenate([np.asarray(part) for part in values])[: steps.size]

    return curve


def _grid(parity: int, last: float) -> np.ndarray:
    """Steps of one parity in increasing order: the first ones all, then in logs up to `last`."""
    far = np.geomspace(EVERY, max(last, 2.0 * EVERY), SCAN)
    halves = np.unique(np.r_[np.arange(EVERY // 2), np.round(far / 2)])
    return 2 * halves + parity


def best_step(curve: Curve, last: float) -> tuple[float, float]:
    """The step up to about `last` at which the curve is least, and its value there."""
    found = []
    for parity in (0, 1):
        grid = _grid(parity, last)
        values = curve(grid)
        inner = np.flatnonzero((values[1:-1] <= values[:-2]) & (values[1:-1] <= values[2:])) + 1
        for at in {0, len(grid) - 1, *inner[np.argsort(values[inner])[:4]].tolist()}:
            found.append(_least_between(curve, grid[max(at - 1, 0)], grid[min(at + 1, len(grid) - 1)]))
    return min(found, key=lambda each: (each[1], each[0]))


def _least_between(curve: Curve, low: float, high: float) -> tuple[float, float]:
    """The least value on low, low + 2, ... high, where the curve falls and then rises."""
    while (high - low) / 2 >= CHUNK:
        steps = np.unique(low + 2 * np.round(np.linspace(0, (high - low) / 2, CHUNK)))
        at = int(np.argmin(curve(steps)))
        low, high = steps[max(at - 1, 0)], steps[min(at + 1, len(steps) - 1)]
    steps = np.arange(low, high + 1, 2.0)
    values = curve(steps)
    at = int(np.argmin(values))
    return float(steps[at]), float(values[at])


def first_step_below(curve: Curve, threshold: float, last: float) -> float:
    """The step from which on the curve is never above `threshold` again: inf if it is still above at about `last`."""
    return max(_below_from(curve, threshold, _grid(parity, last)) for parity in (0, 1))


def _below_from(curve: Curve, threshold: float, grid: np.ndarray) -> float:
    above = np.flatnonzero(curve(grid) > threshold)
    if not above.size:
        return 0.0
    if above[-1] == len(grid) - 1:
        return np.inf
    low, high = grid[above[-1]], grid[above[-1] + 1]
    while high - low > 2:
        steps = np.unique(low + 2 * np.round(np.linspace(0, (high - low) / 2, CHUNK)))
        above = np.flatnonzero(curve(steps[:-1]) > threshold)
        low, high = steps[above[-1]], steps[above[-1] + 1]
    return low + 1.0
