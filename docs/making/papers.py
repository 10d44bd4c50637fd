"""The page that says which figure of which paper is drawn by which file, how far, and what differs."""

from __future__ import annotations

from docs.making.generated import as_cell
from paper_figures.figure import catalogue
from paper_figures.making.figure_map import MEANING, STATES, Shown, counted, shown_rows, total_seconds
from paper_figures.making.listing import differs, seconds_text
from paper_figures.papers import PAPERS


def papers_page() -> str:
    """Markdown: how many figures of each paper are how far, then a table a paper."""
    rows = shown_rows(catalogue().values())
    return "\n\n".join(
        [
            "# The figures of the papers",
            "Which figure of which paper is drawn here, how far, and in what ours differs: made from the figure files, "
            "each of which names its numbers. The first table counts whole figures, each as far as the worst of its "
            "panels. `grok-theory figures --paper kumar` prints the same, with `--figure 3` or `--json`; "
            '`make figures ARGS="--paper kumar --figure 3"` builds them. CPU seconds are those of one core.',
            _counts(rows),
            *(part for paper in PAPERS for part in _paper(paper, [s for s in rows if s.row.paper == paper])),
        ]
    )


def _counts(rows: list[Shown]) -> str:
    table = counted(rows)
    lines = [f"| paper | {' | '.join(MEANING[state] for state in STATES)} |", f"|---|{'---|' * len(STATES)}"]
    for paper, counts in table.items():
        lines.append(f"| {PAPERS[paper]} | {' | '.join(str(counts[state]) for state in STATES)} |")
    sums = [sum(counts[state] for counts in table.values()) for state in STATES]
    return "\n".join([*lines, f"| all {sum(sums)} | {' | '.join(map(str, sums))} |"])


def _paper(paper: str, rows: list[Shown]) -> list[str]:
    head = [
        "| figure | what it shows | our figure | state | what differs | CPU s at default, full |",
        "|---|---|---|---|---|---|",
    ]
    return [f"## {PAPERS[paper]}", "\n".join([*head, *map(_line, rows)])]


def _line(shown: Shown) -> str:
    files = "<br>".join(f"[{label.name}](#{label.name})" for label in shown.files)
    both = [seconds_text(total_seconds(shown.files, size), len(shown.files)) for size in ("default", "full")]
    state = MEANING[shown.state] if shown.files else "not here"
    cells = [shown.row.number, as_cell(shown.row.shows), files or "-", state, as_cell(differs(shown)), ", ".join(both)]
    return f"| {' | '.join(cells)} |"
