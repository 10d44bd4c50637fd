"""Files that are whole or not there, that are written where they were meant to, and that notice damage.

A result file is an ordinary `.npz` (read by `numpy.load(path, allow_pickle=False)` too): one array a leaf, a JSON
text `structure` that says how they hang together, and, as the zip's comment, the SHA-256 of everything before it.
Nothing is pickled. The checksum tells damage from content, not a friend from a stranger, who can make one too: so
everything behind it is read as if it were hostile (`archives`, `structures`, `record_classes`).
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import secrets
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from . import archives
from .checks import check_host_memory
from .errors import BadValue, DamagedFile
from .interruption import unfinished
from .provenance import versions
from .structures import decode, encode

FORMAT = "grok_theory 2"
_MARK = b"sha256:"
_SEAL = len(_MARK) + 64


def destination(path: Any, endings: Sequence[str], name: str = "path", remedy: str = "") -> Path:
    """`path` as a Path, if a file that ends so may be written there; asked before the work whose result it will hold.

    Raises
    ------
    BadValue
        Naming `name`, the path and what is allowed: another ending or none, a folder, a device.
    """
    allowed = " or ".join(endings)
    # `os.path`, since Path raises where a name is too long.
    text = _text_of(path, name, f"Name a file that ends in {allowed}.")
    path = Path(text)
    if text.endswith(("/", os.sep)) or os.path.isdir(text):
        raise BadValue(f"{name} is {text!r}, but that is a folder. Name a file in it that ends in {allowed}.")
    if path.suffix.lower() not in endings:
        raise BadValue(f"{name} is {text!r}, but it must end in {allowed}. Name such a file. {remedy}".rstrip())
    _check_replaceable(path, name)
    target = Path(os.path.realpath(path))
    there = next(folder for folder in target.parents if os.path.exists(folder))
    why = ""
    if os.path.islink(target):
        why = "it is a link to itself"
    elif target.suffix.lower() not in endings:
        why = f"it is a link to {str(target)!r}, which does not end so"
    elif not os.path.isdir(there):
        why = f"{there} is no folder"
    elif _is_kernel_s(there):
        why = f"{there} holds devices, no files"
    elif not os.access(there, os.W_OK):
        why = f"{there} may not be written to"
    elif max(len(os.fsencode(part)) for part in target.parts) > _longest_name(there):
        why = f"a name in it is longer than the {_longest_name(there)} bytes that this disk takes"
    if why:
        raise BadValue(f"{name} is {_shown(text)}, but it cannot be written: {why}. Name another file.")
    return path


def _is_kernel_s(folder: Path) -> bool:
    """Whether a folder belongs to the operating system's devices and processes: what is written there is gone."""
    top = folder.parts[1:3]
    return os.name == "posix" and top[:1] in (("dev",), ("proc",), ("sys",)) and top != ("dev", "shm")


def _longest_name(folder: Path) -> int:
    try:
        return os.pathconf(folder, "PC_NAME_MAX")
    except (AttributeError, OSError, ValueError):  # the system does not say
        return 255


def _shown(text: str) -> str:
    return repr(text) if len(text) <= 300 else f"{text[:60]!r}..."


def write_whole(path: str | os.PathLike, content: bytes) -> Path:
    """Write `content` so that `path` holds all of it or what it held before; the folder is made if missing.

    A link stays a link, and what it points to is written; a file keeps its permissions.

    Raises
    ------
    BadValue
        Where that cannot be: no space, no permission, a folder or a device of that name.
    """
    path = Path(_text_of(path, "path", "Name a file."))
    _check_replaceable(path, "path")
    try:
        target = Path(os.path.realpath(path))
        if _is_kernel_s(target):
            raise OSError(errno.EACCES, "devices are there, no files")
        if os.path.islink(target):  # it leads back to itself
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
        target.parent.mkdir(parents=True, exist_ok=True)
        # Its own short name: with the target's in it, names near the file system's limit could not be written.
        temporary = target.with_name(f".{secrets.token_hex(8)}.part")
        try:
            with unfinished(temporary):
                with open(temporary, "xb") as file:  # not mkstemp: others may read what the umask lets them
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
                if target.exists():
                    os.chmod(temporary, stat.S_IMODE(target.stat().st_mode))
                os.replace(temporary, target)
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
    structure = {"format": FORMAT, "versions": versions(), "value": encode(value, arrays)}
    return seal(json.dumps(structure), arrays)


def seal(structure: str, arrays: dict[str, np.ndarray]) -> bytes:
    """An archive with its checksum."""
    content = archives.write({"structure": np.frombuffer(structure.encode(), np.uint8), **arrays})
    # The comment is the archive's end: two bytes with its length, then the text.
    body = content[:-2] + _SEAL.to_bytes(2, "little")
    return body + _MARK + hashlib.sha256(body).hexdigest().encode()


def unpack(content: bytes, *, source: str = "the file") -> Any:
    """The value in a result file's bytes; arrays come back as NumPy arrays, equal to the last bit.

    Raises
    ------
    DamagedFile
        Where anything was truncated or altered, the format is not ours, or the content, checksum or not, is not what
        `pack` of this version makes. Nothing else is raised.
    """
    body, mark = content[:-_SEAL], content[-_SEAL:]
    if not mark.startswith(_MARK):
        raise _unsealed(source)
    if hashlib.sha256(body).hexdigest().encode() != mark[len(_MARK) :]:
        raise DamagedFile(f"{source} does not match its checksum: it was altered or damaged. Make it again.")
    try:
        return _opened(content, source)
    except DamagedFile:
        raise
    except Exception as error:  # whatever zip, JSON and NumPy raise about bytes nobody wrote in earnest
        raise DamagedFile(
            f"{source} is no result file of grok_theory, though its checksum fits ({type(error).__name__}: "
            f"{str(error)[:120]}). Make it again."
        ) from error


def read(path: str | os.PathLike) -> Any:
    """`unpack` the file at `path`.

    Raises
    ------
    BadValue
        Where none can be read.
    DamagedFile
        Where it is not whole.
    """
    text = _text_of(path, "path", "Name an existing result file.")
    try:
        content = content_of(text)
    except OSError as error:
        raise BadValue(
            f"path is {text!r}, but it cannot be read: {error.strerror}. Name an existing result file."
        ) from error
    return unpack(content, source=text)


def content_of(path: str) -> bytes:
    """The bytes of a result file, if it is a file, ends as one, and fits into memory.

    Raises
    ------
    OSError
        Where it cannot be read.
    DamagedFile
        Where it does not end as a result file.
    TooLarge
        Where it would not fit into memory; nothing is read then.
    """
    with open(path, "rb", opener=_open_at_once) as file:
        about = os.fstat(file.fileno())
        if not stat.S_ISREG(about.st_mode):
            raise OSError(errno.EINVAL, "it is no file")  # a device or a pipe may have no end
        file.seek(max(0, about.st_size - _SEAL))
        if not file.read(len(_MARK)).startswith(_MARK):
            raise _unsealed(path)
        # The bytes themselves, the arrays cut from them, and what the structure becomes as Python objects.
        check_host_memory(f"Reading {path}", 3.0 * about.st_size, "Free memory, or read it on a larger machine.")
        file.seek(0)
        return file.read()


def _open_at_once(path: str, flags: int) -> int:
    # Without this a pipe that nobody writes to would be waited for.
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _unsealed(source: str) -> DamagedFile:
    return DamagedFile(f"{source} has no checksum: it is truncated, or no result file of grok_theory. Make it again.")


def _opened(content: bytes, source: str) -> Any:
    arrays = archives.read(content, source)
    if "structure" not in arrays or arrays["structure"].dtype != np.uint8 or arrays["structure"].ndim != 1:
        raise DamagedFile(f"{source} has no structure: it is no result file of grok_theory. Make it again.")
    structure = json.loads(arrays.pop("structure").tobytes().decode(), object_pairs_hook=_without_doubles)
    if structure["format"] != FORMAT:
        raise DamagedFile(
            f"{source} has format {str(structure['format'])[:40]!r}, but this version reads {FORMAT!r}. "
            "Read it with the version that wrote it, or make it again."
        )
    if structure.keys() - {"versions"} != {"format", "value"}:
        raise DamagedFile(f"{source} has other parts than a format, versions and a value. Make it again.")
    return decode(structure["value"], arrays, source, _written_by(structure.get("versions")))


def _written_by(said: Any) -> str:
    """The versions in a file that are not those of today; only for people, so anything else says nothing."""
    if not isinstance(said, dict):
        return ""
    today = versions()
    others = [f"{name[:20]} {str(number)[:20]}" for name, number in said.items() if today.get(name) != number]
    return ", ".join(others[:5])


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _text_of(path: Any, name: str, remedy: str) -> str:
    try:
        text = os.fsdecode(path)
    except TypeError:
        raise BadValue(f"{name} is {str(path)[:60]!r}, but it must be a path. {remedy}") from None
    if not text or "\0" in text:
        raise BadValue(f"{name} is {text[:60]!r}, but it must be a path. {remedy}")
    return text


def _check_replaceable(path: Path, name: str) -> None:
    """Refuse what a finished file would replace: a folder, a device, a file that may not be written to."""
    try:
        mode = os.stat(path).st_mode
    except OSError:  # not there, which is well, or not to be reached, which the attempt says better
        return
    kind = "a folder" if stat.S_ISDIR(mode) else "a device or a pipe" if not stat.S_ISREG(mode) else ""
    if not kind and not os.access(path, os.W_OK):
        kind = "protected against writing"
    if kind:
        raise BadValue(f"{name} is {str(path)!r}, but it cannot be written: it is {kind}. Name another file.")
