"""Branch coverage of the package by the tests of `make test`: lines and branches, file by file."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.report import Headline, publish

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


def by_file() -> list[dict[str, Any]]:
    """One row a file that is not wholly reached, worst first; last the package."""
    folder = ROOT / "out" / "coverage"
    subprocess.run([sys.executable, "-m", "coverage", "combine", "--keep"], cwd=ROOT, capture_output=True, check=False)
    subprocess.run(
        [sys.executable, "-m", "coverage", "json", "-q", "-o", str(folder / "report.json")], cwd=ROOT, check=True
    )
    report = json.loads((folder / "report.json").read_text())
    rows = [_row(name, found["summary"]) for name, found in report["files"].items()]
    rows = sorted((row for row in rows if row["percent"] < 100), key=lambda row: row["percent"])
    return [*rows, _row("the package", report["totals"])]


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
    rows = by_file()
    rows[-1]["tests"] = count
    publish("coverage", "lines and branches that the tests reach", rows, out)


HEADLINES = (
    Headline(
        "Branch coverage of the package",
        "coverage",
        lambda rows: "{percent:.1f} % of lines and branches by {tests} tests".format(**rows[-1]),
    ),
)
