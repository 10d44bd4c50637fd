"""Levels between which runs go at times of their own, read off whole curves.

In grokking most runs have arrived and some have not: the law of the curves has two humps, and S runs that have all
arrived look exactly Gaussian. Nothing at that one time can tell. The curves can: somewhere in the record some runs
have left a level on which others still are. What follows for an interval of a mean stands in `unseen_runs`.

What shows it: between two levels the runs are farther from each other than on either (or, where noise hides that, they
fall into two groups with an emptier middle). What does not: a course that all runs follow together, however steep; a
constant factor of each run; one-humped noise of any spread.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# Few runs that are at most this share of the way from level to level apart at any time follow one course.
_APART = 0.03
# Spreads of many runs below this share of the way are no sign of times of their own.
_SPREAD = 0.03
# Nor are spreads that change by less than this factor beyond the chance in them: so many standard deviations of their
# logs, more where the course has no levels to go between.
_GROWTH, _CHANCE_ON_LEVELS, _CHANCE = 1.25, 2.0, 4.3
# Fresh noise makes the spreads of single records differ by chance; those of so many together it does not.
_TOGETHER = 5
# A course has levels if it begins and ends within a fifth of its way from either end for this share of the record; a
# steady one has 0.4.
_STAYS = 0.44
# Two groups are levels if they are this many standard deviations (inside the groups) apart. The best split of a
# Gaussian law gives 2.65, of a uniform one (a steady drift) 3.46.
_CLEAR = 4.0
# The levels are looked at where the spread is above this share of its greatest: not in the first fall of a training.
_PART = 0.25


@dataclass(frozen=True)
class Levels:
    """The lowest and the highest level that runs left or reached at times of their own, in the unit of the curve.

    `middle` parts them.
    """

    low: float
    high: float
    middle: float


def find_levels(
    runs: np.ndarray, *, apart: float, in_logs: bool, tail: float, theory: np.ndarray | None = None
) -> Levels | None:
    """The levels, at least `apart` from each other, between which the runs (run, T) go; None where they show none.

    `apart` is in logs where `in_logs`. A law that puts half of its jumps into one time is excluded by S runs that jump
    at one time if 2^(1-S) <= 2 `tail`: fewer runs show levels wherever they go some way without staying together. With
    `theory` (T,), which moves while no run leaves its end of the way, its own ends are levels: such a theory may be a
    mean over runs that have and runs that have not jumped.
    """
    if runs.shape[0] < 2 or runs.shape[1] < 2:
        return None
    logs = in_logs and bool(np.all(runs > 0))
    values = np.log(runs) if logs else runs
    least = apart * float(np.abs(np.median(runs))) if in_logs and not logs else apart
    ends = np.quantile(values, (0.1, 0.9), axis=0)
    low, high = float(ends[0].min()), float(ends[1].max())
    found = None
    if high - low > least:
        place = (values - low) / (high - low)
        here = _at_times_of_their_own(place, runs, tail)
        if here.any():
            seen = runs[:, here]
            found = _levels(float(seen.min()), float(seen.max()), logs)
    if found is None and theory is not None:
        found = _of_theory(runs, theory, apart, in_logs)
    return found


def _levels(low: float, high: float, logs: bool) -> Levels:
    return Levels(low, high, float(np.sqrt(low) * np.sqrt(high)) if logs else (low + high) / 2)


def _at_times_of_their_own(place: np.ndarray, runs: np.ndarray, tail: float) -> np.ndarray:
    """(T,) booleans: when runs at `place` (run, T), 0 on the low level and 1 on the high one, part; none: never."""
    count, length = place.shape
    spread, scales = _spread(place), [runs, np.log(runs)] if np.all(runs > 0) else [runs]
    pooled = [_spread(part, _TOGETHER) for part in scales]
    goes = np.ptp(np.median(place, axis=0)) > 0.6
    stays = goes and all(_stays(values) >= _STAYS for values in scales)
    growth = _GROWTH * np.exp((_CHANCE_ON_LEVELS if stays else _CHANCE) / np.sqrt(2 * (count - 1)))
    # Noise of one size in the unit of the curve grows in logs as the curve falls, and the other way round.
    # On the way between levels it is passed; on a course without any, a law of one hump may widen to the end.
    grown = spread.max() >= _SPREAD and all(_exceeds(part, growth, both_sides=not stays) for part in pooled)
    if count < 1 - np.log2(2 * tail):  # so few may have drawn all their times alike
        parted = np.ptp(place, axis=0).max() >= _APART and goes
        return np.full(length, parted or _jump_of_all(place))
    # Constant factors may form groups too, but then no run goes from one to the other.
    both = np.any((place < 1 / 3).any(1) & (place > 2 / 3).any(1))
    groups = _two_groups(place) if both and _is_clear(np.sort(place.ravel())) else np.zeros(length, bool)
    here = groups | (spread >= _PART * spread.max()) if grown else groups
    if here.any():
        here[:-1] |= here[1:].copy()
        here[1:] |= here[:-1].copy()
    return here


def _exceeds(spread: np.ndarray, growth: float, *, both_sides: bool) -> bool:
    """Whether the greatest spread exceeds the least by this factor, or the least before it and the least after it."""
    at = int(np.argmax(spread))
    least = max(spread[: at + 1].min(), spread[at:].min()) if both_sides else spread.min()
    return bool(spread[at] > growth * least)


def _stays(values: np.ndarray) -> float:
    """The share of the record before the median of the runs leaves one end of its way, and since it is at the other.

    An end that is passed in the middle, such as the least loss of a training that goes on for too long, is none.
    """
    course = np.median(values, axis=0)
    at = (course - course.min()) / max(float(np.ptp(course)), np.finfo(float).tiny)
    if at[-1] > at[0]:
        at = 1 - at
    begins, ends = np.argmin(at > 0.8), np.argmin(at[::-1] < 0.2)  # no course is at one end all along
    return float(begins + ends) / at.size


def _spread(values: np.ndarray, together: int = 1) -> np.ndarray:
    """(T,) standard deviations over the runs, of a tenth of the record, at least `together` records, pooled."""
    variance, half = values.var(0, ddof=1), max(values.shape[1] // 20, together // 2)
    sums = np.cumsum(np.r_[0.0, variance])
    at = np.arange(variance.size)
    first, last = np.maximum(at - half, 0), np.minimum(at + half + 1, variance.size)
    return np.sqrt((sums[last] - sums[first]) / (last - first))


def _is_clear(ordered: np.ndarray) -> bool:
    """Whether these numbers are two groups, split where the variance between them is greatest (Otsu 1979)."""
    count = ordered.size
    shifted = ordered - ordered.mean()
    sums, below = np.cumsum(shifted)[:-1], np.arange(1, count)
    between = sums**2 / (below * (count - below) / count)
    at = int(np.argmax(between))
    apart = ordered[at + 1 :].mean() - ordered[: at + 1].mean()
    return bool(apart >= _CLEAR * np.sqrt(max(float(shifted @ shifted) - between[at], 0.0) / count))


def _jump_of_all(place: np.ndarray) -> bool:
    """Whether all runs jump between the same two records, from two on the one level to two on the other."""
    high, low = (place > 0.8).all(0), (place < 0.2).all(0)
    sits = [level[:-1] & level[1:] for level in (high, low)]  # at a record and the next
    return bool(np.any((sits[0][:-2] & sits[1][2:]) | (sits[1][:-2] & sits[0][2:])))


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
    left, middle, right = (np.sum(np.abs(place - a - at * (b - a)) <= (b - a) / 4, axis=0) for at in (0.0, 0.5, 1.0))
    return apart & (middle <= np.minimum(left, right))


def _of_theory(runs: np.ndarray, theory: np.ndarray, apart: float, in_logs: bool) -> Levels | None:
    logs = in_logs and bool(np.all(runs > 0) and np.all(theory > 0))
    values, way = (np.log(runs), np.log(theory)) if logs else (runs, theory)
    a, b = float(way.min()), float(way.max())
    if not b - a > (apart if logs or not in_logs else apart * abs(b)):
        return None
    place = (values - a) / (b - a)
    if not (np.all((place > -0.5) & (place < 1 / 3)) or np.all((place > 2 / 3) & (place < 1.5))):
        return None
    # A mean over both levels ends before it reaches either: a positive curve may jump to nothing.
    low = 0.0 if logs else float(theory.min())
    return Levels(low, float(theory.max()), float(np.exp((a + b) / 2) if logs else (a + b) / 2))
