"""The grokking delay of every run in a log: directions from names and flags, crashed runs left out and counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..checks import check_finite
from ..errors import BadValue
from ..results.log import CURVES, Log, Record
from ..tables.names import is_share, may_be_share, rises
from .crossing import UNLOGGED, Crossing, check_gaps, crossing_time
from .delay import Delay, both, delay_between, shown_time
from .direction import check_approach, check_direction, check_percent, scale


@dataclass(frozen=True)
class LogDelay:
    """The delay of every run of a log that did not crash.

    Parameters
    ----------
    delay : Delay
        `Delay` of the runs named in `runs`, in that order (scalars for one run). Without a train or a test curve
        nothing is known of its crossing, nor of a delay: times are nan, bounds -inf and inf.
    runs : tuple[str, ...]
        Names of the runs.
    left_out : dict[str, str]
        Name of a run -> the reason why it was left out.
    rising : tuple[bool or None, bool or None]
        (train, test) the direction that was taken: True for a curve that rises, None for one that is not in the log.
    """

    delay: Delay
    runs: tuple[str, ...]
    left_out: dict[str, str]
    rising: tuple[bool | None, bool | None]

    @property
    def missing(self) -> str:
        """ "train" or "test" where the log has no such curve; otherwise empty."""
        return next((which for which, up in zip(CURVES, self.rising, strict=True) if up is None), "")

    def __str__(self) -> str:
        if not self.missing:
            return str(self.delay)
        here = "test" if self.missing == "train" else "train"
        found: Crossing = getattr(self.delay, here)
        if np.ndim(found.time):
            reached = int(np.sum(~np.asarray(found.censored, bool)))
            said = f"{here} past its threshold in {reached} of {len(self.runs)} runs"
        else:
            said = f"{here} {shown_time(found.time, found.upper, found.censored)}"
        return f"{said}; there is no {self.missing} curve, so there is no delay"


def log_delay(
    log: Log,
    *,
    train_threshold: float | None = None,
    test_threshold: float | None = None,
    patience: float | Sequence[float] = 0.0,
    rising: tuple[bool | None, bool | None] = (None, None),
    confidence: float = 0.95,
) -> LogDelay:
    """`grokking_delay` of a log, whose runs and curves have their own times.

    A run whose curve ends in values that are not finite before it crossed has crashed: it is left out and counted,
    unless there is no other.

    Parameters
    ----------
    log : Log
        As `read_log` gives it.
    train_threshold, test_threshold : float, optional
        As in `grokking_delay`; only that of a curve that the log does not have may be left out.
    patience : float or Sequence[float], default 0.0
        As in `grokking_delay`.
    rising : tuple[bool or None, bool or None], default (None, None)
        (train, test); None takes the direction from the column's name (accuracies rise), else falling.
    confidence : float, default 0.95
        As in `grokking_delay`.

    Returns
    -------
    LogDelay
        The delay of the runs that were read, and which were left out.

    Raises
    ------
    BadValue
        For an argument out of its range, named with what is allowed, and a threshold left out; where a direction
        contradicts the column's name or the curve, where thresholds look like those of accuracies and the curves are
        guessed losses, where both curves of all runs are past their thresholds at the first record, for a threshold in
        per cent of values in fractions or the other way round, and where a patience asks what a nan between numbers
        means.
    """
    thresholds = {"train": train_threshold, "test": test_threshold}
    columns = {which: str(log.columns[which]) for which in CURVES if log.columns[which]}
    said = dict(zip(CURVES, rising, strict=True))
    up = {which: _direction(which, column, said[which]) for which, column in columns.items()}
    stay = dict(zip(CURVES, both("patience", patience), strict=True))
    for which, column in columns.items():
        if thresholds[which] is None:
            raise BadValue(
                f"{which}_threshold is not given, but the log has a {which} curve, {column}. "
                "Pass a number in the unit of it."
            )
        check_finite(f"{which}_threshold", thresholds[which], f"Pass a number in the unit of {column}.")
    _check_rivals(log, {which: float(thresholds[which]) for which in columns}, rising)  # type: ignore[arg-type]
    scales = []
    for which in columns:
        values = [part[which].values for part in log.runs.values()]
        check_direction(columns[which], values, thresholds[which], up[which])
        if which == "train" and up[which]:
            check_approach(columns[which], values, thresholds[which])
        kind = _kind(columns[which], up[which])
        if kind:
            scales.append(scale(columns[which], values, thresholds[which], kind))
        for part in log.runs.values():
            check_gaps(columns[which], part[which].x, part[which].values, thresholds[which], stay[which], up[which])
    check_percent(scales)
    found = {
        which: [
            crossing_time(*_seen(part[which]), thresholds[which], patience=stay[which], rising=up[which])
            for part in log.runs.values()
        ]
        for which in columns
    }
    left_out = dict(log.left_out or {})
    kept = []
    for i, (label, part) in enumerate(log.runs.items()):
        why = next((_crashed(log, which, part[which]) for which in columns if found[which][i].censored), "")
        if why:
            left_out[label] = why
        else:
            kept.append(i)
    if not kept:  # nothing else to look at: they are shown as never crossed
        kept, left_out = list(range(len(log.runs))), dict(log.left_out or {})
    crossings = [_stacked([found[which][i] if which in found else UNLOGGED for i in kept]) for which in CURVES]
    labels = list(log.runs)
    delay = delay_between(*crossings, confidence=confidence)
    return LogDelay(delay, tuple(labels[i] for i in kept), left_out, (up.get("train"), up.get("test")))


def _direction(which: str, column: str, said: bool | None) -> bool:
    named = rises(column)
    if said and named is False:
        raise BadValue(
            f"{which} is said to rise, but its column {column!r} is called a loss or an error, and those fall. "
            f"Drop the flag, or name the accuracy with --{which}."
        )
    if named and said is False:
        raise BadValue(
            f"{which} is said to fall, but its column {column!r} is called an accuracy, and those rise. Say None or "
            "True for it, or name the loss."
        )
    return bool(named) if said is None else said


def _kind(column: str, rising: bool) -> str:
    if is_share(column):
        return "share"
    return "error" if may_be_share(column) else "rising" if rising else ""


def _check_rivals(log: Log, thresholds: dict[str, float], rising: tuple[bool | None, bool | None]) -> None:
    """Thresholds such as 0.99 are those of accuracies; beside them, guessed losses would answer another question."""
    shares = all(0.9 <= t <= 1 or 90 <= t <= 100 for t in thresholds.values())
    if log.rivals and shares and not any(rising):
        said = " and ".join(f"{t:g}" for t in thresholds.values())
        taken = " with ".join(str(log.columns[which]) for which in thresholds)
        raise BadValue(
            f"the thresholds {said} look like accuracies, but without a direction {taken} is taken, beside "
            f"{log.rivals[0]}. "
            "Say --rising, or name the columns with --train and --test."
        )


def _seen(record: Record) -> tuple[np.ndarray, np.ndarray]:
    """x and values without nan between numbers: `check_gaps` saw that it does not matter what they are."""
    kept = ~np.isnan(record.values)
    numbers = np.flatnonzero(kept)
    if not numbers.size:
        return record.x, record.values
    kept[: numbers[0]] = kept[numbers[-1] :] = True
    return record.x[kept], record.values[kept]


def _crashed(log: Log, which: str, record: Record) -> str:
    """Why a curve that did not cross says nothing about when it would have: its record ends in nan or inf."""
    wrong = ~np.isfinite(record.values)
    if not wrong[-1]:
        return ""
    start = np.flatnonzero(~wrong)[-1] + 1 if (~wrong).any() else 0
    return f"{log.columns[which]} is {record.values[-1]} from {log.x_name} {record.x[start]:g} on"


def _stacked(crossings: list[Crossing]) -> Crossing:
    """One crossing of arrays over runs; a single run stays scalar: its interval is the grid's."""
    if len(crossings) == 1:
        return crossings[0]
    fields = ("time", "lower", "upper", "censored", "before")
    return Crossing(*(np.array([getattr(c, f) for c in crossings]) for f in fields))
