"""What a trainer prints: records as lines of text between warnings and progress bars."""

from __future__ import annotations

import ast
import json
import re
import warnings
from collections.abc import Sequence
from typing import Any

from ...errors import BadValue
from ..cells import is_number
from ..text import split_lines
from .keras_progress import keras_rows
from .loss_lines import loss_in, losses_in, with_one_axis

_SCALARS = ("float16", "float32", "float64", "int32", "int64", "tensor", "Array")
_DICT = re.compile(r"\{'[^{}]*(?:\{[^{}]*\}[^{}]*)*\}")
_BAR = re.compile(r"(?:^|[\n\r])[^{\n\r]*[0-9]%\|")  # a line that begins as a progress bar does
_LONGEST = 10_000  # characters of a printed record; the search through a longer line takes their square
_JSON = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=str)  # a cell says what a number is
Numbered = list[tuple[int, dict[str, Any]]]


def printed_rows(text: str) -> tuple[Numbered, list[str]] | None:
    """(line, row) of every printed record, and what was passed over; None where the text holds no two of them.

    Records are Python dicts (`{'loss': 4.3, 'epoch': 0.5}`, read without running anything), or else JSON objects in a
    line, lines such as `step 250: train loss 4.41, val loss 4.75`, the bars of Keras, lines with a loss each.
    """
    lines = split_lines(text)
    short = [line if len(line) <= _LONGEST else "" for line in lines]
    for read in (_dicts_in, _json_in, _losses_in, keras_rows, _loss_in):
        rows = read(short)
        if len(rows) > 1:
            return rows, [*_broken(lines, rows), *_passed_over(lines, rows)]
    return None


def has_bars(text: str) -> bool:
    """Whether a progress bar (`50%|###  |`) was printed into the text, before any `{` of its line."""
    return _BAR.search(text) is not None


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
    found = [number for number in _naming(lines, rows) if re.search("{['\"]", lines[number - 1])]
    return [f"line {number} looks like a record that is broken, and is passed over" for number in found[:5]]


def _naming(lines: Sequence[str], rows: Numbered) -> list[int]:
    """The lines that are no records and hold a name of theirs in quotes, with a colon."""
    names = {name for _, row in rows for name in row}
    read = {number for number, _ in rows}
    others = ((number, line) for number, line in enumerate(lines, start=1) if number not in read)
    return [number for number, line in others if names & set(re.findall(r"['\"]([^'\"]*)['\"]:", line))]


def _passed_over(lines: list[str], rows: Numbered) -> list[str]:
    others = sum(bool(line.strip()) for line in lines) - len(rows)
    return [f"{others} lines that are no records are passed over"] if others else []


def _dicts_in(lines: Sequence[str]) -> Numbered:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)  # of Python's parser, on lines that are no Python
        return [(number, row) for number, line in enumerate(lines, start=1) if (row := _dict_in(line))]


def _losses_in(lines: Sequence[str]) -> Numbered:
    return [(number, row) for number, line in enumerate(lines, start=1) if (row := losses_in(line))]


def _loss_in(lines: Sequence[str]) -> Numbered:
    return with_one_axis([(number, row) for number, line in enumerate(lines, start=1) if (row := loss_in(line))])


def _json_in(lines: Sequence[str]) -> Numbered:
    rows = [(number, row) for number, line in enumerate(lines, start=1) if (row := _object_in(line))]
    # Among JSON lines a broken one is refused elsewhere, by its line.
    return [] if _naming(lines, rows) else rows


def _object_in(line: str) -> dict[str, Any] | None:
    """The first JSON object in a line, with numbers as they are written; objects in it as `train/loss`.

    Before it stand other words, or a progress bar: a letter that touches it is a sign of damage.
    """
    start = line.find('{"')
    if start < 0 or line[max(start - 1, 0) : start].strip(" \t]"):
        return None
    try:
        found, _ = _JSON.raw_decode(line, start)
    except (ValueError, RecursionError):
        return None
    return _flat(found)


def _flat(row: dict[str, Any], within: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in row.items():
        flat |= _flat(value, f"{within}{key}/") if isinstance(value, dict) else {within + key: value}
    return flat


def _dict_in(line: str) -> dict[str, Any] | None:
    match = _DICT.search(line)
    try:
        node = ast.parse(match[0], mode="eval").body if match else None
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return _items(node, match[0]) if isinstance(node, ast.Dict) and match else None


def _items(node: ast.Dict, text: str, within: str = "") -> dict[str, Any] | None:
    """The items of a dict of texts to constants, those of one inside as `train/loss`; None where it is another."""
    keys = [key.value if isinstance(key, ast.Constant) else None for key in node.keys]
    if len(set(keys)) < len(keys) or not all(isinstance(key, str) for key in keys):
        return None
    found: dict[str, Any] = {}
    for key, value in zip(keys, node.values, strict=True):
        if isinstance(value, ast.Dict):
            found |= _items(value, text, f"{within}{key}/") or {}
        else:
            found[f"{within}{key}"] = _plain(value, text)
    return found


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
