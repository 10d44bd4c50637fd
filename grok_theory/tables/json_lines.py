"""Tables in JSON: an object a line, a list of objects, an object of columns, or rows under one key of an object."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any, NamedTuple

from ..errors import BadValue
from .cells import vanished
from .json_object import rows_in_list, rows_in_object
from .text import split_lines

Rows = list[tuple[int, dict[str, Any]]]


class _Refused(ValueError):
    """Why a JSON text is not taken; the end of a sentence, with its remedy."""


class JsonRows(NamedTuple):
    """(number, row) of every row, what the number counts, what was passed over, and what stands beside the rows."""

    rows: Rows
    word: str
    notes: list[str]
    beside: dict[str, Any]


def json_rows(source: str, text: str) -> JsonRows:
    """The rows of a JSON text; their numbers count lines ("line") in JSON lines, else rows ("row").

    Objects inside a row are taken apart: {"train": {"loss": 1}} has the column `train/loss`.

    Raises
    ------
    BadValue
        Naming file and line for text that is no JSON, names given twice in an object, numbers beyond floating point,
        and a name that is an object in one row and a value in another.
    """
    if text.lstrip().startswith("["):
        value = _document(source, text)
        if value and all(map(_is_scalar_of_tensorboard, value)):
            value = [dict(zip(("Wall time", "Step", "Value"), each, strict=True)) for each in value]
        rows, notes = rows_in_list(source, value)
        return JsonRows(_numbered(source, rows, "the list"), "row", notes, {})
    lines = [(number, line) for number, line in enumerate(split_lines(text), start=1) if line.strip()]
    if len(lines) == 1 or not _is_object(lines[0][1]):
        value = _document(source, text)
        found = rows_in_object(source, value) if isinstance(value, dict) else None
        if found is not None:
            return JsonRows(_numbered(source, found.rows, found.where), "row", found.notes, found.beside)
        if isinstance(value, dict) and len(lines) == 1:
            return JsonRows(_flattened(source, "line", [(lines[0][0], value)]), "line", [], {})
        raise BadValue(
            f"{source} is one JSON object without rows in it. Name a file with an object a line, a list of objects, or "
            "an object of columns."
        )
    return JsonRows(_flattened(source, "line", list(_lines(source, lines))), "line", [], {})


def _is_scalar_of_tensorboard(value: Any) -> bool:
    """Whether a value is [wall time, step, value]: what TensorBoard's page saves as JSON is a list of those."""
    return isinstance(value, list) and len(value) == 3 and all(isinstance(each, (int, float)) for each in value)


def _lines(source: str, lines: list[tuple[int, str]]) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in lines:
        try:
            row = _loads(line)
        except _Refused as refusal:
            raise BadValue(f"{source}, line {number}: {refusal}.") from None
        except ValueError:
            row = None
        if not isinstance(row, dict):
            raise BadValue(
                f"{source}, line {number}: {line[:40]!r} is no JSON object, but every line must be one. "
                "Mend or drop it."
            )
        yield number, row


def _is_object(line: str) -> bool:
    """Whether the line is JSON on its own; what is wrong inside an object is told later, with its line."""
    try:
        return isinstance(_loads(line), dict)
    except _Refused:
        return True
    except ValueError:
        return line.rstrip().endswith("}")


def _document(source: str, text: str) -> Any:
    try:
        return _loads(text)
    except _Refused as refusal:
        raise BadValue(f"{source}: {refusal}.") from None
    except json.JSONDecodeError as error:
        raise BadValue(
            f"{source}, line {error.lineno}, column {error.colno}: this is no JSON ({error.msg}). Mend it."
        ) from None
    except ValueError as error:
        raise BadValue(f"{source} is no JSON: {error}. Mend it.") from None


def _numbered(source: str, rows: Any, name: str) -> Rows:
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, dict):
            raise BadValue(f"{source}, row {number} of {name}: {str(row)[:40]!r} is no JSON object. Mend or drop it.")
    return _flattened(source, "row", list(enumerate(rows, start=1)))


def _flattened(source: str, word: str, rows: Rows) -> Rows:
    """Rows without objects in them; a name that is an object in one and a value in another would lose that value."""
    objects: dict[str, int] = {}
    flat = [(number, _flat(source, word, number, row, objects)) for number, row in rows]
    for name, at in objects.items():
        for number, row in flat:
            if row.get(name) is not None:
                raise BadValue(
                    f"{source}, {word} {number}: {name!r} is {str(row[name])[:40]}, but an object in {word} {at}. "
                    "Give each its own name."
                )
    return flat


def _flat(
    source: str, word: str, number: int, row: dict[str, Any], objects: dict[str, int], within: str = ""
) -> dict[str, Any]:
    """`row` with the objects in it taken apart; `objects` gathers where each name is one."""
    if not within and not any(isinstance(part, dict) for part in row.values()):
        return row
    flat: dict[str, Any] = {}
    for key, part in row.items():
        name = within + key
        found = {name: part}
        if isinstance(part, dict):
            objects.setdefault(name, number)
            found = _flat(source, word, number, part, objects, f"{name}/")
        twice = next((each for each in found if each in flat), None)
        if twice is not None:
            raise BadValue(f"{source}, {word} {number}: {twice!r} is given twice. Give each value its own name.")
        flat |= found
    return flat


def _loads(text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_object, parse_float=_float)
    except RecursionError:
        raise _Refused("it is nested too deeply to be a table. Keep the rows only") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # json keeps the last of two values of one name, without a word.
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for i, name in enumerate(names) if name in names[:i])
        raise _Refused(f"{twice!r} is given twice in one object. Give each value its own name")
    return found


def _float(text: str) -> float:
    value = float(text)
    if math.isinf(value) or vanished(text, value):
        raise _Refused(f"{text} is beyond the range of floating-point numbers. Mend or drop it")
    return value
