"""Named arrays in the bytes of an `.npz`, read strictly: only what `numpy.savez` writes, and sizes before memory.

`numpy.load` takes compressed members, headers that are Python expressions, and shapes that a file only claims to hold.
A file from a stranger is read here instead: members are stored as they are, so nothing can be larger than the file.
"""

from __future__ import annotations

import io
import math
import re
import zipfile
from collections.abc import Mapping

import numpy as np

from .errors import DamagedFile

KINDS = "biufcU"  # booleans, integers, floats, complex numbers, texts
_MAGIC = b"\x93NUMPY\x01\x00"
_HEADER = re.compile(
    rb"\{'descr': '([<>|][biufcU]\d{1,9})', 'fortran_order': (True|False), "
    rb"'shape': \(((?:\d{1,19}(?:, ?\d{1,19})*,?)?)\), \} *\n"
)


def write(arrays: Mapping[str, np.ndarray]) -> bytes:
    """The bytes of an uncompressed `.npz` with these arrays."""
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)  # type: ignore[arg-type]
    return buffer.getvalue()


def read(content: bytes, source: str) -> dict[str, np.ndarray]:
    """The arrays in these bytes, each of its own memory.

    Raises
    ------
    DamagedFile
        For anything that `write` does not make: doubled names, compressed or encrypted members, other dtypes, sizes
        that do not fit; `zipfile` raises what it likes about bytes that are no archive.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = archive.infolist()
        names = [member.filename for member in members]
        doubled = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []
        if members and min(member.header_offset for member in members) != 0:
            raise DamagedFile(f"{source} does not begin with its archive. Make it again.")
        if doubled:
            raise DamagedFile(f"{source} holds {doubled[0][:40]!r} twice. Make it again.")
        for member in members:
            if not _is_plain(member, content):
                raise DamagedFile(f"{source} holds {member.filename[:40]!r}, which is no array. Make it again.")
            if member.compress_type != zipfile.ZIP_STORED or member.compress_size != member.file_size:
                raise DamagedFile(
                    f"{source} holds {member.filename[:40]!r} compressed, which no result is. Make it again."
                )
        claimed = sum(member.file_size for member in members)
        if claimed > len(content):
            raise DamagedFile(f"{source} claims to hold {claimed} bytes in {len(content)}. Make it again.")
        return {
            member.filename.removesuffix(".npy"): _array(archive.read(member), f"{source}: {member.filename}")
            for member in members
        }


def _is_plain(member: zipfile.ZipInfo, content: bytes) -> bool:
    """Named as an array, neither a link nor encrypted, and its own header says what the directory says."""
    kind = (member.external_attr >> 16) & 0o170000
    flags, crc = (content[member.header_offset + at : member.header_offset + to] for at, to in ((6, 8), (14, 18)))
    same = flags == member.flag_bits.to_bytes(2, "little") and crc in (member.CRC.to_bytes(4, "little"), bytes(4))
    return same and member.filename.endswith(".npy") and kind in (0, 0o100000) and not member.flag_bits & 0x1


def _array(content: bytes, source: str) -> np.ndarray:
    length = int.from_bytes(content[8:10], "little")
    header, data = content[10 : 10 + length], memoryview(content)[10 + length :]
    said = _HEADER.fullmatch(header)
    if content[:8] != _MAGIC or said is None:
        raise DamagedFile(f"{source} is no array of booleans, numbers or texts. Make it again.")
    dtype = np.dtype(said[1].decode())
    shape = tuple(int(size) for size in said[3].replace(b" ", b"").split(b",") if size)
    needed = math.prod(shape) * dtype.itemsize
    if needed != len(data) or dtype.itemsize == 0 or len(shape) > 32:
        raise DamagedFile(
            f"{source} claims shape {shape} of {dtype}, which is {needed} bytes, but it holds {len(data)}. "
            "Make it again."
        )
    flat = np.frombuffer(data, dtype)
    if dtype.kind == "b" and np.frombuffer(data, np.uint8).max(initial=0) > 1:
        raise DamagedFile(f"{source} holds booleans that are neither true nor false. Make it again.")
    if dtype.kind == "U" and np.frombuffer(data, f"{dtype.byteorder}u4").max(initial=0) > 0x10FFFF:
        raise DamagedFile(f"{source} holds texts with letters that do not exist. Make it again.")
    values = flat.reshape(shape, order="F" if said[2] == b"True" else "C")
    return values.astype(dtype.newbyteorder("="), order="K")  # as this machine reads them; its own memory
