"""The numbers of figures, twice from nothing in processes of their own: is any bit different?

`make figures` in a second clone asks the same of all figures; here it is asked of a few cheap ones, one a wing.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.report import Headline, Rows, publish

FIGURES = (
    "linear_double_descent",
    "li2_discovery",
    "best_of_k_recorded_judge",
    "lazy_rich_spectrum",
    "bounds_all",
)


def _built(names: tuple[str, ...], folder: Path) -> None:
    command = [sys.executable, "-m", "paper_figures", *names, "--size", "quick", "--fresh", "--workers", "1"]
    command += ["--out", str(folder / "out"), "--cache", str(folder / "cache")]
    subprocess.run(command, check=True, capture_output=True, cwd=Path(__file__).parents[1])


def compared(names: tuple[str, ...]) -> list[dict[str, Any]]:
    """One row a figure: arrays, numbers, and how many of them differ in any bit."""
    rows = []
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        for folder in (one, two):
            _built(names, Path(folder))
        for name in names:
            first, second = (np.load(Path(folder) / "out" / f"{name}.npz") for folder in (one, two))
            same = [first[key].tobytes() == second[key].tobytes() for key in first.files]
            rows.append(
                {
                    "figure": name,
                    "arrays": len(first.files),
                    "numbers": int(sum(first[key].size for key in first.files)),
                    "arrays that differ": same.count(False) + len(set(first.files) ^ set(second.files)),
                }
            )
    return rows


def main(out: Path, *, quick: bool = False) -> None:
    publish(
        "reproducibility", "figure numbers built twice, bit by bit", compared(FIGURES[:2] if quick else FIGURES), out
    )


def _same_numbers(rows: Rows) -> str:
    differ, arrays = (sum(row[column] for row in rows) for column in ("arrays that differ", "arrays"))
    return f"{differ} of {arrays} arrays of {len(rows)} figures differ"


HEADLINES = (Headline("Figure numbers in a second run, bit by bit", "reproducibility", _same_numbers),)
