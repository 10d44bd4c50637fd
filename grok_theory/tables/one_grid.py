"""Several runs of one table on one grid of x: what an Ensemble is made of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..errors import BadValue
from .table import Table


@dataclass(frozen=True)
class Runs:
    """`x` (T,), `curves` name -> (run, T), and `left_out`: name of a run of the file -> why it is not among them.

    `empty` says that no run was whole: then `curves` hold what there is, with nan.
    """

    x: np.ndarray
    curves: dict[str, np.ndarray]
    labels: list[str]
    left_out: dict[str, str]
    empty: bool


def runs_on_one_grid(table: Table, x: str, columns: Mapping[str, str], run: str | None) -> Runs:
    """The runs in a table that share their x; `columns` maps curve names to columns, `run` tells the runs apart.

    A run that crashed is left out, with its reason: a value that is missing or not finite, or an end before the others'
    where these are the majority.

    Raises
    ------
    BadValue
        Where x is missing, repeated or falls within a run, and where runs were logged at other x.
    """
    times, timed = table.numbers(x)
    labels = table.labels(run) if run else [""] * len(table.places)
    values = {column: table.numbers(column)[0] for column in columns.values()}
    logged = np.any([table.logged(column) for column in columns.values()], axis=0)
    rows: dict[str, list[int]] = {}
    for i, label in enumerate(labels):
        if label is None and logged[i]:
            raise BadValue(f"{table.where(i)}: {run} is missing beside a value. Say which run it is, or drop the row.")
        if label is not None:
            rows.setdefault(label, [])
        if logged[i]:
            rows[label].append(i)  # type: ignore[index]
    for part in rows.values():
        _check_x(table, x, times, timed, part)
    grids = {label: tuple(times[part]) for label, part in rows.items()}
    grid = _common_grid(table, x, grids)
    left_out: dict[str, str] = {}
    for label, part in rows.items():
        if grids[label] != grid:
            left_out[label] = _what_lacks(x, ", ".join(columns.values()), grids[label], grid)
            continue
        for column in columns.values():
            wrong = [i for i in part if not np.isfinite(values[column][i])]
            if wrong:
                i = wrong[0]
                what = f"is {values[column][i]}" if table.logged(column)[i] else "is missing"
                left_out.setdefault(label, f"{column} {what} at {x} {times[i]:g} ({table.places[i]})")
    kept = [label for label in rows if label not in left_out]
    empty = not kept
    if empty:
        kept = [label for label in rows if grids[label] == grid]
        if not any(" is missing " not in left_out[label] for label in kept):
            run_text = f"run {kept[0]!r}: " if run else ""
            raise BadValue(
                f"{table.source} has no whole run: {run_text}{left_out[kept[0]]}. Every curve needs a value at every "
                f"{x}; read curves that were logged at different {x} one by one."
            )
    curves = {name: np.array([values[column][rows[label]] for label in kept]) for name, column in columns.items()}
    return Runs(np.array(grid), curves, kept, left_out, empty)


def _check_x(table: Table, x: str, times: np.ndarray, timed: np.ndarray, rows: list[int]) -> None:
    before = None
    for i in rows:
        if not timed[i] or not np.isfinite(times[i]):
            shown = times[i] if timed[i] else "missing"
            raise BadValue(f"{table.where(i)}: {x} is {shown}, but it must be a finite number. Mend or drop it.")
        if before is not None and not times[i] > times[before]:
            raise BadValue(
                f"{table.where(i)}: {x} is {times[i]:g} after {times[before]:g}, but within a run it must increase. "
                "Name the column that tells runs apart (run), or drop repeated lines."
            )
        before = i


def _common_grid(table: Table, x: str, grids: Mapping[str, tuple[float, ...]]) -> tuple[float, ...]:
    """The x that all runs share, or that most of them do where the others only have less."""
    written = {label: grid for label, grid in grids.items() if grid}
    if not written:
        raise BadValue(f"{table.source} has no value beside {x} in these columns. Name columns with numbers.")
    grid, count = Counter(written.values()).most_common(1)[0]
    first = next(label for label in written if written[label] == grid)
    for label, other in written.items():
        if other != grid and not (set(other) < set(grid) and 2 * count > len(written)):
            raise BadValue(
                f"{table.source}: run {label!r} has other values of {x} than run {first!r}, but all runs must share "
                "them. Interpolate them to one grid first."
            )
    return grid


def _what_lacks(x: str, columns: str, own: tuple[float, ...], grid: tuple[float, ...]) -> str:
    if not own:
        return f"no value in {columns}"
    if own == grid[: len(own)]:
        return f"it ends at {x} {own[-1]:g}, before the others"
    missing = next(time for time in grid if time not in set(own))
    return f"{columns} is missing at {x} {missing:g}"
