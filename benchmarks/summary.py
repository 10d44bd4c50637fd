"""The table of published figures, made from the files of the benchmarks: rows of the README, all in docs/benchmarks.md.

`python -m benchmarks summary`, and at the end of every `make bench`. Where a benchmark's file is not there, its row
stays as it was published, with its date and commit; without one it reads "not run yet".
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from benchmarks.headlines import HEADLINES, Headline
from benchmarks.names import NAMES

ROOT = Path(__file__).parents[1]
BEGIN, END = "<!-- benchmarks: made by `python -m benchmarks summary` -->", "<!-- benchmarks: end -->"
HEAD = ("| figure | measured | `make bench ARGS=` | date, commit |", "|---|---|---|---|")


def row(headline: Headline, out: Path, published: str = "") -> str:
    """One line of the table; the one of the page as `published` where the benchmark did not run here."""
    path = out / f"{headline.file}.json"
    if not path.exists():
        start, end = f"| {headline.what} | ", f" | `{headline.benchmark}` | "
        kept = (line for line in published.splitlines() if line.startswith(start) and end in line)
        return next(kept, f"{start}not run yet{end}|")
    found = json.loads(path.read_text())
    measured = headline.read(found["rows"]) or found["title"]
    when = found["date"].split()[0]
    return (
        f"| {headline.what} | {_cell(measured)} | `{headline.benchmark}` | {when}, {found['commit'] or 'no commit'} |"
    )


def _cell(text: str) -> str:
    """Text that Markdown leaves as it is, in a table."""
    return re.sub(r"([|*_<\[\]])", r"\\\1", text)


def table(out: Path, chosen: Any, published: str = "") -> str:
    """The Markdown of the headlines whose benchmark there is."""
    return "\n".join([*HEAD, *(row(headline, out, published) for headline in chosen if headline.benchmark in NAMES)])


def placed(page: str, text: str) -> str:
    """`page` with `text` between the two marks."""
    before, _, rest = page.partition(BEGIN)
    if END not in rest:
        raise SystemExit(f"The marks {BEGIN} and {END} are missing; put them where the table belongs.")
    return f"{before}{BEGIN}\n\n{text}\n\n{END}{rest.partition(END)[2]}"


def write(out: Path, readme: Path = ROOT / "README.md", page: Path = ROOT / "docs" / "benchmarks.md") -> None:
    """Put both tables where they belong."""
    chosen = [headline for headline in HEADLINES if headline.in_readme]
    readme.write_text(placed(readme.read_text(), table(out, chosen, readme.read_text())))
    page.write_text(placed(page.read_text(), table(out, HEADLINES, page.read_text())))
    missing = sorted({h.benchmark for h in HEADLINES if not (out / f"{h.file}.json").exists()})
    print(f"{len(HEADLINES)} figures in {readme.name} and {page.name}; not run yet: {', '.join(missing) or 'none'}")
