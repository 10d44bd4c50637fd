"""A user's own runs from a table on disk: one column for time, one a curve, one that tells runs apart."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from .errors import BadValue


def read_csv(
    path: Path, x: str, columns: Mapping[str, str], run: str | None
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """`x` (T,) and curve name -> (run, T) from the table at `path`; `columns` maps curve names to column names.

    Raises `BadValue` naming file, line and column where a number is missing or the runs do not share `x`.
    """
    rows = _read_rows(path, [x, *columns.values(), *([run] if run else [])])
    by_run: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        by_run.setdefault(row[run] if run else "", []).append(row)
    grids = {name: [_cell(path, row, x) for row in part] for name, part in by_run.items()}
    first = next(iter(grids))
    for name, grid in grids.items():
        if grid != grids[first]:
            raise BadValue(
                f"{path}: run {name!r} has other values of {x} than run {first!r}, but all runs must share them. "
                "Interpolate them to one grid first."
            )
    tables = {
        curve: np.array([[_cell(path, row, column) for row in part] for part in by_run.values()])
        for curve, column in columns.items()
    }
    return np.array(grids[first]), tables


def _read_rows(path: Path, wanted: list[str]) -> list[dict[str, Any]]:
    try:
        with open(path, newline="") as file:
            table = csv.DictReader(file)
            missing = [name for name in wanted if name not in (table.fieldnames or [])]
            if missing:
                raise BadValue(
                    f"{path} has no column {missing[0]!r}; its columns are {table.fieldnames}. Name one of them."
                )
            rows = [{**row, " line": number} for number, row in enumerate(table, start=2)]
    except OSError as error:
        raise BadValue(
            f"path is {str(path)!r}, but it cannot be read: {error.strerror}. Name an existing file."
        ) from error
    if not rows:
        raise BadValue(f"{path} has no rows, but at least one is needed. Name a file with data.")
    return rows


def _cell(path: Path, row: dict[str, Any], column: str) -> float:
    try:
        return float(row[column])
    except (TypeError, ValueError):
        raise BadValue(
            f"{path}, line {row[' line']}: {column} is {row[column]!r}, but it must be a number. Mend or drop it."
        ) from None
