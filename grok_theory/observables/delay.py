"""The grokking delay: how much later a model generalizes than it fits, with an honest interval."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import binom

from ..errors import BadValue, check_between, check_finite
from ..pytrees import record
from .crossing import Crossing, check_record, crossing_time


@record(static=("confidence",))
class Delay:
    """Time from fitting to generalizing: scalars for one curve, arrays (run,) for several; all in the unit of `x`.

    **Fields:**
    - `train_time`, `test_time`: when each curve crossed its threshold; nan if it did not.
    - `delay`: test minus train time, negative if the test curve crosses first. Where the test curve did not cross in
      the record (`censored`) it is a lower bound; where the train curve did not (`fitted` False) it is nan.
    - `median`: (with censored runs at their lower bounds, with them at infinity); equal ends mean that censoring does
      not matter. Runs that did not fit are left out.
    - `interval`: for several runs, a distribution-free interval for the median at `confidence`, from order statistics;
      for one curve, what the grid leaves open.
    """

    train_time: Any
    test_time: Any
    delay: Any
    censored: Any
    fitted: Any
    median: Any
    interval: Any
    confidence: float

    def __str__(self) -> str:
        if np.ndim(self.delay) == 0:
            if not self.fitted:
                return "the train curve never crossed its threshold: there is no delay"
            shown = f"more than {self.delay:.6g}" if self.censored else f"{self.delay:.6g}"
            test = "not reached" if self.censored else f"{self.test_time:.6g}"
            low, high = self.interval
            return (
                f"train {self.train_time:.6g}, test {test}, delay {shown} (within the grid's [{low:.6g}, {high:.6g}])"
            )
        fitted, censored = int(np.sum(self.fitted)), int(np.sum(self.censored))
        low, high = self.median
        middle = f"{low:.6g}" if low == high else f"between {low:.6g} and {high:.6g}"
        left_out = np.size(self.fitted) - fitted
        return (
            f"median delay {middle}, {100 * self.confidence:g} % interval [{self.interval[0]:.6g}, "
            f"{self.interval[1]:.6g}] from {fitted} runs, {censored} of them censored"
            + (f"; {left_out} that did not fit left out" if left_out else "")
        )


def grokking_delay(
    x: ArrayLike,
    train: ArrayLike,
    test: ArrayLike,
    *,
    train_threshold: float,
    test_threshold: float,
    patience: float = 0.0,
    rising: bool | Sequence[bool] = False,
    confidence: float = 0.95,
) -> Delay:
    """How much later the test curve crosses its threshold than the train curve does.

    **Arguments:**
    - `x`: (T,) strictly increasing times; `train`, `test`: (T,), or (run, T) with the same runs in both.
    - `train_threshold`, `test_threshold`, `patience`: as in `crossing_time`.
    - `rising`: one bool for both curves, or (train, test); True for accuracies.
    - `confidence`: of the interval for the median over runs, in (0, 1). Five runs or fewer give (-inf, inf) at 0.95.

    A Solution or an Ensemble is read by `grokking_delay(s.x, s["train_loss"], s["test_loss"], ...)`, and so is a log.

    >>> x = np.linspace(0, 100, 401)
    >>> delay = grokking_delay(
    ...     x, np.exp(-x / 5), 1 / (1 + np.exp((x - 60) / 3)), train_threshold=0.1, test_threshold=0.1
    ... )
    >>> print(delay)
    train 11.5132, test 66.5936, delay 55.0804 (within the grid's [54.75, 55.25])
    """
    x, train = check_record(x, train, "train")
    _, test = check_record(x, test, "test")
    if train.shape != test.shape:
        raise BadValue(
            f"test has shape {test.shape}, but it must have the shape {train.shape} of train. "
            "Pass the same runs in both."
        )
    train_rising, test_rising = _directions(rising)
    check_finite("train_threshold", train_threshold, "Pass a number in the unit of the train curve.")
    check_finite("test_threshold", test_threshold, "Pass a number in the unit of the test curve.")
    return delay_between(
        crossing_time(x, train, train_threshold, patience=patience, rising=train_rising),
        crossing_time(x, test, test_threshold, patience=patience, rising=test_rising),
        confidence=confidence,
    )


def delay_between(train: Crossing, test: Crossing, *, confidence: float = 0.95) -> Delay:
    """The delay between two crossings, of one curve or of several runs; they may come from different grids."""
    check_between("confidence", confidence, 0, 1, "Pass for example 0.95.", include_low=False, include_high=False)
    fitted = np.logical_not(train.censored)[()]
    censored = (np.asarray(test.censored, bool) & fitted)[()]
    delay = (np.where(test.censored, test.lower, test.time) - np.asarray(train.time))[()]  # nan where train is
    at_most = np.where(censored, np.inf, delay)
    if np.ndim(delay):
        median, interval = _median_interval(delay[fitted], at_most[fitted], confidence)
    elif fitted:
        median = (float(delay), float(at_most))
        interval = (float(test.lower - train.upper), float(test.upper - train.lower))
    else:
        median, interval = (np.nan, np.nan), (-np.inf, np.inf)
    return Delay(train.time, test.time, delay, censored, fitted, median, interval, float(confidence))


def _median_interval(at_least, at_most, confidence):
    """Median (censored runs at their bounds, at infinity) and the order-statistics interval of the true median."""
    count = at_least.size
    if count == 0:
        return (np.nan, np.nan), (-np.inf, np.inf)
    low, high = np.sort(at_least), np.sort(at_most)
    median = tuple(float((v[(count - 1) // 2] + v[count // 2]) / 2) for v in (low, high))
    ranks = np.arange(1, count + 1)
    rank = int(np.sum(binom.cdf(ranks - 1, count, 0.5) <= (1 - confidence) / 2))
    if rank == 0:
        return median, (-np.inf, np.inf)
    return median, (float(low[rank - 1]), float(high[count - rank]))


def _directions(rising):
    directions = tuple(rising) if np.ndim(rising) == 1 else (rising, rising)
    if len(directions) != 2 or not all(isinstance(d, (bool, np.bool_)) for d in directions):
        raise BadValue(
            f"rising is {rising!r}, but it must be True, False, or a pair (train, test). Pass True for accuracies."
        )
    return directions
