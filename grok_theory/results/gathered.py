"""From a log, or any table, to runs on one grid: what `Ensemble.from_log` is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..checks import check_times
from ..errors import BadValue
from ..tables import Table
from ..tables.curves import logged_curves
from ..tables.guessing import guess_run, guess_x
from ..tables.one_grid import Of, Runs, runs_at, runs_on_their_grid
from .log import Log
from .log_measures import check_loss_columns
from .log_reading import name_and_unit


@dataclass(frozen=True)
class Gathered:
    """Runs on one grid, what x is, where they are from, and what was read, guessed and passed over in one line."""

    runs: Runs
    x_name: str
    x_unit: str
    source: str
    recognised: str


def runs_of_log(log: Log, curves: Mapping[str, str] | None, grid: Any) -> Gathered:
    """The runs of a `Log`; `curves` maps names of the Ensemble to those of the log."""
    first = next(iter(log.runs.values()))
    named = curves or {f"{name}_{'loss' if log.is_loss(name) else 'accuracy'}": name for name in first}
    if curves is None:
        check_loss_columns(log, named)
    for name in named.values():
        if name not in first:
            raise BadValue(f"curves names {name!r}, but the log has {', '.join(first)}. Name one of them.")
    runs = {label: {name: part[of] for name, of in named.items()} for label, part in log.runs.items()}
    shown = {name: str(log.columns.get(of) or of) for name, of in named.items()}
    found = _on_grid("The log", log.x_name, shown, runs, grid, None)
    left_out = {**(log.left_out or {}), **found.left_out}
    found = Runs(found.x, found.curves, found.labels, left_out, found.empty)
    return Gathered(found, log.x_name, log.x_unit, "the log", log.recognised)


def runs_of_table(
    table: Table, curves: Mapping[str, str], x: str | None, run: str | None, x_unit: str | None, repeats: str, grid: Any
) -> Gathered:
    """The runs in a table; `curves` maps names of the Ensemble to columns."""
    columns = {name: table.full_name(column) for name, column in curves.items()}
    guessed = tuple(role for role, name in (("x", x), ("run", run)) if name is None)
    x = guess_x(table, list(columns.values())) if x is None else table.full_name(x)
    run = guess_run(table, list(columns.values())) if run is None else table.full_name(run)
    read, notes = logged_curves(table, x, columns, run, repeats)

    def place(label: str, name: str, i: int) -> str:
        return table.places[read[label][name].rows[i]]

    found = _on_grid(table.source, x, columns, read, grid, place)
    roles = {"x": x, **columns, "run": run}
    guessed = tuple(role for role in guessed if roles[role])
    shown = [f"{r} = {c}" + (" (guessed)" if r in guessed else "") for r, c in roles.items() if c]
    line = "columns: " + ", ".join(shown) + "".join(f"; {note}" for note in (*table.notes, *notes))
    x_name, in_brackets = name_and_unit(x)
    unit = in_brackets if x_unit is None else x_unit
    return Gathered(found, x_name, unit, table.source, line)


def as_columns(curves: Sequence[str] | Mapping[str, str] | None) -> dict[str, str] | None:
    """Curve -> column, of names that are both or of a mapping; None for None."""
    if curves is None:
        return None
    named = dict(curves) if isinstance(curves, Mapping) else {name: name for name in curves}
    if not named:
        raise BadValue("curves is empty, but at least one is needed. Name the columns, for example ['test_loss'].")
    return named


def _on_grid(source: str, x: str, columns: Mapping[str, str], runs: Of, grid: Any, place: Any) -> Runs:
    if grid is None:
        return runs_on_their_grid(source, x, columns, runs, place)
    check_times(grid, name="grid", remedy="Pass the times to read the runs at, for example np.geomspace(1, 100, 20).")
    return runs_at(source, x, columns, runs, np.atleast_1d(np.asarray(grid, float)))
