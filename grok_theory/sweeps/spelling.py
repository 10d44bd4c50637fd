"""Values, functions and objects as JSON that is the same in every process, and differs where they do.

A function is spelled by its code, its constants, and the values it takes from around it; so is every function of the
user's own that it calls, and every object by what it holds. What comes from an installed package is named, with what
it holds: `jax.grad(f)` is no `f`, and a spline is its knots.
"""

from __future__ import annotations

import copyreg
import dataclasses
import enum
import functools
import hashlib
import json
import numbers
import sys
import types
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Any

import jax
import numpy as np

from ..errors import BadValue
from ..provenance import COMPUTING
from .code import code_of, is_own, names_in, source_of

Json = None | bool | str | list | dict  # what is spelled
_BUILT_IN = (
    types.BuiltinFunctionType,
    types.MethodWrapperType,
    types.WrapperDescriptorType,
    types.MethodDescriptorType,
)
# Their versions are those of `provenance`; what their objects hold inside is for nobody else, and changes by the hour.
_VOUCHED = (*COMPUTING, __name__.partition(".")[0])
_INSIDE = ("jax", "jaxlib")
# NumPy's global stream of random numbers, which scipy's distributions hold: begun anew in every process.
_STREAM = np.random.get_state.__self__
_SLOTS = (types.MemberDescriptorType, types.GetSetDescriptorType)
_NOTHING = object()


def is_key(value: object) -> bool:
    """Whether `value` holds typed JAX keys."""
    return isinstance(value, jax.Array) and jax.numpy.issubdtype(value.dtype, jax.dtypes.prng_key)


def is_array(value: object) -> bool:
    """Whether `value` is an array or a NumPy scalar; one with a mask is more than its numbers."""
    kinds = (np.ndarray, np.generic, jax.Array)
    return isinstance(value, kinds) and not isinstance(value, np.ma.MaskedArray) and not is_key(value)


def is_scalar(value: object) -> bool:
    """Whether `value` is one real number."""
    if isinstance(value, (bool, np.bool_)):
        return False
    return isinstance(value, numbers.Real) or (is_array(value) and np.ndim(value) == 0 and value.dtype.kind in "iuf")


def is_list_of_numbers(value: object) -> bool:
    """Whether `value` may as well be written as an array."""
    return type(value) in (list, tuple) and len(value) > 0 and all(map(is_scalar, value))


class Spelled:
    """One walk through a value; what was met before is named by its number, so that circles end."""

    def __init__(self) -> None:
        # With the thing itself: an address in memory may be given to another one as soon as it is gone.
        self._met: dict[int, tuple[int, Any]] = {}

    def made(self, thing: object, where: str) -> Json:
        """Anything, by what it holds.

        Raises
        ------
        BadValue
            For what does not tell what it holds; names `where`.
        """
        plain = self._plain(thing, where)
        if plain is not _NOTHING:
            return plain
        if isinstance(thing, types.ModuleType):
            return ["module", thing.__name__, source_of(thing.__name__)]
        if isinstance(thing, type):
            return self._class(thing)
        if id(thing) in self._met:
            return ["again", self._met[id(thing)][0]]
        self._met[id(thing)] = len(self._met), thing
        if isinstance(thing, functools.partial):
            return ["partial", *(self.made(part, where) for part in (thing.func, list(thing.args), thing.keywords))]
        if isinstance(thing, types.MethodType):
            return ["method", self.made(thing.__func__, where), self.made(thing.__self__, f"{where}.__self__")]
        if isinstance(thing, types.FunctionType):
            return self._function(thing)
        if isinstance(thing, _BUILT_IN):
            held = getattr(thing, "__self__", None)
            of = [] if held is None or isinstance(held, (types.ModuleType, type)) else [self.made(held, where)]
            return ["named", _place(thing), *of]
        if isinstance(thing, np.ufunc):
            return ["ufunc", thing.__name__, *thing.types]
        if hasattr(thing, "__wrapped__") and _top(type(thing)) in (*_INSIDE, "functools"):
            # Compiled, or remembering: its options change no number.
            return ["wraps", _place(type(thing)), self.made(thing.__wrapped__, where)]
        if _top(type(thing)) in _INSIDE or thing is _STREAM:
            return ["named", _place(type(thing)), str(getattr(thing, "__name__", ""))]
        return self._state(thing, where)

    def anything(self, thing: object, where: str) -> Json:
        """As `made`; the name of its class, where nothing can be told of what it holds: a file, a lock."""
        met = dict(self._met)
        try:
            return self.made(thing, where)
        except (BadValue, RecursionError):
            self._met = met
            return ["some", _place(type(thing))]

    def _plain(self, value: Any, where: str) -> Any:
        """What may stand in a problem, and whatever that holds; `_NOTHING` where `value` is something else."""
        if value is None or isinstance(value, (bool, np.bool_)):
            return value if value is None else bool(value)
        if isinstance(value, enum.Enum):
            return ["enum", _place(type(value)), value.name, self.anything(value.value, where)]
        if isinstance(value, str):
            return str(value)
        if is_scalar(value):
            return ["number", _number(value)]
        if isinstance(value, (complex, bytes)):
            return [type(value).__name__, repr(value)]
        if is_key(value):
            return ["key", str(jax.random.key_impl(value)), _array(np.asarray(jax.random.key_data(value)))]
        if is_array(value) and np.asarray(value).dtype.kind in "biufcU":
            return _array(np.asarray(value))
        if is_list_of_numbers(value):
            exact = all(float(part) == part or part != part for part in value)
            return _array(np.array([float(part) for part in value])) if exact else ["numbers", [*map(_number, value)]]
        if isinstance(value, (list, tuple)):
            kind = type(value).__name__ if type(value) in (list, tuple) else _place(type(value))
            return [kind, [self.made(part, f"{where}[{i}]") for i, part in enumerate(value)]]
        if isinstance(value, dict):
            pairs = [[self._key(key, where), self.made(part, f"{where}[{key!r}]")] for key, part in value.items()]
            return ["dict", sorted(pairs, key=json.dumps)]
        if isinstance(value, (set, frozenset)):
            return ["set", sorted((self.made(part, where) for part in value), key=json.dumps)]
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            fields = {f.name: self.made(getattr(value, f.name), f"{where}.{f.name}") for f in dataclasses.fields(value)}
            return [self._class(type(value)), fields]
        return _NOTHING

    def _key(self, key: object, where: str) -> Json:
        return key if isinstance(key, str) else [self.made(key, f"a key of {where}")]

    def _function(self, function: types.FunctionType) -> Json:
        """Name, closure, defaults; and code and what it reads around it, where no version vouches for them.

        What a decorator returns is spelled as it is: the function inside it stands in its closure.
        """
        own = is_own(function.__module__)
        inside = self.made if own else self.anything
        cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
        around = {name: inside(cell, f"{name!r}, which run reads,") for name, cell in _filled(cells)}
        defaults = inside([list(function.__defaults__ or ()), function.__kwdefaults__ or {}], "run's default")
        told = [_place(function), around, defaults]
        if not own:
            return (
                told if _top(function) in (*_VOUCHED, *sys.stdlib_module_names) else [*told, code_of(function.__code__)]
            )
        used = names_in(function.__code__)
        read = {name: function.__globals__[name] for name in sorted(used & function.__globals__.keys())}
        return [*told, code_of(function.__code__), {name: self._read(value, used) for name, value in read.items()}]

    def _read(self, value: object, used: set[str]) -> Json:
        """A global: of a module of the user's own also what `used` names in it, which may have been set since."""
        if isinstance(value, types.ModuleType) and is_own(value.__name__):
            held = {name: self.anything(vars(value)[name], name) for name in sorted(used & vars(value).keys())}
            return [self.made(value, "global"), held]
        return self.anything(value, "global")

    def _class(self, cls: type) -> Json:
        """A class by its name; one of the user's own also by its methods, its constants, and those it inherits."""
        if not is_own(cls.__module__) or id(cls) in self._met:
            return _place(cls)
        self._met[id(cls)] = len(self._met), cls
        members = {name: _of_member(member) for name, member in vars(cls).items()}
        told = {
            name: self.anything(member, name)
            for name, member in sorted(members.items())
            # Written ones, and constants: not what Python notes about a class.
            if isinstance(member, types.FunctionType) or not (name.startswith("__") or isinstance(member, _SLOTS))
        }
        return [_place(cls), told, [self._class(base) for base in cls.__bases__]]

    def _state(self, thing: object, where: str) -> Json:
        """What copying it would take: its class, and the values it holds."""
        try:
            reduce = copyreg.dispatch_table.get(type(thing))
            reduced = reduce(thing) if reduce else thing.__reduce_ex__(2)
        except Exception:  # it may not be copied
            reduced = None
        if type(thing) is object or not isinstance(reduced, (str, tuple)):
            raise _nameless(where, thing)
        if isinstance(reduced, str):
            return ["named", _place(type(thing)), reduced]
        parts = [list(part) if i > 2 and part is not None else part for i, part in enumerate(reduced)]
        return ["object", self._class(type(thing)), *(self.made(part, where) for part in parts)]


class SpelledProblem(Spelled):
    """Numbers, texts, arrays, keys, dataclasses and functions, as deep as they go; other objects are no problems."""

    def made(self, thing: object, where: str) -> Json:
        plain = self._plain(thing, where)
        if plain is _NOTHING and not callable(thing):
            raise _nameless(where, thing)
        return Spelled().made(thing, where) if plain is _NOTHING else plain


def _nameless(where: str, thing: object) -> BadValue:
    return BadValue(
        f"{where} is {type(thing).__name__}, but a cache needs an address, which only numbers, texts, arrays, keys, "
        "dataclasses and functions have. Pass the numbers it stands for, or cache=None."
    )


def _number(value: object) -> str:
    """Exactly: what no float64 holds keeps all its digits."""
    as_float = float(value)
    if as_float == value or value != value:
        return as_float.hex()
    return str(int(value)) if isinstance(value, (numbers.Integral, np.integer)) else str(_fraction(value))


def _fraction(value: object) -> Fraction:
    return Fraction(*value.as_integer_ratio()) if hasattr(value, "as_integer_ratio") else Fraction(value)


def _array(values: np.ndarray) -> Json:
    if values.dtype.kind in "iuf":
        as_float = values.astype(float)
        if np.array_equal(as_float.astype(values.dtype), values, equal_nan=values.dtype.kind == "f"):
            values = as_float
        elif values.dtype.kind == "f":  # longer ones have bytes without meaning between them
            return ["array", str(values.dtype), list(values.shape), [_number(value) for value in values.ravel()]]
    digest = hashlib.sha256(np.ascontiguousarray(values).tobytes()).hexdigest()
    return ["array", str(values.dtype), list(values.shape), digest]


def _filled(
    cells: Iterable[tuple[str, types.CellType]],
) -> Iterator[tuple[str, object]]:
    for name, cell in cells:
        try:
            yield name, cell.cell_contents
        except ValueError:  # a function that is defined later
            continue


def _of_member(member: object) -> Json:
    if isinstance(member, property):
        return [member.fget, member.fset]
    if isinstance(member, functools.cached_property):
        return member.func
    return member.__func__ if isinstance(member, (staticmethod, classmethod)) else member


def _top(thing: object) -> str:
    return (thing.__module__ or "").partition(".")[0]


def _place(thing: object) -> str:
    thing = thing if hasattr(thing, "__qualname__") else type(thing)
    return f"{getattr(thing, '__module__', '')}:{thing.__qualname__}"
