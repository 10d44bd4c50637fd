"""Where the reference sends a reader for an example: pages and figures whose code uses a name, and what makes a record.

Read from the code blocks of the pages, which are executed, and from the figure files, by their imports; nothing is
written by hand.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from docs.making.names import places, thing_of

DOCS = Path(__file__).parents[1]
_BLOCK = re.compile(r"^```(?:\{code-cell\}|python)[^\n]*\n((?::[^\n]*\n)*)(.*?)^```$", re.M | re.S)
MOST = 4  # places that an entry lists


@cache
def pages() -> dict[str, list[str]]:
    """The reference's name -> documents with executed code that uses it, written guides first."""
    found: dict[str, list[str]] = {}
    for path in sorted(DOCS.rglob("*.md"), key=lambda path: ("notebooks" not in path.parts, path)):
        if path.parent.name != "generated":
            document = str(path.relative_to(DOCS).with_suffix(""))
            blocks = [block for _, block in _BLOCK.findall(path.read_text(encoding="utf-8"))]
            for name in sorted(used("\n".join(filter(_parses, blocks)))):
                found.setdefault(name, []).append(document)
    return found


@cache
def figures() -> dict[str, list[str]]:
    """The reference's name -> figures whose file uses it, by name."""
    from paper_figures.figure import HOME, catalogue

    found: dict[str, list[str]] = {}
    for figure in sorted(catalogue()):
        for name in sorted(used((HOME / f"{figure}.py").read_text(encoding="utf-8"))):
            found.setdefault(name, []).append(figure)
    return found


@cache
def makers() -> dict[str, list[str]]:
    """The reference's name of a record -> the functions that return it."""
    found: dict[str, list[str]] = {}
    by_name: dict[str, list[str]] = {}
    for full in dict.fromkeys(places().values()):
        if inspect.isclass(thing_of(full)):
            by_name.setdefault(full.rpartition(".")[2], []).append(full)
    for full in dict.fromkeys(places().values()):
        thing = thing_of(full)
        if not inspect.isfunction(thing):
            continue
        for word in re.findall(r"\w+", str(inspect.signature(thing).return_annotation)):
            near = by_name.get(word, [])
            room = full.rpartition(".")[0]
            for record in [each for each in near if each.rpartition(".")[0] == room] or near[:1]:
                found.setdefault(record, []).append(full)
    return found


def used(code: str) -> set[str]:
    """The public names that code uses, as the reference calls them."""
    tree = ast.parse(code)
    alias: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            ours = [each for each in node.names if each.name.startswith("grok_theory")]
            alias |= {(each.asname or each.name): each.name for each in ours}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("grok_theory"):
            alias |= {(each.asname or each.name): f"{node.module}.{each.name}" for each in node.names}
    whole = (_dotted(node, alias) for node in ast.walk(tree) if isinstance(node, ast.Attribute | ast.Name))
    known = places()
    return {known[name] for name in whole if name in known}


def _parses(block: str) -> bool:
    try:
        ast.parse(block)
    except SyntaxError:  # a part of something longer, or a shell's
        return False
    return True


def _dotted(node: ast.expr, alias: dict[str, str]) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value, alias)}.{node.attr}"
    return alias.get(node.id, "") if isinstance(node, ast.Name) else ""


def has_example(full: str) -> bool:
    """Whether the entry of a name has an example, or says where one is."""
    return any(
        name in pages() or name in figures() or ">>>" in (inspect.getdoc(thing_of(name)) or "")
        for name in [full, *makers().get(full, [])]
    )


def lines(full: str) -> Iterator[str]:
    """What an entry of the reference says of it, in reStructuredText."""
    made = [f":py:obj:`{name.rpartition('.')[2]} <{name}>`" for name in makers().get(full, [])[:MOST]]
    where = [f":doc:`/{page}`" for page in pages().get(full, [])[:MOST]]
    drawn = [f":ref:`{figure}`" for figure in figures().get(full, [])[: MOST - len(where)]]
    if made:
        yield from ("", f"*Made by* {', '.join(made)}.")
    if where or drawn:
        yield from ("", f"*Used in* {', '.join([*where, *drawn])}.")


def setup(app) -> dict[str, bool]:
    """Sphinx's door; after napoleon has read the sections, or this would belong to the last of them."""

    def add(app, what, name, thing, options, text) -> None:
        if what in ("class", "function") and name in places():
            text += lines(name)

    app.connect("autodoc-process-docstring", add, priority=600)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
