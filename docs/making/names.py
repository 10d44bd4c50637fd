"""Which public names there are, and links to them from where they are only mentioned.

A name in backticks on a page (`gt.compare`, `linear.solve`, or `optimal_stopping` on the page of linear) becomes a link
to its entry in the reference. So does one in a docstring; what is no public name stays as it is.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from types import FunctionType

from docutils import nodes
from sphinx import addnodes
from sphinx.transforms import SphinxTransform

_MENTIONED = re.compile(r"(?:gt\.|grok_theory\.)?([A-Za-z_][\w.]*?)(?:\(.*\))?")


def rooms() -> Iterator[str]:
    """The package and its public rooms, by their full names."""
    import grok_theory
    from grok_theory.rooms import NAMESPACES

    found = {name for name in grok_theory.__all__ if inspect.ismodule(getattr(grok_theory, name))}
    yield "grok_theory"
    yield from (f"grok_theory.{room}" for room in (*NAMESPACES, *sorted(found - set(NAMESPACES))))


@cache
def places() -> dict[str, str]:
    """Every public name -> the name under which the reference describes it: of several, that of the first room."""
    found: dict[str, str] = {}
    seen: dict[int, str] = {}
    for room in rooms():
        module = import_module(room)
        for name in module.__all__:
            thing = getattr(module, name)
            if inspect.isclass(thing) or inspect.isfunction(thing):
                found[f"{room}.{name}"] = seen.setdefault(id(thing), f"{room}.{name}")
            else:
                found[f"{room}.{name}"] = f"{room}.{name}"
    return found


def place_of(words: str, room: str = "") -> str | None:
    """The full name of a public name as a page writes it; on the page of a room, its own names need no prefix."""
    said = _MENTIONED.fullmatch(words)
    if said is None:
        return None
    name, known = said[1], places()
    tried = [f"{room}.{name}"] if room else []
    if "." in name or words.startswith(("gt.", "grok_theory.")) or not room or room == "grok_theory":
        tried.append(f"grok_theory.{name}")
    for full in tried:
        if full in known:
            return known[full]
        owner, _, member = full.rpartition(".")
        if owner in known and inspect.isclass(thing_of(owner)) and _is_described(vars(thing_of(owner)).get(member)):
            return f"{known[owner]}.{member}"
    return None


def _is_described(member: object) -> bool:
    """A method or property with a docstring; fields stand in their class's own."""
    return isinstance(member, (property, classmethod, staticmethod, FunctionType)) and bool(inspect.getdoc(member))


def _room_of(page: str) -> str:
    """The room that a page is about: the one whose name its own begins with."""
    named = {room.removeprefix("grok_theory.").replace(".", "_"): room for room in rooms()}
    return max((r for name, r in named.items() if page == name or page.startswith(f"{name}_")), key=len, default="")


def thing_of(full: str) -> object:
    """What a full name names."""
    room, _, name = full.rpartition(".")
    return getattr(import_module(room), name)


class LinkNames(SphinxTransform):
    """Names in backticks on written pages become references."""

    default_priority = 5

    def apply(self, **_kwargs) -> None:
        """Every code span outside headings and links."""
        page = self.env.docname
        if page.startswith("generated/"):
            return
        room = _room_of(page)
        for node in list(self.document.findall(nodes.literal)):
            inside = node.parent
            while inside is not None and not isinstance(inside, nodes.reference | addnodes.pending_xref | nodes.title):
                inside = inside.parent
            full = place_of(node.astext(), room) if inside is None else None
            if full is not None:
                link = addnodes.pending_xref("", refdomain="py", reftype="obj", reftarget=full, refexplicit=True)
                node.replace_self(link)
                link += node


def resolve(app, env, node, contnode):
    """A name in a docstring as its writer says it: `gt.compare`, `linear.solve`, or one of the same room."""
    if node.get("refdomain") != "py":
        return None
    full = place_of(node["reftarget"], node.get("py:module") or "")
    if full is None or full == node["reftarget"]:
        return None
    domain = env.get_domain("py")
    return domain.resolve_xref(env, node["refdoc"], app.builder, "obj", full, node, contnode)


def forget_modules_without_source(app, env) -> None:
    """Viewcode lists a module written in C, such as builtins, and links a page of it that it cannot make."""
    seen = getattr(env, "_viewcode_modules", {})
    for name in [name for name, found in seen.items() if not found]:
        del seen[name]


def setup(app) -> dict[str, bool]:
    """Sphinx's door."""
    app.add_transform(LinkNames)
    app.connect("missing-reference", resolve)
    app.connect("env-check-consistency", forget_modules_without_source)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
