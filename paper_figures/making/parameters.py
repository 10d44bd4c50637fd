"""A figure's parameters: the defaults of its file, the overrides of a size, and `--set field=value` on top.

Values are read by the type of the field, so that `--set runs=2.5` or `--set ratio=high` is refused by name before
anything is computed.
"""

from __future__ import annotations

import dataclasses
import difflib
import types
import typing
from collections.abc import Sequence
from typing import Any

from grok_theory.errors import BadValue
from paper_figures.figure import Figure


def make_parameters(figure: Figure, size: str, settings: Sequence[str] = ()) -> Any:
    """The Parameters of `figure` at `size`, with the `field=value` settings that are meant for it.

    A setting is for every figure that has such a field; `name.field=value` is for one figure. Raises BadValue on a
    field the figure lacks (only for settings that name it) and on a value that does not fit the field's type.
    """
    fields = {field.name for field in dataclasses.fields(figure.parameters)}
    kinds = typing.get_type_hints(figure.parameters)
    values = dict(figure.sizes.get(size, {}))
    unknown = set(values) - fields
    if unknown:
        raise BadValue(f"SIZES[{size!r}] of {figure.name} sets {sorted(unknown)}, which Parameters does not have.")
    for setting in settings:
        owner, field, text = split_setting(setting)
        if owner not in ("", figure.name) or (owner == "" and field not in fields):
            continue
        if field not in fields:
            raise BadValue(unknown_field(field, {figure.name: fields}))
        values[field] = read_value(field, text, kinds[field])
    return figure.parameters(**values)


def check_settings(settings: Sequence[str], figures: Sequence[Figure]) -> None:
    """Refuse settings that no chosen figure takes; the message names the nearest field."""
    fields = {f.name: {field.name for field in dataclasses.fields(f.parameters)} for f in figures}
    for setting in settings:
        owner, field, _ = split_setting(setting)
        if owner and owner not in fields:
            raise BadValue(f"--set {setting}: {owner!r} is not among the figures to build ({', '.join(fields)}).")
        meant = {owner: fields[owner]} if owner else fields
        if not any(field in names for names in meant.values()):
            raise BadValue(unknown_field(field, meant))


def split_setting(setting: str) -> tuple[str, str, str]:
    """`figure.field=value` as (figure, field, value); the figure is empty where it is not said."""
    name, equals, text = setting.partition("=")
    owner, _, field = name.strip().rpartition(".")
    if not equals or not field.isidentifier():
        raise BadValue(f"--set {setting!r} is not of the form field=value; write for example --set runs=20.")
    return owner, field, text.strip()


def unknown_field(field: str, fields: dict[str, set[str]]) -> str:
    """The sentence that says who does not have `field`, and what they have instead."""
    known = sorted(set().union(*fields.values()))
    near = difflib.get_close_matches(field, known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"the parameters are {', '.join(known)}."
    if len(fields) == 1:
        return f"{next(iter(fields))} has no parameter {field!r}; {hint}"
    return f"None of the chosen figures has a parameter {field!r}; {hint}"


def read_value(field: str, text: str, kind: Any) -> Any:
    """The value in `text` by the type of its field; BadValue says field, value and what is allowed.

    >>> read_value("ratios", "0.5, 1, 2", tuple[float, ...])
    (0.5, 1.0, 2.0)
    """
    try:
        return _read(text, kind)
    except (ValueError, TypeError):
        raise BadValue(f"{field} is {text!r}, but it must be {_described(kind)}.") from None


_WORDS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def _read(text: str, kind: Any) -> Any:
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        if type(None) in inner and text.lower() in ("none", ""):
            return None
        return _first_that_reads(text, [option for option in inner if option is not type(None)])
    if origin is typing.Literal:
        return next(choice for choice in inner if str(choice) == text) if text in map(str, inner) else _refuse()
    if origin is tuple:
        parts = [part.strip() for part in text.strip("()[] ").split(",") if part.strip()]
        if len(inner) == 2 and inner[1] is Ellipsis:
            return tuple(_read(part, inner[0]) for part in parts)
        if len(parts) != len(inner):
            _refuse()
        return tuple(_read(part, each) for part, each in zip(parts, inner, strict=True))
    if kind is bool:
        return _WORDS[text.lower()] if text.lower() in _WORDS else _refuse()
    if kind in (int, float, str):
        return kind(text)
    return _refuse()


def _first_that_reads(text: str, options: list[Any]) -> Any:
    for option in options:
        try:
            return _read(text, option)
        except ValueError:
            continue
    return _refuse()


def _refuse() -> typing.NoReturn:
    raise ValueError


def _described(kind: Any) -> str:
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return " or ".join(_described(option) for option in inner)
    if origin is typing.Literal:
        return "one of " + ", ".join(map(str, inner))
    if origin is tuple and len(inner) == 2 and inner[1] is Ellipsis:
        return f"a list like 1,2,3 where each is {_described(inner[0])}"
    if origin is tuple:
        return f"{len(inner)} values separated by commas"
    plain = {int: "a whole number", float: "a number", bool: "true or false", str: "text", type(None): "none"}
    return plain.get(kind, f"given in the figure file (its type {kind} cannot be written on the command line)")
