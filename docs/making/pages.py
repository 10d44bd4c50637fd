"""Pages that are made when the site is: the reference, the gallery, the papers, and the two documents of the root.

They are written below docs/generated, which is not kept.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from docs.making.gallery import gallery_page
from docs.making.names import places, rooms
from docs.making.notebooks import with_download, write_scripts
from docs.making.papers import papers_page

DOCS = Path(__file__).parents[1]
ROOT = DOCS.parent
GENERATED = DOCS / "generated"


def write_pages() -> None:
    """Write what has changed, so that Sphinx reads no page again for nothing; what is no page any more goes."""
    GENERATED.mkdir(exist_ok=True)
    pages = {
        "gallery": gallery_page(),
        "papers": papers_page(),
        "changelog": _of_root("CHANGELOG"),
        "contributing": _of_root("CONTRIBUTING"),
    }
    pages |= dict(reference_pages())
    write_scripts(GENERATED)
    for path in GENERATED.glob("*.md"):
        if path.stem not in pages:
            path.unlink()
    for name, text in pages.items():
        path = GENERATED / f"{name}.md"
        if not path.exists() or path.read_text() != text:
            path.write_text(text)


def _of_root(name: str) -> str:
    """A document of the root with its links as they are seen from here."""
    return re.sub(r"\]\(docs/", "](../", (ROOT / f"{name}.md").read_text())


def reference_pages() -> Iterator[tuple[str, str]]:
    """One page a public room, and one that lists them."""
    names = list(rooms())
    rows = [f"* [{room}](api_{_file(room)}.md): {_first_line(room)}" for room in names]
    listed = "\n".join(f"api_{_file(room)}" for room in names)
    yield "api", "\n".join(["# Reference", "", *rows, "", "```{toctree}", ":hidden:", "", listed, "```", ""])
    for room in names:
        yield f"api_{_file(room)}", _room_page(room)


def _file(room: str) -> str:
    return room.removeprefix("grok_theory.").replace(".", "_")


def _first_line(room: str) -> str:
    return (inspect.getdoc(import_module(room)) or "").partition("\n")[0]


def _room_page(room: str) -> str:
    """Guide, the room's own words, a table of its names, then each of them; what another page shows is linked there."""
    module, home = import_module(room), places()
    names = [name for name in module.__all__ if not inspect.ismodule(getattr(module, name)) and name != "__version__"]
    guide = DOCS / f"{_file(room)}.md"
    lines = [f"# {room}", ""]
    if guide.exists():
        lines += [f"Guide with a worked example: [{guide.stem}](../{guide.name}).", ""]
    lines += ["```{eval-rst}", f".. automodule:: {room}", "   :no-members:", "", f".. currentmodule:: {room}", ""]
    lines += [
        ".. autosummary::",
        "   :nosignatures:",
        "",
        *(f"   {home[f'{room}.{name}'].removeprefix(f'{room}.')}" for name in names),
        "",
    ]
    for name in names:
        if home[f"{room}.{name}"] == f"{room}.{name}":
            lines += _entry(name, getattr(module, name))
    return "\n".join([*lines, "```", ""])


def _entry(name: str, thing: object) -> list[str]:
    if inspect.isclass(thing):
        return [f".. autoclass:: {name}", "   :members:", ""]
    if callable(thing) and hasattr(thing, "__name__"):
        return [f".. autofunction:: {name}", ""]
    # A value has no docstring of its own; a path would be one of the machine that made the site.
    plain = isinstance(thing, str | int | float | tuple)
    about = (
        f"``{thing!r}``"
        if plain
        else f"``{type(thing).__name__}``: {(type(thing).__doc__ or '').partition(chr(10))[0]}"
    )
    return [f".. py:data:: {name}", "", f"   {about}", ""]


def as_on_the_site(app, page: str, source: list[str]) -> None:
    """The documents of the root are pages here; a wing's page ends with its closed forms, links into the register.

    A notebook's page begins with its script.
    """
    if page.startswith("notebooks/"):
        source[0] = with_download(page, source[0])
    up = "../" * page.count("/")
    for name in ("CHANGELOG", "CONTRIBUTING"):
        source[0] = source[0].replace(f"]({up}../{name}.md", f"]({up}generated/{name.lower()}.md")
    register = (DOCS / "formulas.md").read_text()
    names = re.findall(rf"^### ({re.escape(page)}\.\w+)$", register, re.M)
    if names:
        at = {name: name.replace(".", "").lower() for name in names}
        links = ", ".join(f"[`{name.partition('.')[2]}`](formulas.md#{at[name]})" for name in names)
        source[0] += f"\n\n## In the register\n\nClosed forms with their oracles and worst errors: {links}.\n"


def setup(app) -> dict[str, bool]:
    """Sphinx's door."""
    app.connect("builder-inited", lambda app: write_pages(), priority=100)
    app.connect("source-read", as_on_the_site)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
