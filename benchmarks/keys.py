"""Every statistical test under 200 keys, or as many as 100 s allow: is it red although the theory is right?

A test fails when what it saw has a probability below its stated rate (`LEVEL` in tests/conftest.py unless its mark says
otherwise), so red runs among 200 are no surprise only if there are none. Its p-values tell more than its red runs: if
they are honest (or on the safe side), at most one in ten is below 0.1. A test without a p-value has thresholds, and its
docstring says where its rate comes from.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

from scipy.stats import binomtest

from benchmarks.planting import contents, whole_files
from benchmarks.report import Headline, PageTable, Rows, markdown, publish

ROOT = Path(__file__).parents[1]
TITLE = "Statistical tests under many keys: false alarms, 99 % intervals"


def main(out: Path, quick: bool = False) -> None:
    out.mkdir(parents=True, exist_ok=True)
    # A line a finished test, and of which files: stopped, it goes on; changed, it begins anew.
    name = contents(ROOT, [p for p in whole_files(ROOT) if p.suffix == ".py"])
    told, passed = (out.resolve() / f"keys-{name}{end}" for end in (".jsonl", "-passed.jsonl"))
    files = sorted(str(p) for p in (ROOT / "tests").rglob("test_*.py") if "mark.statistical" in p.read_text())
    options = [
        "-m",
        "statistical",
        "--keys",
        "2" if quick else "200",
        "--keys-seconds",
        "100",
        "--tell",
        str(told),
        "--resume",
        str(passed),
    ]
    workers = ["-n", str(min(os.cpu_count() or 1, 8)), "--dist", "loadfile"]
    # The output of red tests is long and in the file as rows; a run that could not start must be seen.
    ended = subprocess.run([sys.executable, "-m", "pytest", "--tb=line", *options, *workers, *files], cwd=ROOT)
    if ended.returncode not in (0, 1):
        raise SystemExit(ended.returncode)
    publish("keys", TITLE, table(told), out)


def table(told: Path) -> list[dict[str, Any]]:
    """A row a test, and their sum."""
    runs = defaultdict(list)
    rows = map(json.loads, told.read_text().splitlines())
    for row in {row["id"]: row for row in rows}.values():  # one that was red runs again when the rest goes on
        runs[row["test"]].append(row)
    rows = [_row(test.removeprefix("tests/"), found) for test, found in sorted(runs.items())]
    everything = [row for found in runs.values() for row in found]
    stated = sum(found[0]["rate"] for found in runs.values())
    return [*rows, _row("all", everything) | {"stated": stated, "p < 0.1": ""}]


def _row(test: str, runs: list[dict[str, Any]]) -> dict[str, Any]:
    red, count = sum(row["red"] for row in runs), len(runs)
    interval = binomtest(red, count).proportion_ci(0.99, "exact")
    p_values = [min(row["p_values"]) for row in runs if row["p_values"]]
    small = sum(p < 0.1 for p in p_values)
    return {
        "test": test,
        "keys": count,
        "red": red,
        "99 %": f"{interval.low:.2%} to {interval.high:.2%}",
        "stated": runs[0]["rate"],
        "smallest p": min(p_values, default=""),
        "p < 0.1": f"{small / len(p_values):.1%}" if p_values else "",
        "seconds": sum(row["seconds"] for row in runs),
    }


def _keys(rows: Rows) -> str:
    row = rows[-1]
    return f"{row['red']} red of {row['keys']} runs of {len(rows) - 1} tests (99 %: {row['99 %']})"


def _page(rows: Rows) -> str:
    """The table of docs/testing.md: file and test, without the words that all of them begin with."""

    def cells(row: dict[str, Any]) -> list[object]:
        file, _, test = row["test"].replace(".py", "").partition("::test_")
        smallest = f"{row['smallest p']:.1g}" if row["smallest p"] != "" else ""
        numbers = (row["keys"], row["red"], row["99 %"], f"{row['stated']:.2g}", smallest, row["p < 0.1"])
        return [f"`{file} {test}`" if test else file, *numbers, f"{row['seconds']:.0f}"]

    head = ("test", "keys", "red", "99 % interval", "stated", "smallest p", "p < 0.1", "s")
    return markdown(head, map(cells, rows))


TABLES = (PageTable("testing", "keys", _page),)
HEADLINES = (Headline("Statistical tests under up to 200 keys", "keys", _keys),)
