"""MLflow's folder of one run: a file a metric, `time value step` a line."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from ..errors import BadValue
from .text import read_text, split_lines

_LINE = re.compile(r"([0-9]+) (\S+) (-?[0-9]+)")


def mlflow_rows(folder: Path) -> tuple[list[str], list[dict[str, Any]]] | None:
    """(place, row) of every record under `folder` or its folder `metrics`; None where it holds no metric file.

    The columns are `step` and one a metric, called by its path.

    Raises
    ------
    BadValue
        For a folder of several runs, and naming file and line for another line in a file that begins as a metric does.
    """
    root = folder / "metrics" if (folder / "metrics").is_dir() else folder
    inner = sorted(path for path in root.rglob("metrics") if path.is_dir())
    if len(inner) > 1:
        raise BadValue(
            f"{folder} holds the metrics of {len(inner)} runs, the first in {inner[0]}. Name the folder of one run."
        )
    places, rows = [], []
    for path in sorted(p for p in root.rglob("*") if p.is_file()):
        if not _begins_as_metric(path):
            continue  # a model, a picture
        lines = split_lines(read_text(path))
        name = path.relative_to(root).as_posix()
        for number, line in enumerate(lines, start=1):
            match = _LINE.fullmatch(line.strip())
            if not match:
                raise BadValue(
                    f"{path}, line {number}: {line[:40]!r} is not `time value step`, as the lines before it. "
                    "Mend or drop it."
                )
            places.append(f"{name} line {number}")
            rows.append({"step": match[3], name: match[2]})
    return (places, rows) if rows else None


def _begins_as_metric(path: Path) -> bool:
    """Whether the first line is one of a metric: a folder may hold anything, of any size."""
    try:
        with open(path, "rb") as file:
            first = file.readline(1000)
    except OSError:
        return False
    return bool(_LINE.fullmatch(first.decode(errors="replace").strip()))
