"""MLflow's folder of one run: a file a metric, `time value step` a line."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from ..errors import BadValue
from .text import read_text, split_lines

_LINE = re.compile(r"(\d+) (\S+) (\d+)")


def mlflow_rows(folder: Path) -> tuple[list[str], list[dict[str, Any]]] | None:
    """(place, row) of every record under `folder` or its folder `metrics`; None where it holds no metric file.

    The columns are `step` and one a metric, called by its path. Raises `BadValue` naming file and line for another line
    in a file that begins as a metric does.
    """
    root = folder / "metrics" if (folder / "metrics").is_dir() else folder
    places, rows = [], []
    for path in sorted(p for p in root.rglob("*") if p.is_file()):
        try:
            lines = split_lines(read_text(path))
        except BadValue:
            continue  # a model, a picture: no metric
        if not lines or not _LINE.fullmatch(lines[0].strip()):
            continue
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
