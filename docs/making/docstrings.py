"""What our docstrings write that reStructuredText would read as a mark of its own.

|x|, a*b, w_ and `name` in a sentence are mathematics here; an indented block below a line that ends in a colon is a
formula and keeps its lines.
"""

from __future__ import annotations

import re

from jax.typing import ArrayLike
from sphinx.util.typing import stringify_annotation

_MARK = re.compile(r"([|*]|(?<=\w)_(?!\w))")
_CODE = re.compile(r"(``.+?``|`[^`]+`|\*\*[^*\s][^*]*\*\*)")


def plain(lines: list[str]) -> list[str]:
    """The lines of a docstring with such marks escaped; examples, code and directives stay as they are."""
    out: list[str] = []
    verbatim = None  # the indent of a literal block's head, while inside it
    for number, line in enumerate(lines):
        indent = len(line) - len(line.lstrip())
        if verbatim is not None and line.strip() and indent <= verbatim:
            verbatim = None
        if verbatim is not None or line.lstrip().startswith((">>>", "...", "..")):
            out.append(line)
            continue
        if out and out[-1].lstrip().startswith((">>>", "...")) and line.strip():
            verbatim = indent - 1
            out.append(line)
            continue
        shown = _escaped(line)
        after = next((text for text in lines[number + 1 :] if text.strip()), "")
        gap = number + 1 < len(lines) and not lines[number + 1].strip()
        if (
            gap
            and line.rstrip().endswith(":")
            and len(after) - len(after.lstrip()) > indent
            and after.strip()[0] not in ">*-:"
        ):
            shown, verbatim = f"{shown.rstrip()}:", indent
        out.append(shown)
    return out


def _escaped(line: str) -> str:
    parts = _CODE.split(line)
    return "".join(_as_code(part) if number % 2 else _MARK.sub(r"\\\1", part) for number, part in enumerate(parts))


def _as_code(part: str) -> str:
    """`.save` is a method that several classes have, and so no link."""
    return f"`{part}`" if part.startswith("`.") else part


def by_its_name(app, what, name, thing, options, signature, returns) -> tuple[str | None, str | None]:
    """ArrayLike is a union of eight types, which an annotation has lost the name of."""
    union = stringify_annotation(ArrayLike, "smart")
    return tuple(text and text.replace(union, "~jax.typing.ArrayLike") for text in (signature, returns))


def setup(app) -> dict[str, bool]:
    """Sphinx's door; before napoleon reads the sections."""

    def process(app, what, name, thing, options, lines) -> None:
        lines[:] = plain(lines)

    app.connect("autodoc-process-docstring", process, priority=400)
    app.connect("autodoc-process-signature", by_its_name)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
