"""What the search of the site knows: every section of every page, as one script that needs no network."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path


class _Sections(HTMLParser):
    """The words between one heading and the next; formulas give their LaTeX."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[list[str]] = [["", "", ""]]
        self.heading = False

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag in ("h1", "h2", "h3"):
            self.heading = True
            self.found.append([given.get("id") or "", "", ""])
        if tag == "svg" and given.get("aria-label"):
            self.found[-1][2] += f" {given['aria-label']} "

    def handle_endtag(self, tag):
        if tag in ("h1", "h2", "h3"):
            self.heading = False

    def handle_data(self, data):
        self.found[-1][1 if self.heading else 2] += data


def sections(address: str, title: str, body: str) -> list[list[str]]:
    """[page title, heading, address#anchor, words] of every section of a page."""
    parser = _Sections()
    parser.feed(body)
    rows = []
    for anchor, heading, words in parser.found:
        plain = re.sub(r"\s+", " ", words).strip()
        if heading or plain:
            rows.append([title, heading.strip() or title, f"{address}#{anchor}" if anchor else address, plain])
    return rows


def write_index(rows: list[list[str]], out: Path) -> None:
    """The script that `search.js` loads when somebody first types."""
    (out / "search_index.js").write_text("window.SECTIONS = " + json.dumps(rows, ensure_ascii=False) + ";\n")
