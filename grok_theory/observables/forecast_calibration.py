"""A table of one's own: how far the line of `forecast_delay` was off in runs that are over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..checks import check_between
from ..errors import BadValue
from ..progress import counted
from ..results.log import Log
from .delay import both, directions_of
from .forecast_curves import Curve, curves_of_arrays
from .forecast_goal import Goal, checked_goal
from .forecast_of_log import curves_of_log
from .forecast_rules import crossed, line_at, progress_of
from .forecast_table import Quantiles, Table, default_table
from .progress_line import FEWEST_ROWS

LEVELS = (0.025, 0.05, 0.5, 0.9, 0.95)


def calibrate(
    records: Log | Sequence[Any],
    *,
    train_threshold: float,
    test_threshold: float,
    rising: bool | Sequence[bool | None] | None = None,
    chance: float = 0.0,
    families: Sequence[str] | None = None,
    progress: Sequence[float] | None = None,
    confidence: Sequence[float] = (0.8,),
    source: str = "",
) -> Table:
    """Make a table for `forecast_delay` from runs that are over, those that never grokked included.

    At each progress, the line is drawn where a run's test curve first came so far, and y_true/y is its true
    ln(time of the goal / then) over the line's. Runs that never came to the goal count as later than their end
    (Kaplan-Meier); every family has the same weight, however many runs it has.

    Parameters
    ----------
    records : Log or Sequence
        Logs, or (x, train, test) arrays of one run each, as `forecast_delay` takes them.
    train_threshold, test_threshold : float
        As in `forecast_delay`, one for all.
    rising : bool or Sequence, optional
        As in `forecast_delay`.
    chance : float, default 0.0
        As in `forecast_delay`.
    families : Sequence[str], optional
        Of each record, the task it is of; left out, every record is one family.
    progress : Sequence[float], optional
        Increasing, in [0.1, 1), where lines are drawn; left out, 0.1 (accuracies) or 0.15 (losses), 0.2, 0.3, 0.5.
    confidence : Sequence[float], default (0.8,)
        Of intervals: from (1 - c)/2 to (1 + c)/2.
    source : str, default ''
        What `print(table)` says of it.

    Returns
    -------
    Table
        For curves of this kind; with the default clock for siblings.

    Raises
    ------
    BadValue
        For an argument out of its range, and where fewer than five runs came so far at some progress.
    """
    records = [records] if isinstance(records, Log) else list(records)
    names = list(families) if families is not None else [str(i) for i in range(len(records))]
    if len(names) != len(records) or not records:
        raise BadValue(f"families has {len(names)} names for {len(records)} records, but each needs one. Pass as many.")
    for value in confidence:
        check_between("confidence", value, 0, 1, "Pass for example (0.8,).", include_low=False, include_high=False)
    thresholds = (train_threshold, test_threshold)
    runs = [
        (name, *run) for name, one in zip(names, records, strict=True) for run in _runs(one, thresholds, rising, chance)
    ]
    kinds = {goal.rising[1] for *_, goal in runs}
    if len(kinds) != 1:
        raise BadValue("records hold accuracies and losses, but a table is made of one kind of curve. Pass them apart.")
    up = kinds.pop()
    steps = np.asarray(((0.1 if up else 0.15), 0.2, 0.3, 0.5) if progress is None else progress, float)
    check_between("progress", steps, 0.1, 1, "Pass for example (0.2, 0.3, 0.5).", include_high=False)
    if steps.ndim != 1 or not steps.size or (np.diff(steps) <= 0).any():
        raise BadValue(f"progress is {steps.tolist()}, but it must be an increasing list. Pass for example (0.2, 0.5).")
    levels = tuple(sorted({*LEVELS, *((1 - c) / 2 for c in confidence), *((1 + c) / 2 for c in confidence)}))
    ratios: list[list[Ratio]] = [[] for _ in steps]
    for run in counted(runs, "runs"):
        for row, found in zip(ratios, _ratios(*run, steps), strict=True):
            row += [found] if found else []
    for row, step in zip(ratios, steps, strict=True):
        if len(row) < 5:
            raise BadValue(
                f"{len(row)} runs have a line at progress {step:g}, but quantiles need at least 5. Pass more runs, or "
                "progress without it."
            )
    values = np.array([weighted_quantiles(row, levels) for row in ratios])
    arrived = [[ratio for ratio in row if not ratio.censored] for row in ratios]
    late = np.array([weighted_quantiles(row, (0.95,))[0] if row else np.inf for row in arrived])
    made = Quantiles(steps, levels, values, late, tuple((float(c), (1 - c) / 2, (1 + c) / 2) for c in confidence))
    text = source or f"{len(runs)} runs of {len(set(names))} families"
    return Table(text, **{"accuracy" if up else "loss": made}, clock=default_table().clock)


@dataclass(frozen=True)
class Ratio:
    """y_true/y of one run at one progress; `censored`: at least that."""

    family: str
    value: float
    censored: bool


def weighted_quantiles(ratios: Sequence[Ratio], levels: Sequence[float]) -> list[float]:
    """Kaplan-Meier quantiles with the same weight for every family; inf beyond what was seen to arrive."""
    count: dict[str, int] = {}
    for ratio in ratios:
        count[ratio.family] = count.get(ratio.family, 0) + 1
    # An arrival comes before a censoring at the same value.
    ordered = sorted(ratios, key=lambda ratio: (ratio.value, ratio.censored))
    weights = np.array([1 / count[ratio.family] for ratio in ordered])
    at_risk = np.cumsum(weights[::-1])[::-1]
    alive, steps = 1.0, []
    for ratio, share in zip(ordered, weights / at_risk, strict=True):
        if not ratio.censored:
            alive *= 1 - float(share)
            steps.append((1 - alive, ratio.value))
    return [next((value for gone, value in steps if gone >= level - 1e-9), np.inf) for level in levels]


def _ratios(family: str, train: Curve, test: Curve, goal: Goal, steps: np.ndarray) -> list[Ratio | None]:
    """y_true/y where the test curve first came as far as each of `steps`; None where no line is drawn there."""
    found: list[Ratio | None] = [None] * steps.size
    train_time = crossed(train, goal.thresholds[0], goal.rising[0])
    arrival = crossed(test, goal.thresholds[1], goal.rising[1])
    if train_time is None:
        return found
    end = test.x.size if arrival is None else int(np.searchsorted(test.x, arrival))
    waiting_for = 0
    for k in range(int(np.searchsorted(test.x, train_time)), end):
        seen = Curve(test.x[: k + 1], test.values[: k + 1])
        share, _ = progress_of(seen, train_time, goal)
        line = line_at(seen, train_time, goal) if waiting_for < steps.size and share[-1] >= steps[waiting_for] else None
        while waiting_for < steps.size and share[-1] >= steps[waiting_for]:
            if line is not None and line.halved >= FEWEST_ROWS and not line.stalled:
                last = test.x[-1] if arrival is None else arrival
                found[waiting_for] = Ratio(family, float(np.log(last / test.x[k]) / line.remaining), arrival is None)
            waiting_for += 1
    return found


def _runs(one: Any, thresholds: tuple[float, float], rising: Any, chance: float) -> list[tuple[Curve, Curve, Goal]]:
    """The curves of each run of a record, and what is asked of them."""
    if isinstance(one, Log):
        goal, runs = curves_of_log(one, thresholds, both("rising", rising), chance=chance)
        return [(train, test, goal) for train, test, _ in runs.values()]
    if not isinstance(one, (tuple, list)) or len(one) != 3:
        raise BadValue(f"records holds a {type(one).__name__}, but it must be Logs or (x, train, test). Pass these.")
    train, test, _ = curves_of_arrays(*one, thresholds, rising)
    up = directions_of(False if rising is None else rising)
    return [(train, test, checked_goal(thresholds, up, chance))]
