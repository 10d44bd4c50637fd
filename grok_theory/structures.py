"""Values as JSON and arrays, and back: what is restored is what could have been saved, or `DamagedFile` says where not.

Floats are written in hexadecimal, arrays by number, classes by name (`record_classes`). One value has one encoding:
what is read is encoded again and must give the same text, so nothing in a file is without meaning.
"""

from __future__ import annotations

import dataclasses
import enum
import numbers
import re
from collections.abc import Callable, Mapping
from typing import Any

import jax
import numpy as np

from .archives import KINDS
from .checks import is_traced
from .errors import BadValue, DamagedFile
from .record_classes import class_named, is_enum, is_named_tuple, name_of

# Results are some ten deep. Beyond this a value is no result, and reading it could exhaust the interpreter's stack.
DEEPEST = 64
# Python reads no longer ones from text.
_LONGEST_INTEGER = 4000
_INTEGER = re.compile(rf"-?[0-9]{{1,{_LONGEST_INTEGER}}}")


def encode(value: object, arrays: dict[str, np.ndarray], where: str = "value", depth: int = 0) -> Any:
    """JSON for `value`, whose arrays are put into `arrays`.

    Raises
    ------
    BadValue
        Naming the part that cannot be saved.
    """
    if depth > DEEPEST:
        raise BadValue(f"{where[:80]}... is {depth} deep, but at most {DEEPEST} can be saved. Save its parts.")
    inside = depth + 1
    if is_traced(value):
        raise BadValue(
            f"{where} is traced: it has no number yet, so it cannot be saved. Save what the transformed function "
            "returns."
        )
    if value is None or (isinstance(value, (bool, str)) and not isinstance(value, enum.Enum)):
        return {"plain": value}
    if isinstance(value, enum.Enum):
        return {"class": _named(type(value), where), "member": value.name}
    if isinstance(value, int):
        if abs(value) >= 10**_LONGEST_INTEGER:
            raise BadValue(
                f"{where} has more than {_LONGEST_INTEGER} digits, so it cannot be saved. Save it as a text."
            )
        return {"int": str(value)}
    if isinstance(value, float):
        return {"float": float(value).hex()}
    if isinstance(value, complex):
        return {"complex": [value.real.hex(), value.imag.hex()]}
    if dataclasses.is_dataclass(type(value)):
        name = _named(type(value), where)
        parts = {
            field.name: encode(getattr(value, field.name), arrays, f"{where}.{field.name}", inside)
            for field in dataclasses.fields(value)
        }
        return {"class": name, "fields": parts}
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            raise BadValue(f"{where} has keys that are not texts, but only texts can be saved. Rename the keys.")
        return {"dict": {str(key): encode(part, arrays, f"{where}[{key}]", inside) for key, part in value.items()}}
    if is_named_tuple(type(value)):
        parts = [encode(v, arrays, f"{where}.{n}", inside) for n, v in zip(value._fields, value, strict=True)]
        return {"class": _named(type(value), where), "items": parts}
    if isinstance(value, (list, tuple)):
        kind = "list" if isinstance(value, list) else "tuple"
        return {kind: [encode(part, arrays, f"{where}[{i}]", inside) for i, part in enumerate(value)]}
    if hasattr(value, "dtype") and jax.numpy.issubdtype(value.dtype, jax.dtypes.prng_key):
        data = _kept(np.asarray(jax.random.key_data(value)), arrays)
        return {"key": data, "impl": str(jax.random.key_impl(value))}
    if isinstance(value, (np.ndarray, np.generic, jax.Array)):
        array = np.asarray(value)
        if array.dtype.kind in KINDS:
            array = array.astype(array.dtype.newbyteorder("="), copy=False)
            return {"scalar" if isinstance(value, np.generic) else "array": _kept(array, arrays)}
    raise BadValue(
        f"{where} is {type(value).__name__}, but only numbers, texts, arrays, keys and records of grok_theory can be "
        "saved. Save the numbers you need instead."
    )


def decode(structure: Any, arrays: Mapping[str, np.ndarray], source: str, written_by: str = "") -> Any:
    """The value that `encode` made `structure` and `arrays` from.

    Raises
    ------
    DamagedFile
        Naming the difference: an unknown class, other fields than the class has, other kinds of value, an array that is
        missing, used twice or not at all.
    """
    value = _Decoder(arrays, source, written_by).value(structure, "value", 0)
    again: dict[str, np.ndarray] = {}
    try:
        same = encode(value, again) == structure
    except BadValue as error:
        raise DamagedFile(f"{source} holds what no file of this version holds: {error}") from error
    unused = sorted(set(arrays) - set(again))
    if unused:
        raise DamagedFile(f"{source} holds the array {unused[0][:40]!r}, which no part of it uses. Make it again.")
    if not same:
        raise DamagedFile(f"{source} holds parts that are not written as this version writes them. Make it again.")
    return value


@dataclasses.dataclass(frozen=True)
class _Decoder:
    arrays: Mapping[str, np.ndarray]
    source: str
    written_by: str

    def value(self, part: Any, where: str, depth: int) -> Any:
        inside = depth + 1
        if depth > DEEPEST or not isinstance(part, dict):
            raise self.unlike(where, part)
        match part:
            case {"plain": value} if value is None or isinstance(value, (bool, str)):
                return value
            case {"int": str(text)} if _INTEGER.fullmatch(text):
                return int(text)
            case {"float": str(text)}:
                return self.attempt(float.fromhex, where, text)
            case {"complex": [str(real), str(imag)]}:
                return complex(self.attempt(float.fromhex, where, real), self.attempt(float.fromhex, where, imag))
            case {"class": name, "member": str(member)}:
                cls = self.cls(name, where, is_enum)
                if member not in cls.__members__:
                    raise DamagedFile(
                        f"{self.source}: {where} is {cls.__name__}.{member}, but this version has only "
                        f"{', '.join(cls.__members__)}. {self.remedy}"
                    )
                return cls[member]
            case {"class": name, "fields": dict(fields)}:
                return self.record(self.cls(name, where, dataclasses.is_dataclass), fields, where, inside)
            case {"class": name, "items": list(items)}:
                cls = self.cls(name, where, is_named_tuple)
                if len(items) != len(cls._fields):
                    raise DamagedFile(
                        f"{self.source}: {where} is a {cls.__name__} of {len(items)} parts, but this version's has "
                        f"{len(cls._fields)}: {', '.join(cls._fields)}. {self.remedy}"
                    )
                parts = zip(cls._fields, items, strict=True)
                return cls(*(self.value(item, f"{where}.{field}", inside) for field, item in parts))
            case {"dict": dict(parts)}:
                return {key: self.value(value, f"{where}[{key}]", inside) for key, value in parts.items()}
            case {"list": list(parts)}:
                return [self.value(value, f"{where}[{i}]", inside) for i, value in enumerate(parts)]
            case {"tuple": list(parts)}:
                return tuple(self.value(value, f"{where}[{i}]", inside) for i, value in enumerate(parts))
            case {"key": name, "impl": str(impl)}:
                data = jax.numpy.asarray(self.array(name, where))
                return self.attempt(lambda kind: jax.random.wrap_key_data(data, impl=kind), where, impl)
            case {"array": name}:
                return self.array(name, where)
            case {"scalar": name}:
                return self.array(name, where)[()]
        raise self.unlike(where, part)

    def record(self, cls: Any, parts: dict[str, Any], where: str, depth: int) -> Any:
        """An instance with these fields, without its constructor: a gradient or a batch need not pass its checks."""
        fields = dataclasses.fields(cls)
        names = [field.name for field in fields]
        more, fewer = [n for n in parts if n not in names], [n for n in names if n not in parts]
        if more or fewer:
            differences = [*(f"has a field {n!r} too many" for n in more), *(f"lacks the field {n!r}" for n in fewer)]
            raise DamagedFile(
                f"{self.source}: {where} is a {cls.__name__} that {' and '.join(differences)}; this version's has "
                f"{', '.join(names) or 'none'}. {self.remedy}"
            )
        self_ = object.__new__(cls)
        for field in fields:
            value = self.value(parts[field.name], f"{where}.{field.name}", depth)
            if not _is_said(value, field, getattr(cls, "_static", None)):
                raise DamagedFile(
                    f"{self.source}: {where}.{field.name} is {str(value)[:60]!r} ({type(value).__name__}), but this "
                    f"version's is {field.type}. {self.remedy}"
                )
            object.__setattr__(self_, field.name, value)
        return self_

    def cls(self, name: Any, where: str, is_right: Callable[[Any], bool]) -> Any:
        found = class_named(name)
        if found is None or not is_right(found):
            raise DamagedFile(
                f"{self.source}: {where} names the class {str(name)[:80]!r}, which is no record of this version of "
                f"grok_theory. {self.remedy}"
            )
        return found

    def array(self, name: Any, where: str) -> np.ndarray:
        if not isinstance(name, str) or name not in self.arrays:
            raise DamagedFile(f"{self.source} lacks the array {str(name)[:40]!r}, which is {where}. Make it again.")
        return self.arrays[name]

    def attempt(self, read: Callable[[str], Any], where: str, text: str) -> Any:
        try:
            return read(text)
        except (ValueError, TypeError, OverflowError):
            raise self.unlike(where, text) from None

    def unlike(self, where: str, part: Any) -> DamagedFile:
        return DamagedFile(
            f"{self.source}: {where[:80]} is {_shown(part)}, which this version does not know. {self.remedy}"
        )

    @property
    def remedy(self) -> str:
        by = f" ({self.written_by})" if self.written_by else ""
        return f"Read it with the version that wrote it{by}, or make it again."


def _shown(part: Any) -> str:
    """The beginning of a part, however deep it goes: `str` of thousands of nested lists would exhaust the stack."""
    return f"{type(part).__name__} of {len(part)} parts" if isinstance(part, (dict, list)) else repr(part)[:60]


def _named(cls: type, where: str) -> str:
    name = name_of(cls)
    if name is None:
        raise BadValue(
            f"{where} is a {cls.__module__}.{cls.__qualname__}, but only classes of grok_theory can be saved, those "
            "that its rooms declare. Save its numbers in a dict instead."
        )
    return name


def _kept(array: np.ndarray, arrays: dict[str, np.ndarray]) -> str:
    key = f"array{len(arrays)}"
    arrays[key] = array
    return key


def _is_said(value: object, field: dataclasses.Field, structural: tuple[str, ...] | None) -> bool:
    """Whether a field holds what its class says; what is said in other words than these is not looked at.

    `structural`: the fields of the class that are no data to JAX, None where it is no pytree. Data may be arrays.
    """
    said = getattr(field.type, "__name__", field.type)
    if structural is None:
        return said != "str" or isinstance(value, str)
    if field.name not in structural:
        is_array = isinstance(value, (np.ndarray, jax.Array))
        return (
            said not in ("int", "float", "int | None", "float | None") or is_array or value is None or _is_real(value)
        )
    match said:
        case "str":
            return isinstance(value, str)
        case "bool":
            return isinstance(value, (bool, np.bool_))
        case "int":
            return _is_whole(value)
        case "float":
            return _is_real(value)
        case "int | None":
            return value is None or _is_whole(value)
        case "float | None":
            return value is None or _is_real(value)
        case "tuple[str, ...]":
            return isinstance(value, tuple) and all(isinstance(part, str) for part in value)
    return True


def _is_real(value: object) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, (bool, np.bool_))


def _is_whole(value: object) -> bool:
    return _is_real(value) and value == value and value not in (np.inf, -np.inf) and value == int(value)
