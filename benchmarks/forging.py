"""Result files as a stranger, another version or a fault could write them: wrong inside, with a checksum that fits.

Made with `zipfile`, `json` and `hashlib` alone, so that what reads them shares nothing with what makes them.
"""

from __future__ import annotations

import copy
import hashlib
import io
import json
import random
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

Members = list[tuple[str, bytes]]
_MARK = b"sha256:"
HUGE = "9" * 1_000_000


def members_of(content: bytes) -> Members:
    """Names and bytes of everything in an archive."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return [(name, archive.read(name)) for name in archive.namelist()]


def sealed(members: Members, *, compression: int = zipfile.ZIP_STORED) -> bytes:
    """An archive of these members with a checksum that fits."""
    import warnings

    buffer = io.BytesIO()
    with warnings.catch_warnings():  # that a name stands twice is the point
        warnings.simplefilter("ignore")
        with zipfile.ZipFile(buffer, "w", compression) as archive:
            for name, content in members:
                archive.writestr(name, content)
            archive.comment = _MARK + b"0" * 64
    return resealed(buffer.getvalue())


def resealed(content: bytes) -> bytes:
    """The bytes with the checksum that fits them."""
    body = content[: -len(_MARK) - 64]
    return body + _MARK + hashlib.sha256(body).hexdigest().encode()


def array(values: Any) -> bytes:
    """The bytes of an `.npy`; objects are pickled, which is what a stranger would try."""
    buffer = io.BytesIO()
    np.save(buffer, np.asarray(values), allow_pickle=True)
    return buffer.getvalue()


def header(descr: str, shape: str, data: bytes = b"", order: str = "False") -> bytes:
    """An `.npy` that claims this dtype and shape, whatever it holds."""
    said = f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}".encode()
    said += b" " * (-(len(said) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(said).to_bytes(2, "little") + said + data


def structure_of(members: Members) -> Any:
    text = dict(members)["structure.npy"]
    return json.loads(text[10 + int.from_bytes(text[8:10], "little") :])


def with_structure(members: Members, structure: Any) -> Members:
    """The members with another structure: a value that JSON knows, or a text as it is."""
    text = structure if isinstance(structure, str) else json.dumps(structure)
    packed = array(np.frombuffer(text.encode(errors="surrogatepass"), np.uint8))
    return [(name, packed if name == "structure.npy" else part) for name, part in members]


def node(structure: Any, *path: str | int) -> Any:
    """The part of a value at a path of fields, names and indices."""
    part = structure["value"]
    for step in path:
        part = part[kind_of(part)][step]
    return part


def edited(content: bytes, edit: Callable[[Any], None]) -> bytes:
    """The file with its structure edited in place."""
    members = members_of(content)
    structure = structure_of(members)
    edit(structure)
    return sealed(with_structure(members, structure))


def with_array(content: bytes, packed: bytes, *path: str | int) -> bytes:
    """The file with other bytes for the array at a path of its value."""
    members = members_of(content)
    part = node(structure_of(members), *path)
    name = part.get("array", part.get("scalar")) + ".npy"
    return sealed([(each, packed if each == name else old) for each, old in members])


def random_parts(good: bytes, count: int, seed: int) -> Iterator[bytes]:
    """The file with one to three random changes of its structure, sealed again."""
    draw = random.Random(seed)
    members = members_of(good)
    structure = structure_of(members)
    for _ in range(count):
        changed = copy.deepcopy(structure)
        for _ in range(draw.choice((1, 1, 2, 3))):
            _spoil(changed, draw)
        yield sealed(with_structure(members, changed))


def random_bytes(good: bytes, count: int, seed: int) -> Iterator[bytes]:
    """The file with one to four random bytes changed, or a stretch cut out or doubled, sealed again."""
    draw = random.Random(seed)
    for _ in range(count):
        content = bytearray(good)
        for _ in range(draw.choice((1, 1, 2, 4))):
            at = draw.randrange(len(content) - 71)
            match draw.choice(("set", "set", "set", "cut", "double")):
                case "set":
                    content[at] = draw.randrange(256)
                case "cut":
                    del content[at : min(at + draw.randrange(1, 40), len(content) - 71)]
                case "double":
                    content[at:at] = content[at : at + draw.randrange(1, 40)]
        yield resealed(bytes(content))


def random_members(good: bytes, count: int, seed: int) -> Iterator[bytes]:
    """The file with random bytes inside one of its arrays or its structure, which its archive then vouches for."""
    draw = random.Random(seed)
    members = members_of(good)
    for _ in range(count):
        which = draw.randrange(len(members))
        content = bytearray(members[which][1])
        for _ in range(draw.choice((1, 1, 2, 4))):
            content[draw.randrange(len(content))] = draw.choice((draw.randrange(256), *b"0195[]{},:-\"' "))
        if draw.random() < 0.2:
            del content[draw.randrange(len(content)) :]
        yield sealed([(name, bytes(content) if i == which else part) for i, (name, part) in enumerate(members)])


def _spoil(structure: Any, draw: random.Random) -> None:
    """One random change somewhere in a tree of JSON."""
    places: list[tuple[Any, Any]] = []
    ahead = [structure]
    while ahead:
        part = ahead.pop()
        keys = list(part) if isinstance(part, dict) else range(len(part)) if isinstance(part, list) else ()
        places += [(part, key) for key in keys]
        ahead += [part[key] for key in keys]
    inside, key = draw.choice(places)
    other = draw.choice(places)
    junk = [
        None,
        True,
        0,
        -1,
        1.5,
        "",
        "x",
        HUGE[:5000],
        [],
        {},
        [[]],
        {"plain": "x"},
        {"float": "nan"},
        {"int": "-7"},
    ]
    junk += [{"array": f"array{draw.randrange(12)}"}, {"list": []}, {"dict": {}}, {"class": "os:system", "fields": {}}]
    match draw.choice(("drop", "replace", "replace", "swap", "add", "rename")):
        case "drop":
            del inside[key]
        case "swap":
            inside[key] = copy.deepcopy(other[0][other[1]]) if other[1] in _keys(other[0]) else None
        case "add" if isinstance(inside, dict):
            inside[draw.choice(("new", "fields", "level", "plain", "x"))] = draw.choice(junk)
        case "rename" if isinstance(inside, dict):
            inside[f"{key}_"] = inside.pop(key)
        case _:
            inside[key] = draw.choice(junk)


def _keys(part: Any) -> Any:
    return part.keys() if isinstance(part, dict) else range(len(part))


def kind_of(part: Any) -> str:
    """Under which name a structured part holds its parts."""
    return next(kind for kind in ("fields", "dict", "list", "tuple", "items") if kind in part)
