"""Which figure of which paper is shown by which file here, and how far: the rows of `papers` beside the files."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paper_figures.figure import Label
from paper_figures.papers import PAPERS, REASONS, ROWS, Row, covers, key_of

SECONDS = Path(__file__).with_name("cpu_seconds.json")
# From the best to the worst.
STATES = ("R", "P", "S", "none")
MEANING = {"R": "reproduced", "P": "partly", "S": "same shape only", "none": "no figure here"}


@dataclass(frozen=True)
class Shown:
    """A row of a paper, how far this folder shows it, by which files, and what is missing."""

    row: Row
    state: str
    files: tuple[Label, ...]
    missing: str

    def as_json(self, size: str) -> dict[str, Any]:
        """The row as `--json` writes it; `seconds` are those expected of one core at this size, null where unknown."""
        return {
            "paper": self.row.paper,
            "figure": self.row.number,
            "shows": self.row.shows,
            "state": self.state,
            "files": [label.name for label in self.files],
            "seconds": total_seconds(self.files, size),
            "reduction": self.reduction,
            "reason": self.missing,
        }

    @property
    def reduction(self) -> str:
        """In what the default size of its files falls short of the full one."""
        told = {label.name: label.reduction for label in self.files if label.reduction}
        return next(iter(told.values())) if len(told) == 1 else "; ".join(f"{n}: {said}" for n, said in told.items())


def paper_of(label: Label) -> str:
    """The key of the paper whose figures a file counts, or nothing."""
    return key_of(label.paper) if label.figures else ""


def shown_rows(labels: Iterable[Label]) -> list[Shown]:
    """Every row of the papers with what these files show of it."""
    counted = [(paper_of(label), label) for label in labels]
    found = []
    for row in ROWS:
        files = [each for key, each in counted if key == row.paper and any(covers(n, row.number) for n in each.figures)]
        states = [_state(label, row.number) for label in files]
        best = min(states, key=lambda each: STATES.index(each[0]), default=None)
        state, missing = best or ("none", REASONS.get((row.paper, row.number), "No figure file names it."))
        found.append(Shown(row, state, tuple(files), missing))
    return found


def _state(label: Label, number: str) -> tuple[str, str]:
    said = next((text for key, text in label.states.items() if covers(key, number)), "R")
    state, _, missing = said.partition(":")
    return (state.strip() if state.strip() in STATES else "P"), missing.strip()


def counted(rows: Sequence[Shown]) -> dict[str, dict[str, int]]:
    """How many whole figures of each paper are in which state; a figure is as far as the worst of its panels."""
    panels: dict[tuple[str, str], list[str]] = {}
    for shown in rows:
        panels.setdefault((shown.row.paper, shown.row.figure), []).append(shown.state)
    table = {key: dict.fromkeys(STATES, 0) for key in PAPERS}
    for (paper, _), states in panels.items():
        table[paper][_whole(states)] += 1
    return table


def _whole(panels: list[str]) -> str:
    there = [state for state in panels if state != "none"]
    if not there:
        return "none"
    worst = max(there, key=STATES.index)
    return "P" if worst == "R" and len(there) < len(panels) else worst


def expected_seconds(label: Label, size: str) -> float | None:
    """CPU seconds a figure took at this size when it was last measured; None where it never was."""
    return measured_seconds().get(label.name, {}).get(size)


def total_seconds(labels: Sequence[Label], size: str) -> float | None:
    """CPU seconds of these figures together; None without figures, or where one was never measured."""
    each = [expected_seconds(label, size) for label in labels]
    return None if not each or None in each else round(sum(s for s in each if s is not None), 1)


def measured_seconds() -> dict[str, dict[str, float]]:
    """CPU seconds of each figure at each size, as `python -m paper_figures.making.cpu_seconds` last kept them."""
    try:
        return json.loads(SECONDS.read_bytes())
    except FileNotFoundError:
        return {}
