"""Which classes may stand in a file, and under what names: a fixed list of rooms, and what each declares.

Importing a module runs it, so reading a file must not import what the file names. A class can be saved and restored
if its room is in `ROOMS` and the room declares it: it is public there (in `__all__`, or without an underscore where the
room is one file), or its place stands in the room's `_IN_FILES`. Nothing else is imported, and a new wing adds its name
here and its classes at home.
"""

from __future__ import annotations

import dataclasses
import enum
from importlib import import_module
from types import ModuleType
from typing import Any

_PACKAGE = __name__.rpartition(".")[0]
ROOMS = (
    "dynamics",
    "results",
    "agreement",
    "kernels",
    "observables",
    "linear",
    "lazy_rich",
    "li2",
    "best_of_k",
    "bounds",
    "comparison",
    "size_law",
    "sweeps",
    "refinement",
)


def name_of(cls: type) -> str | None:
    """The name under which a file holds an instance of `cls`; None if no file may."""
    name = f"{cls.__module__}:{cls.__qualname__}"
    return name if class_named(name) is cls else None


def class_named(name: Any) -> type | None:
    """The class of that name; None where no room declares one."""
    if not isinstance(name, str):
        return None
    module, _, qualname = name.partition(":")
    package, _, place = module.partition(".")
    room_name, _, inside = place.partition(".")
    if package != _PACKAGE or room_name not in ROOMS:
        return None
    room = import_module(f"{_PACKAGE}.{room_name}")
    place = f"{inside}:{qualname}"
    if qualname in _public(room):
        found: Any = getattr(room, qualname)
    elif place in getattr(room, "_IN_FILES", ()):
        found = getattr(import_module(module), qualname)
    else:
        return None
    return found if is_record(found) and f"{found.__module__}:{found.__qualname__}" == name else None


def is_record(thing: Any) -> bool:
    """Whether `thing` is a dataclass, an enum or a named tuple."""
    return isinstance(thing, type) and (dataclasses.is_dataclass(thing) or is_enum(thing) or is_named_tuple(thing))


def is_enum(cls: type) -> bool:
    return issubclass(cls, enum.Enum)


def is_named_tuple(cls: type) -> bool:
    return issubclass(cls, tuple) and hasattr(cls, "_fields")


def _public(room: ModuleType) -> Any:
    if hasattr(room, "__all__"):
        return room.__all__
    return [name for name, value in vars(room).items() if not name.startswith("_") and isinstance(value, type)]
