"""One form for every benchmark's output: a printed table, JSON with date, machine, versions and commit, headlines.

A benchmark that publishes a figure says it itself: `HEADLINES` at the end of its file, read by `benchmarks.summary`.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from grok_theory import storage

Rows = list[dict[str, Any]]


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
    Console(markup=False).print(table)  # cells are code and paths: [/a] is no mark of ours
    content = json.dumps({"title": title, "rows": list(rows), **provenance()}, indent=1)
    storage.write_whole(out / f"{name}.json", content.encode())


@dataclass(frozen=True)
class Headline:
    """One published figure: what it is, the file its benchmark writes it into, and the words in which its rows say it.

    Without `read` the title of the file says it.
    """

    what: str
    file: str
    read: Callable[[Rows], str] | None = None
    in_readme: bool = False


@dataclass(frozen=True)
class PageTable:
    """Rows that stand in a page of docs/, between its marks: which page, whose file, and their Markdown."""

    page: str
    file: str
    made: Callable[[Rows], str]

    @property
    def begin(self) -> str:
        """The mark above the table."""
        return f"<!-- {self.file}: made by `python -m benchmarks summary` -->"

    @property
    def end(self) -> str:
        """The mark below it."""
        return f"<!-- {self.file}: end -->"


def markdown(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table of a page."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def code(text: str) -> str:
    """Source text in a cell of a page's table."""
    return f"`{text.replace('|', chr(92) + '|')}`"


def worst(rows: Rows, column: str) -> dict[str, Any]:
    """The row with the largest value; NaN counts as largest."""
    return max(rows, key=lambda row: (row[column] != row[column], row[column]))


def span(values: list[float], form: str = "{:.3g}") -> str:
    """Least to largest, or the one value."""
    low, high = form.format(min(values)), form.format(max(values))
    return low if low == high else f"{low} to {high}"


def largest(rows: Rows, column: str, name: str) -> str:
    """The largest value of a column, and whose it is."""
    found = worst(rows, column)
    return f"{found[column]:.1e} ({found[name]})"


def ratios(rows: Rows, name: str, column: str) -> str:
    """From the least to the largest value of a column, and whose the largest is."""
    return f"{span([row[column] for row in rows])}, largest {worst(rows, column)[name]}"


def facts(rows: Rows) -> dict[str, Any]:
    """Rows of (what, measured) as a dict."""
    return {row["what"]: row["measured"] for row in rows}
