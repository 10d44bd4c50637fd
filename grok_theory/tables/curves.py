"""The curves of every run in a table, each at the times where it was logged: what logs and ensembles are made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from ..errors import BadValue
from .repeats import without_repeats
from .table import Table


class Logged(NamedTuple):
    """One curve of one run: increasing times (T,), values (T,) and the row (T,) of the table each stands in."""

    x: np.ndarray
    values: np.ndarray
    rows: np.ndarray


class Curves(NamedTuple):
    """Run -> curve -> `Logged`, and what was passed over, in sentences."""

    runs: dict[str, dict[str, Logged]]
    notes: list[str]


def logged_curves(table: Table, x: str, columns: Mapping[str, str], run: str | None, repeats: str = "last") -> Curves:
    """Every run's curves; `columns` maps their names to columns, `run` tells runs apart (None: one, called "").

    An empty cell is a time at which that curve was not logged. A run without a value has empty curves.

    Raises
    ------
    BadValue
        Naming file and line where a cell is no number, a run has no name, x is not finite, or x goes back and `repeats`
        does not resolve it (`without_repeats`).
    """
    times, timed = table.numbers(x)
    labels = table.labels(run) if run else [""] * len(table.places)
    known = {label: code for code, label in enumerate(dict.fromkeys(label for label in labels if label is not None))}
    codes = np.array([-1 if label is None else known[label] for label in labels], int)
    read = {name: table.numbers(column) for name, column in columns.items()}
    written = np.any([logged for _, logged in read.values()], axis=0)
    for i in np.flatnonzero(written & (codes < 0))[:1].tolist():
        raise BadValue(f"{table.where(i)}: {run} is missing beside a value. Say which run it is, or drop the row.")
    for i in np.flatnonzero(written & timed & ~np.isfinite(times))[:1].tolist():
        raise BadValue(f"{table.where(i)}: {x} is {times[i]}, but it must be finite. Mend or drop it.")
    notes = _untimed(table, x, columns, {name: logged & ~timed for name, (_, logged) in read.items()})
    rows: dict[str, dict[str, np.ndarray]] = {label: {} for label in known}
    for name, (_, logged) in read.items():
        used = np.flatnonzero(logged & timed)
        used = used[np.argsort(codes[used], kind="stable")]
        parts = np.split(used, np.searchsorted(codes[used], np.arange(1, len(known))))
        for label, part in zip(known, parts, strict=True):
            rows[label][name] = part
    for label, part in rows.items():
        # Between curves from files of their own the order of rows does not say which was written last.
        groups = [{name: curve} for name, curve in part.items()] if table.apart else [part]
        sorted_out = [without_repeats(table, x, times, group, repeats) for group in groups]
        rows[label] = {name: curve for kept, _ in sorted_out for name, curve in kept.items()}
        count = sum(lost for _, lost in sorted_out)
        if count:
            of_run = f" in run {label}" if label else ""
            notes.append(f"{x} goes back{of_run}: {count} repeated records are not used, the {repeats} are")
    runs = {
        label: {name: Logged(times[of], read[name][0][of], of) for name, of in part.items()}
        for label, part in rows.items()
    }
    return Curves(runs, notes)


def _untimed(table: Table, x: str, columns: Mapping[str, str], untimed: Mapping[str, np.ndarray]) -> list[str]:
    rows = np.flatnonzero(np.any(list(untimed.values()), axis=0))
    notes = []
    for i in rows[:3]:
        column = next(columns[name] for name, there in untimed.items() if there[i])
        notes.append(f"{table.places[i]} has {column} but no {x}, and is not used")
    return [*notes, *([f"{rows.size - 3} more lines without {x} are not used"] if rows.size > 3 else [])]
