"""Options as the framework does not check them: given once, and numbers that are written as numbers."""

from __future__ import annotations

import inspect
import re
from typing import Any, get_type_hints

import typer
from typer.core import TyperCommand

from .number import number

_WHOLE = re.compile(r"[+-]?\d{1,300}", re.ASCII)
_INFINITE = ("inf", "+inf", "-inf")


class StrictCommand(TyperCommand):
    """A command that refuses an option given twice, where only the last would count, and `1_0` for ten, and nan."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if not ctx.resilient_parsing:
            given, _, order = self.make_parser(ctx).parse_args(args=list(args))
            kinds = get_type_hints(inspect.unwrap(self.callback)) if self.callback else {}
            counts = [option for option in order if option.param_type_name == "option" and not option.multiple]
            for option in counts:
                takes_value = not getattr(option, "is_flag", False) and getattr(option, "count", False) is False
                name, value = option.opts[0], given.get(option.name)
                if takes_value and counts.count(option) > 1:
                    from ..errors import BadValue  # here: it brings JAX

                    raise BadValue(f"{name} is given more than once, and only one can count. Give it once.")
                if takes_value and isinstance(value, str):
                    _check_number(name, value, kinds.get(option.name))
        return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        from .answer import say

        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as interrupt:  # the framework would end it without its sentence
            say(str(interrupt) or "Interrupted.")
            raise typer.Exit(130) from None


def _check_number(name: str, text: str, kind: Any) -> None:
    text = text.strip()
    if kind is int and not _WHOLE.fullmatch(text):
        what = "a whole number", 1
    elif kind is float and number(text) is None and text.lower() not in _INFINITE:
        what = "a number", 0.5
    else:
        return
    from ..errors import BadValue

    raise BadValue(f"{name} is {text[:60]!r}, but it must be {what[0]}. Write for example {name} {what[1]}.")
