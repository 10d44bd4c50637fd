"""The door of a forecast: arrays or a log in, one `DelayForecast` out."""

from __future__ import annotations

from collections.abc import Sequence

from numpy.typing import ArrayLike

from ..errors import BadValue
from ..results.log import Log
from .decay_clock import Sibling
from .delay import both, directions_of
from .delay_forecast import DelayForecast
from .forecast_curves import curves_of_arrays
from .forecast_goal import checked_goal
from .forecast_of_log import log_forecast
from .forecast_rules import forecast
from .forecast_table import Table


def forecast_delay(
    x: ArrayLike | Log,
    train: ArrayLike | None = None,
    test: ArrayLike | None = None,
    *,
    train_threshold: float,
    test_threshold: float,
    rising: bool | Sequence[bool | None] | None = None,
    chance: float = 0.0,
    confidence: float = 0.8,
    siblings: Sequence[Sibling] = (),
    decay_rate: float | None = None,
    table: Table | None = None,
    optimizer: str = "",
    at: float | None = None,
) -> DelayForecast:
    """Say when a run that has memorized will generalize, or why that cannot be said.

    Until the test curve has moved there is no date without siblings: only "not before 1.2 times now", now being its
    last row. From a fifth of the way of a loss on, or half of that of an accuracy, a straight line of the logit of its
    progress dates the goal, with an interval from how far such lines were off in runs of the table. Nothing after the
    last row is used.

    Parameters
    ----------
    x : array_like or Log
        (T,) strictly increasing times since the start of training, the first >= 0; or a log of one run, whose curves
        then stand for `train` and `test` (`log_forecast` takes several).
    train, test : array_like
        (T,) one run; what was not logged is nan, a loss that diverged is inf. Not with a Log.
    train_threshold, test_threshold : float
        As in `grokking_delay`. That of a rising test curve is a share in (chance, 1] (a Log may be in per cent); that
        of a falling one is above 0.
    rising : bool or Sequence, optional
        One for both curves, or (train, test); True for accuracies. Left out: falling, in a Log by the column's name.
    chance : float, default 0.0
        In [0, 1), the accuracy of guessing, 1/classes. Two losses without it are taken for those of a regression.
    confidence : float, default 0.8
        Of the interval. The default table knows 0.8, and 0.9 where siblings give the date.
    siblings : Sequence[Sibling], default ()
        Runs of the same task that grokked; they give a date before the test curve moves.
    decay_rate : float, optional
        >= 0, of this run, `observables.decay_rate(...)`; needed with siblings.
    table : Table, optional
        Quantiles and clock, `observables.calibrate(...)`; left out, `observables.default_table()`.
    optimizer : str, default ''
        Its name, such as "adamw"; one of another kind than those of the table gets no date. A Log may say it.
    at : float, optional
        Forecast as of then, in the unit of `x`: later rows are not looked at.

    Returns
    -------
    DelayForecast
        Date, interval, what the goal cannot come before, and the reasons.

    Raises
    ------
    BadValue
        For an argument out of its range, named with what is allowed; for several runs; for a curve that starts past its
        threshold and moves back; and for siblings without a `decay_rate`.

    References
    ----------
    Derived here: measured on 414 runs of two-layer networks (docs, "Forecast of a delay").

    Examples
    --------
    >>> import numpy as np
    >>> x = np.arange(0.0, 400, 10)
    >>> train, test = 1 - np.exp(-x / 20), 1 / (1 + np.exp((600 - x) / 70))
    >>> found = forecast_delay(x, train, test, train_threshold=0.99, test_threshold=0.9, rising=True, at=190)
    >>> print(found.status, found.not_before)
    silent 228.0
    """
    options = {"confidence": confidence, "siblings": siblings, "decay_rate": decay_rate, "table": table}
    if isinstance(x, Log):
        if train is not None or test is not None:
            raise BadValue("x is a Log, which has its curves, but train or test is passed too. Leave them out.")
        pair = both("rising", rising)
        found = log_forecast(
            x,
            train_threshold=train_threshold,
            test_threshold=test_threshold,
            rising=pair,
            chance=chance,
            optimizer=optimizer,
            at=at,
            **options,
        )
        if len(found.forecasts) != 1:
            raise BadValue(
                f"x is a Log of {len(found.forecasts)} runs, but a forecast is of one. Use observables.log_forecast, "
                "or read the log of one run."
            )
        return next(iter(found.forecasts.values()))
    if train is None or test is None:
        raise BadValue("train or test is left out, but both curves are needed beside x. Pass them, or a Log alone.")
    thresholds = (train_threshold, test_threshold)
    curves = curves_of_arrays(x, train, test, thresholds, rising, at)
    up = directions_of(False if rising is None else rising)
    goal = checked_goal(thresholds, up, chance, optimizer=optimizer, **options)
    return forecast(*curves[:2], goal, curves[2], "")
