"""Levels between which runs jump, read off whole curves.

In grokking most runs have arrived and some have not: the law of the curves has two humps, and S runs that have all
arrived look exactly Gaussian. Nothing at that one time can tell. The curves can: somewhere in the record some runs
have left a level on which others still sit. What follows for an interval of a mean stands in `unseen_runs`.

What is no jump: a curve that all runs follow together, however steep; a constant factor of each run; one-humped noise
of any spread. What is one: at some time the runs fall into two groups with an emptier middle, on levels that some run
has visited both of, and some run strays that far from the median of the runs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

# Two groups of numbers are levels if they are this many standard deviations (inside the groups) apart. The best split
# of a Gaussian law gives 2.65, of a uniform one (a steady drift) 3.46.
_CLEAR = 4.0
# Levels inside levels: a split of all numbers, of its halves, of their halves.
_DEPTH = 3
# Where the lower level is none in logs (a loss that goes on falling), all below this share of the greatest is one.
_NOTHING = 0.01
# Few runs that are at most this share of the way apart at any time follow one course, without a spread of arrivals.
_TOGETHER = 0.1


@dataclass(frozen=True)
class Levels:
    """Two levels in the unit of the curve, and the value that parts them.

    `reach`: (least, greatest) mean of runs that may be said to lie on them; elsewhere in the record they say nothing.
    """

    low: float
    high: float
    cut: float
    reach: tuple[float, float]


def find_levels(
    runs: np.ndarray, *, apart: float, in_logs: bool, tail: float, theory: np.ndarray | None = None
) -> tuple[Levels, ...]:
    """Every pair of levels, at least `apart` from each other, between which the runs (run, T) jump.

    `apart` is in logs where `in_logs`. A law that puts half of its jumps into one time is excluded by S runs that jump
    at one time if 2^(1-S) < 2 `tail`. With fewer runs it counts as a jump if they go from level to level at times that
    overlap but differ, or all between the same two records, and sit before and after. With `theory` (T,), which moves
    while no run leaves its end of the way, its own ends are levels: such a theory may be a mean over runs that have and
    runs that have not jumped.
    """
    if runs.shape[0] < 2 or runs.shape[1] < 4:  # no run can sit on either of two levels
        return ()
    found = []
    if in_logs and np.all(runs > 0):
        nothing = _NOTHING * float(runs.max())
        found += _between(runs, np.log(runs), apart, tail, _DEPTH, np.exp)
        found += _between(
            runs, np.log(runs + nothing), apart, tail, 1, lambda value: np.exp(value) - nothing, open_end=True
        )
    else:
        spread = apart * float(np.abs(np.median(runs))) if in_logs else apart
        found += _between(runs, runs, spread, tail, _DEPTH, float)
    if theory is not None and not found:
        found += _of_theory(runs, theory, apart, in_logs)
    return tuple(found)


def _between(
    runs: np.ndarray,
    values: np.ndarray,
    apart: float,
    tail: float,
    depth: int,
    back: Callable[[float], float],
    *,
    open_end: bool = False,
) -> list[Levels]:
    """Levels of `values` (run, T), which `back` turns into the runs; with `open_end` all below is on the low one."""
    # What all runs do together is no jump: how far does one stray from the median of the runs?
    own = np.ptp(values - np.median(values, axis=0), axis=1).max()
    found = []
    for a, b in _splits(np.sort(values.ravel()), apart, depth):
        place = (values - a) / (b - a)
        left, right = (place > -0.5) & (place < 1 / 3), (place > 2 / 3) & (place < 1.5)
        if not np.any(left.any(1) & right.any(1)):
            continue
        seen = np.zeros(runs.shape, bool)
        if own >= 0.4 * (b - a):
            seen[:, _two_groups(place)] = True
        if not seen.any() and len(runs) < 1 - np.log2(2 * tail):
            together = np.ptp(place, axis=0).max() < _TOGETHER
            seen = _jumps_of_all(place) & (left | right) if together else left | right
        if seen.any():
            up = place > 0.5
            # Not the means: the plateaus drift, and a run not seen may lie as far out as any that was.
            high, low = runs[seen & up & (place < 1.5)], runs[seen & ~up & (place > -0.5)]
            if high.size and low.size:
                reach = float(back(a - 0.5 * (b - a))), float(back(b + 0.5 * (b - a)))
                reach = (-np.inf, reach[1]) if open_end else reach
                found.append(Levels(float(low.min()), float(high.max()), float(back((a + b) / 2)), reach))
    return found


def _splits(ordered: np.ndarray, apart: float, depth: int) -> list[tuple[float, float]]:
    """Means of two groups of numbers, split where the variance between them is greatest (Otsu 1979), if clear."""
    count = ordered.size
    if depth == 0 or count < 2 or ordered[-1] - ordered[0] <= apart:
        return []
    shifted = ordered - ordered.mean()
    sums = np.cumsum(shifted)[:-1]
    below = np.arange(1, count)
    between = sums**2 / (below * (count - below) / count)
    at = int(np.argmax(between))
    a, b = ordered[: at + 1].mean(), ordered[at + 1 :].mean()
    inside = np.sqrt(max(float(shifted @ shifted) - between[at], 0.0) / count)
    found = [(float(a), float(b))] if b - a > apart and b - a >= _CLEAR * inside else []
    for part in (ordered[: at + 1], ordered[at + 1 :]):
        found += _splits(part, apart, depth - 1)
    return found


def _two_groups(place: np.ndarray) -> np.ndarray:
    """(T,) booleans: at this time the runs, 0 on the one level and 1 on the other, are two groups with less between.

    Counted in three windows of equal width around the means of the groups and between them: the best split of a
    Gaussian law has 31 % of it in the middle and 23 % at either side, of a uniform one 25 % everywhere.
    """
    count = len(place)
    up = place > 0.5
    above = up.sum(0)
    b = np.where(up, place, 0).sum(0) / np.maximum(above, 1)
    a = np.where(up, 0, place).sum(0) / np.maximum(count - above, 1)
    apart = (above > 0) & (above < count) & (b - a >= 0.5) & (b - a <= 1.5)
    at = (place - a) / np.where(apart, b - a, 1.0)
    left, middle, right = (np.sum(np.abs(at - centre) <= 0.25, axis=0) for centre in (0.0, 0.5, 1.0))
    return apart & (middle <= np.minimum(left, right))


def _jumps_of_all(place: np.ndarray) -> np.ndarray:
    """(T,) booleans: here all runs jump at once, from two records on the one level to two on the other."""
    high, low = (place > 0.8).all(0), (place < 0.2).all(0)
    sits = [level[:-1] & level[1:] for level in (high, low)]  # at a record and the next
    jump = (sits[0][:-2] & sits[1][2:]) | (sits[1][:-2] & sits[0][2:])
    at = np.flatnonzero(jump) + 1
    seen = np.zeros(place.shape[1], bool)
    seen[at] = seen[at + 1] = True
    return seen


def _of_theory(runs: np.ndarray, theory: np.ndarray, apart: float, in_logs: bool) -> list[Levels]:
    logs = in_logs and bool(np.all(runs > 0) and np.all(theory > 0))
    values, way = (np.log(runs), np.log(theory)) if logs else (runs, theory)
    a, b = float(way.min()), float(way.max())
    if not b - a > (apart if logs or not in_logs else apart * abs(b)):
        return []
    place = (values - a) / (b - a)
    if not (np.all((place > -0.5) & (place < 1 / 3)) or np.all((place > 2 / 3) & (place < 1.5))):
        return []
    # A mean over both levels ends before it reaches either: a positive curve may jump to nothing.
    low = 0.0 if logs else float(theory.min())
    return [Levels(low, float(theory.max()), float(np.exp((a + b) / 2) if logs else (a + b) / 2), (-np.inf, np.inf))]
