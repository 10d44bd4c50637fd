"""The one table that every reader of the package starts from."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from ..errors import BadValue
from .cells import NotANumber, is_missing, is_number, label, number, plain_numbers, same_number, writes_commas


@dataclass(frozen=True)
class Table:
    """What a file holds, cell by cell and with the place of each row.

    Parameters
    ----------
    source : str
        The path, as messages name it.
    cells : dict[str, list[Any]]
        `cells[name]` has one entry a row: a text (CSV), what JSON gave, or None where nothing was written.
    places : list[str]
        `places[i]` is where row i begins, as "line 7" (after line ends inside quotes, too).
    notes : tuple[str, ...], default ()
        What form was recognised and what was passed over, in sentences.
    apart : bool, default False
        Whether curves come from files of their own: then the order of rows says nothing between two curves.
    beside : dict[str, Any], optional
        What stands beside the rows in a JSON object, such as a `config`.
    """

    source: str
    cells: dict[str, list[Any]]
    places: list[str]
    notes: tuple[str, ...] = ()
    apart: bool = False
    beside: dict[str, Any] = field(default_factory=dict)

    def as_read(self, cells: dict[str, list[Any]], places: list[str], note: str, *, apart: bool = False) -> Table:
        """The table that this one is meant as.

        Parameters
        ----------
        cells : dict[str, list[Any]]
            Of the new table.
        places : list[str]
            One a row of the new table.
        note : str
            The form that was recognised, in words.
        apart : bool, default False
            Whether curves come from files of their own.

        Returns
        -------
        Table
            With the same source.
        """
        return replace(self, cells=cells, places=places, notes=(*self.notes, note), apart=self.apart or apart)

    @property
    def names(self) -> list[str]:
        """The names of the columns, in the order of the file."""
        return list(self.cells)

    def where(self, row: int) -> str:
        """File and line of a row, as the beginning of a sentence.

        Parameters
        ----------
        row : int
            Index of the row, from 0.

        Returns
        -------
        str
            For example "log.csv, line 7".
        """
        return f"{self.source}, {self.places[row]}"

    def column(self, name: str, remedy: str = "Name one of them.") -> list[Any]:
        """The cells of a column, one a row.

        Parameters
        ----------
        name : str
            Of the column.
        remedy : str, default 'Name one of them.'
            The end of the message where there is none of that name.

        Returns
        -------
        list[Any]
            A text (CSV), what JSON gave, or None where nothing was written.

        Raises
        ------
        BadValue
            Where there is no such column, naming those there are.
        """
        return self.cells[self.full_name(name, remedy)]

    def full_name(self, name: str, remedy: str = "Name one of them.") -> str:
        """The full name of a column: itself, or the one `.../name` that there is (`loss` where it is `train/loss`).

        Parameters
        ----------
        name : str
            Of the column, or its end after a slash.
        remedy : str, default 'Name one of them.'
            The end of the message where there is none of that name.

        Returns
        -------
        str
            A key of `cells`.

        Raises
        ------
        BadValue
            Where there is no such column, or are several, naming those there are.
        """
        if name not in self.cells:
            ending = [full for full in self.cells if full.endswith(f"/{name}")]
            if len(ending) == 1:
                return ending[0]
            metric = name.rsplit(" - ", 1)[-1]
            if metric != name and "run" in self.cells and metric in self.cells:
                remedy = f"Columns RUN - METRIC are read as runs: name {metric}, and run for what tells them apart."
            raise BadValue(f"{self.source} has no column {name!r}; its columns are {', '.join(self.names)}. {remedy}")
        return name

    def numbers(self, name: str, *, booleans: bool = False, needed: str = "a number") -> tuple[np.ndarray, np.ndarray]:
        """(values, logged) of a column, one a row: float64 (nan where nothing is written), and whether something is.

        A column of texts that writes 0,5 for a half throughout is read so.

        Parameters
        ----------
        name : str
            Of the column.
        booleans : bool, default False
            Whether true and false are 1 and 0; otherwise they are refused.
        needed : str, default 'a number'
            What the column must hold, in words, for the message.

        Returns
        -------
        tuple[ndarray, ndarray]
            (values, logged), each (rows,).

        Raises
        ------
        BadValue
            Where there is no such column; naming file, line and column for a cell that is no number, and for two
            numbers that floating point does not tell apart.
        """
        name = self.full_name(name)
        cells = self.cells[name]
        plain = None if self._points_in_doubt else self._plain(name)
        if plain is not None:
            return plain[0].copy(), plain[1].copy()
        comma = writes_commas(cells)
        values = np.full(len(cells), np.nan)
        logged = np.zeros(len(cells), bool)
        for i, cell in enumerate(cells):
            try:
                value = number(cell, comma=comma, booleans=booleans, points=self._points_in_doubt)
            except NotANumber as reason:
                raise BadValue(f"{self.where(i)}: {name} is {cell!r}, but it must be {needed}{reason}.") from None
            if value is not None:
                values[i], logged[i] = value, True
        alike = same_number(cells, values)
        if alike:
            raise BadValue(
                f"{self.where(alike[1])}: {name} is {cells[alike[1]]}, which floating-point numbers do not tell from "
                f"{cells[alike[0]]} in {self.places[alike[0]]}. Subtract a number from all of them."
            )
        return values, logged

    @cached_property
    def _known(self) -> dict[str, tuple[np.ndarray, np.ndarray] | None]:
        return {}

    def _plain(self, name: str) -> tuple[np.ndarray, np.ndarray] | None:
        """`plain_numbers` of a column, kept: it is asked for several times."""
        if name not in self._known:
            self._known[name] = plain_numbers(self.cells[name])
        return self._known[name]

    @cached_property
    def _points_in_doubt(self) -> bool:
        """Whether a column writes 0,5 for a half: then 1.234 in another one may be a thousand."""
        return any(writes_commas(cells) for cells in self.cells.values())

    def labels(self, name: str) -> list[str | None]:
        """The cells of a column as names, None where nothing is written (a nan of JSON is nothing).

        Spaces around a name are none of it, quoted or not.

        Parameters
        ----------
        name : str
            Of the column.

        Returns
        -------
        list[str or None]
            One name a row.

        Raises
        ------
        BadValue
            Where there is no such column, and where two different values would become one name, or one value two: "1"
            beside 1, 1.0 or "01".
        """
        found: list[str | None] = []
        known: dict[Any, tuple[str, str, int]] = {}
        texts: set[str] = set()
        name = self.full_name(name)
        for i, cell in enumerate(self.cells[name]):
            cell = cell.strip() if isinstance(cell, str) else cell
            if isinstance(cell, str) and cell in texts:
                found.append(cell)
                continue
            if cell is None or cell == "" or (isinstance(cell, float) and math.isnan(cell)):
                found.append(None)
                continue
            shown, meant, kind = label(cell)
            for key in (shown, meant):
                before, was, at = known.setdefault(key, (shown, kind, i))
                if (before, was) != (shown, kind):
                    raise BadValue(
                        f"{self.where(i)}: {name} is {cell!r}, a {kind}, but {self.places[at]} has "
                        f"{self.cells[name][at]!r}, a {was}. Write both the same way, or give them different names."
                    )
            found.append(shown)
            if kind == "text":
                texts.add(shown)
        return found

    def logged(self, name: str) -> np.ndarray:
        """(rows,) booleans: where something is written in a column.

        Parameters
        ----------
        name : str
            Of the column.

        Returns
        -------
        ndarray
            (rows,) booleans.
        """
        plain = self._plain(name)
        if plain is not None:
            return plain[1].copy()
        return np.array([not is_missing(cell) for cell in self.cells[name]], bool)

    def counted(self, name: str, *, finite: bool = False) -> int:
        """How many cells of a column are numbers (`finite`: other than nan and infinities).

        Parameters
        ----------
        name : str
            Of the column.
        finite : bool, default False
            Whether nan and infinities are left out.

        Returns
        -------
        int
            The count.
        """
        plain = self._plain(name)
        if plain is not None:
            return int(np.isfinite(plain[0]).sum() if finite else plain[1].sum())
        return sum(is_number(cell, finite=finite) for cell in self.cells[name])
