"""From files to the one table that every reader of the package starts from."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..errors import BadValue
from .cells import is_number
from .forms import SHAPES
from .forms.events import event_files, events_table
from .forms.mlflow import mlflow_table
from .forms.printed import has_bars, matched_rows, printed_rows
from .json_lines import json_rows
from .separated import separated_rows
from .several import joined
from .table import Table
from .text import STANDARD_INPUT, is_standard_input, read_text

_COMMENTS = re.compile(r"(?:\s+|#[^\n\r]*)*")


def read_table(
    path: str | os.PathLike | Sequence[str | os.PathLike], *, encoding: str | None = None, pattern: str | None = None
) -> Table:
    """The table in a file: separated cells (comma, semicolon, tab, bar), JSON (lines, list of rows, object of columns).

    A file whose first character is `{` or `[` is JSON. Besides, what trainers and loggers leave: lines of Python dicts
    and of losses between other text (`forms.printed`), folders of MLflow and event files of TensorBoard
    (`forms.mlflow`, `forms.events`), and the other shapes that `forms.SHAPES` names; any file gzipped. Several files
    are several runs, or the curves of one (`several`). What was recognised stands in the table's notes.

    Parameters
    ----------
    path : str or os.PathLike or Sequence
        The file, "-" for the standard input, a folder of MLflow or TensorBoard, or several of these.
    encoding : str, optional
        Of a file that is neither UTF-8 nor marked.
    pattern : str, optional
        A regular expression whose named groups are the columns; every line that it finds is a row.

    Returns
    -------
    Table
        With at least one row and one column.

    Raises
    ------
    BadValue
        Naming file and line for what cannot be read without a guess: see `separated_rows`, `json_rows`, `read_text`.
    """
    if isinstance(path, (str, os.PathLike)) or not isinstance(path, Sequence):
        return _shaped(_read_one(path, encoding, pattern))
    paths = list(path)
    if not paths:
        raise BadValue("path is an empty list, but at least one file is needed. Name one.")
    if len(paths) == 1:
        return read_table(paths[0], encoding=encoding, pattern=pattern)
    return joined([str(each) for each in paths], [read_table(p, encoding=encoding, pattern=pattern) for p in paths])


def _shaped(table: Table) -> Table:
    for shape in SHAPES:
        table = shape(table) or table
    return table


def _read_one(path: Any, encoding: str | None, pattern: str | None) -> Table:
    piped = is_standard_input(path)
    source = STANDARD_INPUT if piped else str(path)
    if isinstance(path, (str, os.PathLike)) and not piped and pattern is None:
        events = event_files(Path(path)) if "\0" not in source else []
        if events:
            return events_table(Path(path), events)
        metrics = mlflow_table(Path(path)) if os.path.exists(path) and _may_be_metrics(path) else None
        if metrics:
            return metrics
    text = read_text(path, encoding)
    if pattern is not None:
        return _numbered(source, *matched_rows(source, text, pattern))
    start = _COMMENTS.match(text).end()  # type: ignore[union-attr]
    if text.startswith(("{", "["), start):
        # `{'loss': 1}` and `[rank0] step 3: ...` begin as JSON does; between JSON lines bars may have been printed.
        plain = text.startswith(('{"', '[{"'), start) and not has_bars(text)
        printed = None if plain else printed_rows(text)
        if printed:
            return _numbered(source, *printed)
        found = json_rows(source, text)
        return replace(_numbered(source, found.rows, found.notes, found.word), beside=found.beside)
    try:
        header, rows, notes = separated_rows(source, text)
    except BadValue:
        printed = printed_rows(text)
        if not printed:
            raise
        return _numbered(source, *printed)
    cells = {name: [row[i] for _, row in rows] for i, name in enumerate(header)}
    if not any(is_number(cell) for column in cells.values() for cell in column):
        # Lines of text may happen to have as many commas each as the first.
        printed = printed_rows(text)
        if printed:
            return _numbered(source, *printed)
    return _checked(Table(source, cells, [f"line {line}" for line, _ in rows], tuple(notes)))


def _may_be_metrics(path: str | os.PathLike) -> bool:
    """A folder, or a plain file: a pipe may be read only once."""
    return os.path.isdir(path) or os.path.isfile(path)


def _numbered(source: str, numbered: Any, notes: list[str], word: str = "line") -> Table:
    rows, places = [row for _, row in numbered], [f"{word} {number}" for number, _ in numbered]
    names: dict[str, str] = {}
    for name in dict.fromkeys(name for row in rows for name in row):
        if names.setdefault(name.strip(), name) != name:
            raise BadValue(
                f"{source} has the columns {names[name.strip()]!r} and {name!r}, which differ in spaces only. "
                "Give each its own name, or both the same."
            )
    cells = {bare: [row.get(name) for row in rows] for bare, name in names.items()}
    return _checked(Table(source, cells, places, tuple(notes)))


def _checked(table: Table) -> Table:
    if not table.places or not table.names:
        raise BadValue(f"{table.source} has no rows, but at least one is needed. Name a file with data.")
    return table
