"""What a Problem takes, for `grok-theory solve WING.PROBLEM` without fields and for `--help` with a Problem."""

from __future__ import annotations

import dataclasses
import inspect
import re
from types import ModuleType
from typing import Any

from .strict import StrictCommand

COLUMNS = ("field", "default", "symbol", "unit", "range", "meaning")
# Command -> the verbs of a wing that take words of its line besides the Problem's fields.
VERBS = {
    "solve": ("solve",),
    "validate": ("solve", "simulate"),
    "predict": ("forecast",),
    "overlay": ("solve", "forecast"),
    "fit": ("forecast",),
    "find": ("solve",),
}


class HelpOfProblem(StrictCommand):
    """A command whose `--help` goes on with the fields of the Problem that stands on the line."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        ctx.meta["problem"] = next((word for word in args if re.fullmatch(r"[a-z]\w*\.[A-Z]\w*", word)), None)
        return super().parse_args(ctx, args)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        super().format_help(ctx, formatter)
        if ctx.meta["problem"] is not None:
            from .problems import find_problem

            wing, cls = find_problem(ctx.meta["problem"])
            print("\n".join([*listed(cls), *also(wing, VERBS[ctx.info_name])]))


def described(cls: type) -> list[dict[str, Any]]:
    """One row a field of a Problem: by the names of `COLUMNS`; a default of "needed" has none."""
    from ..fields import quantities

    rows = []
    for field in dataclasses.fields(cls):
        quantity = quantities(cls).get(field.name)
        default = "needed" if field.default is dataclasses.MISSING else field.default
        told = ("-",) * 4
        if quantity is not None:
            told = (quantity.symbol, quantity.unit, quantity.range.words, quantity.meaning)
        rows.append(dict(zip(COLUMNS, (field.name, default, *told), strict=True)))
    return rows


def listed(cls: type) -> list[str]:
    """The fields as lines of text."""
    from ..fields import quantities
    from ..reports import table

    rows = [[str(value) for value in row.values()] for row in described(cls)]
    arrays = [name for name, each in quantities(cls).items() if each.kind in ("array", "data")]
    lines = [f"Fields of {cls.__name__}, written as field=value:", *table([COLUMNS, *rows])]
    if arrays:
        forms = f"{arrays[0]}=@data.npz:x, @data.npy, @table.csv, @table.csv:column"
        lines.append(f"Arrays may come from a file: {forms}.")
    return lines


def also(wing: ModuleType, verbs: tuple[str, ...]) -> list[str]:
    """What the verbs of a wing take besides, written in the same way, as lines of text; none where that is nothing."""
    from ..reports import table
    from .problems import keywords_of

    lines = []
    for name in verbs:
        verb = getattr(wing, name, None)
        taken = {} if verb is None else keywords_of(verb)
        if not taken:
            continue
        told = meanings(inspect.getdoc(verb) or "")
        rows = [
            [word, "needed" if default is inspect.Parameter.empty else str(default), told.get(word, "-")]
            for word, default in taken.items()
        ]
        lines += ["", f"And of {name}, in the same way:", *table([("name", "default", "meaning"), *rows])]
    return lines


def meanings(docstring: str) -> dict[str, str]:
    """Parameter -> its description's first sentence, from a docstring in NumPy's convention."""
    section = re.search(r"^Parameters\n-+\n(.*?)(?=^\S[^\n]*\n---|\Z)", docstring, re.M | re.S)
    entry = re.compile(r"^(\w[\w, ]*) : [^\n]*\n((?:[ ]+[^\n]*\n?|\n)*)", re.M)
    found = {}
    for names, text in entry.findall(section[1] if section else ""):
        said = " ".join(text.split())
        first = re.split(r"(?<=[.;]) ", said)[0].rstrip(";")
        found |= dict.fromkeys(re.split(r", *", names), first)
    return found
