"""Files that are whole or not there, and that notice damage.

A result file is an ordinary `.npz` (read by `numpy.load(path, allow_pickle=False)` too): one array a leaf, a JSON
text `structure` that says how they hang together, and, as the zip's comment, the SHA-256 of everything before it.
Nothing is pickled; a class is restored by name, and only from inside `grok_theory`.
"""

from __future__ import annotations

import dataclasses
import enum
import hashlib
import importlib
import io
import json
import os
import secrets
import zipfile
from pathlib import Path
from typing import Any

import jax
import numpy as np

from .errors import BadValue, DamagedFile
from .interruption import unfinished

FORMAT = "grok_theory 1"
_MARK = b"sha256:"
_SEAL = len(_MARK) + 64


def write_whole(path: str | os.PathLike, content: bytes) -> Path:
    """Write `content` so that `path` holds all of it or what it held before; the folder is made if missing."""
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}.part")
        try:
            with unfinished(temporary):
                with open(temporary, "xb") as file:  # not mkstemp: others may read what the umask lets them
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
                os.replace(temporary, path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise BadValue(
            f"path is {str(path)!r}, but it cannot be written: {error.strerror}. "
            "Free space or name a folder you may write to."
        ) from error
    return path


def pack(value: Any) -> bytes:
    """The bytes of a result file holding `value`: records, dicts, lists, tuples, arrays, numbers, texts, keys."""
    arrays: dict[str, np.ndarray] = {}
    structure = json.dumps({"format": FORMAT, "value": _encode(value, arrays, "value")})
    buffer = io.BytesIO()
    np.savez(buffer, structure=np.frombuffer(structure.encode(), np.uint8), **arrays)  # type: ignore[arg-type]
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.comment = _MARK + b"0" * 64
    body = buffer.getvalue()[:-_SEAL]
    return body + _MARK + hashlib.sha256(body).hexdigest().encode()


def unpack(content: bytes, *, source: str = "the file") -> Any:
    """The value in a result file's bytes; arrays come back as NumPy arrays, equal to the last bit.

    Raises `DamagedFile` where anything was truncated or altered, or the format is not ours.
    """
    body, seal = content[:-_SEAL], content[-_SEAL:]
    if not seal.startswith(_MARK):
        raise DamagedFile(
            f"{source} has no checksum: it is truncated, or no result file of grok_theory. Make it again."
        )
    if hashlib.sha256(body).hexdigest().encode() != seal[len(_MARK) :]:
        raise DamagedFile(f"{source} does not match its checksum: it was altered or damaged. Make it again.")
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        structure = json.loads(bytes(arrays["structure"]).decode())
        if structure["format"] != FORMAT:
            raise DamagedFile(
                f"{source} has format {structure['format']!r}, but this version reads {FORMAT!r}. "
                "Read it with the version that wrote it, or make it again."
            )
        return _decode(structure["value"], arrays, source)


def read(path: str | os.PathLike) -> Any:
    """`unpack` the file at `path`."""
    path = Path(path)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BadValue(
            f"path is {str(path)!r}, but it cannot be read: {error.strerror}. Name an existing result file."
        ) from error
    return unpack(content, source=str(path))


def _encode(value: Any, arrays: dict[str, np.ndarray], where: str) -> Any:
    if value is None or isinstance(value, (bool, str)):
        return {"plain": value}
    if isinstance(value, enum.Enum):
        return {"class": _name_of(type(value), where), "member": value.name}
    if isinstance(value, int):
        return {"int": str(value)}
    if isinstance(value, float):
        return {"float": value.hex()}
    if isinstance(value, complex):
        return {"complex": [value.real.hex(), value.imag.hex()]}
    if dataclasses.is_dataclass(type(value)):
        parts = {
            field.name: _encode(getattr(value, field.name), arrays, f"{where}.{field.name}")
            for field in dataclasses.fields(value)
        }
        return {"class": _name_of(type(value), where), "fields": parts}
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            raise BadValue(f"{where} has keys that are not texts, but only texts can be saved. Rename the keys.")
        return {"dict": {key: _encode(part, arrays, f"{where}[{key}]") for key, part in value.items()}}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        parts = [_encode(part, arrays, f"{where}.{name}") for name, part in zip(value._fields, value, strict=True)]
        return {"class": _name_of(type(value), where), "items": parts}
    if isinstance(value, (list, tuple)):
        kind = "list" if isinstance(value, list) else "tuple"
        return {kind: [_encode(part, arrays, f"{where}[{i}]") for i, part in enumerate(value)]}
    if hasattr(value, "dtype") and jax.numpy.issubdtype(value.dtype, jax.dtypes.prng_key):
        key = f"array{len(arrays)}"
        arrays[key] = np.asarray(jax.random.key_data(value))
        return {"key": key, "impl": str(jax.random.key_impl(value))}
    if isinstance(value, (np.ndarray, np.generic, jax.Array)):
        array = np.asarray(value)
        if array.dtype.kind in "biufcU":
            key = f"array{len(arrays)}"
            arrays[key] = array
            return {"array": key}
    raise BadValue(
        f"{where} is {type(value).__name__}, but only numbers, texts, arrays, keys and records of grok_theory can be "
        "saved. Save the numbers you need instead."
    )


def _decode(part: Any, arrays: Any, source: str) -> Any:
    match part:
        case {"plain": value}:
            return value
        case {"int": text}:
            return int(text)
        case {"float": text}:
            return float.fromhex(text)
        case {"complex": [real, imag]}:
            return complex(float.fromhex(real), float.fromhex(imag))
        case {"class": name, "member": member}:
            return _class_named(name, source)[member]
        case {"class": name, "fields": fields}:
            cls = _class_named(name, source)
            self = object.__new__(cls)  # what was saved was valid; a later version's check is the solver's business
            for field, value in fields.items():
                object.__setattr__(self, field, _decode(value, arrays, source))
            return self
        case {"class": name, "items": items}:
            return _class_named(name, source)(*(_decode(item, arrays, source) for item in items))
        case {"dict": parts}:
            return {key: _decode(value, arrays, source) for key, value in parts.items()}
        case {"list": parts}:
            return [_decode(value, arrays, source) for value in parts]
        case {"tuple": parts}:
            return tuple(_decode(value, arrays, source) for value in parts)
        case {"key": key, "impl": impl}:
            return jax.random.wrap_key_data(jax.numpy.asarray(arrays[key]), impl=impl)
        case {"array": key}:
            return arrays[key]
    raise DamagedFile(f"{source} holds a part this version does not know: {str(part)[:60]}. Make it again.")


def _name_of(cls: type, where: str) -> str:
    if cls.__module__ != "grok_theory" and not cls.__module__.startswith("grok_theory."):
        raise BadValue(
            f"{where} is a {cls.__module__}.{cls.__qualname__}, but only classes of grok_theory can be saved. "
            "Save its numbers in a dict instead."
        )
    return f"{cls.__module__}:{cls.__qualname__}"


def _is_named(cls: type) -> bool:
    return issubclass(cls, enum.Enum) or (issubclass(cls, tuple) and hasattr(cls, "_fields"))


def _class_named(name: str, source: str) -> Any:
    module, _, qualname = name.partition(":")
    inside = module == "grok_theory" or module.startswith("grok_theory.")
    try:
        if not inside:
            raise AttributeError
        cls: Any = importlib.import_module(module)
        for part in qualname.split("."):
            cls = getattr(cls, part)
        if not (isinstance(cls, type) and (dataclasses.is_dataclass(cls) or _is_named(cls))):
            raise AttributeError
        if cls.__module__ != module:  # a name imported there from elsewhere
            raise AttributeError
    except (ImportError, AttributeError):
        raise DamagedFile(
            f"{source} names the class {name!r}, which is no record of this version of grok_theory. "
            "Read it with the version that wrote it."
        ) from None
    return cls
