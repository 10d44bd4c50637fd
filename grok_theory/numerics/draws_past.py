"""When each of many curves gets past a level of its own, on one grid."""

from __future__ import annotations

import numpy as np


def times_past(
    x: np.ndarray, values: np.ndarray, level: np.ndarray, *, rising: bool, last: bool
) -> tuple[np.ndarray, np.ndarray]:
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
    tuple[ndarray, ndarray]
        (low, high), each (n,): equal where the crossing is on the grid; (x_last, inf) where it is not reached; (0, x_0)
        where the curve is past at once.
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
    j = np.clip(after, 1, count - 1)
    rows = np.arange(len(values))
    before, behind = short[rows, j - 1], short[rows, j]
    fall = np.where(before > behind, before - behind, 1.0)
    at = x[j - 1] + np.where(inside, before / fall, 0.0) * (x[j] - x[j - 1])
    low = np.where(inside, at, np.where(after == 0, 0.0, x[-1]))
    high = np.where(inside, at, np.where(after == 0, x[0], np.inf))
    return low, high
