"""What there is: the rows of the papers with state, time and files, and the figure files by name; as text or JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from paper_figures.figure import Label
from paper_figures.making.figure_map import MEANING, STATES, Shown, counted, expected_seconds, total_seconds
from paper_figures.papers import PAPERS

# Into a file or pipe: wide enough that names and paths stay in one piece.
_WIDTH = 160


def print_json(rows: Sequence[Shown], size: str) -> None:
    """The rows as a list of objects."""
    print(json.dumps([shown.as_json(size) for shown in rows], indent=1))


def print_rows(rows: Sequence[Shown], size: str) -> None:
    """A table a paper: number, state, CPU seconds, what it shows and by which files, what is missing or reduced."""
    console = _console()
    counts = counted(rows)
    for paper in dict.fromkeys(shown.row.paper for shown in rows):
        there = ", ".join(f"{number} {MEANING[state]}" for state, number in counts[paper].items() if number)
        console.print(f"{paper}: {PAPERS[paper]}. {there}.", soft_wrap=True, highlight=False)
        table = Table("figure", "state", "CPU s", "shows", "files", "what differs", box=None, pad_edge=False)
        for shown in rows:
            if shown.row.paper == paper:
                table.add_row(
                    shown.row.number,
                    shown.state,
                    seconds_text(total_seconds(shown.files, size), len(shown.files)),
                    shown.row.shows,
                    "\n".join(label.name for label in shown.files) or "-",
                    differs(shown),
                )
        console.print(table)
    meant = ", ".join(f"{state} {MEANING[state]}" for state in STATES)
    console.print(f"States: {meant}. CPU s: of one core at --size {size}.", soft_wrap=True, highlight=False)
    if files := [label.name for shown in rows for label in shown.files]:
        how = f"The same with --build builds them; or name some: grok-theory figures {files[0]}."
        console.print(how, soft_wrap=True, highlight=False)


def differs(shown: Shown) -> str:
    """What a row lacks, and how far the default size is reduced against the full one."""
    reduced = f"at default: {shown.reduction}" if shown.reduction else ""
    return ". ".join(filter(None, (shown.missing.rstrip("."), reduced))) or "nothing"


def print_files(labels: Sequence[Label]) -> None:
    """The figure files by name, with what they show and the CPU seconds of one core at each size."""
    table = Table("figure", "shows", "paper", "CPU s: quick", "default", "full", box=None, pad_edge=False)
    for label in labels:
        times = [seconds_text(expected_seconds(label, size), 1) for size in ("quick", "default", "full")]
        if not label.has_quick:
            times[0] = "-"
        numbers = f" {', '.join(label.figures)}" if label.figures else ""
        table.add_row(label.name, label.title, label.paper + numbers, *times)
    _console().print(table)


def seconds_text(seconds: float | None, files: int) -> str:
    """CPU seconds in a table: a question mark where they were never measured."""
    if seconds is None:
        return "?" if files else "-"
    return f"{seconds:.0f}" if seconds >= 10 else f"{seconds:.1f}"


def _console() -> Console:
    return Console(markup=False, width=None if sys.stdout.isatty() else _WIDTH)
