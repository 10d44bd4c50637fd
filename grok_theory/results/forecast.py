"""What one run will do: the band in which all of one curve of one run lies, at a finite size."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from .. import html_reports, reports
from ..checks import check_between, check_finite
from ..conditions import Conditions
from ..dynamics import Dynamics
from ..errors import BadValue
from ..numerics.censored_draws import predicted_interval
from ..numerics.draws_past import Past, times_past
from ..pytrees import record
from ..saved_results import save
from ..status import Status
from .forecast_parts import check_forecast
from .named_parts import as_dicts, curve_of
from .solution import Solution
from .time_forecast import TimeForecast

__all__ = ["Band", "Forecast"]

MOST_OF_CELLS = 0.5  # share of an interval's width that is chance's, below which the grid is remarked on


class Band(NamedTuple):
    """One curve of a Forecast.

    Parameters
    ----------
    median : ndarray
        (T,) half of all runs lie below, at each x.
    low, high : ndarray
        (T,) ends of the band.
    """

    median: np.ndarray
    low: np.ndarray
    high: np.ndarray


@record(static=("x_name", "x_unit", "made_from", "dim", "width", "count", "test_samples"))
class Forecast:
    """The band of one run of `problem` at a finite size, and of its times: `forecast["test_loss"]` is a `Band`.

    Parameters
    ----------
    problem
        The Problem it belongs to.
    x : ndarray
        (T,) times or steps, with `x_name` and `x_unit`.
    curves : Mapping[str, Band]
        Name -> (median, low, high): with probability `level` one run's whole curve lies inside (each curve by itself).
    x_name : str
        What x is: "time", "step".
    dynamics : Dynamics or None
        What the run is trained by.
    level : float
        Of the bands, in (0, 1).
    pointwise : Mapping[str, Band]
        Name -> (median, low, high) at one x alone; narrower.
    draws : Mapping[str, ndarray]
        Name -> (n, T) curves of runs; draw i of one curve belongs to draw i of the others.
    starts : Mapping[str, ndarray]
        Name -> (n,) the same at x = 0.
    middle, scatter : Mapping[str, ndarray]
        Name -> (T,) mean and standard deviation over runs: of the logarithm of a loss, of an accuracy itself.
    made_from : {'theory', 'runs'}
        Where middle and scatter come from.
    count : int
        How many runs they are taken from; of "theory" how many draws are kept.
    dim : int, optional
        Number of input dimensions of the run.
    width : int, optional
        Number of its hidden neurons; None is infinite, or none.
    test_samples : int, optional
        How many fresh samples the test loss of the run is measured on; None: exactly.
    excursions : Mapping[str, ndarray], default ()
        Name -> (k,) sorted, the largest deviation of one run's curve, in scatters: of curves drawn from the law that
        theory tells, or of runs drawn with the covariance of `count` runs, whose error is in it.
    numerical_error : Mapping[str, ndarray], default ()
        Name -> (T,) error of the median; it is in the bands. Absent is unknown.
    x_unit : str, default ''
        The unit of x, such as "tau"; empty for a count.
    method : optional
        How it was made, as data.
    status : Status, default Status()
        Whether it can be trusted.
    stats : Mapping[str, Any], default ()
        Name -> number or text.
    conditions : Conditions, default Conditions()
        The other physics of the training.

    Raises
    ------
    BadValue
        For a curve that lacks one of its parts.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> from grok_theory import linear
    >>> told = linear.forecast(linear.TeacherStudent(2.0, 5.0), [0.1, 1.0, 5.0], dim=100)
    >>> band = told["test_loss"]
    >>> bool((band.low < band.median).all() and (band.median < band.high).all())
    True
    """

    problem: Any  # of any wing: Problems share no class
    x: np.ndarray
    curves: Mapping[str, Band]
    x_name: str
    dynamics: Dynamics | None
    level: float
    pointwise: Mapping[str, Band]
    draws: Mapping[str, np.ndarray]
    starts: Mapping[str, np.ndarray]
    middle: Mapping[str, np.ndarray]
    scatter: Mapping[str, np.ndarray]
    made_from: str
    count: int
    dim: int | None = None
    width: int | None = None
    test_samples: int | None = None
    excursions: Mapping[str, np.ndarray] = ()  # type: ignore[assignment]
    numerical_error: Mapping[str, np.ndarray] = ()  # type: ignore[assignment]
    x_unit: str = ""
    method: Any = None
    status: Status = Status()
    stats: Mapping[str, Any] = ()  # type: ignore[assignment]
    conditions: Conditions = Conditions()

    def __post_init__(self):
        parts = ("curves", "pointwise", "draws", "starts", "middle", "scatter")
        as_dicts(self, *parts, "excursions", "numerical_error", "stats")
        for part in parts[1:]:
            if set(getattr(self, part)) != set(self.curves):
                raise BadValue(f"{part} names {list(getattr(self, part))}, but the curves are {list(self.curves)}.")

    def __getitem__(self, name: str) -> Band:
        return curve_of(self, name)

    @property
    def solution(self) -> Solution:
        """The medians as a Solution, for what lays or draws one."""
        medians = {name: band.median for name, band in self.curves.items()}
        return Solution(
            self.problem,
            self.x,
            medians,
            self.x_name,
            self.dynamics,
            self.method,
            self.x_unit,
            numerical_error=self.numerical_error,
            status=self.status,
            conditions=self.conditions,
        )

    def crossing(
        self, name: str, threshold: float | None = None, *, fraction: float | None = None, last: bool = False
    ) -> TimeForecast:
        """When a curve of one run gets past a threshold.

        Parameters
        ----------
        name : str
            The curve. A loss falls to its threshold, an accuracy rises to it.
        threshold : float, optional
            In the unit of the curve; a loss's is positive.
        fraction : float, optional
            Instead of `threshold`: of the run's own value at x = 0, which scatters as runs do; of a loss, positive.
        last : bool, default False
            Ask from when on the curve stays past it (as far as was drawn) instead of when it first is.

        Returns
        -------
        TimeForecast
            In the unit of x, read between points by straight lines (of the logarithm of a loss). The interval is wider
            by how far off these can be: where points lie too far apart, by all of the cell, with a `remark`.

        Raises
        ------
        BadValue
            For a curve that is not there, not exactly one of `threshold` and `fraction`, and a number out of range.
        """
        past, said = self._past(name, threshold, fraction, last)
        return self._told(past, said, self.x_unit or self.x_name)

    def delay(
        self,
        train_threshold: float | None = None,
        test_threshold: float | None = None,
        *,
        fraction: bool = False,
        last: bool = False,
        accuracy: bool = False,
    ) -> TimeForecast:
        """How much later the test curve of one run gets past its threshold than its train curve.

        Parameters
        ----------
        train_threshold, test_threshold : float
            As in `crossing`.
        fraction : bool, default False
            Take both as fractions of the run's own start.
        last : bool, default False
            As in `crossing`, for both.
        accuracy : bool, default False
            Of the accuracies instead of the losses, where both are forecast.

        Returns
        -------
        TimeForecast
            In the unit of x, negative where the test curve comes first; `.factor` is that of t_test/t_train.

        Raises
        ------
        BadValue
            As `crossing`.
        """
        kind = "accuracy" if accuracy else "loss"
        of = "fraction" if fraction else "threshold"
        train, of_train = self._past(
            f"train_{kind}", **{"threshold": None, "fraction": None, of: train_threshold}, last=last
        )
        test, of_test = self._past(
            f"test_{kind}", **{"threshold": None, "fraction": None, of: test_threshold}, last=last
        )
        said = f"{of_test} after {of_train}"
        apart = Past(*_apart(test.low, test.high, train.low, train.high), *_apart(*test[2:], *train[2:]))
        times = Past(*_times(test.low, test.high, train.low, train.high), *_times(*test[2:], *train[2:]))
        return self._told(apart, said, self.x_unit or self.x_name, self._told(times, said, "x"))

    def _past(self, name: str, threshold: float | None, fraction: float | None, last: bool):
        """Every draw's time, and what it is the time of."""
        curve_of(self, name)
        loss = not name.endswith("accuracy")
        if (threshold is None) == (fraction is None):
            raise BadValue(
                f"threshold is {threshold} and fraction is {fraction}, but exactly one says where {name} is to get. "
                "Pass a threshold in the unit of the curve, or fraction= of the run's own start."
            )
        given, value = ("threshold", threshold) if fraction is None else ("fraction", fraction)
        remedy = "Pass for example 0.1." if loss else "Pass an accuracy, for example 0.95."
        if loss:
            check_between(given, value, 0, np.inf, remedy, include_low=False, include_high=False)
        else:
            check_finite(given, value, remedy)
        if fraction is not None and not loss:
            raise BadValue(f"fraction is {fraction}, but an accuracy has no scale to start from. Pass threshold=.")
        values, starts = np.asarray(self.draws[name]), np.asarray(self.starts[name])
        levels = np.full(len(values), float(value)) if fraction is None else float(value) * starts  # type: ignore[arg-type]
        if loss:
            with np.errstate(divide="ignore"):
                values, levels = np.log(values), np.log(levels)
        past = times_past(np.asarray(self.x, float), values, levels, rising=not loss, last=last)
        share = f"{value:g}" if fraction is None else f"{value:g} of its start"
        way = ("last above" if loss else "last below") if last else ("first at" if not loss else "first below")
        return past, f"{name} {way} {share}"

    def _told(self, past: Past, said: str, unit: str, factor: TimeForecast | None = None) -> TimeForecast:
        low, high = past.low, past.high
        chance = predicted_interval(low, high, self.level)
        ends = _widened(past, chance, self.level)
        reached = np.isfinite(low) & np.isfinite(high)
        times = np.where(low == high, low, np.where(np.isinf(high), np.inf, high))
        times = np.where(np.isinf(low) & np.isinf(high) & (low != high), np.nan, times)
        probability = (float(reached.sum()) + 0.5) / (len(low) + 1)
        horizon = float(np.asarray(self.x)[-1])
        remark = _remark(chance, ends, self.x_name)
        return TimeForecast(
            *map(float, ends), probability, horizon, float(self.level), times, said, unit, factor, remark
        )

    save = save

    def check_read(self) -> None:
        """Refuse what no verb gives.

        Raises
        ------
        BadValue
            Naming the part.
        """
        check_forecast(self)

    def __str__(self) -> str:
        return reports.forecast(self)

    def _repr_html_(self) -> str:
        return html_reports.forecast(self)


def _apart(test_low, test_high, train_low, train_high) -> tuple[np.ndarray, np.ndarray]:
    """What is known of test time minus train time; of two that are not reached nothing is."""
    with np.errstate(invalid="ignore"):
        low, high = test_low - train_high, test_high - train_low
    return np.where(np.isnan(low), -np.inf, low), np.where(np.isnan(high), np.inf, high)


def _times(test_low, test_high, train_low, train_high) -> tuple[np.ndarray, np.ndarray]:
    """The same of test time over train time."""
    with np.errstate(invalid="ignore", divide="ignore"):
        low = np.where(np.isfinite(train_high), test_low / train_high, 0.0)
        high = np.where(train_low > 0, test_high / train_low, np.inf)
    return np.where(np.isnan(low), 0.0, low), np.where(np.isnan(high), np.inf, high)


def _widened(past: Past, chance: tuple[float, float, float], level: float) -> tuple[float, float, float]:
    """The interval that holds a run wherever in what the grid tells of its time it is."""
    seen = past.low == past.high
    # As if every time were at the one end, and then at the other; an end that is open is not seen.
    early = np.where(seen, past.first, past.low), np.where(seen & np.isfinite(past.first), past.first, past.high)
    late = np.where(seen & np.isfinite(past.last), past.last, past.low), np.where(seen, past.last, past.high)
    low, high = predicted_interval(*early, level)[0], predicted_interval(*late, level)[2]
    # A normal law reaches below 0 where cells begin there; no time is.
    low = max(low, 0.0) if (early[0] >= 0).all() else low
    return min(low, chance[0]), chance[1], max(high, chance[2])


def _remark(chance: tuple[float, float, float], ends: tuple[float, float, float], x_name: str) -> str:
    """A sentence where the grid makes most of an interval, which chance alone would make less than half as wide."""
    wide, own = ends[2] - ends[0], chance[2] - chance[0]
    if not (np.isfinite(own) and own < MOST_OF_CELLS * wide):
        return ""
    return (
        f"the {x_name}s lie too far apart: they, not chance, make most of the width, and the median is read off a "
        "straight line; pass more of them there"
    )
