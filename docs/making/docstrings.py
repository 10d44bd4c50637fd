"""Docstrings of the NumPy convention as Markdown: sections, lists of items, definitions, examples as code."""

from __future__ import annotations

import re
import textwrap

__all__ = ["markdown_of"]

# Sections whose lines at the margin begin an item. In the first a word alone is a name, in the second a type.
_OF_NAMES = ("Parameters", "Other Parameters", "Attributes")
_OF_TYPES = ("Returns", "Yields", "Raises", "Warns")
_LONGEST_TERM = 40  # a longer line above an indented one is a sentence that goes on


def markdown_of(docstring: str) -> str:
    """The summary and what follows, then every section under its heading in bold letters."""
    lead, sections = _cut(docstring.splitlines())
    parts = [_text(lead)]
    for heading, lines in sections:
        listed = heading in _OF_NAMES or heading in _OF_TYPES
        parts.append(f"**{heading}**\n\n{_items(lines, heading in _OF_NAMES) if listed else _text(lines)}")
    return "\n\n".join(part for part in parts if part)


def _cut(lines: list[str]) -> tuple[list[str], list[tuple[str, list[str]]]]:
    """The lines above the first underlined heading, and (heading, lines) of each section."""
    lead: list[str] = []
    sections: list[tuple[str, list[str]]] = []
    for line, after in zip(lines, [*lines[1:], ""], strict=True):
        current = sections[-1][1] if sections else lead
        if re.fullmatch(r"[A-Z][\w ]*", line) and re.fullmatch(r"-{3,}", after):
            sections.append((line, []))
        elif not (re.fullmatch(r"-{3,}", line) and sections and not current):
            current.append(line)
    return lead, sections


def _items(lines: list[str], named: bool) -> str:
    """A list with one item for every line at the margin: what it is called, and below it what it means."""
    items: list[tuple[str, list[str]]] = []
    for line in lines:
        if line and not line.startswith(" "):
            items.append((line, []))
        elif items:
            items[-1][1].append(line)
    return "\n".join(_item(_head(line, named), about) for line, about in items)


def _head(line: str, named: bool) -> str:
    """`name : type` with the name in bold letters; a type or an error alone is none."""
    names, colon, kind = line.partition(" : ")
    if not (colon or named):
        return _code(line)
    bold = ", ".join(f"**{_code(name)}**" for name in names.split(", "))
    return f"{bold} : {_code(kind)}" if colon else bold


def _code(words: str) -> str:
    return words if "`" in words else f"`{words}`"


def _item(head: str, about: list[str]) -> str:
    """The backslash breaks the line, so that the description stands under its head."""
    text = _text(textwrap.dedent("\n".join(about)).splitlines())
    return f"* {head}\\\n{textwrap.indent(text, '  ')}" if text else f"* {head}"


def _text(lines: list[str]) -> str:
    """Running text: examples become code, a short line with indented ones below it a definition."""
    out: list[str] = []
    rest = "\n".join(lines).strip("\n").splitlines()
    while rest:
        line = rest.pop(0)
        if line.lstrip().startswith(">>>"):
            taken = [line, *_taken(rest, lambda text: bool(text.strip()))]
            out += ["```python", *textwrap.dedent("\n".join(taken)).splitlines(), "```"]
        elif rest and rest[0].startswith("    ") and _is_term(line):
            out.append(_item(f"**{line}**", _taken(rest, lambda text: text.startswith("  "))))
        else:
            # A comparison or a sum at the start of a line is no quotation and no list.
            out.append(re.sub(r"^(\s*)([>+])", r"\1\\\2", line))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(out))


def _is_term(line: str) -> bool:
    return bool(re.match(r"[\w`]", line)) and len(line) <= _LONGEST_TERM and not line.endswith((".", ":", ","))


def _taken(rest: list[str], belongs) -> list[str]:
    """The lines at the front of `rest` that belong, removed from it."""
    count = next((number for number, text in enumerate(rest) if not belongs(text)), len(rest))
    taken, rest[:] = rest[:count], rest[count:]
    return taken
