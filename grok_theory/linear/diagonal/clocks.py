"""When diagonal networks grok: the scale at which the interpolator's test error falls, and the time it is reached.

The scale is looked for where the test error is last above its level: on a grid in ln beta, and four times on a finer
grid between the two scales found before.
"""

from collections.abc import Callable
from functools import partial

import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike

from ...errors import BadValue, SolveFailed
from ...numerics.padding import any_traced, as_numbers
from ...numerics.programs import LONG_RUNNING, compiled
from ..checked import check_single
from ..mode_relaxation import ByModes, check_flow
from ..two_clocks import GrokkingTime
from .closed_forms import scale_time
from .interpolation import NO_INTERPOLATOR, interpolators
from .methods import DualFlow
from .network_curves import padded, solve_diagonal_network
from .problem import DiagonalNetwork, SparseTask
from .state_evolution import FAILED, evolved_at

__all__ = ["network_clocks", "task_clocks"]

SCANNED, ZOOMS = 128, 4
LEAST = np.log(1e-9)  # ln of the scale at which the end is read, in units of the largest weight


def network_clocks(
    problem: DiagonalNetwork, dynamics: ByModes, train_fraction, test_factor, test_fraction
) -> GrokkingTime:
    """See `grok_theory.linear.grokking_time`."""
    _check(problem, dynamics, train_fraction, test_factor, test_fraction)
    if problem.teacher is None:
        raise BadValue(
            "teacher is None, but grokking_time is a time of the test error, which is measured from a teacher. Pass "
            "teacher=..., one weight a column of inputs."
        )
    whole, samples = padded(problem), np.shape(problem.inputs)[0]
    largest = max(float(np.max(np.abs(np.asarray(problem.teacher)))), 1e-280)

    def test_loss(log_scales):
        losses, found = _test_losses(whole.inputs, whole.targets, whole.teacher, log_scales)
        if not found:
            raise SolveFailed(NO_INTERPOLATOR)
        return np.asarray(losses) / samples

    start = float(np.sum(np.square(np.asarray(problem.teacher)))) / samples
    end = LEAST + np.log(largest)
    test = _test_time(problem, test_loss, start, end, float(test_factor), float(test_fraction))
    train = _train_time(problem, float(train_fraction), test)
    return _told(train, test)


def task_clocks(problem: SparseTask, dynamics: ByModes, train_fraction, test_factor, test_fraction) -> GrokkingTime:
    """See `grok_theory.linear.grokking_time`."""
    _check(problem, dynamics, train_fraction, test_factor, test_fraction)
    numbers = as_numbers(problem)

    def test_loss(log_scales):
        losses, found = _evolved_losses(numbers, log_scales)
        if not found:
            raise SolveFailed(FAILED)
        return np.asarray(losses)

    start = float(problem.noise) ** 2 + float(problem.density) / float(problem.samples_per_dim)
    return _told(0.0, _test_time(problem, test_loss, start, LEAST, float(test_factor), float(test_fraction)))


@compiled
def _test_losses(inputs, targets, teacher, log_scales):
    weights, _, found = interpolators(inputs, targets, log_scales)
    return jnp.sum((weights - teacher[None, :]) ** 2, axis=1), jnp.all(found)


@partial(compiled, options=LONG_RUNNING)
def _evolved_losses(problem: SparseTask, log_scales):
    told = evolved_at(problem, log_scales)
    return told.sigma[:, 0] ** 2, jnp.all(told.found)


def _check(problem, dynamics: ByModes, *numbers: ArrayLike) -> None:
    check_single(problem, "grokking_time")
    check_flow(problem, dynamics, [0.0])
    if any_traced(problem, numbers):
        raise BadValue(
            f"A field of {type(problem).__name__} or a threshold is traced, but its grokking_time is searched for. "
            "Call it outside jit, vmap and grad; scale_time goes through them."
        )


def _told(train: float, test: float) -> GrokkingTime:
    delay = np.nan if np.isinf(train) else test - train
    return GrokkingTime(*(jnp.asarray(value, float) for value in (train, test, delay, test)))


def _last_above(curve: Callable, level: float, low: float, high: float) -> float | None:
    """The last point in [low, high] at which the curve is above the level: None nowhere, inf at the end too."""
    grid = np.linspace(low, high, SCANNED)
    for zoom in range(ZOOMS):
        values = curve(grid)
        above = np.flatnonzero(values > level)
        if not above.size:
            return None if zoom == 0 else float(grid[0])
        last = above[-1]
        if last == grid.size - 1:
            return np.inf if zoom == 0 else float(grid[-1])
        left, right = grid[last], grid[last + 1]
        grid = np.linspace(left, right, SCANNED)
    share = (values[last] - level) / (values[last] - values[last + 1])
    return float(left + share * (right - left))


def _test_time(problem, test_loss: Callable, start: float, end: float, factor: float, fraction: float) -> float:
    """The time at which the test error is last above its level, by the scale at which it is."""
    first = 2 * np.log(float(problem.start))
    lowest = min(end, first)
    level = max(factor * float(test_loss(np.full(SCANNED, lowest))[-1]), fraction * start)
    # Falling scales: minus ln beta rises.
    at = _last_above(lambda points: test_loss(-points), level, -first, -lowest)
    if at is None:
        return 0.0
    decay = float(problem.weight_decay)
    if np.isinf(at) or decay == 0:
        return np.inf
    return float(scale_time(problem.start, decay, 1.0) + at / (2 * decay))


def _train_time(problem: DiagonalNetwork, fraction: float, test: float) -> float:
    """The last time at which the train loss of the flow is above a share of its start."""
    x, y = np.asarray(problem.inputs, float), np.asarray(problem.targets, float)
    start, decay = float(problem.start), float(problem.weight_decay)
    level = fraction * float(np.mean(y**2))
    rate = 8 * start**2 * np.linalg.norm(x, 2) ** 2 + 4 * float(np.max(np.abs(x.T @ y)))
    if level == 0 or rate == 0:
        return 0.0 if level == 0 else np.inf
    lasting = [1e4 * (1 + abs(2 * np.log(start))) / rate]
    lasting += [20 / decay] if decay > 0 else []
    lasting += [2 * test] if np.isfinite(test) else []

    def train_loss(log_times):
        return np.asarray(solve_diagonal_network(problem, np.exp(log_times), method=DualFlow())["train_loss"])

    at = _last_above(train_loss, level, np.log(1e-3 / rate), np.log(max(lasting)))
    return 0.0 if at is None else float(np.exp(at))
