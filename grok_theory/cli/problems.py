"""Find a Problem by name, `linear.TeacherStudent`, and make it from `field=value` words."""

from __future__ import annotations

import dataclasses
import difflib
import inspect
from collections.abc import Sequence
from importlib import import_module
from types import ModuleType
from typing import Any

from ..errors import BadValue
from .values import read_value

WINGS = ("linear", "lazy_rich", "li2", "best_of_k")


def find_problem(name: str) -> tuple[ModuleType, type]:
    """The wing and the class that `WING.PROBLEM` names; BadValue lists what there is."""
    wing_name, _, problem_name = name.partition(".")
    if wing_name not in WINGS:
        near = difflib.get_close_matches(wing_name, WINGS, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise BadValue(
            f"problem is {name!r}, but it must be WING.PROBLEM with a wing of {', '.join(WINGS)}.{hint} "
            "`grok-theory solve` without arguments lists them."
        )
    wing = import_module(f"grok_theory.{wing_name}")
    found = problems_of(wing)
    if problem_name not in found:
        near = difflib.get_close_matches(problem_name, found, n=1)
        hint = f" Did you mean {wing_name}.{near[0]}?" if near else ""
        listed = ", ".join(f"{wing_name}.{each}" for each in found)
        raise BadValue(f"problem is {name!r}, but it must be one of {listed}.{hint}")
    return wing, found[problem_name]


def problems_of(wing: ModuleType) -> dict[str, type]:
    """The public Problems of a wing: frozen dataclasses with a `check` that are no methods of solution."""
    public = {name: getattr(wing, name) for name in getattr(wing, "__all__", ())}
    return {
        name: cls
        for name, cls in public.items()
        # A method may have a check too, but it checks a problem; a Problem checks itself.
        if inspect.isclass(cls)
        and dataclasses.is_dataclass(cls)
        and callable(getattr(cls, "check", None))
        and len(inspect.signature(cls.check).parameters) == 1
    }


def make_problem(wing: ModuleType, cls: type, words: Sequence[str], also: Sequence[str] = ()) -> tuple[Any, dict]:
    """The Problem from `field=value` words, and the values of the names in `also`, which are no fields of it."""
    public = public_names(wing)
    fields = {field.name: field for field in dataclasses.fields(cls)}
    values: dict[str, Any] = {}
    others: dict[str, Any] = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not equals:
            raise BadValue(f"{word!r} is not of the form field=value; the fields are {', '.join(fields)}.")
        if name in fields:
            value = read_value(name, text, public)
            values[name] = value if _is_whole(fields[name]) else _as_float(value)
        elif name in also:
            others[name] = read_value(name, text, public)
        else:
            near = difflib.get_close_matches(name, [*fields, *also], n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise BadValue(f"{cls.__name__} has no field {name!r}; its fields are {', '.join(fields)}.{hint}")
    needed = [
        name
        for name, field in fields.items()
        if name not in values and field.default is field.default_factory is dataclasses.MISSING
    ]
    if needed:
        example = " ".join(f"{name}=..." for name in needed)
        raise BadValue(f"{cls.__name__} needs {' and '.join(needed)}, which are not given. Add {example}.")
    return cls(**values), others


def public_names(wing: ModuleType) -> dict[str, Any]:
    """What may be written as `Name(...)` on the command line: the public classes and functions of the wing."""
    return {name: getattr(wing, name) for name in wing.__all__ if callable(getattr(wing, name))}


def keywords_of(function: Any, *known: str) -> list[str]:
    """The keyword-only arguments of a verb, without those the command has options for."""
    kinds = inspect.signature(function).parameters.values()
    return [p.name for p in kinds if p.kind is p.KEYWORD_ONLY and p.name not in known]


def _is_whole(field: dataclasses.Field) -> bool:
    said = field.type if isinstance(field.type, str) else getattr(field.type, "__name__", str(field.type))
    return "int" in said.lower() and "float" not in said.lower()


def _as_float(value: Any) -> Any:
    # `snr=5` means 5.0: an integer leaf would change types inside JAX.
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, tuple) and value and all(isinstance(v, int | float) for v in value):
        import jax.numpy as jnp

        return jnp.asarray([float(v) for v in value])
    return value
