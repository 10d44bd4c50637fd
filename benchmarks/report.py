"""One form for every benchmark's output: a printed table, and JSON with date, machine, versions and commit."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from grok_theory import storage


def provenance() -> dict[str, Any]:
    """When, where and with what a number was made."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, cwd=Path(__file__).parent, check=False
    )
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "commit": commit.stdout.strip() or None,
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "python": platform.python_version(),
        "versions": {name: version(name) for name in ("grok_theory", "jax", "jaxlib", "numpy", "scipy")},
    }


def publish(name: str, title: str, rows: Sequence[Mapping[str, Any]], out: Path) -> None:
    """Print `rows` as a table and write them with their provenance to `out/name.json`."""
    table = Table(title=title)
    for column in rows[0]:
        table.add_column(column)
    for row in rows:
        table.add_row(*(f"{cell:.4g}" if isinstance(cell, float) else str(cell) for cell in row.values()))
    Console().print(table)
    content = json.dumps({"title": title, "rows": list(rows), **provenance()}, indent=1)
    storage.write_whole(out / f"{name}.json", content.encode())
