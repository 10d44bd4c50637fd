"""Times that come again in a log: a run that was resumed from a checkpoint wrote some of its records twice."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..checks import check_choice
from ..errors import BadValue
from . import names
from .table import Table

POLICIES = ("last", "first", "refuse")
MANY = 20  # records of which hardly one is left: a resumed run would have lost all its work


def without_repeats(
    table: Table, x: str, times: np.ndarray, rows: Mapping[str, np.ndarray], repeats: str
) -> tuple[dict[str, np.ndarray], int]:
    """The rows of one run, curve by curve, so that times increase; and how many records were passed over for that.

    Parameters
    ----------
    table : Table
        The log, for the message and for columns that tell of the setting.
    x : str
        Name of the column of times, for the message.
    times : ndarray
        Times of all rows of the table.
    rows : Mapping[str, ndarray]
        Curve -> its rows, in the order of the file.
    repeats : str
        "last" takes what a resumed run wrote last (from the time it went back to on, of both curves); "first" what was
        there before; "refuse" raises.

    Returns
    -------
    tuple[dict[str, ndarray], int]
        (rows, count): curve -> its rows that count, and the number of records passed over.

    Raises
    ------
    BadValue
        Naming the line where times do not increase and that is no resumption: "refuse" is said; the time goes back to
        where the run began, or close to it, which is more likely another run; no time is written twice, as by a
        resumed run; or a column that is no metric (`model`, `lr`, `dropout`) has another value from there on.
    """
    check_choice("repeats", repeats, POLICIES)
    given = sum(map(len, rows.values()))
    rows = {which: part[~_written_twice(table, times, part)] for which, part in rows.items()}
    back = np.unique(np.concatenate([part[1:][~(np.diff(times[part]) > 0)] for part in rows.values()]))
    if not back.size:
        return dict(rows), given - sum(map(len, rows.values()))
    used = np.unique(np.concatenate(list(rows.values())))
    start = min(times[part[0]] for part in rows.values() if part.size)
    wrong = back if repeats == "refuse" else back[(times[back] <= start) | _begins_anew(times, used, back)]
    if wrong.size:
        i = int(wrong[0])
        before = max(times[used[used < i]])
        raise BadValue(
            f"{table.where(i)}: {x} is {times[i]:g} after {before:g}, but within a run it must increase. Sort the "
            "lines, name the column that tells runs apart with --run, or drop repeated lines."
        )
    _check_resumed(table, x, times, used, back)
    # The lowest time that is gone back to later than each of `back`, and at it.
    lowest = np.minimum.accumulate(times[back][::-1])[::-1]
    kept = {}
    for which, part in rows.items():
        if repeats == "last":
            later = np.searchsorted(back, part, side="right")
            lost = np.append(lowest, np.inf)[later] <= times[part]
            kept[which] = part[~lost]
        else:
            highest = np.maximum.accumulate(np.concatenate([[-np.inf], times[part]]))[:-1]
            kept[which] = part[times[part] > highest]
    return kept, given - sum(map(len, kept.values()))


def _written_twice(table: Table, times: np.ndarray, part: np.ndarray) -> np.ndarray:
    """Rows of a curve that say again, cell by cell, what the row before them says, as two processes that log do."""
    same = np.zeros(part.size, bool)
    for k in np.flatnonzero(np.diff(times[part]) == 0) + 1:
        same[k] = all(table.cells[name][part[k]] == table.cells[name][part[k - 1]] for name in table.names)
    return same


def _begins_anew(times: np.ndarray, used: np.ndarray, back: np.ndarray) -> np.ndarray:
    """Whether, of twenty records or more, one in twenty or fewer are left: another run that begins a little later."""
    before = np.searchsorted(used, back)
    left = np.array([np.sum(times[used[:k]] < times[i]) for i, k in zip(back, before, strict=True)], int)
    return (before >= MANY) & (left * MANY <= before)


def _check_resumed(table: Table, x: str, times: np.ndarray, used: np.ndarray, back: np.ndarray) -> None:
    """Refuse times that go back, at rows `back`, without a sign of a resumed run; `used` are all rows of the run."""
    alone = back[~_spanned(times[used], used, back)]
    if alone.size:
        i = int(alone[0])
        raise BadValue(
            f"{table.where(i)}: {x} goes back to {times[i]:g}, but no {x} is written twice, as a resumed run does. "
            "Sort the lines by it, or name the column that tells runs apart with --run."
        )
    # A line without values may stand before the next record, and say what differs.
    cuts = used[np.searchsorted(used, back) - 1] + 1
    for name in table.names:
        if name == x or not _may_tell(name):
            continue
        cells = table.cells[name]
        rows = np.array([i for i in range(used[-1] + 1) if cells[i] is not None], int)
        values = np.array([str(cells[i]) for i in rows])
        if not 1 < np.unique(values).size <= 1 + back.size:
            continue
        apart = ~_spanned(values, rows, cuts) & (cuts > rows[0]) & (cuts <= rows[-1])
        if apart.any():
            i, cut = int(back[apart][0]), cuts[apart][0]
            before, after = (values[rows < cut][-1], values[rows >= cut][0])
            raise BadValue(
                f"{table.where(i)}: {x} goes back to {times[i]:g}, and {name} is {after} after {before}. "
                "Name it with --run if it tells runs apart, or drop the column if this is one run that was resumed."
            )


def _may_tell(name: str) -> bool:
    """Whether two values of a column may be of two runs: it is no metric, no time and nothing a resumption changes."""
    said = set(names.words(name))
    if names.SETTING_WORDS & said:
        return True
    metric = names.rises(name) is not None or names.part(name) is not None
    return not (metric or names.counts_time(name) or names.RESUMED_WORDS & said)


def _spanned(values: np.ndarray, rows: np.ndarray, cuts: np.ndarray) -> np.ndarray:
    """(cuts,) booleans: whether one of `values`, which stand in increasing `rows`, stands before a cut and after it."""
    _, first, which = np.unique(values, return_index=True, return_inverse=True)
    last = np.zeros_like(first)
    np.maximum.at(last, which, np.arange(values.size))
    # A value spans the cuts after its first row, up to its last.
    opened = np.sort(rows[first][last > first])
    closed = np.sort(rows[last[last > first]])
    return np.searchsorted(opened, cuts, side="left") > np.searchsorted(closed, cuts, side="left")
