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
from ..fields import problems_of, quantities
from ..rooms import WINGS
from .array_files import read_array
from .values import read_value


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


def make_problem(wing: ModuleType, cls: type, words: Sequence[str], *verbs: Any) -> tuple[Any, list[dict[str, Any]]]:
    """The Problem from `field=value` words, and for each verb the keywords it takes among the words that are no fields.

    BadValue names a word nobody takes, and a field or keyword that is needed and not given.
    """
    also = [name for verb in verbs for name in keywords_of(verb)]
    public = public_names(wing)
    fields = {field.name: field for field in dataclasses.fields(cls)}
    values: dict[str, Any] = {}
    others: dict[str, Any] = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not equals:
            raise BadValue(f"{word!r} is not of the form field=value; the fields are {', '.join(fields)}.")
        if name in values or name in others:
            raise BadValue(f"{name} is given more than once, and only one value can count. Give it once.")
        if name in fields:
            values[name] = _value_of(cls, fields[name], text, public)
        elif name in also:
            others[name] = read_array(name, text) if text.startswith("@") else read_value(name, text, public)
        else:
            near = difflib.get_close_matches(name.strip().lower(), [*fields, *also], n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise BadValue(f"{cls.__name__} has no field {name!r}; its fields are {', '.join(fields)}.{hint}")
    needed = [n for n, f in fields.items() if f.default is f.default_factory is dataclasses.MISSING]
    _refuse_missing(cls.__name__, [name for name in needed if name not in values])
    taken = []
    for verb in verbs:
        required = [name for name, default in keywords_of(verb).items() if default is inspect.Parameter.empty]
        _refuse_missing(f"{verb.__name__} of {wing.__name__}", [name for name in required if name not in others])
        taken.append({name: value for name, value in others.items() if name in keywords_of(verb)})
    return cls(**values), taken


def _value_of(cls: type, field: dataclasses.Field, text: str, public: dict[str, Any]) -> Any:
    """What is written for a field: a value, or @FILE for the array in it."""
    if not text.startswith("@"):
        return _as_declared(field, read_value(field.name, text, public), text)
    found, kind = read_array(field.name, text), quantities(cls)[field.name].kind
    if kind == "structure" or (kind == "number" and found.ndim):
        one = "" if kind == "structure" else f" of shape {found.shape}"
        raise BadValue(
            f"{field.name} is {text!r}, an array{one}, but it is no array in one {cls.__name__}. Write its value."
        )
    if kind == "data":  # indices, which a table writes as it writes numbers
        whole = found.dtype.kind == "f" and bool((found == found.round()).all())
        return found.astype(int) if whole else found
    import jax.numpy as jnp

    return jnp.asarray(found, float)


def _refuse_missing(what: str, names: list[str]) -> None:
    if names:
        example = " ".join(f"{name}=..." for name in names)
        raise BadValue(f"{what} needs {' and '.join(names)}, which is not given. Add {example}.")


def verbs_of(wing: ModuleType, *names: str) -> list[Any]:
    """The verbs of a wing by name; BadValue says which wings have them."""
    for name in names:
        if not hasattr(wing, name):
            having = [each for each in WINGS if hasattr(import_module(f"grok_theory.{each}"), name)]
            room = wing.__name__.rpartition(".")[2]
            raise BadValue(f"The wing {room} has no {name}; {', '.join(having)} have. Use its functions from Python.")
    return [getattr(wing, name) for name in names]


def public_names(wing: ModuleType) -> dict[str, Any]:
    """What may be written as `Name(...)`: every dynamics, the public names of the wing and of the rooms it shows."""
    from ..dynamics import SGD, Adam, AdamW, GradientDescent, GradientFlow, Muon

    trained = (GradientFlow, GradientDescent, SGD, Adam, AdamW, Muon)
    rooms = [part for name in wing.__all__ if inspect.ismodule(part := getattr(wing, name))]
    # What the wing itself shows comes last, and so first where a room inside it has the same name.
    public = {name: getattr(room, name) for room in (*rooms, wing) for name in room.__all__}
    return {kind.__name__: kind for kind in trained} | {name: each for name, each in public.items() if callable(each)}


def keywords_of(verb: Any) -> dict[str, Any]:
    """The keyword-only arguments of a verb with their defaults, without those that are options of the commands."""
    options = ("dynamics", "method", "throw", "runs", "key", "level", "draws", "test_samples", "curves")
    kinds = inspect.signature(verb).parameters.values()
    return {p.name: p.default for p in kinds if p.kind is p.KEYWORD_ONLY and p.name not in options}


def _as_declared(field: dataclasses.Field, value: Any, text: str) -> Any:
    """`value` as the field is declared: `snr=5` means 5.0, since an integer leaf would change types inside JAX."""
    said = field.type if isinstance(field.type, str) else getattr(field.type, "__name__", str(field.type))
    if "int" in said.lower() and "float" not in said.lower():
        return value
    shown = text if len(text) <= 80 else text[:77] + "..."
    numbers = f"it must be a number or a list of them. Write for example {field.name}=0.5."
    declared = "ArrayLike" in said or "float" in said or "float" in str(field.type)
    value = _as_float(value, declared)
    if isinstance(value, tuple) and not _is_table(value):
        raise BadValue(f"{field.name} is {shown!r}, but its rows differ in length or mix numbers and words; {numbers}")
    is_number = isinstance(value, float) or hasattr(value, "dtype") or (value is None and "None" in said)
    if declared and not is_number:
        raise BadValue(f"{field.name} is {shown!r}, but {numbers}")
    return value


def _as_float(value: Any, declared: bool) -> Any:
    """Integers as floats, lists of numbers as arrays (where numbers are `declared`, tables too), the rest as it is."""
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    flat = isinstance(value, tuple) and all(isinstance(part, int | float) for part in value)
    if isinstance(value, tuple) and value and _is_table(value) and (flat or declared):
        import jax.numpy as jnp

        return jnp.asarray(value, float)
    return value


def _is_table(value: tuple) -> bool:
    """Numbers in rows of one length."""
    import numpy as np

    try:
        return np.array(value).dtype.kind in "bif"
    except ValueError:
        return False
