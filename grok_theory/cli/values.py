"""Read values from the command line: numbers, lists, texts, and objects of a wing written as they are in Python."""

from __future__ import annotations

import ast
import difflib
import inspect
import math
import re
from typing import Any

from ..checks import check_host_memory, check_integer, check_times
from ..errors import BadValue, GrokTheoryError
from .shown_number import number

_WORDS = {"true": True, "false": False, "none": None, "nan": float("nan"), "inf": float("inf"), "-inf": -float("inf")}
_LONGEST = 100_000
_SEEDS = 2**63
# A thousand times what a figure shows; solvers keep a table of nodes by times.
_MOST_TIMES = 100_000


def read_seed(name: str, seed: int) -> int:
    """A seed of `jax.random.key`, which holds 63 bits."""
    return check_integer(name, seed, 0, f"Write for example --{name} 0.", high=_SEEDS - 1)


def read_object(name: str, text: str, public: dict[str, Any], verb: Any) -> Any:
    """The object that `--dynamics` or `--method` names: `GradientDescent(0.1)`, or `Population` for `Population()`.

    `verb` is the function that is to take it.

    Raises
    ------
    BadValue
        Where the verb takes no such option, or `text` names no object of the wing.
    """
    taken = inspect.signature(verb).parameters
    if name.rpartition("-")[2] not in taken:
        raise BadValue(f"{name} is {text!r}, but {verb.__module__.rpartition('.')[0]} takes none. Leave --{name} out.")
    remedy = f'Write for example --{name} "Name(size=3)".'
    if not text.strip():
        raise BadValue(f"{name} is empty, but it must be an object of the wing. {remedy}")
    called = f"{text}()" if text.isidentifier() and text.lower() not in _WORDS else text
    return read_value(name, called, public, remedy=remedy)


def read_objects(public: dict[str, Any], verb: Any, **texts: str | None) -> dict[str, Any]:
    """Option -> its object, as `read_object` reads each that is given."""
    return {name: read_object(name, text, public, verb) for name, text in texts.items() if text is not None}


def read_value(
    name: str, text: str, public: dict[str, Any], *, remedy: str = "Write for example 0.5, 1,2,3 or Name(size=3)."
) -> Any:
    """The value of `text`: `0.5`, `1,2,3`, `relu`, `true`, `none`, `GradientDescent(learning_rate=0.1)`.

    `public` are the names that may be called. Nothing else is evaluated.

    Raises
    ------
    BadValue
        For a text that is none of these, naming `name` and `text`.
    """
    plain = text.strip()
    if not plain:
        raise BadValue(f"{name} is empty, but it must have a value. Write {name}=VALUE, for example {name}=1.")
    if plain.lower() in _WORDS:
        return _WORDS[plain.lower()]
    try:
        if len(plain) > _LONGEST:
            raise _Unreadable(f"it is {len(plain)} characters long and at most {_LONGEST} are read")
        return _evaluated(ast.parse(plain, mode="eval").body, plain, public)
    except (RecursionError, MemoryError):
        reason = "it is nested too deeply"
    except (SyntaxError, ValueError) as error:
        if isinstance(error, GrokTheoryError):
            raise
        if not set("()[]{}\0") & set(plain):
            return plain  # a text with spaces or dashes, for example the name of a data set
        reason = "its brackets do not close, or hold what is no value"
    except _Unreadable as error:
        reason = str(error)
    shown = text if len(text) <= 80 else text[:77] + "..."
    raise BadValue(f"{name} is {shown!r}, but {reason}. {remedy}")


class _Unreadable(Exception):
    """Why an expression is not a value; the end of a sentence."""


def _evaluated(node: ast.expr, text: str, public: dict[str, Any]) -> Any:
    def parts(nodes: list[ast.expr]) -> tuple[Any, ...]:
        return tuple(_evaluated(each, text, public) for each in nodes)

    match node:
        case ast.Constant(value=bool() | str() | None):
            return node.value
        case ast.Constant(value=int() | float()):
            written = ast.get_source_segment(text, node) or ""
            if number(written) is None:
                raise _Unreadable(f"{_cut(written)} is no plain number within the range of float64")
            return node.value
        case ast.UnaryOp(op=ast.USub() | ast.UAdd() as sign, operand=ast.Constant() as operand) if isinstance(
            value := _evaluated(operand, text, public), int | float
        ) and not isinstance(value, bool):
            return -value if isinstance(sign, ast.USub) else value
        case ast.Tuple(elts=elements) | ast.List(elts=elements):
            return parts(elements)
        case ast.Name(id=word):
            return _WORDS[word.lower()] if word.lower() in ("true", "false", "none", "nan", "inf") else word
        case ast.UnaryOp(op=ast.USub(), operand=ast.Name(id="inf")):
            return -math.inf
        case ast.Call(func=ast.Name(id=word), args=args, keywords=keywords):
            if word not in public or not callable(public[word]):
                near = difflib.get_close_matches(word, public, n=1)
                hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(sorted(public))}"
                raise _Unreadable(f"there is no {word!r}; {hint}")
            names = [str(k.arg) for k in keywords]
            twice = next((name for name in names if names.count(name) > 1), None)
            if twice:
                raise _Unreadable(f"{twice} is given more than once in it, and only one value can count")
            named = {str(k.arg): _evaluated(k.value, text, public) for k in keywords}
            try:
                return public[word](*parts(args), **named)
            except (GrokTheoryError, _Unreadable):
                raise
            except Exception as error:
                raise _Unreadable(f"{word} does not take this: {_cut(' '.join(str(error).split()), 300)}") from None
    raise _Unreadable("it must be a number, a list such as 1,2,3, a word, or an object such as Name(size=3)")


def _cut(text: str, length: int = 60) -> str:
    return text if len(text) <= length else text[: length - 3] + "..."


def read_axis(text: str) -> Any:
    """The x of a solve: `0.1:10:60` (in logs), `0:10:51:linear`, `1:1000:30:steps` (whole), `0,1,2.5`, or `@FILE`.

    Raises
    ------
    BadValue
        For a text that is no range and no list, and for values that are not sorted, finite and >= 0.
    TooLarge
        Where that many values would not fit.
    """
    import numpy as np

    remedy = "Write low:high:count, low:high:count:linear, low:high:count:steps, or a list such as 0,1,2.5."
    if text.startswith("@"):
        return _axis_of_file(text)
    try:
        parts = [part.strip() for part in text.split(":")]
        if len(parts) == 1:
            axis = np.array([_float(part.strip()) for part in text.split(",")])
        elif len(parts) in (3, 4):
            axis = _spaced(*parts)
        else:
            raise _Unreadable(f"a range has three or four parts, and here are {len(parts)}")
    except _Unreadable as error:
        raise BadValue(
            f"times is {_cut(text, 80)!r}, but it must be a range or a list of numbers: {error}. {remedy}"
        ) from None
    check_times(axis, remedy=remedy)
    return axis


def _axis_of_file(text: str) -> Any:
    from .array_files import read_array

    axis = read_array("times", text).astype(float)
    if axis.size > _MOST_TIMES:
        raise BadValue(
            f"times is {_cut(text, 80)!r}, which holds {axis.size} values, and at most {_MOST_TIMES} are solved for at "
            "once. Name a shorter one."
        )
    check_times(axis, remedy="Name a column or an array of times, in order: @log.csv:step.")
    return axis


def _float(text: str) -> float:
    value = number(text)
    if value is None:
        raise _Unreadable(f"{_cut(text)!r} is no finite number" if text else "one place is empty")
    return value


def _spaced(low_text: str, high_text: str, count_text: str, spacing: str | None = None) -> Any:
    import numpy as np

    low, high = _float(low_text), _float(high_text)
    if not re.fullmatch(r"\d{1,300}", count_text, re.ASCII) or (count := int(count_text)) < 1:
        raise _Unreadable(f"{_cut(count_text)!r} is no whole number of at least 1")
    if not low <= high:
        raise _Unreadable(f"it goes down from {low:g} to {high:g}")
    spacing = spacing if spacing is not None else ("log" if low > 0 else "linear")
    if spacing not in ("log", "linear", "steps"):
        raise _Unreadable(f"{_cut(spacing)!r} is none of log, linear, steps")
    if low <= 0 and spacing != "linear":
        raise _Unreadable(f"with {spacing} it must begin above 0, not at {low:g}")
    check_host_memory(f"times with {count} values", 8.0 * count, "Ask for fewer.")
    if count > _MOST_TIMES:
        raise _Unreadable(f"{count} values are asked for, and at most {_MOST_TIMES} are solved for at once")
    if spacing == "linear":
        return np.linspace(low, high, count)
    # Between ends that are close its rounding would fall, or leave them.
    axis = np.maximum.accumulate(np.clip(np.geomspace(low, high, count), low, high))
    return np.unique(np.round(axis)) if spacing == "steps" else axis
