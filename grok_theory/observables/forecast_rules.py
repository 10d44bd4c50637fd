"""The rules of a forecast, in their order: what abstains, what dates, what is only bounded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from .crossing import crossing_time
from .decay_clock import Sibling, optimizer_name
from .delay_forecast import DelayForecast
from .forecast_curves import Curve
from .forecast_goal import Goal
from .forecast_table import Quantiles
from .progress_line import FEWEST_ROWS, LOSS_GOAL, LogitLine, accuracy_progress, logit_line, loss_progress

SILENT = 0.1  # progress below which nothing is read from a curve
AHEAD = 1.2  # while silent, the goal lies beyond so many times the time gone by
EARLY = 0.2  # a test curve that had come so far before the train curve crossed has no delay of its own
FELL = 2 / 3  # of its best progress: below it a curve is collapsing


def forecast(train: Curve, test: Curve, goal: Goal, now: float, x_name: str) -> DelayForecast:
    """The forecast at the end of two curves, at the time `now` of the last row."""
    train_time = crossed(train, goal.thresholds[0], goal.rising[0])
    reached = crossed(test, goal.thresholds[1], goal.rising[1])
    share, _ = progress_of(test, train_time, goal)
    # What came after the last look at the test curve is not known: everything is told from there.
    seen = float(test.x[-1]) if test.x.size else 0.0
    last = float(share[-1]) if share.size else np.nan
    moving = DelayForecast(
        status="moving",
        now=float(now),
        train_time=np.nan if train_time is None else train_time,
        progress=last,
        time=np.nan,
        interval=(seen, np.inf),
        if_it_arrives=np.nan,
        not_before=seen,
        from_siblings=False,
        rough=False,
        confidence=goal.confidence,
        reason="",
        x_name=x_name,
    )
    stalled = partial(replace, moving, status="stalled")
    if reached is not None:
        past = test.values >= goal.thresholds[1] if goal.rising[1] else test.values <= goal.thresholds[1]
        back = "" if past[-1] else f"it has fallen back since, to {test.values[-1]:.4g}"
        ends = {"time": reached, "interval": (reached, reached), "not_before": np.nan}
        return replace(moving, status="reached", reason=back, **ends)
    crashed = next((curve.crashed for curve in (train, test) if curve.crashed is not None), None)
    if crashed is not None:
        return stalled(reason=f"no number was logged from {crashed:g} on: the run has crashed")
    if train_time is None:
        reason = "the train curve is not past its threshold: ask again when it is"
        return replace(moving, status="not fitted", reason=reason)
    if not share.size or seen < train_time:
        return replace(moving, status="silent", reason="the test curve was not logged since: log it")
    unseen = f"the test curve was last logged at {seen:g}: log it"
    best = float(share.max())
    if best >= SILENT and last < FELL * best:
        return stalled(reason=f"the test curve fell back, from {100 * best:.0f} % of its way: stalled or collapsing")
    if last < SILENT:
        # Of a regression, whose logs move by leaps, not even that holds.
        least = seen if goal.regression else AHEAD * seen
        ends = {"not_before": least, "interval": (least, np.inf)}
        wait = unseen if AHEAD * seen <= now else "log on; ask again when the test curve has moved a fifth"
        return _by_siblings(goal, replace(moving, status="silent", reason=wait, **ends))
    line = line_at(test, train_time, goal)
    if line is not None and line.stalled:
        return stalled(reason="the test curve does not rise: stalled or collapsing")
    why = _abstain(test, share, train_time, goal, line)
    quantiles = goal.quantiles
    if why or line is None or quantiles is None:
        return _by_siblings(goal, replace(moving, reason=why))
    rough = last < quantiles.rough_below
    remarks = [f"dates of an accuracy are good from {100 * quantiles.rough_below:.0f} % on"] if rough else []
    remarks += ["without a chance level dates tend to be early"] if goal.regression else []
    dated = _dates(quantiles, goal.confidence, line, seen, last)
    if dated["time"] <= now:
        return _by_siblings(goal, replace(moving, reason=f"{unseen}; from there its date is past"))
    dated = replace(moving, rough=bool(rough or goal.regression), reason="; ".join(remarks), **dated)
    by_siblings = _by_siblings(goal, dated) if rough else dated
    return by_siblings if by_siblings.from_siblings else dated


def _dates(quantiles: Quantiles, confidence: float, line: LogitLine, now: float, progress: float) -> dict:
    """Point, interval and the second upper end, by the quantiles of the table."""
    low, high = quantiles.ends(confidence)

    def at(factor):
        return float(now * np.exp(min(line.remaining * factor, 700.0))) if np.isfinite(factor) else np.inf

    return {
        "time": at(quantiles.at(progress, 0.5)),
        "interval": (at(quantiles.at(progress, low)), at(quantiles.at(progress, high))),
        "if_it_arrives": at(quantiles.arrived_at(progress)),
    }


def crossed(curve: Curve, threshold: float, rising: bool) -> float | None:
    """The first crossing; the first record where it came before that; None where it is not in the record."""
    if not curve.x.size:
        return None
    found = crossing_time(curve.x, curve.values, threshold, rising=rising)
    if found.before:
        return float(curve.x[0])
    return None if found.censored else float(found.time)


def progress_of(test: Curve, train_time: float | None, goal: Goal) -> tuple[np.ndarray, float]:
    """Progress at every row of the test curve, and what it must come to."""
    if goal.rising[1]:
        share = accuracy_progress(test.values, goal.chance)
        return share, float(accuracy_progress(goal.thresholds[1], goal.chance))
    # Before the train curve crossed, a loss may fall for many reasons: its largest value since is where it begins.
    first = 0 if train_time is None else int(np.searchsorted(test.x, train_time))
    if train_time is None or first == test.x.size:
        return np.zeros(test.x.size), LOSS_GOAL
    return np.concatenate([np.zeros(first), loss_progress(test.values[first:], goal.thresholds[1])]), LOSS_GOAL


def line_at(test: Curve, train_time: float, goal: Goal) -> LogitLine | None:
    """The line at the end of the test curve; None where there are too few rows for one."""
    share, share_goal = progress_of(test, train_time, goal)
    return logit_line(test.x, share, share_goal) if share.size >= FEWEST_ROWS and test.x[-1] > 0 else None


def _abstain(test: Curve, share: np.ndarray, train_time: float, goal: Goal, line: LogitLine | None) -> str:
    """Why there is no date from a line that rises; empty where there is one."""
    last, quantiles, table = float(share[-1]), goal.quantiles, goal.table
    named = optimizer_name(goal.optimizer)
    if named and table.optimizers and not named.startswith(tuple(table.optimizers)):
        return (
            f"the table was made from runs of {' and '.join(table.optimizers)}, and {goal.optimizer} is of another "
            "kind: it needs a table of its own, by observables.calibrate"
        )
    if goal.rising[1] and (share[test.x < train_time] >= EARLY).any():
        return f"the test curve had come {100 * EARLY:.0f} % of its way before memorization: no separate delay"
    if quantiles is None:
        return f"the table knows no {'accuracies' if goal.rising[1] else 'losses'}"
    if last < quantiles.progress[0]:
        return f"dates of this kind of curve begin at {100 * quantiles.progress[0]:.0f} % of its way"
    if goal.regression and last < table.regression_from:
        return (
            f"a loss without a chance level is dated from {100 * table.regression_from:.0f} % of its way on; state the "
            "chance of guessing right if this is a classifier's"
        )
    if line is None or line.halved < FEWEST_ROWS:
        rows = share.size if line is None else line.halved
        return f"only {rows} rows lie between half of this progress and now: log more often"
    return ""


def _by_siblings(goal: Goal, otherwise: DelayForecast) -> DelayForecast:
    """The date by the clock of siblings; `otherwise`, with why the clock gives none, where it does not."""
    siblings = [s for s in goal.siblings if s.decay_rate > 0]

    def none(why, **more):
        return replace(otherwise, reason=f"{why}; {otherwise.reason}", **more)

    if not goal.siblings:
        return otherwise
    if not goal.decay_rate or not siblings:
        return none("without weight decay siblings have no clock")
    clock, train_time, least = goal.table.clock, otherwise.train_time, max(otherwise.not_before, otherwise.now)
    if clock is None:
        return none("the table has no clock for siblings")
    if not train_time > 0:
        return none("memorized at the first record, so there is no train time to compare with siblings")
    delay = clock.delay(siblings, train_time, goal.decay_rate)
    low, high = (train_time + delay * factor for factor in clock.interval(len(siblings), goal.confidence))
    time = train_time + delay
    if high <= least:
        return none(f"{_many(siblings)} said at most {high:.4g}, which is past")
    if time <= least:
        return none(f"{_many(siblings)} said {time:.4g}, which is past, and at most {high:.4g}", interval=(least, high))
    found = {"time": time, "interval": (max(low, least), high), "if_it_arrives": np.nan, "rough": False}
    return replace(otherwise, from_siblings=True, reason=f"from {_many(siblings)}", **found)


def _many(siblings: Sequence[Sibling]) -> str:
    return "one sibling" if len(siblings) == 1 else f"{len(siblings)} siblings"
