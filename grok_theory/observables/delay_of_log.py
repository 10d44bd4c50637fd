"""The grokking delay of every run in a log: directions from names and flags, crashed runs left out and counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..results.log import CURVES, Log, Record
from .crossing import UNLOGGED, Crossing, check_gaps, crossing_time
from .delay import Delay, both, delay_between, shown_time
from .log_directions import directions


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
    unless there is no other. Where nan stand between evaluations, those after the last one are no crash until the next
    one was due.

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
    up, _ = directions(log, thresholds, rising)
    stay = dict(zip(CURVES, both("patience", patience), strict=True))
    for which in up:
        for part in log.runs.values():
            name = str(log.columns[which])
            check_gaps(name, part[which].x, part[which].values, thresholds[which], stay[which], up[which])
    found = {
        which: [
            crossing_time(*_seen(part[which]), thresholds[which], patience=stay[which], rising=up[which])
            for part in log.runs.values()
        ]
        for which in up
    }
    left_out = dict(log.left_out or {})
    kept = []
    for i, (label, part) in enumerate(log.runs.items()):
        why = next((_crashed(log, which, part[which]) for which in up if found[which][i].censored), "")
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
    start = record.crashed
    return "" if start is None else f"{log.columns[which]} is {record.values[-1]} from {log.x_name} {start:g} on"


def _stacked(crossings: list[Crossing]) -> Crossing:
    """One crossing of arrays over runs; a single run stays scalar: its interval is the grid's."""
    if len(crossings) == 1:
        return crossings[0]
    fields = ("time", "lower", "upper", "censored", "before")
    return Crossing(*(np.array([getattr(c, f) for c in crossings]) for f in fields))
