"""Values, functions and objects as JSON that is the same in every process, and differs where they do.

A function is spelled by its code, its constants, and the values it takes from around it; so is every function of the
user's own that it calls, and every object by what it holds. What comes from an installed package is named, with what
it holds: `jax.grad(f)` is no `f`, and a spline is its knots.
"""

from __future__ import annotations

import collections
import contextvars
import copyreg
import dataclasses
import enum
import functools
import json
import numbers
import sys
import types
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import jax
import numpy as np

from ..errors import BadValue
from ..provenance import COMPUTING
from .code import code_of, home_of, is_own, names_in, own_imports, source_of
from .plain_numbers import array, is_key, is_plain, number

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
_VIEWS = (types.MappingProxyType, type({}.keys()), type({}.values()), type({}.items()))
# Python's own that others inherit from, and how to be rid of the heir's methods.
_BARE: dict[type, Callable[[Any], Any]] = {
    bool: bool,
    int: int.__int__,
    float: float.__float__,
    complex: complex.__complex__,
    str: str.__str__,
    bytes: lambda value: memoryview(value).tobytes(),
    list: lambda value: [*list.__iter__(value)],
    tuple: lambda value: (*tuple.__iter__(value),),
    dict: lambda value: dict(dict.items(value)),
    set: lambda value: {*set.__iter__(value)},
    frozenset: lambda value: frozenset(frozenset.__iter__(value)),
}
# What Python notes about a class, an enum about its members, JAX about what it compiles.
_NOTED = {
    *("__module__", "__qualname__", "__doc__", "__dict__", "__weakref__", "__annotations__", "__annotations_cache__"),
    *("__annotate__", "__annotate_func__", "__firstlineno__", "__static_attributes__", "__slots__", "_abc_impl"),
    *("__dataclass_fields__", "__dataclass_params__", "__match_args__", "__parameters__", "__orig_bases__"),
}
_OF_MEMBERS = {"_value_", "_name_", "__objclass__", "_sort_order_"}
_OF_COMPILED = {"_fun", "_jit_info"}


class Spelled:
    """One walk through a value; what was met before is named by its number, so that circles end."""

    def __init__(self) -> None:
        # With the thing itself: an address in memory may be given to another one as soon as it is gone.
        self._met: dict[int, tuple[int, Any]] = {}
        self._strict = True
        self._modules: dict[str, types.ModuleType] = {}
        self._used: set[str] = set()

    @staticmethod
    def whole(thing: object, where: str) -> Json:
        """`made`, and what the modules of the user's own that were met hold under any name that was met.

        Which function looks up what in which module cannot be told: a module may be handed on, or lie in another one.
        """
        loaded, told = -1, None
        while loaded < len(sys.modules):  # an import inside a function loads what was looked through before
            loaded, walk = len(sys.modules), Spelled()
            told = [walk.made(thing, where), walk._looked_up()]
        return told

    def _looked_up(self) -> Json:
        held: dict[tuple[str, str], Json] = {}
        while left := [key for key in self._names() if key not in held]:
            for name, part in left:
                held[name, part] = self.anything(vars(self._modules[name])[part], part)
        return [[*key, told] for key, told in sorted(held.items())]

    def _names(self) -> list[tuple[str, str]]:
        met = sorted(self._modules.items())
        return [(name, part) for name, module in met for part in sorted(self._used & vars(module).keys())]

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
            if is_own(thing.__name__):
                self._modules[thing.__name__] = thing
            return ["module", thing.__name__, source_of(thing.__name__)]
        if isinstance(thing, type):
            return self._class(thing)
        if id(thing) in self._met:
            return ["again", self._met[id(thing)][0]]
        self._met[id(thing)] = len(self._met), thing
        if isinstance(thing, functools.partial):
            parts = thing.func, list(thing.args), thing.keywords, _attributes(thing)
            return ["partial", self._class(type(thing)), *(self.made(part, where) for part in parts)]
        if isinstance(thing, types.MethodType):
            return ["method", self.made(thing.__func__, where), self.made(thing.__self__, f"{where}.__self__")]
        if isinstance(thing, types.FunctionType):
            return self._function(thing)
        if isinstance(thing, types.CodeType):
            return ["code", code_of(thing)]
        if isinstance(thing, memoryview):
            return ["memoryview", thing.format, list(thing.shape or ()), repr(thing.tobytes())]
        if isinstance(thing, contextvars.ContextVar):
            return ["variable", thing.name, self.made(_value_of(thing), where)]
        if isinstance(thing, (property, functools.cached_property, staticmethod, classmethod)):
            return [_place(type(thing)), self.made(_of_member(thing), where)]
        if isinstance(thing, _VIEWS):
            return [_place(type(thing)), self.made(dict(thing) if hasattr(thing, "keys") else list(thing), where)]
        if isinstance(thing, _BUILT_IN):
            held = getattr(thing, "__self__", None)
            of = [] if held is None or isinstance(held, (types.ModuleType, type)) else [self.made(held, where)]
            return ["named", _place(thing), *of]
        if isinstance(thing, np.ufunc):
            return ["ufunc", thing.__name__, *thing.types]
        if hasattr(thing, "__wrapped__") and _top(type(thing)) in (*_INSIDE, "functools"):
            return self._wrapping(thing, where)
        if _top(type(thing)) in _INSIDE or thing is _STREAM:
            return self._of_jax(thing, where)
        return self._state(thing, where)

    def anything(self, thing: object, where: str) -> Json:
        """As `made`; what in it cannot tell what it holds (a file, a lock) is the name of its class."""
        met, strict, self._strict = len(self._met), self._strict, False
        try:
            return self.made(thing, where)
        except RecursionError:
            for key in list(self._met)[met:]:
                del self._met[key]
            return ["some", _place(type(thing))]
        finally:
            self._strict = strict

    def _plain(self, value: Any, where: str) -> Any:
        """What may stand in a problem, and whatever that holds; `_NOTHING` where `value` is something else."""
        kind = type(value)
        if value is None or kind in (bool, str):
            return value
        if isinstance(value, enum.Enum):
            own = {name: part for name, part in _attributes(value).items() if name not in _OF_MEMBERS}
            value_of = self.anything(value.value, where)
            return ["enum", self._class(kind), value.name, value_of, self.made(own, where)]
        if is_plain(value):
            return ["number", number(value)]
        if kind in (complex, bytes):
            return [kind.__name__, repr(value)]
        if is_key(value):
            return ["key", str(jax.random.key_impl(value)), array(np.asarray(jax.random.key_data(value)))]
        if isinstance(value, jax.Array):
            # One that is weak takes the width of what it meets.
            return ["jax", bool(value.weak_type), self._numbers(np.asarray(value), where)]
        if kind in (np.ndarray, np.memmap) or (isinstance(value, np.generic) and kind is value.dtype.type):
            return [*(["scalar"] if isinstance(value, np.generic) else []), self._numbers(np.asarray(value), where)]
        if kind in (list, tuple):
            return [kind.__name__, self._items(value, where)]
        if kind is dict:
            # In their order, in which they may be added up; that of a problem in a dict is the alphabet's.
            pairs = value.items()
            return ["dict", [[self._key(key, where), self.made(part, f"{where}[{key!r}]")] for key, part in pairs]]
        if kind in (set, frozenset):
            members: Any = value
            return [kind.__name__, sorted((self.made(part, where) for part in members), key=json.dumps)]
        if isinstance(value, np.ma.MaskedArray):
            return _NOTHING
        if isinstance(value, np.ndarray):
            told = self._numbers(np.asarray(value), where)
            return ["kin", self._class(kind), told, self.made(_attributes(value), where)]
        for base, bare in _BARE.items():
            if isinstance(value, base):
                return self._kin(value, bare(value), where)
        if isinstance(value, numbers.Real):
            return ["kin", self._class(kind), number(value), self.made(_attributes(value), where)]
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            names = [field.name for field in dataclasses.fields(value)]
            fields = {name: self.made(getattr(value, name), f"{where}.{name}") for name in names}
            others = {name: part for name, part in _attributes(value).items() if name not in names}
            return [self._class(kind), fields, *([self.made(others, where)] if others else [])]
        return _NOTHING

    def _kin(self, value: Any, bare: Any, where: str) -> Json:
        """An object that is also a dict, a list, a number: its class, what Python's own would hold, and the rest."""
        rest = _attributes(value)
        if isinstance(value, collections.defaultdict):
            rest = {**rest, "": value.default_factory}
        return ["kin", self._class(type(value)), self.made(bare, where), self.made(rest, where)]

    def _items(self, values: list | tuple, where: str) -> Json:
        if len(values) and all(map(is_plain, values)):
            exact = all(float(part) == part or part != part for part in values)
            return array(np.array([float(part) for part in values])) if exact else ["numbers", [*map(number, values)]]
        return [self.made(part, f"{where}[{i}]") for i, part in enumerate(values)]

    def _key(self, key: object, where: str) -> Json:
        return key if type(key) is str else [self.made(key, f"a key of {where}")]

    def _numbers(self, values: np.ndarray, where: str) -> Json:
        """An array by its bytes, where they are all it is; by its fields or its items where they are not."""
        if values.dtype.names is not None:
            fields = [self._numbers(values[name], where) for name in values.dtype.names]
            return ["record", str(values.dtype), list(values.shape), fields]
        if values.dtype.kind in "biufcSUMmV":
            return array(values)
        parts = [self.made(part, where) for part in values.ravel().tolist()]
        return ["array", str(values.dtype), list(values.shape), parts]

    def _function(self, function: types.FunctionType) -> Json:
        """Name, closure, defaults; and code and what it reads around it, where no version vouches for them.

        What a decorator returns is spelled as it is: the function inside it stands in its closure.
        """
        home, code = home_of(function), function.__code__
        own = is_own(home)
        inside = self.made if own else self.anything
        cells = zip(code.co_freevars, function.__closure__ or (), strict=True)
        around = {name: inside(cell, f"{name!r}, which run reads,") for name, cell in _filled(cells)}
        defaults = inside([list(function.__defaults__ or ()), function.__kwdefaults__ or {}], "run's default")
        # By both names: `functools.wraps` gives it that of the function inside.
        told = [_place(function), f"{home}:{code.co_qualname}", around, defaults]
        if not own:
            vouched = (*_VOUCHED, *sys.stdlib_module_names)
            return told if home.partition(".")[0] in vouched else [*told, code_of(code)]
        used = names_in(code)
        self._used |= used
        read = {name: function.__globals__[name] for name in sorted(used & function.__globals__.keys())}
        read = {name: self.anything(value, "global") for name, value in read.items()}
        imported = [self.anything(module, "import") for module in own_imports(function)]
        attributes = {name: self.anything(value, name) for name, value in sorted(vars(function).items())}
        return [*told, code_of(code), read, imported, attributes]

    def _wrapping(self, thing: Any, where: str) -> Json:
        """Compiled, or remembering: its options change no number. The rules of its derivatives do."""
        rules = {name: part for name, part in _attributes(thing).items() if name not in _OF_COMPILED}
        rules = {name: self.anything(part, name) for name, part in sorted(rules.items()) if not name.startswith("__")}
        return ["wraps", _place(type(thing)), self.made(thing.__wrapped__, where), rules]

    def _of_jax(self, thing: Any, where: str) -> Json:
        """By its name, or by its text: that of an object which tells nothing holds its address in memory."""
        if isinstance(thing, (jax.stages.Compiled, jax.stages.Lowered)):
            raise _nameless(where, thing)  # a program, with numbers inside
        name = str(getattr(thing, "__name__", ""))
        text = "" if thing is _STREAM or name else repr(thing)
        inside = getattr(thing, "_ufunc__static_props", {}).get("func"), getattr(thing, "consts", None)
        of = [self.anything(part, where) for part in inside]
        return ["named", _place(type(thing)), name, "" if " at 0x" in text else text, of]

    def _class(self, cls: type) -> Json:
        """A class by its name; one of the user's own also by its methods, its constants, and those it inherits."""
        if not _is_own_class(cls) or id(cls) in self._met:
            return _place(cls)
        self._met[id(cls)] = len(self._met), cls
        members = {name: _of_member(member) for name, member in vars(cls).items()}
        told = {
            name: self.anything(member, name)
            for name, member in sorted(members.items())
            if not (name in _NOTED or isinstance(member, _SLOTS))
        }
        known: Any = members.get("__dataclass_fields__")
        if known is not None:  # their defaults stand in `__init__`
            notes = {name: dict(field.metadata) for name, field in known.items()}
            told["__dataclass_fields__"] = self.anything(notes, cls.__qualname__)
        return [_place(cls), told, [self._class(base) for base in (*cls.__bases__, type(cls))]]

    def _state(self, thing: object, where: str) -> Json:
        """What copying it would take: its class, and the values it holds."""
        try:
            reduce = copyreg.dispatch_table.get(type(thing))
            reduced = reduce(thing) if reduce else thing.__reduce_ex__(2)
        except Exception:  # it may not be copied
            reduced = None
        if type(thing) is object or not isinstance(reduced, (str, tuple)):
            if not self._strict:
                own = is_own(type(thing).__module__)
                return ["some", self._class(type(thing)), *([self.made(_attributes(thing), where)] if own else [])]
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
        return Spelled.whole(thing, where) if plain is _NOTHING else plain

    def anything(self, thing: object, where: str) -> Json:
        return Spelled().anything(thing, where)

    def _class(self, cls: type) -> Json:
        return Spelled.whole(cls, "problem") if _is_own_class(cls) else _place(cls)


def _nameless(where: str, thing: object) -> BadValue:
    return BadValue(
        f"{where} is {type(thing).__name__}, but a cache needs an address, which only numbers, texts, arrays, keys, "
        "dataclasses and functions have. Pass the numbers it stands for, or cache=None."
    )


def _attributes(thing: object) -> dict[str, Any]:
    """What was set on an object; not what it noted itself, in a property that remembers."""
    found = dict(getattr(thing, "__dict__", None) or {})
    for cls in type(thing).__mro__:
        for name, member in vars(cls).items():
            if isinstance(member, functools.cached_property):
                found.pop(name, None)
            elif isinstance(member, types.MemberDescriptorType) and is_own(cls.__module__):
                try:
                    found.setdefault(name, member.__get__(thing))
                except AttributeError:  # never set
                    continue
    return dict(sorted(found.items(), key=lambda pair: str(pair[0])))


def _filled(
    cells: Iterable[tuple[str, types.CellType]],
) -> Iterator[tuple[str, object]]:
    for name, cell in cells:
        try:
            yield name, cell.cell_contents
        except ValueError:  # a function that is defined later
            continue


def _value_of(variable: contextvars.ContextVar) -> object:
    try:
        return variable.get()  # the default is its own
    except LookupError:
        return None


def _is_own_class(cls: type) -> bool:
    """Also one that says it is another's, for `functools.wraps`, or has got a method of the user's own."""
    if is_own(cls.__module__):
        return True
    functions = (part for part in map(_of_member, vars(cls).values()) if isinstance(part, types.FunctionType))
    homes = {home_of(function) for function in functions}
    # What is written on the spot for an installed class (a namedtuple's `__new__`) has a home that is none.
    return any(home in sys.modules and is_own(home) for home in homes)


def _of_member(member: object) -> Json:
    if isinstance(member, property):
        return [member.fget, member.fset, member.fdel]
    if isinstance(member, functools.cached_property):
        return member.func
    return member.__func__ if isinstance(member, (staticmethod, classmethod)) else member


def _top(thing: object) -> str:
    return (thing.__module__ or "").partition(".")[0]


def _place(thing: object) -> str:
    thing = thing if hasattr(thing, "__qualname__") else type(thing)
    return f"{getattr(thing, '__module__', '')}:{thing.__qualname__}"
