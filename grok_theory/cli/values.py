"""Read values from the command line: numbers, lists, texts, and objects of a wing written as they are in Python."""

from __future__ import annotations

import ast
import difflib
from typing import Any

from ..errors import BadValue, check_times

_WORDS = {"true": True, "false": False, "none": None, "nan": float("nan"), "inf": float("inf"), "-inf": -float("inf")}


def read_value(name: str, text: str, public: dict[str, Any]) -> Any:
    """The value of `text`: `0.5`, `1,2,3`, `relu`, `true`, `none`, `GradientDescent(learning_rate=0.1)`.

    `public` are the names that may be called. Nothing else is evaluated. Raises `BadValue` naming `name` and `text`.
    """
    if text.strip().lower() in _WORDS:
        return _WORDS[text.strip().lower()]
    try:
        return _evaluated(ast.parse(text.strip(), mode="eval").body, public)
    except SyntaxError:
        return text.strip()  # a text with spaces or dashes, for example the name of a data set
    except _Unreadable as error:
        raise BadValue(f"{name} is {text!r}, but {error}.") from None


class _Unreadable(Exception):
    """Why an expression is not a value; the end of a sentence."""


def _evaluated(node: ast.expr, public: dict[str, Any]) -> Any:
    match node:
        case ast.Constant(value=bool() | int() | float() | str() | None):
            return node.value
        case ast.UnaryOp(op=ast.USub(), operand=operand) if isinstance(
            value := _evaluated(operand, public), int | float
        ):
            return -value
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            return tuple(_evaluated(part, public) for part in parts)
        case ast.Name(id=word):
            return word
        case ast.Call(func=ast.Name(id=word), args=args, keywords=keywords):
            if word not in public or not callable(public[word]):
                near = difflib.get_close_matches(word, public, n=1)
                hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(sorted(public))}"
                raise _Unreadable(f"there is no {word!r}; {hint}")
            named = {str(k.arg): _evaluated(k.value, public) for k in keywords}
            try:
                return public[word](*(_evaluated(arg, public) for arg in args), **named)
            except TypeError as error:
                raise _Unreadable(f"{word} does not take this: {error}") from None
    raise _Unreadable("it must be a number, a list such as 1,2,3, a word, or an object such as Name(size=3)")


def read_axis(text: str) -> Any:
    """The x of a solve: `0.1:10:60` (in logs), `0:10:51:linear`, `1:1000:30:steps` (whole numbers), or `0,1,2.5`."""
    import numpy as np

    remedy = "Write low:high:count, low:high:count:linear, low:high:count:steps, or a list such as 0,1,2.5."
    parts = text.split(":")
    try:
        if len(parts) == 1:
            axis = np.array([float(part) for part in text.split(",") if part.strip()])
        else:
            low, high, count = float(parts[0]), float(parts[1]), int(parts[2])
            spacing = parts[3] if len(parts) == 4 else ("log" if low > 0 else "linear")
            axis = _spaced(low, high, count, spacing)
    except (ValueError, IndexError):
        raise BadValue(f"times is {text!r}, but it must be a range or a list of numbers. {remedy}") from None
    check_times(axis, remedy=remedy)
    return axis


def _spaced(low: float, high: float, count: int, spacing: str) -> Any:
    import numpy as np

    if count < 1 or not low <= high:
        raise ValueError
    if spacing == "linear":
        return np.linspace(low, high, count)
    if low <= 0 or spacing not in ("log", "steps"):
        raise ValueError
    axis = np.geomspace(low, high, count)
    return np.unique(np.round(axis)) if spacing == "steps" else axis
