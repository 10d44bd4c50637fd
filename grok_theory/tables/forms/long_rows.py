"""Long tables: a row a value, with a column that names what it is of (run, tag, step, value)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..cells import is_missing, is_number
from ..names import X_NAMES, called, rises
from ..table import Table
from .tensorboard import run_and_tag

_NAMES = ("tag", "metric", "metric_name", "key", "name", "variable", "measure", "quantity", "curve")
_VALUES = ("value", "metric_value", "val", "scalar")


def metrics_from_rows(table: Table) -> Table | None:
    """The same table with a column a metric; None where no column of texts names what a column `value` is of.

    Rows stay as they are, each with the value of one metric.
    """
    words = {called(name): name for name in reversed(table.names)}
    tag = next((words[w] for w in _NAMES if w in words), None)
    value = next((words[w] for w in _VALUES if w in words), None)
    if (
        tag is None
        or value is None
        or not any(called(name) in X_NAMES for name in table.names)
        or any(rises(n) is not None for n in table.names if n not in (tag, value))
    ):
        return None
    tags = table.cells[tag]
    metrics = list(dict.fromkeys(str(cell) for cell in tags if not is_missing(cell)))
    if not metrics or all(map(is_number, metrics)) or any(m in table.cells and m not in (tag, value) for m in metrics):
        return None
    if "run" in table.cells and not any(isinstance(run, (list, dict)) for run in table.cells["run"]):
        # TensorBoard's runs r/train and r/val are parts of one.
        pairs = [run_and_tag(str(run or ""), str(each)) for run, each in zip(table.cells["run"], tags, strict=True)]
        if any(new != str(old) for (_, new), old in zip(pairs, tags, strict=True)):
            tags = [None if is_missing(old) else new for (_, new), old in zip(pairs, tags, strict=True)]
            table = replace(table, cells={**table.cells, "run": [run or "." for run, _ in pairs]})
            metrics = list(dict.fromkeys(str(cell) for cell in tags if cell is not None))
    cells: dict[str, list[Any]] = {name: column for name, column in table.cells.items() if name not in (tag, value)}
    for metric in metrics:
        cells[metric] = [v if str(t) == metric else None for t, v in zip(tags, table.cells[value], strict=True)]
    return table.as_read(cells, table.places, f"each row is the {value} of one {tag}")
