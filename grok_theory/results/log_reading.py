"""Training logs as they are: tables or JSON lines, any spacing, several runs, missing values."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..errors import BadValue
from ..tables import Table, read_table
from ..tables.curves import logged_curves
from ..tables.guessing import curve_names, guess_curves, guess_run, guess_x
from ..tables.names import part
from .log import CURVES, Log, Record
from .log_config import known_config


def read_log(
    path: str | os.PathLike | Sequence[str | os.PathLike],
    *,
    x: str | None = None,
    train: str | None = None,
    test: str | None = None,
    run: str | None = None,
    rising: tuple[bool | None, bool | None] = (None, None),
    repeats: str = "last",
    x_unit: str | None = None,
    config: Mapping[str, Any] | str | os.PathLike | None = None,
    encoding: str | None = None,
    pattern: str | None = None,
) -> Log:
    r"""Read the train and the test curve of every run in a table, as `tables.read_table` reads it.

    A log may have one of the two only: then its `columns` say None for the other, and its `notes` that it is missing.

    A missing value (an empty cell, `null`, an absent key) is a time at which that curve was not logged: train and
    test may be logged at different times. The text `nan` is a value that was logged, and is kept. A run of several
    without one finite value in a curve is left out, and said.

    Parameters
    ----------
    path : str or os.PathLike or Sequence
        The file, folder or "-", or several of them: each a run, or the curves of one.
    x, train, test, run : str, optional
        Names of columns; those left out are guessed from how much of the log they cover and from what such columns are
        usually called (`tables.guessing`). Without a column that tells runs apart, the file is one run.
    rising : tuple[bool or None, bool or None], default (None, None)
        (train, test), True where an accuracy is meant: it decides between losses and accuracies. None leaves it open.
    repeats : str, default 'last'
        What counts where a resumed run wrote times again: "last" or "first"; "refuse" takes neither.
    x_unit : str, optional
        The unit of x, such as "tau"; left out, what stands in brackets behind the name (`time [tau]`), or none.
    config : Mapping[str, Any] or str or os.PathLike, optional
        What is known of the training (`learning_rate`, `batch_size`, `samples`, `dim`, `weight_decay`, `optimizer`,
        `dtype` ... or what trainers call these), or a JSON file of it; it adds to columns with one value throughout.
    encoding, pattern : str, optional
        As in `tables.read_table`.

    Returns
    -------
    Log
        The runs, the columns that were read, and what was guessed, passed over, missing or left out.

    Raises
    ------
    BadValue
        Naming file and line or column where it cannot be read, where two columns are equally good, or where a run's
        times go back to its start, which is more likely another run.

    Examples
    --------
    >>> from pathlib import Path
    >>> _ = Path("log.csv").write_text("step,train_loss,test_loss\n1,2.0,2.1\n2,1.0,1.9\n")
    >>> log = read_log("log.csv")
    >>> print(len(log.runs), log.x_name, log.columns)
    1 step {'x': 'step', 'train': 'train_loss', 'test': 'test_loss', 'run': None}
    """
    table = read_table(path, encoding=encoding, pattern=pattern)
    x, train, test, run = (name and table.full_name(name) for name in (x, train, test, run))
    named = {"x": x, "train": train, "test": test, "run": run}
    candidates = [n for n in (train, test) if n] or curve_names(table)
    run = run or guess_run(table, candidates)
    x = x or guess_x(table, candidates)
    times, timed = table.numbers(x)
    labels = table.labels(run) if run else [""] * len(table.places)
    known = {label: code for code, label in enumerate(dict.fromkeys(label for label in labels if label is not None))}
    codes = np.array([-1 if label is None else known[label] for label in labels], int)

    def increases(name: str) -> bool:
        rows = np.flatnonzero(table.logged(name) & timed)
        rows = rows[np.argsort(codes[rows], kind="stable")]
        same = np.diff(codes[rows]) == 0
        return bool(np.all(np.diff(times[rows])[same] > 0))

    rivals: list[str] = []
    if not (train and test):
        train, test, rivals = guess_curves(table, train, test, increases, rising)
    columns = {"x": x, "train": train, "test": test, "run": run}
    guessed = tuple(role for role, name in columns.items() if name and not named[role])
    notes = [*table.notes, *(f"{pair} is there too (--rising takes accuracies)" for pair in rivals)]
    here = {which: name for which in CURVES if (name := columns[which])}
    notes += [_missing(table, which) for which in CURVES if which not in here]
    read, more = logged_curves(table, x, here, run, repeats)
    notes += more
    runs = {
        label: {which: Record(curve.x, curve.values) for which, curve in of_run.items()}
        for label, of_run in read.items()
    }
    left_out = _without_numbers(runs, columns)
    if len(left_out) == len(runs):
        # Nothing else to look at: what was logged, nan throughout, is shown as it is.
        empty = [which for which in here if not any(of_run[which].x.size for of_run in runs.values())]
        if empty:
            raise BadValue(
                f"{table.source} has no value in {columns[empty[0]]} beside {x}, but at least one is needed. "
                "Name another column."
            )
        left_out = {n: why for n, why in left_out.items() if not all(runs[n][which].x.size for which in here)}
    kept = {label: of_run for label, of_run in runs.items() if label not in left_out}
    if not kept:
        label, why = next(iter(left_out.items()))
        raise BadValue(
            f"{table.source} has no run with both curves, {' and '.join(here.values())}: run {label!r} has "
            f"{why}. If its curves are told apart as runs, name another column with --run."
        )
    x_name, in_brackets = name_and_unit(x)
    unit = in_brackets if x_unit is None else x_unit
    known = known_config(config, table)
    return Log(kept, columns, guessed, left_out, tuple(notes), tuple(rivals), x_name, unit, known)


def name_and_unit(column: str) -> tuple[str, str]:
    """`time [tau]` is time in tau; any other name is one as it stands."""
    found = re.fullmatch(r"(.*\S)\s*\[([^\[\]]+)\]", column)
    return (found[1], found[2].strip()) if found else (column, "")


def _missing(table: Table, which: str) -> str:
    empty = [name for name in curve_names(table) if part(name) == which and not table.logged(name).any()]
    said = f"nothing is written in {', '.join(empty)}; " if empty else ""
    return f"there is no {which} curve ({said}--{which} names one)"


def _without_numbers(runs: dict[str, dict[str, Record]], columns: dict[str, str | None]) -> dict[str, str]:
    """Run -> why nothing can be read off it."""
    reasons: dict[str, str] = {}
    for label, of_run in runs.items():
        for which, record in of_run.items():
            values = record.values
            if not values.size:
                reasons.setdefault(label, f"no value in {columns[which]}")
            elif not np.isfinite(values).any():
                reasons.setdefault(label, f"{columns[which]} is {values[0]} throughout")
    return reasons
