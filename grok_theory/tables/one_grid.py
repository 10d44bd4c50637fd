"""Several runs on one grid of x: what an Ensemble is made of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ..errors import BadValue


class Recorded(Protocol):
    """A curve at the times where it was logged: `x` (T,) increasing, `values` (T,)."""

    @property
    def x(self) -> np.ndarray: ...

    @property
    def values(self) -> np.ndarray: ...


Of = Mapping[str, Mapping[str, Recorded]]


@dataclass(frozen=True)
class Runs:
    """`x` (T,), `curves` name -> (run, T), and `left_out`: name of a run -> why it is not among them.

    `empty` says that no run was whole: then `curves` hold what there is, with nan.
    """

    x: np.ndarray
    curves: dict[str, np.ndarray]
    labels: list[str]
    left_out: dict[str, str]
    empty: bool


def runs_on_their_grid(
    source: str, x: str, columns: Mapping[str, str], runs: Of, place: Callable[[str, str, int], str] | None = None
) -> Runs:
    """The runs that share their x; `columns` maps curves to what messages call them, `place(run, curve, i)` to a line.

    A run that crashed is left out, with its reason: a value that is missing or not finite, or an end before the others'
    where these are the majority.

    Raises
    ------
    BadValue
        Where runs were logged at other x, and where no run has every curve at every x.
    """
    grids = {label: _times(part) for label, part in runs.items()}
    grid = _common_grid(source, x, ", ".join(columns.values()), grids)
    at = np.array(grid)
    left_out: dict[str, str] = {}
    for label, part in runs.items():
        if grids[label] != grid:
            left_out[label] = _what_lacks(x, ", ".join(columns.values()), grids[label], grid)
            continue
        for name, column in columns.items():
            missing = np.setdiff1d(at, part[name].x)
            wrong = np.flatnonzero(~np.isfinite(part[name].values))
            if missing.size:
                left_out.setdefault(label, f"{column} is missing at {x} {missing[0]:g}")
            elif wrong.size:
                i = int(wrong[0])
                line = f" ({place(label, name, i)})" if place else ""
                left_out.setdefault(label, f"{column} is {part[name].values[i]} at {x} {part[name].x[i]:g}{line}")
    kept = [label for label in runs if label not in left_out]
    empty = not kept
    if empty:
        kept = [label for label in runs if grids[label] == grid]
        if not any(" is missing " not in left_out[label] for label in kept):
            run_text = f"run {kept[0]!r}: " if kept[0] else ""
            raise BadValue(
                f"{source} has no whole run: {run_text}{left_out[kept[0]]}. Every curve needs a value at every {x}: "
                "pass grid=[...], at which all are interpolated, or read such curves one by one."
            )
        kept = [label for label in kept if " is missing " not in left_out[label]]
    curves = {name: np.array([runs[label][name].values for label in kept]) for name in columns}
    return Runs(at, curves, kept, left_out, empty)


def runs_at(source: str, x: str, columns: Mapping[str, str], runs: Of, grid: np.ndarray) -> Runs:
    """The runs at the times `grid` (T,), each interpolated linearly between its records on both sides of a time.

    Left out, with its reason, is a run whose record does not reach over the grid, or is not finite beside one of its
    times.

    Raises
    ------
    BadValue
        Where no run reaches over the grid.
    """
    values: dict[str, dict[str, np.ndarray]] = {label: {} for label in runs}
    left_out: dict[str, str] = {}
    for label, part in runs.items():
        for name, column in columns.items():
            record = part[name]
            if not record.x.size or record.x[0] > grid[0] or record.x[-1] < grid[-1]:
                reach = f"{record.x[0]:g} to {record.x[-1]:g}" if record.x.size else "nowhere"
                left_out.setdefault(
                    label, f"{column} reaches from {x} {reach}, the grid from {grid[0]:g} to {grid[-1]:g}"
                )
            values[label][name] = _interpolated(record, grid)
            wrong = np.flatnonzero(~np.isfinite(values[label][name]))
            if wrong.size:
                left_out.setdefault(label, f"{column} is not finite beside {x} {grid[wrong[0]]:g}")
    kept = [label for label in runs if label not in left_out]
    reaching = [label for label in runs if " reaches from " not in left_out.get(label, "")]
    if not reaching:
        first = next(iter(left_out.values()), "")
        raise BadValue(f"{source} has no run that reaches over the grid: {first}. Pass a grid inside the record.")
    curves = {name: np.array([values[label][name] for label in kept or reaching]) for name in columns}
    return Runs(grid, curves, kept or reaching, left_out, not kept)


def _interpolated(record: Recorded, grid: np.ndarray) -> np.ndarray:
    """Values at `grid`; nan outside the record and where a record that is used is not finite."""
    if not record.x.size:
        return np.full(grid.shape, np.nan)
    values = np.where(np.isfinite(record.values), record.values, np.nan)
    found = np.interp(grid, record.x, values, left=np.nan, right=np.nan)
    exact = np.isin(grid, record.x)  # NumPy's slope to a nan beside would spoil them
    found[exact] = values[np.searchsorted(record.x, grid[exact])]
    return found


def _times(part: Mapping[str, Recorded]) -> tuple[float, ...]:
    """All times of a run, of whichever curve."""
    return tuple(np.unique(np.concatenate([record.x for record in part.values()])).tolist())


def _common_grid(source: str, x: str, columns: str, grids: Mapping[str, Sequence[float]]) -> tuple[float, ...]:
    """The x that all runs share, or that most of them do where the others only have less."""
    written = {label: tuple(grid) for label, grid in grids.items() if grid}
    if not written:
        raise BadValue(f"{source} has no value beside {x} in {columns}. Name columns with numbers.")
    grid, count = Counter(written.values()).most_common(1)[0]
    first = next(label for label in written if written[label] == grid)
    for label, other in written.items():
        if other != grid and not (set(other) < set(grid) and 2 * count > len(written)):
            raise BadValue(
                f"{source}: run {label!r} has other values of {x} than run {first!r}, but all runs must share them. "
                f"Interpolate them to one grid: pass grid=[...], a list of {x} (--times with --interpolate)."
            )
    return grid


def _what_lacks(x: str, columns: str, own: Sequence[float], grid: Sequence[float]) -> str:
    if not own:
        return f"no value in {columns}"
    if tuple(own) == tuple(grid[: len(own)]):
        return f"it ends at {x} {own[-1]:g}, before the others"
    missing = next(time for time in grid if time not in set(own))
    return f"{columns} is missing at {x} {missing:g}"
