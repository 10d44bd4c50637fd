"""Options as the framework does not check them: given once, and numbers that are written as numbers."""

from __future__ import annotations

import inspect
import re
from typing import Any, NoReturn, get_args, get_type_hints

import typer
from typer.core import TyperCommand

from .shown_number import number_or_infinity

_WHOLE = re.compile(r"[+-]?\d{1,300}", re.ASCII)


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
                    _refuse(f"{name} is given more than once, and only one can count. Give it once.")
                if takes_value and value == "":
                    _refuse(f"{name.strip('-')} is '', but it must have a value. Leave it out, or write {name} VALUE.")
                if takes_value and isinstance(value, str):
                    _check_number(name, value, kinds.get(option.name))
        return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        from .answers import say

        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as interrupt:  # the framework would end it without its sentence
            say(str(interrupt) or "Interrupted.")
            raise typer.Exit(130) from None


def _check_number(name: str, text: str, kind: Any) -> None:
    text = text.strip()
    kinds = (kind, *get_args(kind))  # float, or float | None
    if int in kinds and not _WHOLE.fullmatch(text):
        what = "a whole number", 1
    elif float in kinds and number_or_infinity(text) is None:
        what = "a number", 0.5
    else:
        return
    _refuse(f"{name} is {text[:60]!r}, but it must be {what[0]}. Write for example {name} {what[1]}.")


def _refuse(sentence: str) -> NoReturn:
    from ..errors import BadValue  # here: it brings JAX, which --help does without

    raise BadValue(sentence)
