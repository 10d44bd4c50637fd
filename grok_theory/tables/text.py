"""The text in a file: its encoding found or named, and what is no text refused."""

from __future__ import annotations

import codecs
import gzip
import io
import os
import re
import stat
import sys
import zlib
from pathlib import Path
from typing import Any, BinaryIO

from ..checks import check_host_memory
from ..errors import BadValue

# The longer mark first: UTF-32's begins with that of UTF-16.
MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
GZIP = b"\x1f\x8b"
# What is often named in place of the table in it.
OTHER = {
    b"PK\x03\x04": "a zip archive or a spreadsheet. Unpack it, or save the sheet as CSV",
    b"PK\x05\x06": "an empty zip archive. Name a table or a log",
    b"BZh": "packed with bzip2. Unpack it",
    b"\xfd7zXZ\0": "packed with xz. Unpack it",
    b"\x28\xb5\x2f\xfd": "packed with zstd. Unpack it",
    b"PAR1": "a Parquet file. Save it as CSV or JSON lines",
    b"\x93NUMPY": "a NumPy array. Save it as CSV with names in the first line",
    b"\x89HDF": "an HDF5 file. Save the table in it as CSV or JSON lines",
    b"SQLite format 3": "a database. Save the table in it as CSV or JSON lines",
}
STANDARD_INPUT = "standard input"  # what messages call it, named "-"
LARGEST = 2**31  # bytes of an unpacked file or of a pipe: some kilobytes of zeros could fill any memory
LINE_END = re.compile(r"\r\n|\n|\r")


def is_standard_input(path: Any) -> bool:
    """Whether a path is "-", which names the standard input, as a text or a Path."""
    return isinstance(path, (str, os.PathLike)) and os.fspath(path) == "-"


def read_text(path: str | os.PathLike, encoding: str | None = None) -> str:
    """The text of the file at `path`, "-" for the standard input.

    A byte-order mark decides (UTF-8, UTF-16, UTF-32); without one it is UTF-8, or the `encoding` named, for example
    "latin-1", which nothing in a file gives away.

    Raises
    ------
    BadValue
        For what cannot be opened or is no text.
    """
    data = _read_bytes(path)
    path = STANDARD_INPUT if is_standard_input(path) else path
    if data.startswith(GZIP):
        data = _unpacked(path, data)
    for mark, what in OTHER.items():
        if data.startswith(mark):
            raise BadValue(f"{path} cannot be read: it is {what}.")
    if encoding is not None:
        _check_encoding(encoding)
    found = next((name for mark, name in MARKS if data.startswith(mark)), encoding or "utf-8")
    try:
        text = data.decode(found)
    except UnicodeDecodeError as error:
        if b"\0" in data:
            raise BadValue(f"{path} cannot be read: it is not text. Name a table or a log.") from None
        line = 1 + data.count(b"\n", 0, error.start)
        raise BadValue(
            f"{path} cannot be read: line {line} holds the byte 0x{data[error.start]:02x}, which is no {found} text. "
            "Name the encoding, for example encoding='latin-1' (--encoding latin-1)."
        ) from None
    if "\0" in text:
        line = 1 + len(LINE_END.findall(text[: text.index("\0")]))
        raise BadValue(
            f"{path} cannot be read: line {line} holds a zero byte, so it is not text. "
            "Save it as UTF-8, or as UTF-16 with a byte-order mark."
        )
    return text


def split_lines(text: str) -> list[str]:
    """Physical lines, without their ends (all three kinds); unlike `str.splitlines` nothing else ends a line."""
    lines = LINE_END.split(text)
    return lines[:-1] if lines and not lines[-1] else lines


def _read_bytes(path: str | os.PathLike) -> bytes:
    if not isinstance(path, (str, os.PathLike)):
        raise BadValue(f"path is {path!r}, but it must be the name of a file. Pass a text or a Path.")
    if is_standard_input(path):
        return _from_pipe(sys.stdin.buffer, STANDARD_INPUT)
    try:
        state = os.stat(path)
        if stat.S_ISDIR(state.st_mode):
            raise BadValue(f"{path} cannot be read: it is a directory. Name a file in it.")
        if not (stat.S_ISREG(state.st_mode) or stat.S_ISFIFO(state.st_mode)):
            raise BadValue(f"{path} cannot be read: it is a device. Name a file.")
        # A table of short cells takes about thirty times its text.
        check_host_memory(f"reading {path}", 30.0 * state.st_size, "Keep the columns you need, or every tenth row.")
        if stat.S_ISREG(state.st_mode):
            return Path(path).read_bytes()
        with open(path, "rb") as pipe:
            return _from_pipe(pipe, path)
    except OSError as error:
        raise BadValue(
            f"path is {str(path)!r}, but it cannot be read: {error.strerror or error}. Name a CSV or JSON lines file."
        ) from None
    except ValueError as error:
        if isinstance(error, BadValue):
            raise
        raise BadValue(f"path is {str(path)!r}, but no file can be called so: {error}. Name a file.") from None


def _from_pipe(pipe: BinaryIO, path: str | os.PathLike) -> bytes:
    data = pipe.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise BadValue(f"{path} cannot be read: more than {LARGEST} bytes come out of it. Name a file.")
    return data


def _unpacked(path: str | os.PathLike, data: bytes) -> bytes:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
            found = file.read(LARGEST + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise BadValue(f"{path} cannot be read: its gzip is damaged ({error}). Pack it again.") from None
    if len(found) > LARGEST:
        raise BadValue(f"{path} cannot be read: it unpacks to more than {LARGEST} bytes. Keep the columns you need.")
    return found


def _check_encoding(encoding: str) -> None:
    try:
        "".encode(encoding)
    except (LookupError, TypeError, ValueError):
        raise BadValue(
            f"encoding is {encoding!r}, but it must be the name of a text encoding. "
            "Pass for example 'utf-8', 'latin-1' or 'utf-16'."
        ) from None
