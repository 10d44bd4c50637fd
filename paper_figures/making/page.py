"""The page that shows all figures: one HTML file without scripts or network, made from the records of the builds.

Pictures, numbers and code lie beside it. It reads well at desktop and phone width, in light and in dark.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape
from pathlib import Path
from string import Template
from typing import Any

from paper_figures.figure import DPI
from paper_figures.making.mathematics import as_html, as_text
from paper_figures.papers import PAPERS, digits, key_of

HERE = Path(__file__).resolve().parent

# What each wing is about, in the order of the page; a wing not named here comes after them under its own name.
IDEAS = {
    "forecast": "Told before the runs",
    "linear": "High-dimensional linear regression",
    "lazy_rich": "From lazy to rich learning",
    "li2": "Feature emergence on group arithmetic",
    "best_of_k": "Inference-time scaling with a judge",
    "in_context": "Learning from a prompt, by memory or by rule",
    "kernels": "Kernels, alignment and effective dimension",
    "bounds": "Bounds beside the gap they bound",
    "observables": "Measures of delay and coherence",
}
BEYOND = "beyond the paper"

# CSS pixels per inch of a picture: a column of 3.4 in fills the picture column of the page.
_PIXELS_PER_INCH = 156
_WIDE_INCHES = 4.5
_THUMBNAIL = 240


def write_page(records: list[dict[str, Any]], guides: Mapping[str, str] | None = None) -> str:
    """The page for the given records (see `build_figure`), as text; `guides`: from a wing to its page of the docs."""
    wings = _by_wing(records)
    guides = guides or {}
    return Template((HERE / "page.html").read_text(encoding="utf-8")).substitute(
        style=(HERE / "page.css").read_text(encoding="utf-8"),
        totals=_totals(records),
        jumps="\n".join(_jump(wing, members) for wing, members in wings.items()),
        contents="\n".join(_contents(wing, members) for wing, members in wings.items()),
        papers="\n".join(_of_paper(paper, records) for paper in PAPERS),
        sections="\n".join(_section(wing, members, guides.get(wing, "")) for wing, members in wings.items()),
        footer=_footer(records),
    )


def _by_wing(records: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    present = {record["wing"] for record in records}
    order = [wing for wing in IDEAS if wing in present] + sorted(present - set(IDEAS))
    return {wing: [record for record in records if record["wing"] == wing] for wing in order}


def _idea(wing: str) -> str:
    return IDEAS.get(wing, wing.replace("_", " ").capitalize() or "Other")


def _totals(records: list[dict[str, Any]]) -> str:
    claims = [claim for record in records for claim in record["claims"]]
    failing = sum(not claim["holds"] for claim in claims)
    broken = sum(record["status"] == "failed" for record in records)
    lines = [f"<li>{_count(len(records), 'figure')}</li>"]
    holding = len(claims) - failing
    lines.append(f'<li class="good">✓ {_count(holding, "claim")} {"holds" if holding == 1 else "hold"}</li>')
    if failing:
        lines.append(f'<li class="bad">✗ {_count(failing, "claim")} {"fails" if failing == 1 else "fail"}</li>')
    if broken:
        lines.append(f'<li class="bad">✗ {_count(broken, "figure")} could not be built</li>')
    sizes = sorted({record["size"] for record in records})
    return "\n".join([*lines, f"<li>size: {escape(', '.join(sizes))}</li>"])


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _jump(wing: str, members: list[dict[str, Any]]) -> str:
    return f'<li><a href="#index-{escape(wing)}">{escape(_idea(wing))} ({len(members)})</a></li>'


def _contents(wing: str, members: list[dict[str, Any]]) -> str:
    lines = "\n".join(_thumbnail(record, as_html(record["title"])) for record in members)
    heading = f'<h2 id="index-{escape(wing)}"><a href="#wing-{escape(wing)}">{escape(_idea(wing))}</a></h2>'
    return f'{heading}\n<ul class="thumbs">\n{lines}\n</ul>'


def _of_paper(paper: str, records: list[dict[str, Any]]) -> str:
    """What shows a paper's figures, in the order of their numbers; nothing of a paper without any."""
    ours = [record for record in records if _paper_key(record) == paper]
    members = [(number, record) for record in ours for number in record["figures"]]
    if not members:
        return ""
    members.sort(key=lambda each: (int("0" + digits(each[0])), each[0]))
    lines = "\n".join(_thumbnail(record, f"Figure {escape(number)}") for number, record in members)
    return f'<h2>{escape(PAPERS[paper])}</h2>\n<ul class="thumbs small">\n{lines}\n</ul>'


def _paper_key(record: dict[str, Any]) -> str:
    return key_of(record["paper"]) if record["figures"] else ""


def _thumbnail(record: dict[str, Any], words: str) -> str:
    """A small picture that leads to the figure, its words and its verdict; one that was not built has no picture."""
    picture = ""
    if record["status"] != "failed":
        name, (width, height) = escape(record["name"]), record["files"]["pixels"]
        shown = f'width="{_THUMBNAIL}" height="{round(_THUMBNAIL * height / width)}"'
        about = escape(as_text(record["title"]))
        picture = f'<img src="{name}.png" {shown} alt="{about}" loading="lazy" decoding="async">'
    return f'<li><a href="#{escape(record["name"])}">{picture}<span>{words}</span></a>{_verdict(record)}</li>'


def _section(wing: str, members: list[dict[str, Any]], guide: str) -> str:
    papers = [p for p in dict.fromkeys(record["paper"] for record in members) if p and p != BEYOND]
    named = f'<p class="paper">{escape("; ".join(papers))}</p>\n' if papers else ""
    groups = [*papers, *dict.fromkeys(record["paper"] for record in members if record["paper"] not in papers)]
    parts = []
    for paper in groups:
        # One paper and nothing beyond it: the name under the wing's heading says it all.
        if len(groups) > 1 or not papers:
            parts.append(f'<p class="group">{escape(BEYOND.capitalize() if paper in ("", BEYOND) else paper)}</p>')
        parts += [_article(record, guide) for record in members if record["paper"] == paper]
    body = "\n".join(parts)
    return f'<section class="wing" id="wing-{escape(wing)}">\n<h2>{escape(_idea(wing))}</h2>\n{named}{body}\n</section>'


def _article(record: dict[str, Any], guide: str) -> str:
    name = escape(record["name"])
    words = f'<div class="caption">{_paragraphs(record["caption"])}</div>'
    head = f"<h3>{as_html(record['title'])}</h3>{_numbers(record)}\n{words}"
    if record["status"] == "failed":
        return (
            f'<article class="failed" id="{name}">\n<div class="words">\n<div>{head}</div>\n'
            f'<div><p><span class="mark bad">✗ not built</span> {escape(record["error"])}</p>\n'
            f"<details><summary>Traceback</summary><pre>{escape(record['traceback'])}</pre></details></div>\n"
            "</div>\n</article>"
        )
    width, height = record["files"]["pixels"]
    shown = round(width / DPI * _PIXELS_PER_INCH)
    shape = "wide" if width / DPI > _WIDE_INCHES else "narrow"
    description = as_text(" ".join(f"{record['title']}. {record['caption']}".split()))
    claims = "\n".join(_claim(claim) for claim in record["claims"])
    return (
        f'<article class="{shape}" id="{name}">\n'
        f'<figure class="picture"><a href="{name}.png"><img src="{name}.png" width="{shown}" '
        f'height="{round(shown * height / width)}" alt="{description}" decoding="async"></a></figure>\n'
        f'<div class="words">\n<div>{head}</div>\n<div>\n<ul class="claims">\n{claims}\n</ul>\n'
        f"{_links(record, guide)}\n{_theory(record)}\n{_parameters(record)}\n{_provenance(record)}\n"
        "</div>\n</div>\n</article>"
    )


def _numbers(record: dict[str, Any]) -> str:
    """Which figures of its paper it shows, and what is missing of them."""
    if not _paper_key(record):
        return ""
    missing = [f"{number}: {said.partition(':')[2].strip()}" for number, said in record["states"].items()]
    said = f" ({as_html('; '.join(missing))})" if missing else ""
    which = ", ".join(record["figures"])
    return f'\n<p class="numbers">{escape(record["paper"])}, figure {escape(which)}{said}</p>'


def _theory(record: dict[str, Any]) -> str:
    lines = record.get("theory_lines")
    return (
        f"<details><summary>The lines that make its theory</summary><pre>{escape(lines)}</pre></details>"
        if lines
        else ""
    )


def _claim(claim: dict[str, Any]) -> str:
    mark = '<span class="mark good">✓ holds</span>' if claim["holds"] else '<span class="mark bad">✗ fails</span>'
    measured = f'<span class="number">{escape(claim["measured"])}</span>' if claim["measured"] else ""
    return f"<li>{mark} <span>{as_html(claim['text'])}</span>{measured}</li>"


def _verdict(record: dict[str, Any]) -> str:
    good = record["status"] == "built" and all(claim["holds"] for claim in record["claims"])
    word = "all claims hold" if good else "not built" if record["status"] == "failed" else "a claim fails"
    kind, sign = ("good", "✓") if good else ("bad", "✗")
    return f'<span class="mark {kind}" title="{word}" role="img" aria-label="{word}">{sign}</span>'


def _links(record: dict[str, Any], guide: str) -> str:
    files = record["files"]
    links = [("read about it", guide)] if guide else []
    links += [("PDF", files["pdf"]), ("numbers (npz)", files["npz"]), ("code", files["code"])]
    tables = [(table.removeprefix(f"{record['name']}.").removesuffix(".csv"), table) for table in files["csv"]]
    if len(tables) == 1:
        links.insert(-1, ("numbers (CSV)", tables[0][1]))
    links.append(("record (JSON)", f"{record['name']}.json"))
    folded = f"<details><summary>Tables (CSV)</summary>{_list(tables)}</details>" if len(tables) > 1 else ""
    return _list(links) + folded


def _list(links: list[tuple[str, str]]) -> str:
    items = "\n".join(f'<li><a href="{escape(target)}">{escape(text)}</a></li>' for text, target in links)
    return f'<ul class="links">\n{items}\n</ul>'


def _parameters(record: dict[str, Any]) -> str:
    rows = [(name, _short(value)) for name, value in record["parameters"].items()]
    return f"<details><summary>Parameters</summary>{_table(rows)}</details>"


def _provenance(record: dict[str, Any]) -> str:
    computing = sum(step["seconds"] for step in record["steps"].values())
    rows = [
        ("size", record["size"] + (f", with {', '.join(record['settings'])}" if record["settings"] else "")),
        ("built", record["built"].replace("T", " ").replace("+00:00", " UTC")),
        ("computing", f"{computing:.1f} s in {_count(len(record['steps']), 'step')}"),
        ("commit", record["commit"] or "not in git"),
        (
            "machine",
            f"{record['machine']['system']} {record['machine']['architecture']}, {record['machine']['cpus']} CPUs",
        ),
        ("versions", ", ".join(f"{name} {number}" for name, number in record["versions"].items())),
    ]
    return f"<details><summary>How it was made</summary>{_table(rows)}</details>"


def _table(rows: list[tuple[str, str]]) -> str:
    lines = "".join(f"<tr><th scope='row'>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in rows)
    return f"<table>{lines}</table>"


def _short(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_short(part) for part in value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _paragraphs(text: str) -> str:
    return "".join(f"<p>{as_html(part)}</p>" for part in re.split(r"\n\s*\n", text) if part.strip())


def _footer(records: list[dict[str, Any]]) -> str:
    commits = sorted({record["commit"] for record in records if record["commit"]})
    newest = max((record["built"] for record in records), default="")
    made = f" Last built {newest.replace('T', ' ').replace('+00:00', ' UTC')}" if newest else ""
    at = f" at commit {', '.join(commits)}" if 0 < len(commits) <= 3 else ""
    return f"Made by <code>python -m paper_figures</code>; nothing on this page needs a network.{escape(made + at)}."
