"""MLflow's folders: a file a metric, `time value step` a line, in the folder `metrics` of each run."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from ...errors import BadValue
from ..table import Table
from ..text import read_text, split_lines

_LINE = re.compile(r"([0-9]+) (\S+) (-?[0-9]+)")


def mlflow_table(path: Path) -> Table | None:
    """The metrics of a run's folder, of a folder of several runs, or of one metric's file; None where there are none.

    The columns are `step` and one a metric, called by its path; with several runs also `run`: what
    `tags/mlflow.runName` says, or the folder's name.

    Raises
    ------
    BadValue
        Naming file and line for another line in a file that begins as a metric does.
    """
    if path.is_file():
        named = "metrics" in path.absolute().parts[:-1]  # elsewhere three numbers a line may be anything
        return _table(path, [(None, path, _metric_name(path))]) if named and _is_metric(path) else None
    folders = sorted(each for each in path.rglob("metrics") if each.is_dir())
    # A metric may itself be called metrics/loss.
    roots = [each for each in folders if not set(folders) & set(each.parents)] or [path]
    names = _run_names(path, roots) if len(roots) > 1 else {roots[0]: None}
    files = [(names[root], p, p.relative_to(root).as_posix()) for root in roots for p in sorted(root.rglob("*"))]
    return _table(path, [each for each in files if each[1].is_file() and _is_metric(each[1])])


def _table(source: Path, files: list[tuple[str | None, Path, str]]) -> Table | None:
    places: list[str] = []
    rows: list[dict[str, Any]] = []
    for run, path, name in files:
        for number, line in enumerate(split_lines(read_text(path)), start=1):
            match = _LINE.fullmatch(line.strip())
            if not match:
                raise BadValue(
                    f"{path}, line {number}: {line[:40]!r} is not `time value step`, as the lines before it. "
                    "Mend or drop it."
                )
            places.append(f"{f'{run} ' if run else ''}{name} line {number}")
            rows.append({**({"run": run} if run else {}), "step": match[3], name: match[2]})
    names = dict.fromkeys(name for row in rows for name in row)
    cells = {name: [row.get(name) for row in rows] for name in names}
    return Table(str(source), cells, places, ("MLflow's metrics",), apart=True) if rows else None


def _run_names(path: Path, roots: list[Path]) -> dict[Path, str | None]:
    """Names of runs as their tags say, where these differ, else their folders."""
    folders: dict[Path, str | None] = {root: root.parent.relative_to(path).as_posix() for root in roots}
    tags = {}
    for root in roots:
        tag = root.parent / "tags" / "mlflow.runName"
        tags[root] = read_text(tag).strip() if tag.is_file() else ""
    return tags if len(set(tags.values())) == len(roots) and all(tags.values()) else folders  # type: ignore[return-value]


def _metric_name(path: Path) -> str:
    """What a metric's file is called: its path below the folder `metrics`."""
    parts = path.absolute().parts
    at = max((i for i, each in enumerate(parts[:-1]) if each == "metrics"), default=len(parts) - 2)
    return "/".join(parts[at + 1 :])


def _is_metric(path: Path) -> bool:
    """Whether the first line is one of a metric: a folder may hold anything, of any size."""
    try:
        with open(path, "rb") as file:
            first = file.readline(1000)
    except OSError:
        return False
    return bool(_LINE.fullmatch(first.decode(errors="replace").strip()))
