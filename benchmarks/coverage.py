"""Branch coverage of the package by the tests of `make test`: lines and branches, file by file."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

from benchmarks.report import Headline, PageTable, Rows, markdown, publish

ROOT = Path(__file__).parents[1]
DATA = "out/coverage/data"  # pyproject.toml says so


def tested(selection: list[str]) -> int:
    """Run the tests under coverage; returns how many passed."""
    (ROOT / DATA).parent.mkdir(parents=True, exist_ok=True)
    one_core = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")}
    command = [sys.executable, "-m", "coverage", "run", "-m", "pytest", "-n", "auto", "--dist", "loadfile", *selection]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=one_core | os.environ, check=False)
    passed = re.search(r"(\d+) passed", done.stdout)
    if done.returncode or passed is None:
        raise SystemExit(f"Coverage of red tests says nothing:\n{done.stdout[-2000:]}")
    return int(passed[1])


def report() -> dict[str, Any]:
    """What coverage.py found, as its JSON."""
    path = ROOT / "out" / "coverage" / "report.json"
    command = [sys.executable, "-m", "coverage"]
    subprocess.run([*command, "combine", "--keep"], cwd=ROOT, capture_output=True, check=False)
    subprocess.run([*command, "json", "-q", "-o", str(path)], cwd=ROOT, check=True)
    return json.loads(path.read_text())


def by_file(found: dict[str, Any]) -> Rows:
    """One row a file that is not wholly reached, worst first; last the package."""
    rows = [_row(name, of_file["summary"]) for name, of_file in found["files"].items()]
    rows = sorted((row for row in rows if row["percent"] < 100), key=lambda row: row["percent"])
    return [*rows, _row("the package", found["totals"])]


def by_room(found: dict[str, Any]) -> Rows:
    """One row a room of the package, and one for the files beside the rooms."""
    columns = {
        "branches taken": "covered_branches",
        "branches": "num_branches",
        "lines reached": "covered_lines",
        "lines": "num_statements",
    }
    rooms: dict[str, Counter[str]] = defaultdict(Counter)
    for name, of_file in found["files"].items():
        place = Path(name).parts[1:]
        room = place[0] if len(place) > 1 else "files beside the rooms"
        rooms[room].update({column: of_file["summary"][theirs] for column, theirs in columns.items()})
    return [{"room": room} | {column: counted[column] for column in columns} for room, counted in sorted(rooms.items())]


def _row(name: str, found: dict[str, Any]) -> dict[str, Any]:
    return {
        "file": name,
        "percent": found["percent_covered"],
        "lines not reached": found["missing_lines"],
        "branches not taken": found["missing_branches"],
    }


def main(out: Path, *, quick: bool = False) -> None:
    """The whole suite takes twenty minutes on two cores; quick: the tests of one room."""
    for old in (ROOT / DATA).parent.glob("data*"):
        old.unlink()
    count = tested(["tests/numerics"] if quick else [])
    found = report()
    rows = by_file(found)
    rows[-1]["tests"] = count
    publish("coverage_rooms", "lines and branches by room", by_room(found), out)
    publish("coverage", "lines and branches that the tests reach", rows, out)


def _page(rows: Rows) -> str:
    """The table of docs/testing.md."""
    lines = (
        (row["room"], f"{row['branches taken']} of {row['branches']}", f"{row['lines reached'] / row['lines']:.1%}")
        for row in rows
    )
    return markdown(("room", "branches", "lines"), lines)


TABLES = (PageTable("testing", "coverage_rooms", _page),)
HEADLINES = (
    Headline(
        "Branch coverage of the package",
        "coverage",
        lambda rows: "{percent:.1f} % of lines and branches by {tests} tests".format(**rows[-1]),
    ),
)
