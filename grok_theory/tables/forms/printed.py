"""What a trainer prints: records as lines of text between warnings and progress bars."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Sequence
from typing import Any

from ...errors import BadValue
from ..cells import is_number
from ..text import split_lines
from .keras_progress import keras_rows
from .loss_lines import losses_in

_SCALARS = ("float16", "float32", "float64", "int32", "int64", "tensor", "Array")
_DICT = re.compile(r"\{'[^{}]*\}")
_LONGEST = 10_000  # characters of a printed record; the search through a longer line takes their square
Numbered = list[tuple[int, dict[str, Any]]]


def printed_rows(text: str) -> tuple[Numbered, list[str]] | None:
    """(line, row) of every printed record, and what was passed over; None where the text holds no two of them.

    Records are Python dicts (`{'loss': 4.3, 'epoch': 0.5}`, read without running anything), or else lines such as
    `step 250: train loss 4.41, val loss 4.75`, or else the bars of Keras.
    """
    lines = split_lines(text)
    short = [line if len(line) <= _LONGEST else "" for line in lines]
    for read in (_dicts_in, _losses_in, keras_rows):
        rows = read(short)
        if len(rows) > 1:
            return rows, [*_broken(lines, rows), *_passed_over(lines, rows)]
    return None


def matched_rows(source: str, text: str, pattern: str) -> tuple[Numbered, list[str]]:
    """(line, row) of every line that the regular expression `pattern` finds; its named groups are the columns.

    Raises
    ------
    BadValue
        Where it is none, has no named groups, or finds nothing.
    """
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise BadValue(
            f"pattern is {pattern!r}, but it is no regular expression: {error}. "
            r"Write for example 'step (?P<step>\d+): loss (?P<train_loss>\S+) (?P<val_loss>\S+)'."
        ) from None
    if not compiled.groupindex:
        raise BadValue(
            f"pattern is {pattern!r}, but it has no named groups, which become the columns. "
            r"Write for example (?P<step>\d+)."
        )
    lines = split_lines(text)
    found = ((number, compiled.search(line)) for number, line in enumerate(lines, start=1))
    rows = [(number, match.groupdict()) for number, match in found if match]
    if not rows:
        raise BadValue(f"{source} has no line that the pattern {pattern!r} finds. Try it on one line first.")
    return rows, _passed_over(lines, rows)


def _broken(lines: list[str], rows: Numbered) -> list[str]:
    """Lines that hold a name of the records in quotes, and are none: cut off, or garbled by another one."""
    names = {name for _, row in rows for name in row}
    read = {number for number, _ in rows}
    found = [
        number
        for number, line in enumerate(lines, start=1)
        if "{'" in line and number not in read and names & set(re.findall(r"'([^']*)':", line))
    ]
    return [f"line {number} looks like a record that is broken, and is passed over" for number in found[:5]]


def _passed_over(lines: list[str], rows: Numbered) -> list[str]:
    others = sum(bool(line.strip()) for line in lines) - len(rows)
    return [f"{others} lines that are no records are passed over"] if others else []


def _dicts_in(lines: Sequence[str]) -> Numbered:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)  # of Python's parser, on lines that are no Python
        return [(number, row) for number, line in enumerate(lines, start=1) if (row := _dict_in(line))]


def _losses_in(lines: Sequence[str]) -> Numbered:
    return [(number, row) for number, line in enumerate(lines, start=1) if (row := losses_in(line))]


def _dict_in(line: str) -> dict[str, Any] | None:
    match = _DICT.search(line)
    try:
        node = ast.parse(match[0], mode="eval").body if match else None
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    if not isinstance(node, ast.Dict):
        return None
    keys = [key.value if isinstance(key, ast.Constant) else None for key in node.keys]
    if len(set(keys)) < len(keys) or not all(isinstance(key, str) for key in keys):
        return None
    return {str(key): _plain(value, match[0]) for key, value in zip(keys, node.values, strict=True)}  # type: ignore[index]


def _plain(node: ast.expr, text: str) -> Any:
    """A constant, with its sign, also as NumPy 2 and torch show one; anything else as the text it is."""
    if isinstance(node, ast.Call) and node.args and ast.unparse(node.func).split(".")[-1] in _SCALARS:
        return _plain(node.args[0], text)
    if isinstance(node, ast.Constant):
        written = ast.get_source_segment(text, node) or ""
        if isinstance(node.value, (int, float)) and not isinstance(node.value, bool) and not is_number(written):
            return written  # 1_0, 0x10, 1e999: refused where the column is read
        return node.value if isinstance(node.value, (str, bool, int, float, type(None))) else repr(node.value)
    return ast.unparse(node)  # -1.5, nan, a list ...: read as a text, if the column is
