"""Tables with a column that says of which part of the data a row is: mode, split, phase = train, val ..."""

from __future__ import annotations

from typing import Any

from ..cells import is_missing
from ..names import RUN_NAMES, SETTING_WORDS, TEST_WORDS, TRAIN_WORDS, X_NAMES, called, part, words
from ..table import Table

_NAMES = ("mode", "split", "phase", "stage", "part", "partition", "subset", "set", "dataset", "data", "type", "kind")


def parts_from_rows(table: Table) -> Table | None:
    """The same rows with the part in the columns' names (`train/loss`, `val/loss`); None where no column names parts.

    Times, runs and settings stay as they are, and so do columns whose names say their part.
    """
    column = next((name for name in table.names if called(name) in _NAMES and _names_parts(table.cells[name])), None)
    if column is None or not any(called(name) in X_NAMES for name in table.names):
        return None
    said = [None if is_missing(cell) else str(cell).strip().lower() for cell in table.cells[column]]
    parts = list(dict.fromkeys(each for each in said if each))
    cells: dict[str, list[Any]] = {}
    for name, values in table.cells.items():
        if name == column:
            continue
        if called(name) in (*X_NAMES, *RUN_NAMES) or SETTING_WORDS & set(words(name)) or part(name):
            cells[name] = values
            continue
        for each in parts:
            own = [value if of == each else None for of, value in zip(said, values, strict=True)]
            if any(value is not None for value in own):
                cells[f"{each}/{name}"] = own
        if any(of is None and value is not None for of, value in zip(said, values, strict=True)):
            cells[name] = [value if of is None else None for of, value in zip(said, values, strict=True)]
    return table.as_read(cells, table.places, f"{column} says of which part ({', '.join(parts)}) a row is")


def _names_parts(cells: list[Any]) -> bool:
    said = {str(cell).strip().lower() for cell in cells if not is_missing(cell)}
    return bool(said) and said <= {*TRAIN_WORDS, *TEST_WORDS}
