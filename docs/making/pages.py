"""Which pages there are, what they are called, and in which order a newcomer reads them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

DOCS = Path(__file__).parents[1]
ROOT = DOCS.parent

# Groups of the navigation; a page not named here follows in "More".
GROUPS = {
    "Start": ("index", "how_to_choose"),
    "Tutorials": ("first_theory", "your_own_runs", "verify_your_formula", "choose_k"),
    "Wings": (
        "linear",
        "lazy_rich",
        "lazy_rich_dmft",
        "lazy_rich_mean_field",
        "li2",
        "li2_training",
        "li2_companion",
        "best_of_k",
    ),
    "Tools": (
        "kernels",
        "observables",
        "forecast_delay",
        "bounds",
        "compare",
        "forecast",
        "sweep",
        "cluster",
        "verify",
        "plot",
        "command_line",
    ),
    "Trust": (
        "formulas",
        "literature",
        "benchmarks",
        "testing",
        "planted_faults",
        "figures",
        "gallery",
    ),
    "Reference": ("results", "file_formats"),
    "Project": ("extending", "CHANGELOG", "CONTRIBUTING"),
}


@dataclass(frozen=True)
class Page:
    """One page of the site: its address without folder, its title, and its Markdown (with the file it came from)."""

    address: str
    title: str
    text: str
    path: Path | None = None
    group: str = "More"


def written_pages() -> list[Page]:
    """Every Markdown file of docs, and those of the root that belong to the site, in reading order."""
    files = [*DOCS.rglob("*.md"), ROOT / "CHANGELOG.md", ROOT / "CONTRIBUTING.md"]
    place = {stem: (number, group) for number, (group, stem) in enumerate(_named())}
    found = []
    for path in files:
        _, group = place.get(path.stem, (0, "Tutorials" if path.parent != DOCS and path.parent != ROOT else "More"))
        text = path.read_text()
        found.append(Page(f"{path.stem}.html", title_of(text, path.stem), text, path, group))
    groups = [*GROUPS, "More"]
    return sorted(found, key=lambda p: (groups.index(p.group), place.get(Path(p.address).stem, (999, ""))[0], p.title))


def _named() -> list[tuple[str, str]]:
    return [(group, stem) for group, stems in GROUPS.items() for stem in stems]


def title_of(text: str, default: str) -> str:
    """The first heading, without code marks."""
    found = re.search(r"^# (.+)$", text, re.M)
    return found.group(1).replace("`", "") if found else default
