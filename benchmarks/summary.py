"""The table of published figures, made from the files of the benchmarks: rows of the README, all in docs/benchmarks.md.

`python -m benchmarks summary`, and at the end of every `make bench`. A file that is not there reads "not run yet".
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


def row(headline: Headline, out: Path) -> str:
    """One line of the table."""
    path = out / f"{headline.file}.json"
    if not path.exists():
        return f"| {headline.what} | not run yet | `{headline.benchmark}` | |"
    found = json.loads(path.read_text())
    measured = headline.read(found["rows"]) or found["title"]
    when = found["date"].split()[0]
    return (
        f"| {headline.what} | {_cell(measured)} | `{headline.benchmark}` | {when}, {found['commit'] or 'no commit'} |"
    )


def _cell(text: str) -> str:
    """Text that Markdown leaves as it is, in a table."""
    return re.sub(r"([|*_<\[\]])", r"\\\1", text)


def table(out: Path, chosen: Any) -> str:
    """The Markdown of the headlines whose benchmark there is."""
    return "\n".join([*HEAD, *(row(headline, out) for headline in chosen if headline.benchmark in NAMES)])


def placed(page: str, text: str) -> str:
    """`page` with `text` between the two marks."""
    before, _, rest = page.partition(BEGIN)
    if END not in rest:
        raise SystemExit(f"The marks {BEGIN} and {END} are missing; put them where the table belongs.")
    return f"{before}{BEGIN}\n\n{text}\n\n{END}{rest.partition(END)[2]}"


def write(out: Path, readme: Path = ROOT / "README.md", page: Path = ROOT / "docs" / "benchmarks.md") -> None:
    """Put both tables where they belong."""
    readme.write_text(placed(readme.read_text(), table(out, [h for h in HEADLINES if h.in_readme])))
    page.write_text(placed(page.read_text(), table(out, HEADLINES)))
    missing = sorted({h.benchmark for h in HEADLINES if not (out / f"{h.file}.json").exists()})
    print(f"{len(HEADLINES)} figures in {readme.name} and {page.name}; not run yet: {', '.join(missing) or 'none'}")
