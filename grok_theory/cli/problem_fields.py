"""What a Problem takes, for `grok-theory solve WING.PROBLEM` without fields and with `--help`."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

from .strict import StrictCommand

COLUMNS = ("field", "default", "symbol", "unit", "range", "meaning")


class HelpOfProblem(StrictCommand):
    """A command whose `--help` goes on with the fields of the Problem that stands on the line."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        ctx.meta["problem"] = next((word for word in args if re.fullmatch(r"[a-z]\w*\.[A-Z]\w*", word)), None)
        return super().parse_args(ctx, args)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        super().format_help(ctx, formatter)
        if ctx.meta["problem"] is not None:
            from .problems import find_problem

            print("\n".join(listed(find_problem(ctx.meta["problem"])[1])))


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
    from ..reports import table

    rows = [[str(value) for value in row.values()] for row in described(cls)]
    return [f"Fields of {cls.__name__}, written as field=value:", *table([COLUMNS, *rows])]
