"""Which classes may stand in a file, and under what names: a fixed list of rooms, and what each declares.

A name is `grok_theory.linear:TeacherStudent`, the public room and the class: in which file of the room a class is
written is no part of the format. Importing a module runs it, so reading a file must not import what the file names. A
class can be saved and restored if its room is in `ROOMS` and the room declares it: it is public there (in `__all__`,
or without an underscore where the room is one file), or it stands in the room's `_IN_FILES`, as `file:Class`. Nothing
else is imported.
"""

from __future__ import annotations

import dataclasses
import enum
from importlib import import_module
from types import ModuleType
from typing import Any

from .rooms import NAMESPACES

_PACKAGE = __name__.rpartition(".")[0]
ROOMS = (
    "conditions",
    "dynamics",
    "named_axes",
    "status",
    "results",
    "agreement",
    "applicability",
    "kernels",
    "observables",
    *NAMESPACES,
    "bounds",
    "comparison",
    "assumptions",
    "ranking",
    "overlays",
    "designs",
    "fits",
    "size_law",
    "sweeps",
    "refinement",
)


def name_of(cls: type) -> str | None:
    """The name under which a file holds an instance of `cls`; None if no file may."""
    above = [room for room in ROOMS if f"{cls.__module__}.".startswith(f"{_PACKAGE}.{room}.")]
    # A room inside another declares its own.
    for room in sorted(above, key=len, reverse=True):
        if _declared(room, cls.__qualname__) is cls and is_record(cls):
            return f"{_PACKAGE}.{room}:{cls.__qualname__}"
    return None


def class_named(name: Any) -> type | None:
    """The class of that name; None where no room declares one."""
    if not isinstance(name, str):
        return None
    place, _, qualname = name.partition(":")
    package, _, room = place.partition(".")
    if package != _PACKAGE or room not in ROOMS:
        return None
    found = _declared(room, qualname)
    # What a room only shows, and another declares, has the other's name.
    return found if is_record(found) and name_of(found) == name else None


def is_record(thing: Any) -> bool:
    """Whether `thing` is a dataclass, an enum or a named tuple."""
    return isinstance(thing, type) and (dataclasses.is_dataclass(thing) or is_enum(thing) or is_named_tuple(thing))


def is_enum(cls: type) -> bool:
    return issubclass(cls, enum.Enum)


def is_named_tuple(cls: type) -> bool:
    return issubclass(cls, tuple) and hasattr(cls, "_fields")


def _declared(room: str, name: str) -> Any:
    """What the room declares under that name; None where it declares nothing."""
    module = import_module(f"{_PACKAGE}.{room}")
    if name in _public(module):
        return getattr(module, name)
    for place in getattr(module, "_IN_FILES", ()):
        file, _, inside = place.partition(":")
        if inside == name:
            return getattr(import_module(f"{_PACKAGE}.{room}.{file}"), name)
    return None


def _public(room: ModuleType) -> Any:
    if hasattr(room, "__all__"):
        return room.__all__
    return [name for name, value in vars(room).items() if not name.startswith("_") and isinstance(value, type)]
