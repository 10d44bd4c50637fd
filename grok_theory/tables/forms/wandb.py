"""Tables with a run a column: `RUN - METRIC` beside `RUN - METRIC__MIN` and `__MAX`, as W&B exports its charts."""

from __future__ import annotations

from typing import Any

from ..names import part, rises
from ..table import Table

_ENDS = ("__MIN", "__MAX")


def runs_from_columns(table: Table) -> Table | None:
    """The same table with a row a run and time, a column `run` and one a metric.

    None where the columns are not of that form: one for the time, all others `RUN - METRIC`, where some are `__MIN` or
    all metrics are called as curves of a log are. `__MIN` and `__MAX` are not used.
    """
    cells = table.cells
    axes = [name for name in cells if " - " not in name]
    named = {name: tuple(name.rsplit(" - ", 1)) for name in cells if " - " in name}
    if len(axes) != 1 or not named:
        return None
    wanted = {name: pair for name, pair in named.items() if not pair[1].endswith(_ENDS)}
    metrics = list(dict.fromkeys(metric for _, metric in wanted.values()))
    if len(wanted) == len(named) and not all(rises(m) is not None and part(m) for m in metrics):
        return None
    runs = list(dict.fromkeys(run for run, _ in wanted.values()))
    column = {pair: cells[name] for name, pair in wanted.items()}
    rows = [(run, i) for run in runs for i in range(len(cells[axes[0]]))]
    rows = [(run, i) for run, i in rows if any((run, m) in column and column[run, m][i] is not None for m in metrics)]
    long: dict[str, list[Any]] = {
        "run": [run for run, _ in rows],
        axes[0]: [cells[axes[0]][i] for _, i in rows],
    }
    for metric in metrics:
        long[metric] = [column[run, metric][i] if (run, metric) in column else None for run, i in rows]
    note = "columns RUN - METRIC are read as runs, without __MIN and __MAX"
    return table.as_read(long, [table.places[i] for _, i in rows], note)
