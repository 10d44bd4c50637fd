"""A list of runs in JSON: one object a run, with a table in each and what the run is called beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .names import RUN_NAMES, X_NAMES, called

Rows = list[Any]


def rows_of_runs(
    objects: Rows, rows_of: Callable[[Mapping[str, Any]], Rows | None], tells: Callable[[Any], bool]
) -> tuple[Rows, str] | None:
    """Rows of all runs with a column `run`, and what was done in words; None where the objects are no runs.

    [{"seed": 0, "step": [...], "train_loss": [...]}, ...], or with a list of rows under a key of each.

    Parameters
    ----------
    objects : list
        Of the list.
    rows_of : callable
        Given an object, the rows in it, or None.
    tells : callable
        Given an object, whether it holds a table.
    """
    if not all(isinstance(each, dict) and _holds_table(each, tells) for each in objects):
        return None
    tables = [rows_of(each) for each in objects]
    if not all(tables):
        return None
    names = _names(objects)
    found = [
        {"run": name, **{k: cell for k, cell in row.items() if k != "run"}}
        for name, table in zip(names, tables, strict=True)
        for row in table or ()
    ]
    return found, f"each of {len(objects)} objects is a run"


def _holds_table(value: dict[str, Any], tells: Callable[[Any], bool]) -> bool:
    """Whether an object is a run and no row of one: there is no number where times are."""
    scalars = [name for name, inner in value.items() if not isinstance(inner, (list, dict))]
    if any(called(name) in X_NAMES for name in scalars):
        return False
    return tells(value) or any(isinstance(inner, dict) and tells(inner) for inner in value.values())


def _names(objects: Rows) -> list[str]:
    """What the runs are called: by a key that differs between them, else their number."""
    for wanted in (*RUN_NAMES, "name", "id"):
        said = [next((v for k, v in each.items() if called(k) == wanted), None) for each in objects]
        if all(isinstance(v, (str, int, float)) for v in said) and len({str(v) for v in said}) == len(objects):
            return [str(v) for v in said]
    return [str(i) for i in range(len(objects))]
