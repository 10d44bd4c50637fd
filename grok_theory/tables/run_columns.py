"""Tables with a run a column: `RUN - METRIC` beside `RUN - METRIC__MIN` and `__MAX`, as W&B exports its charts."""

from __future__ import annotations

from typing import Any


def runs_from_columns(cells: dict[str, list[Any]]) -> tuple[dict[str, list[Any]], list[int]] | None:
    """The same table with a row a run and time, a column `run` and one a metric, and the old row of each new one.

    None where the columns are not of that form: one for the time, all others `RUN - METRIC`, some of them `__MIN`.
    """
    axes = [name for name in cells if " - " not in name]
    named = {name: tuple(name.rsplit(" - ", 1)) for name in cells if " - " in name}
    if len(axes) != 1 or not any(metric.endswith("__MIN") for _, metric in named.values()):
        return None
    wanted = {name: pair for name, pair in named.items() if not pair[1].endswith(("__MIN", "__MAX"))}
    metrics = list(dict.fromkeys(metric for _, metric in wanted.values()))
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
    return long, [i for _, i in rows]
