"""What a Problem's field is, said once beside its annotation; what needs to know it takes it from here.

From one declaration come the constructor's check, the mask that solvers use where numbers are traced, the refusal of a
stack where one problem is wanted, the section Parameters of the class's docstring, the values a property test draws,
the list the command line shows, and the bad values the doors are tried with. Conditions between fields stay code, in
the `check` of the class.
"""

from __future__ import annotations

import dataclasses
import inspect
import re
import textwrap
from collections.abc import Mapping
from types import ModuleType
from typing import Any, TypeVar, dataclass_transform

import jax
import jax.numpy as jnp

from .checks import as_array, check_shape
from .drawn import Drawn
from .pytrees import record
from .ranges import Range

Class = TypeVar("Class", bound=type)
ONE_NUMBER = "One problem has one number: map over several with jax.vmap, or loop over them."


@dataclasses.dataclass(frozen=True)
class Quantity:
    """What one field of a Problem is.

    Parameters
    ----------
    range : Range
        The values it may have.
    symbol, unit, meaning : str
        As in the formulas of the wing; "-" where there is none.
    remedy : str
        The sentence that ends its refusal: what to pass.
    drawn : Drawn or None
        The values a property test draws; None where only the user, or a default, can say.
    axes : tuple of str or None
        Names of its axes in one problem; () is a number; None where the rank is left open.
    kind : str
        "number" and "array" are data, whose lists become arrays; "data" is data as it is; "structure" is none.
    lists : str
        The remedy where a list is no array of numbers.
    """

    range: Range
    symbol: str
    unit: str
    meaning: str
    remedy: str
    drawn: Drawn | None
    axes: tuple[str, ...] | None
    kind: str
    lists: str

    def type_name(self, annotation: Any) -> str:
        """What the docstring calls the type of a field with this annotation."""
        if self.kind == "number":
            return "float or array"
        if self.kind == "array":
            return "array" if self.axes is None else f"array ({', '.join(self.axes)})"
        return annotation if isinstance(annotation, str) else getattr(annotation, "__name__", str(annotation))


def number(
    range: Range,
    *,
    symbol: str,
    meaning: str,
    remedy: str,
    unit: str = "-",
    drawn: Drawn | None = None,
    default: Any = dataclasses.MISSING,
) -> Any:
    """A field that is one number in one problem, and an array in a stack of them.

    Parameters are those of `Quantity`, and `default`, the field's default.
    """
    return _field(Quantity(range, symbol, unit, meaning, remedy, drawn, (), "number", remedy), default)


def array(
    range: Range,
    *,
    symbol: str,
    meaning: str,
    remedy: str,
    axes: tuple[str, ...] | None,
    lists: str = "Pass an array, all rows of one length.",
    unit: str = "-",
    drawn: Drawn | None = None,
    default: Any = dataclasses.MISSING,
) -> Any:
    """A field that is an array in one problem, with its `axes` named; None leaves the rank open."""
    return _field(Quantity(range, symbol, unit, meaning, remedy, drawn, axes, "array", lists), default)


def data(
    range: Range,
    *,
    symbol: str,
    meaning: str,
    remedy: str,
    unit: str = "-",
    drawn: Drawn | None = None,
    default: Any = dataclasses.MISSING,
) -> Any:
    """A field that JAX maps over and that is kept as it is, such as indices, or an object with numbers inside."""
    return _field(Quantity(range, symbol, unit, meaning, remedy, drawn, None, "data", remedy), default)


def structure(
    range: Range,
    *,
    symbol: str,
    meaning: str,
    remedy: str = "",
    unit: str = "-",
    drawn: Drawn | None = None,
    default: Any = dataclasses.MISSING,
) -> Any:
    """A field that is no data to JAX: a size, a name, a switch, a function. Another value compiles again."""
    return _field(Quantity(range, symbol, unit, meaning, remedy, drawn, None, "structure", remedy), default)


def _field(quantity: Quantity, default: Any) -> Any:
    return dataclasses.field(default=default, metadata={"quantity": quantity})


@dataclass_transform(frozen_default=True, field_specifiers=(number, array, data, structure))
def problem(cls: Class) -> Class:
    """Class decorator for a Problem: a `record` whose constructor makes arrays of lists and calls its `check()`.

    Parameters
    ----------
    cls : type
        Its fields are declared with `number`, `array`, `data` and `structure`. Where fields have to fit one another it
        has a method `check`, which calls `check_fields` and refuses after that what is wrong between them.

    Returns
    -------
    type
        The class, with a section Parameters in its docstring.
    """
    if "check" not in cls.__dict__:
        cls.check = _check_alone  # type: ignore[attr-defined]
    if "__post_init__" not in cls.__dict__:
        cls.__post_init__ = _check_new  # type: ignore[attr-defined]
    declared = {name: value for name, value in vars(cls).items() if isinstance(value, dataclasses.Field)}
    kinds = {name: field.metadata["quantity"].kind for name, field in declared.items() if "quantity" in field.metadata}
    made = record(static=[name for name, kind in kinds.items() if kind == "structure"])(cls)
    made._quantities = {
        field.name: field.metadata["quantity"] for field in dataclasses.fields(made) if "quantity" in field.metadata
    }
    made._lists = tuple(name for name, kind in kinds.items() if kind in ("number", "array"))
    made._optional = frozenset(field.name for field in dataclasses.fields(made) if field.default is None)
    made.__doc__ = _documented(made)
    return made


def _check_alone(self: Any) -> None:
    """Refuse what is out of range, element by element."""
    check_fields(self)


def _check_new(self: Any) -> None:
    lists_to_arrays(self)
    self.check()


def lists_to_arrays(problem: Any) -> None:
    """Make arrays of the lists and tables in the number and array fields of a new Problem."""
    for name in problem._lists:
        value = getattr(problem, name)
        if type(value) not in (float, int):  # these are most, and asking is quicker than looking closer
            object.__setattr__(problem, name, as_array(name, value, problem._quantities[name].lists))


def quantities(kind: type) -> Mapping[str, Quantity]:
    """What each declared field of a Problem's class is."""
    return getattr(kind, "_quantities", {})


def problems_of(room: ModuleType) -> dict[str, type]:
    """The public Problems of a wing.

    Parameters
    ----------
    room : module
        With an `__all__`.

    Returns
    -------
    dict of type
        Name -> class, in the order of `__all__`.
    """
    public = {name: getattr(room, name) for name in room.__all__}
    return {name: thing for name, thing in public.items() if isinstance(thing, type) and quantities(thing)}


def check_fields(problem: Any, *names: str) -> None:
    """Refuse what is out of its field's range, element by element.

    Parameters
    ----------
    problem : Problem
        Its fields are looked at in order. A field whose default is None may be None.
    *names : str
        Look at these alone.

    Raises
    ------
    BadValue
        Naming the field, the index of the first wrong element, what is allowed and the remedy.
    """
    declared = problem._quantities
    for name in names or declared:
        value, quantity = getattr(problem, name), declared[name]
        if value is not None or name not in problem._optional:
            quantity.range.refuse(name, value, quantity.remedy)


def check_single(problem: Any, remedy: str = ONE_NUMBER) -> None:
    """Refuse a stack of problems where one is wanted, and check the values again: unflattening did not.

    Parameters
    ----------
    problem : Problem
        Its number fields must be numbers, its arrays have the rank of one problem.
    remedy : str
        The end of the sentence.

    Raises
    ------
    BadValue
        For a field that is stacked, and for what `problem.check()` refuses.
    """
    for name, quantity in problem._quantities.items():
        absent = getattr(problem, name) is None and name in problem._optional
        if quantity.axes is not None and not absent:
            check_shape(name, getattr(problem, name), (None,) * len(quantity.axes), remedy)
    problem.check()


def in_range(problem: Any) -> jax.Array:
    """Whether every number of a problem lies in its field's range, also where it is traced.

    Parameters
    ----------
    problem : Problem
        One, or a stack: number fields of one shape.

    Returns
    -------
    array of bool
        For one problem a single one; the shape of the number fields for a stack.
    """
    return all_in_range(type(problem), vars(problem))


def all_in_range(kind: type, values: Mapping[str, Any]) -> jax.Array:
    """`in_range` of a problem that is not built yet: `values` are by field of its class `kind`."""
    good = jnp.asarray(True)
    for name, quantity in quantities(kind).items():
        value = values[name]
        if quantity.kind in ("number", "array") and value is not None:
            holds = quantity.range.holds(value)
            good = good & (holds if quantity.kind == "number" else jnp.all(holds))
    return good


def _documented(cls: type) -> str | None:
    """The docstring with a section Parameters, before the first section it has."""
    if not cls.__doc__ or not quantities(cls):
        return cls.__doc__
    text = inspect.cleandoc(cls.__doc__)
    first = re.search(r"^[A-Z]\w+( \w+)?\n---+$", text, re.MULTILINE)
    at = first.start() if first else len(text)
    return f"{text[:at].rstrip()}\n\n{parameters(cls)}\n\n{text[at:]}".rstrip() + "\n"


def parameters(cls: type) -> str:
    """The section Parameters of a Problem's docstring, from its fields: symbol, meaning, range, unit."""
    lines = ["Parameters", "----------"]
    for field in dataclasses.fields(cls):
        quantity = quantities(cls).get(field.name)
        if quantity is None:
            continue
        default = "" if field.default is dataclasses.MISSING else f", default {field.default!r}"
        lines.append(f"{field.name} : {quantity.type_name(field.type)}{default}")
        lines.append(textwrap.indent(textwrap.fill(said(quantity), 112), "    "))
    return "\n".join(lines)


def said(quantity: Quantity) -> str:
    """A quantity in one line: `alpha = P/N: training samples per input dimension; > 0; in samples per weight.`"""
    symbol = "" if quantity.symbol == "-" else f"{quantity.symbol}: "
    unit = "" if quantity.unit == "-" else f"; unit: {quantity.unit}"
    return f"{symbol}{quantity.meaning}; range: {quantity.range.words}{unit}."
