"""Arrays from files on the command line: `inputs=@data.npz:x`, `@data.npy`, `@table.csv`, `@table.csv:column`."""

from __future__ import annotations

import difflib
import os
import re
import sys
import zipfile
from typing import Any

from ..errors import BadValue


def read_array(name: str, text: str) -> Any:
    """The numbers in the file that `text`, `@FILE` or `@FILE:PART`, names; `name` is the field that takes them.

    A part is an array of an `.npz`, or a column of a table of any form that `read_table` knows. Without a part a table
    is all of its cells: one column is a vector, several are a matrix, and its first line may be numbers, too.

    Raises
    ------
    BadValue
        Naming the field, the file and what is in it, where it cannot be read or holds no numbers.
    """
    import numpy as np

    path, part = _split(text.removeprefix("@"))
    if not path:
        raise BadValue(f"{name} is {text!r}, which names no file. Write for example {name}=@data.npz:x.")
    ending = os.path.splitext(path)[1].lower()
    try:
        if ending == ".npz":
            found = _of_archive(name, path, part)
        elif ending == ".npy":
            with open(path, "rb") as file:
                found = np.load(file, allow_pickle=False)
        else:
            found = _of_table(name, path, part)
    except BadValue:
        raise
    except (OSError, EOFError, ValueError, zipfile.BadZipFile, UnicodeError) as error:
        why = getattr(error, "strerror", None) or "it is damaged, or holds something else than plain numbers"
        raise BadValue(
            f"{name} is {text!r}, but {path!r} cannot be read: {why}. Name a .npy, a .npz, or a table such as .csv."
        ) from None
    if ending == ".npy" and part is not None:
        raise BadValue(f"{name} asks for {part!r} in {path!r}, but a .npy file is one array. Leave :{part} out.")
    found = np.asarray(found)
    if found.dtype.kind not in "biuf" or found.size == 0:
        held = f"{found.dtype} values" if found.size else "nothing"
        raise BadValue(f"{name} is {text!r}, which holds {held}, but it must hold numbers. Name another array.")
    return found


def _split(text: str) -> tuple[str, str | None]:
    """FILE and PART: the last colon parts them, unless it belongs to the file's name or to a drive."""
    path, colon, part = text.rpartition(":")
    if not colon or os.path.exists(text) or (len(path) == 1 and path.isalpha()):
        return text, None
    return path, part


def _of_archive(name: str, path: str, part: str | None) -> Any:
    import numpy as np

    with open(path, "rb") as file, np.load(file, allow_pickle=False) as archive:
        held = list(archive.files)
        if part is None and len(held) != 1:
            raise BadValue(
                f"{name} names {path!r}, which holds {len(held)} arrays ({_listed(held)}), but one is needed. Write "
                f"{name}=@{path}:{held[0] if held else 'x'}."
            )
        if part is not None and part not in held:
            near = difflib.get_close_matches(part, held, n=1)
            raise BadValue(
                f"{name} asks for {part!r} in {path!r}, but it must be one of {_listed(held)}."
                + (f" Did you mean {near[0]!r}?" if near else "")
            )
        return archive[held[0] if part is None else part]


def _listed(names: list[str]) -> str:
    return ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")


def _of_table(name: str, path: str, part: str | None) -> Any:
    import numpy as np

    from ..tables import read_table

    separator = None if part is not None else _bare_numbers(path)
    if separator is not None:
        return _loaded(name, path, separator)
    table = read_table(path)
    if table.notes:  # the answer has no place for how a field was read
        print(f"{name} from {path}: " + "; ".join(table.notes), file=sys.stderr)
    columns = []
    for column in table.names if part is None else [part]:
        values, logged = table.numbers(column)
        if not logged.all():
            where = table.where(int(np.argmin(logged)))
            raise BadValue(f"{where}: {column} is empty, but {name} needs a number in every row. Fill or drop it.")
        columns.append(values)
    return columns[0] if len(columns) == 1 else np.stack(columns, axis=1)


def _bare_numbers(path: str) -> str | None:
    """What separates the numbers of a file that has no line of names; None where it has, or is no such file."""
    with open(path, encoding="utf-8-sig") as file:
        line = next((line for line in file if line.strip()), "")
    separator = next((each for each in ";\t," if each in line), " ")
    cells = line.split(separator) if separator != " " else line.split()
    plain = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*", re.ASCII)
    return separator if cells and all(plain.fullmatch(cell) for cell in cells) else None


def _loaded(name: str, path: str, separator: str) -> Any:
    import numpy as np

    try:
        # No comments: a # in a cell is no number.
        read = np.loadtxt(
            path, delimiter=None if separator == " " else separator, ndmin=2, comments=None, encoding="utf-8-sig"
        )
    except ValueError as error:
        why = str(error).split(";")[0].rstrip(".")
        raise BadValue(
            f"{name} names {path!r}, which is no table of numbers: {why}. Give every row the same count of numbers."
        ) from None
    return read[:, 0] if read.shape[1] == 1 else read
