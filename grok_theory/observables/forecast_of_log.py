"""The forecast of every run in a log, whose runs and curves have their own times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..checks import check_finite, check_kind, check_non_negative
from ..errors import BadValue
from ..results.log import CURVES, Log, Record
from .decay_clock import Sibling
from .delay_forecast import DelayForecast
from .direction import check_percent, scale
from .forecast_curves import Curve, curve_of_record
from .forecast_goal import Goal, checked_goal
from .forecast_rules import forecast
from .forecast_table import Table
from .log_directions import directions

SINCE = "Log the times since the start of training."


@dataclass(frozen=True)
class LogForecast:
    """The forecast of every run of a log.

    Parameters
    ----------
    forecasts : dict[str, DelayForecast]
        Name of the run -> its forecast.
    left_out : dict[str, str]
        Name of a run -> the reason why it was left out.
    rising : tuple[bool, bool]
        (train, test) the direction that was taken: True for a curve that rises.
    """

    forecasts: dict[str, DelayForecast]
    left_out: dict[str, str]
    rising: tuple[bool, bool]

    def __str__(self) -> str:
        lines = [f"{name}: {found}" if name else str(found) for name, found in self.forecasts.items()]
        return "\n".join([*lines, *(f"{name}: left out, {why}" for name, why in self.left_out.items())])


def log_forecast(
    log: Log,
    *,
    train_threshold: float,
    test_threshold: float,
    rising: tuple[bool | None, bool | None] = (None, None),
    chance: float = 0.0,
    confidence: float = 0.8,
    siblings: Sequence[Sibling] = (),
    decay_rate: float | None = None,
    table: Table | None = None,
    optimizer: str = "",
    at: float | None = None,
) -> LogForecast:
    """`forecast_delay` of every run of a log.

    Parameters
    ----------
    log : Log
        As `read_log` gives it.
    train_threshold, test_threshold : float
        In the unit of their curves: accuracies may be in per cent.
    rising : tuple[bool or None, bool or None], default (None, None)
        (train, test); None takes the direction from the column's name (accuracies rise), else falling.
    chance : float, default 0.0
        As in `forecast_delay`, a fraction.
    confidence : float, default 0.8
        As in `forecast_delay`.
    siblings : Sequence[Sibling], default ()
        As in `forecast_delay`.
    decay_rate : float, optional
        As in `forecast_delay`.
    table : Table, optional
        As in `forecast_delay`.
    optimizer : str, default ''
        Left out, what the log says.
    at : float, optional
        Forecast as of then; later rows are not looked at.

    Returns
    -------
    LogForecast
        A forecast a run.

    Raises
    ------
    BadValue
        As `forecast_delay` and `log_delay`, and for an `at` before the first record of all runs.
    """
    check_kind("log", log, Log, "Read one with grok_theory.read_log.")
    missing = [which for which in CURVES if not log.columns.get(which)]
    if missing:
        raise BadValue(
            f"log has no {missing[0]} curve, but a forecast needs both: the train curve says when the run memorized. "
            "Name its column when you read the log."
        )
    log = until(log, at)
    options = {"confidence": confidence, "siblings": siblings, "decay_rate": decay_rate, "table": table}
    named = optimizer or str((log.config or {}).get("optimizer", ""))
    goal, runs = curves_of_log(
        log, (train_threshold, test_threshold), rising, chance=chance, optimizer=named, **options
    )
    found = {label: forecast(train, test, goal, now, log.x_name) for label, (train, test, now) in runs.items()}
    return LogForecast(found, dict(log.left_out or {}), goal.rising)


def curves_of_log(
    log: Log, thresholds: tuple[float, float], rising: tuple[bool | None, bool | None], **asked: Any
) -> tuple[Goal, dict[str, tuple[Curve, Curve, float]]]:
    """What is asked, and every run's train and test curve and last time; accuracies in per cent become shares."""
    up, percent = directions(log, dict(zip(CURVES, thresholds, strict=True)), rising)
    if up["test"]:  # whatever its column is called: of a test curve that rises shares are asked
        values = [part["test"].values for part in log.runs.values()]
        check_percent([scale(str(log.columns["test"]), values, thresholds[1], "share", rising=True)])
    # Progress of an accuracy is a share; that of a loss has no unit.
    per = 100 if up["test"] and "test" in percent else 1
    goal = checked_goal((thresholds[0], thresholds[1] / per), (up["train"], up["test"]), **asked)
    runs = {}
    for label, part in log.runs.items():
        now = float(max(record.x[-1] for record in part.values() if record.x.size))
        check_non_negative(log.x_name, min(record.x[0] for record in part.values() if record.x.size), SINCE)
        runs[label] = (curve_of_record(part["train"]), curve_of_record(part["test"], per), now)
    return goal, runs


def until(log: Log, at: float | None) -> Log:
    """The log as it was at `at`: later rows are not looked at, and runs that had not begun are left out."""
    if at is None:
        return log
    check_finite("at", at, "Pass a time of the log.")
    runs, left_out = {}, dict(log.left_out or {})
    for label, part in log.runs.items():
        kept = {which: _kept(part[which], at) for which in CURVES}
        if any(record.x.size for record in kept.values()):
            runs[label] = kept
        else:
            left_out[label] = f"it begins after {log.x_name} {at:g}"
    if not runs:
        first = min(record.x[0] for part in log.runs.values() for record in part.values())
        raise BadValue(f"at is {at:g}, but the log begins at {log.x_name} {first:g}. Pass a time of the log.")
    return replace(log, runs=runs, left_out=left_out)


def _kept(record: Record, at: float) -> Record:
    past = record.x <= at
    return Record(record.x[past], record.values[past])
