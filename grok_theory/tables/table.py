"""The one table that every reader of the package starts from."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import BadValue
from .cells import NotANumber, is_missing, is_number, label, number, writes_commas
from .json_rows import json_rows
from .separated import separated_rows
from .text import read_text


@dataclass(frozen=True)
class Table:
    """What a file holds, cell by cell and with the place of each row.

    `cells[name]` has one entry a row: a text (CSV), what JSON gave, or None where nothing was written. `places[i]` is
    where row i begins, as "line 7" (after line ends inside quotes, too). `notes` say what was passed over.
    """

    source: str
    cells: dict[str, list[Any]]
    places: list[str]
    notes: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        return list(self.cells)

    def where(self, row: int) -> str:
        """File and line of a row, as the beginning of a sentence."""
        return f"{self.source}, {self.places[row]}"

    def column(self, name: str, remedy: str = "Name one of them.") -> list[Any]:
        """The cells of a column; raises `BadValue` naming those there are."""
        if name not in self.cells:
            raise BadValue(f"{self.source} has no column {name!r}; its columns are {', '.join(self.names)}. {remedy}")
        return self.cells[name]

    def numbers(self, name: str, *, booleans: bool = False, needed: str = "a number") -> tuple[np.ndarray, np.ndarray]:
        """(values, logged) of a column, one a row: float64 (nan where nothing is written), and whether something is.

        A column of texts that writes 0,5 for a half throughout is read so. `booleans`: true and false are 1 and 0.
        `needed` is what the column must hold, in words.
        Raises `BadValue` naming file, line and column for a cell that is no number.
        """
        cells = self.column(name)
        comma = writes_commas(cells)
        values = np.full(len(cells), np.nan)
        logged = np.zeros(len(cells), bool)
        for i, cell in enumerate(cells):
            try:
                value = number(cell, comma=comma, booleans=booleans)
            except NotANumber as reason:
                raise BadValue(f"{self.where(i)}: {name} is {cell!r}, but it must be {needed}{reason}.") from None
            if value is not None:
                values[i], logged[i] = value, True
        return values, logged

    def labels(self, name: str) -> list[str | None]:
        """The cells of a column as names, None where nothing is written.

        Raises `BadValue` where two different values would become one name: the text "1" beside the number 1.
        """
        found: list[str | None] = []
        kinds: dict[str, tuple[str, int]] = {}
        for i, cell in enumerate(self.column(name)):
            if cell is None or cell == "":
                found.append(None)
                continue
            shown, compared, kind = label(cell)
            before, at = kinds.setdefault(compared, (kind, i))
            if before != kind:
                raise BadValue(
                    f"{self.where(i)}: {name} is {cell!r}, a {kind}, but {self.places[at]} has "
                    f"{self.cells[name][at]!r}, a {before}. Write both the same way, or give them different names."
                )
            found.append(shown)
        return found

    def logged(self, name: str) -> np.ndarray:
        """(rows,) booleans: where something is written in a column."""
        return np.array([not is_missing(cell) for cell in self.cells[name]], bool)

    def counted(self, name: str, *, finite: bool = False) -> int:
        """How many cells of a column are numbers (`finite`: other than nan and infinities)."""
        return sum(is_number(cell, finite=finite) for cell in self.cells[name])


def read_table(path: str | os.PathLike, *, encoding: str | None = None) -> Table:
    """The table in a file of separated cells (comma, semicolon, tab) or JSON (lines, list of rows, object of columns).

    A file whose first character is `{` or `[` is JSON. `encoding` names that of a file that is neither UTF-8 nor
    marked. Raises `BadValue` naming file and line for what cannot be read without a guess: see `separated_rows`,
    `json_rows`, `read_text`.
    """
    text, source = read_text(path, encoding), str(path)
    if text.lstrip()[:1] in ("{", "["):
        numbered, word = json_rows(source, text)
        names = dict.fromkeys(name for _, row in numbered for name in row)
        cells = {name: [row.get(name) for _, row in numbered] for name in names}
        table = Table(source, cells, [f"{word} {number}" for number, _ in numbered])
    else:
        header, rows, notes = separated_rows(source, text)
        cells = {name: [row[i] for _, row in rows] for i, name in enumerate(header)}
        table = Table(source, cells, [f"line {line}" for line, _ in rows], tuple(notes))
    if not table.places:
        raise BadValue(f"{source} has no rows, but at least one is needed. Name a file with data.")
    return table
