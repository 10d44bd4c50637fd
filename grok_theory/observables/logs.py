"""Training logs as they are: tables or JSON lines, any spacing, several runs, missing values."""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import BadValue

# What columns are called in the wild, in the order of preference.
X_NAMES = ("step", "steps", "global_step", "_step", "epoch", "epochs", "iteration", "iter", "time", "t", "x")
TRAIN_NAMES = ("train_loss", "train/loss", "loss/train", "train loss", "loss", "train_acc", "train_accuracy", "train")
TEST_NAMES = (
    *(
        "test_loss",
        "test/loss",
        "loss/test",
        "test loss",
        "val_loss",
        "val/loss",
        "valid_loss",
        "eval_loss",
        "eval/loss",
    ),
    *("test_acc", "test_accuracy", "val_acc", "val_accuracy", "test", "val"),
)
RUN_NAMES = ("run", "run_id", "seed", "trial")


@dataclass(frozen=True)
class Record:
    """One curve of one run at the times where it was logged: `x` strictly increasing, `values` the same length."""

    x: np.ndarray
    values: np.ndarray


@dataclass(frozen=True)
class Log:
    """What a file holds: for each run its train and test `Record`, and the columns they were read from."""

    runs: dict[str, tuple[Record, Record]]
    columns: dict[str, str | None]


def read_log(
    path: str | Path, *, x: str | None = None, train: str | None = None, test: str | None = None, run: str | None = None
) -> Log:
    """Read a CSV file (commas, semicolons or tabs) or JSON lines; the first line tells which.

    A missing value (an empty cell, `null`, an absent key) is a time at which that curve was not logged: train and
    test may be logged at different times. The text `nan` is a value that was logged, and is kept.

    **Arguments:** names of columns; those left out are guessed from what such columns are usually called. Without a
    column that tells runs apart, the file is one run.

    Raises `BadValue` naming file and line or column where it cannot be read, or where a run's times do not increase.
    """
    path = Path(path)
    rows = list(_rows(path))
    if not rows:
        raise BadValue(f"{path} has no rows, but at least one is needed. Name a file with data.")
    names = list(dict.fromkeys(name for _, row in rows for name in row))
    columns = {
        "x": _column(path, "x", x, X_NAMES, names),
        "train": _column(path, "train", train, TRAIN_NAMES, names),
        "test": _column(path, "test", test, TEST_NAMES, names),
        "run": _column(path, "run", run, RUN_NAMES, names)
        if run or set(RUN_NAMES) & set(map(str.lower, names))
        else None,
    }
    parts: dict[str, tuple[list, list]] = {}
    for line, row in rows:
        label = "" if columns["run"] is None else str(row.get(columns["run"], "")).strip()
        curves = parts.setdefault(label, ([], []))
        time = _number(path, line, columns["x"], row.get(columns["x"]))
        for curve, which in zip(curves, ("train", "test"), strict=True):
            value = _number(path, line, columns[which], row.get(columns[which]))
            if time is not None and value is not None:
                curve.append((time, value, line))
    return Log({label: _records(path, label, curves, columns) for label, curves in parts.items()}, columns)


def _rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise BadValue(f"{path} cannot be read: {reason}. Name a CSV file or JSON lines.") from None
    if text.lstrip().startswith("{"):
        yield from _json_rows(path, text)
        return
    lines = text.splitlines()
    first = next((line for line in lines if line.strip()), "")
    delimiter = max(",;\t", key=first.count)
    for row in (table := csv.DictReader(lines, delimiter=delimiter)):
        if None in row:
            raise BadValue(f"{path}, line {table.line_num}: more cells than the header has names. Mend the line.")
        yield table.line_num, {name.strip(): cell for name, cell in row.items()}


def _json_rows(path, text):
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            if not isinstance(row, dict):
                raise ValueError
        except ValueError:
            raise BadValue(
                f"{path}, line {number}: {line[:40]!r} is no JSON object, but every line must be one. Mend or drop it."
            ) from None
        yield number, row


def _column(path, option, wanted, usual, names):
    if wanted is not None:
        if wanted not in names:
            raise BadValue(f"{path} has no column {wanted!r}; its columns are {', '.join(names)}. Name one of them.")
        return wanted
    by_name = {name.lower(): name for name in reversed(names)}
    found = next((by_name[name] for name in usual if name in by_name), None)
    if found is None:
        raise BadValue(
            f"{path} has no column that looks like {option}; its columns are {', '.join(names)}. "
            f"Name it with --{option}."
        )
    return found


def _number(path, line, column, cell):
    """The number in a cell; None where nothing was logged."""
    if cell is None or (isinstance(cell, str) and not cell.strip()):
        return None
    try:
        if isinstance(cell, bool):
            raise ValueError
        return float(cell)
    except (TypeError, ValueError):
        raise BadValue(
            f"{path}, line {line}: {column} is {cell!r}, but it must be a number. Mend or drop it."
        ) from None


def _records(path, label, curves, columns):
    records = []
    for curve, which in zip(curves, ("train", "test"), strict=True):
        where = f"{path}, run {label!r}" if label else f"{path}"
        if not curve:
            raise BadValue(
                f"{where} has no value in {columns[which]}, but at least one is needed. Name another column."
            )
        for (before, _, _), (time, _, line) in pairwise(curve):
            if not time > before:
                raise BadValue(
                    f"{path}, line {line}: {columns['x']} is {time:g} after {before:g}, but within a run it must "
                    "increase. Name the column that tells runs apart with --run, or drop repeated lines."
                )
        times, values, _ = zip(*curve)
        records.append(Record(np.array(times), np.array(values)))
    return tuple(records)
