"""When each of many curves gets past a level of its own, on one grid, and how far off that is between its points."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

# A cell is told apart where its neighbours continue its straight line: what the line through a point's two neighbours
# misses at that point, as a share of the fall over the cell. A jump inside one cell misses a half of it.
ROUGH = 0.25
# Inside a cell a smooth curve leaves its chord by a quarter of that miss; curvature may be three times what was seen.
REACH = 0.75


class Past(NamedTuple):
    """What a grid tells of the time at which each curve is past its level, each part (n,).

    Parameters
    ----------
    low, high : ndarray
        Equal where the crossing is on the grid, read by straight lines; (x_last, inf) where it is not reached; (0, x_0)
        where the curve is past at once.
    first, last : ndarray
        Ends between which a crossing on the grid lies for certain: those of its cell where the grid does not resolve
        the curve there, a part of the cell where it does; elsewhere `low` and `high`.
    """

    low: np.ndarray
    high: np.ndarray
    first: np.ndarray
    last: np.ndarray


def times_past(x: np.ndarray, values: np.ndarray, level: np.ndarray, *, rising: bool, last: bool) -> Past:
    """What the grid tells of the time at which each curve is past its level: first, or from which on it stays so.

    Parameters
    ----------
    x : ndarray
        (T,) non-decreasing, >= 0.
    values : ndarray
        (n, T), between whose points straight lines are drawn; finite.
    level : ndarray
        (n,) in the unit of `values`.
    rising : bool
        Whether past is above.
    last : bool
        Whether the last crossing is asked for.

    Returns
    -------
    Past
        Times, and how far off they can be.
    """
    short = (values - level[:, None]) * (-1.0 if rising else 1.0)  # > 0: not past
    left = short > 0
    count = x.size
    if last:
        after = count - np.argmax(left[:, ::-1], axis=1)
        after = np.where(left.any(axis=1), after, 0)
    else:
        after = np.argmax(~left, axis=1)
        after = np.where(left.all(axis=1), count, after)
    inside = (after > 0) & (after < count)
    j = np.clip(after, 1, max(count - 1, 1))
    rows = np.arange(len(values))
    start, end = x[j - 1], x[np.minimum(j, count - 1)]
    before, behind = short[rows, j - 1], short[rows, np.minimum(j, count - 1)]
    fall = np.where(before > behind, before - behind, 1.0)
    at = start + np.where(inside, before / fall, 0.0) * (end - start)
    low = np.where(inside, at, np.where(after == 0, 0.0, x[-1]))
    high = np.where(inside, at, np.where(after == 0, x[0], np.inf))
    rough = _rough(x, short, j, fall)
    reach = np.where(rough <= ROUGH, REACH * rough, np.inf) * np.where(end > start, end - start, 1.0)
    earliest = np.where(inside, np.maximum(at - reach, start), low)
    latest = np.where(inside, np.minimum(at + reach, end), high)
    return Past(low, high, earliest, latest)


def _rough(x: np.ndarray, values: np.ndarray, j: np.ndarray, fall: np.ndarray) -> np.ndarray:
    """Of the cell that ends at j of every curve: what straight lines miss at its two ends, as a share of its fall.

    Brought to the width of the cell where that is wide against its neighbours; infinite where an end of the cell is one
    of the grid: nothing tells there how the curve bends beyond.
    """
    if x.size < 4:
        return np.full(len(values), np.inf)
    found = np.zeros(len(values))
    rows = np.arange(len(values))
    cell = x[j] - x[j - 1]
    for k in (np.maximum(j - 1, 1), np.minimum(j + 1, x.size - 1)):
        beside = x[k] - x[k - 1]
        both = np.where(cell + beside > 0, cell + beside, 1.0)
        # So far off would the neighbour's slope end over this cell; the point between them is missed by half of it, or
        # by more where the neighbour is wide.
        off = np.abs((values[rows, k - 1] - values[rows, k]) * cell / np.where(beside > 0, beside, np.inf) - fall)
        found = np.maximum(found, off * np.maximum(0.5, beside / both))
    return np.where((j > 1) & (j < x.size - 1), found / fall, np.inf)
