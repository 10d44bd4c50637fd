"""Published figures, made from the benchmarks' files: a few in the README, all in docs/benchmarks.md, rows in pages.

`python -m benchmarks summary`, and at the end of every `make bench`. Where a benchmark's file is not there, its row
stays as it was published, with its date and commit; without one it reads "not run yet".
"""

from __future__ import annotations

import json
import re
from importlib import import_module
from pathlib import Path

from benchmarks import running
from benchmarks.names import NAMES
from benchmarks.report import Headline, PageTable

ROOT = Path(__file__).parents[1]
BEGIN, END = "<!-- benchmarks: made by `python -m benchmarks summary` -->", "<!-- benchmarks: end -->"
HEAD = ("| figure | measured | `make bench ARGS=` | date, commit |", "|---|---|---|---|")


def headlines() -> list[tuple[str, Headline]]:
    """(benchmark, headline) of every figure that a benchmark publishes, last what all together take ("")."""
    modules = [*((name, import_module(f"benchmarks.{name}")) for name in NAMES), ("", running)]
    return [(name, headline) for name, module in modules for headline in getattr(module, "HEADLINES", ())]


def row(benchmark: str, headline: Headline, out: Path, published: str = "") -> str:
    """One line of the table; the one of the page as `published` where the benchmark did not run here."""
    path, command = out / f"{headline.file}.json", f"`{benchmark}`" if benchmark else ""
    if not path.exists():
        start, end = f"| {headline.what} | ", f" | {command} | "
        kept = (line for line in published.splitlines() if line.startswith(start) and end in line)
        return next(kept, f"{start}not run yet{end}|")
    found = json.loads(path.read_text())
    measured = headline.read(found["rows"]) if headline.read else found["title"]
    when = found["date"].split()[0]
    return f"| {headline.what} | {_cell(measured)} | {command} | {when}, {found['commit'] or 'no commit'} |"


def _cell(text: str) -> str:
    """Text that Markdown leaves as it is, in a table."""
    return re.sub(r"([|*_<\[\]])", r"\\\1", text)


def table(out: Path, chosen: list[tuple[str, Headline]], published: str = "") -> str:
    """The Markdown of some headlines."""
    return "\n".join([*HEAD, *(row(*one, out, published) for one in chosen)])


def placed(page: str, text: str, begin: str = BEGIN, end: str = END) -> str:
    """`page` with `text` between the two marks."""
    before, _, rest = page.partition(begin)
    if end not in rest:
        raise SystemExit(f"The marks {begin} and {end} are missing; put them where the table belongs.")
    return f"{before}{begin}\n\n{text}\n\n{end}{rest.partition(end)[2]}"


def page_tables() -> list[PageTable]:
    """Every table of rows that a benchmark puts into a page of its own."""
    return [table for name in NAMES for table in getattr(import_module(f"benchmarks.{name}"), "TABLES", ())]


def write_page_tables(out: Path, docs: Path = ROOT / "docs") -> None:
    """Put rows into their pages, with date, commit and machine; those whose benchmark did not run here stay."""
    for table in page_tables():
        path = out / f"{table.file}.json"
        if path.exists():
            found, page = json.loads(path.read_text()), docs / f"{table.page}.md"
            made = f"Made on {found['date']} at {found['commit'] or 'no commit'}; {found['machine']}."
            text = f"{table.made(found['rows'])}\n\n{made}"
            page.write_text(placed(page.read_text(), text, table.begin, table.end))


def write(out: Path, readme: Path = ROOT / "README.md", page: Path = ROOT / "docs" / "benchmarks.md") -> None:
    """Put both tables where they belong."""
    found = headlines()
    chosen = [one for one in found if one[1].in_readme]
    readme.write_text(placed(readme.read_text(), table(out, chosen, readme.read_text())))
    page.write_text(placed(page.read_text(), table(out, found, page.read_text())))
    write_page_tables(out)
    missing = sorted({name or "all" for name, headline in found if not (out / f"{headline.file}.json").exists()})
    told = f"{len(found)} figures in {page.name}, {len(chosen)} in {readme.name}"
    print(f"{told}; not run yet: {', '.join(missing) or 'none'}")
