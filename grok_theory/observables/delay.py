"""The grokking delay: how much later a model generalizes than it fits, with an honest interval."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import scipy  # its rooms are imported when first used: stats takes as long as a solve
from numpy.typing import ArrayLike

from ..checks import check_between, check_finite
from ..errors import BadValue
from ..pytrees import record
from .crossing import Crossing, check_gaps, check_record, crossing_time
from .direction import check_approach, check_direction, check_percent, scale


@record(static=("confidence",))
class Delay:
    """Time from fitting to generalizing: scalars for one curve, arrays (run,) for several; all in the unit of `x`.

    Parameters
    ----------
    train, test : Crossing
        The `Crossing` of each curve.
    delay : ndarray or float
        Test minus train time, negative if the test curve crosses first. Where the test curve did not cross in the
        record (`censored`) it is a lower bound; where the train curve did not (`fitted` False), or a curve crossed
        before its first record (`before`), it is nan.
    low, high : ndarray or float
        What the records leave open about the delay; -inf and inf where the train curve did not cross.
    median : tuple[float, float]
        (lowest, highest that the records allow: censored runs at their bounds); equal ends mean that censoring does not
        matter. Runs that did not fit are left out.
    interval : tuple[float, float]
        For several runs, a distribution-free interval for the median at `confidence`, from order statistics; for one
        curve, `low` and `high`.
    confidence : float
        Of `interval`, in (0, 1).

    Examples
    --------
    >>> import numpy as np
    >>> from grok_theory.observables import grokking_delay
    >>> steps = np.arange(0.0, 101.0)
    >>> told = grokking_delay(steps, np.exp(-steps / 5), np.exp(-steps / 20), train_threshold=0.1, test_threshold=0.1)
    >>> print(f"{told.delay:.1f}")
    34.5
    """

    train: Crossing
    test: Crossing
    delay: np.ndarray | float
    low: np.ndarray | float
    high: np.ndarray | float
    median: tuple[float, float]
    interval: tuple[float, float]
    confidence: float

    @property
    def train_time(self) -> np.ndarray | float:
        """When the train curve crossed its threshold; nan if that is not in the record."""
        return self.train.time

    @property
    def test_time(self) -> np.ndarray | float:
        """When the test curve crossed its threshold; nan if that is not in the record."""
        return self.test.time

    @property
    def fitted(self) -> np.ndarray | np.bool_:
        """Where the train curve crossed its threshold."""
        return np.logical_not(self.train.censored)[()]

    @property
    def censored(self) -> np.ndarray | np.bool_:
        """Where the train curve crossed its threshold and the test curve did not."""
        return (np.asarray(self.test.censored, bool) & self.fitted)[()]

    @property
    def before(self) -> np.ndarray | np.bool_:
        """Where one of the curves crossed its threshold before its first record."""
        return (np.asarray(self.train.before, bool) | np.asarray(self.test.before, bool))[()]

    def __str__(self) -> str:
        return _one(self) if np.ndim(self.delay) == 0 else _several(self)


def grokking_delay(
    x: ArrayLike,
    train: ArrayLike,
    test: ArrayLike,
    *,
    train_threshold: float,
    test_threshold: float,
    patience: float | Sequence[float] = 0.0,
    rising: bool | Sequence[bool] = False,
    confidence: float = 0.95,
) -> Delay:
    """How much later the test curve crosses its threshold than the train curve does.

    A Solution or an Ensemble is read by `grokking_delay(s.x, s["train_loss"], s["test_loss"], ...)`, and so is a log.

    Parameters
    ----------
    x : array_like
        (T,) strictly increasing times.
    train, test : array_like
        (T,), or (run, T) with the same runs in both; what was not logged is nan.
    train_threshold, test_threshold : float
        As in `crossing_time`.
    patience : float or Sequence[float], default 0.0
        As in `crossing_time`; one number for both curves, or (train, test).
    rising : bool or Sequence[bool], default False
        One bool for both curves, or (train, test); True for accuracies.
    confidence : float, default 0.95
        Of the interval for the median over runs, in (0, 1). Five runs or fewer give (-inf, inf) at 0.95.

    Returns
    -------
    Delay
        The crossings, the delay and what the records leave open about it; `print` shows them.

    Raises
    ------
    BadValue
        For an argument out of its range, named with what is allowed; where every run of a curve starts past its
        threshold and moves back, or every train curve that is said to rise falls (the other direction is meant); where
        both curves of all runs are past their thresholds at the first record; where rising curves and their thresholds
        are fractions and per cent; and where a patience asks what a nan between numbers means.

    Examples
    --------
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
    check_finite("train_threshold", train_threshold, "Pass a number in the unit of the train curve.")
    check_finite("test_threshold", test_threshold, "Pass a number in the unit of the test curve.")
    crossings, scales = [], []
    for name, values, threshold, rises, stay in zip(
        ("train", "test"),
        (train, test),
        (train_threshold, test_threshold),
        directions_of(rising),
        both("patience", patience),
        strict=True,
    ):
        runs = list(np.atleast_2d(values))
        check_direction(name, runs, threshold, rises)
        if rises:
            scales.append(scale(name, runs, threshold, "rising", rising=True))
            if name == "train":
                check_approach(name, runs, threshold)
        crossings.append(crossing_time(x, values, threshold, patience=stay, rising=rises))
        check_gaps(name, x, values, threshold, stay, bool(rises))
    check_percent(scales)
    return delay_between(*crossings, confidence=confidence)


def delay_between(train: Crossing, test: Crossing, *, confidence: float = 0.95) -> Delay:
    """The delay between two crossings, of one curve or of several runs; they may come from different grids.

    Parameters
    ----------
    train : Crossing
        Crossing of the train curve.
    test : Crossing
        Crossing of the test curve, of the same run or runs.
    confidence : float, default 0.95
        Of the interval for the median over runs, in (0, 1).

    Returns
    -------
    Delay
        The delay, scalar for one curve, (run,) arrays for several.

    Raises
    ------
    BadValue
        For a confidence out of its range, and where in every run both curves crossed before their first record: then
        nothing was seen.

    Examples
    --------
    >>> import numpy as np
    >>> from grok_theory.observables import crossing_time
    >>> steps = np.arange(0.0, 101.0)
    >>> train, test = crossing_time(steps, np.exp(-steps / 5), 0.1), crossing_time(steps, np.exp(-steps / 20), 0.1)
    >>> print(f"{delay_between(train, test).delay:.1f}")
    34.5
    """
    check_between("confidence", confidence, 0, 1, "Pass for example 0.95.", include_low=False, include_high=False)
    if np.all(train.before) and np.all(test.before):
        raise BadValue(
            f"train and test are both past their thresholds at the first record (x = {np.max(train.upper):g}), so "
            "nothing is known of a delay. Say rising (accuracies rise), choose other thresholds, or begin the record "
            "earlier."
        )
    fitted = np.logical_not(train.censored)
    unknown = ~fitted | (np.asarray(train.before) | np.asarray(test.before)) & ~np.asarray(test.censored)
    # What is seen of each crossing; where it is interpolated, that is the time itself.
    train_low, train_high = _seen(train)
    test_low, test_high = _seen(test)
    at_least, at_most = test_low - train_high, test_high - train_low
    delay = np.where(unknown, np.nan, at_least)[()]
    low = np.where(fitted, test.lower - np.asarray(train.upper), -np.inf)[()]
    high = np.where(fitted, test.upper - np.asarray(train.lower), np.inf)[()]
    if np.ndim(delay):
        median, interval = _median_interval(at_least[fitted], at_most[fitted], confidence)
    else:
        median = (float(at_least), float(at_most)) if fitted else (np.nan, np.nan)
        interval = (float(low), float(high))
    return Delay(train, test, delay, low, high, median, interval, float(confidence))


def both(name: str, value: ArrayLike) -> tuple[Any, Any]:
    """One value for both curves, or a pair (train, test)."""
    pair = tuple(value) if np.ndim(value) == 1 else (value, value)
    if len(pair) != 2:
        raise BadValue(f"{name} is {value!r}, but it must be one for both curves, or a pair (train, test). Pass two.")
    return pair


def _seen(crossing):
    """The interval that a crossing is known to lie in, shrunk to its interpolated time where it has one."""
    timed = np.isfinite(crossing.time)
    return np.where(timed, crossing.time, crossing.lower), np.where(timed, crossing.time, crossing.upper)


def _median_interval(at_least, at_most, confidence):
    """Median (censored runs at either bound) and the order-statistics interval of the true median."""
    count = at_least.size
    if count == 0:
        return (np.nan, np.nan), (-np.inf, np.inf)
    low, high = np.sort(at_least), np.sort(at_most)
    median = tuple(float((v[(count - 1) // 2] + v[count // 2]) / 2) for v in (low, high))
    rank = int(np.sum(scipy.stats.binom.cdf(np.arange(count), count, 0.5) <= (1 - confidence) / 2))
    if rank == 0:
        return median, (-np.inf, np.inf)
    return median, (float(low[rank - 1]), float(high[count - rank]))


def directions_of(rising: Any) -> tuple[bool, bool]:
    """(train, test), of one bool for both curves or a pair."""
    directions = tuple(rising) if np.ndim(rising) == 1 else (rising, rising)
    if len(directions) != 2 or not all(isinstance(d, (bool, np.bool_)) for d in directions):
        raise BadValue(
            f"rising is {rising!r}, but it must be True, False, or a pair (train, test). Pass True for accuracies."
        )
    return directions


def shown_time(time: ArrayLike, upper: ArrayLike, censored: ArrayLike) -> str:
    """A crossing in words."""
    if censored:
        return "not reached"
    return f"{time:.6g}" if time == time else f"at most {upper:.6g} (before the first record)"


def shown_delay(delay: ArrayLike, low: ArrayLike, high: ArrayLike, censored: ArrayLike) -> str:
    """A delay in words."""
    if censored:
        return f"more than {delay:.6g}"
    return f"{delay:.6g}" if delay == delay else f"between {low:.6g} and {high:.6g}"


def _one(self: Delay) -> str:
    if not self.fitted:
        return "the train curve never crossed its threshold: there is no delay"
    train, test = (shown_time(c.time, c.upper, c.censored) for c in (self.train, self.test))
    (low, high), (least, most) = self.interval, self.median
    delay = shown_delay(self.delay, least, most, self.censored)
    return f"train {train}, test {test}, delay {delay} (within the grid's [{low:.6g}, {high:.6g}])"


def _several(self: Delay) -> str:
    fitted, censored = int(np.sum(self.fitted)), int(np.sum(self.censored))
    before = int(np.sum(self.before & self.fitted))
    low, high = self.median
    middle = f"{low:.6g}" if low == high else f"between {low:.6g} and {high:.6g}"
    left_out = np.size(self.fitted) - fitted
    return (
        f"median delay {middle}, {100 * self.confidence:g} % interval [{self.interval[0]:.6g}, "
        f"{self.interval[1]:.6g}] from {fitted} runs, {censored} of them censored"
        + (f", {before} past a threshold before the first record" if before else "")
        + (f"; {left_out} that did not fit left out" if left_out else "")
    )
