"""Recorded answers: who was asked, how the judge scored, what the answer was worth. NumPy float64, no JAX switch."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from jax.typing import ArrayLike

from ..errors import BadValue
from ..pytrees import record
from ..tables import Table, read_table

_LARGEST_VALUE = 1e150


@record(static=("prompts",))
class Records:
    """Scores and values of recorded answers, one array a prompt; prompts may have different numbers of answers.

    Parameters
    ----------
    prompts : tuple[str, ...]
        Names of the prompts.
    scores : tuple[ndarray, ...]
        One array (N_i,) a prompt: what the judge gave each answer; float64, finite.
    values : tuple[ndarray, ...]
        One array (N_i,) a prompt: what each answer was worth; float64, finite, at most 1e150 in magnitude.
    """

    prompts: tuple[str, ...]
    scores: tuple[np.ndarray, ...]
    values: tuple[np.ndarray, ...]

    @classmethod
    def from_arrays(cls, scores: ArrayLike | Sequence, values: ArrayLike | Sequence) -> Records:
        """Records from arrays (prompts, answers), from (answers,) of one prompt, or from lists of arrays, one a prompt.

        Parameters
        ----------
        scores : array_like or Sequence
            What the judge gave each answer, finite.
        values : array_like or Sequence
            What each answer was worth: the same shapes; finite, at most 1e150 in magnitude.

        Returns
        -------
        Records
            With prompts named "0", "1", ...

        Raises
        ------
        BadValue
            For arrays that are empty, masked, of different shapes or no numbers, and for an entry out of its range,
            named.
        """
        rows = [_rows(name, table) for name, table in (("scores", scores), ("values", values))]
        if len(rows[0]) != len(rows[1]) or any(a.shape != b.shape for a, b in zip(*rows)):
            raise BadValue(
                f"scores and values have shapes {_shapes(rows[0])} and {_shapes(rows[1])}, but every answer "
                "needs one of each. Pass two tables of the same shape (prompts, answers)."
            )
        if not rows[0]:
            raise BadValue("scores is empty, but at least one prompt is needed. Pass an array (prompts, answers).")
        for name, table in zip(("scores", "values"), rows):
            for i, row in enumerate(table):
                wrong = np.flatnonzero(~np.isfinite(row))
                if wrong.size:
                    raise BadValue(
                        f"{name}[{i}, {wrong[0]}] is {row[wrong[0]]}, but it must be finite. Drop or mend it."
                    )
        for i, row in enumerate(rows[1]):
            j = int(np.argmax(np.abs(row)))
            if not np.abs(row[j]) <= _LARGEST_VALUE:
                raise BadValue(
                    f"values[{i}, {j}] is {row[j]:g}, but it must be at most {_LARGEST_VALUE:g} in magnitude: sums and "
                    "squares of larger ones overflow. Drop it if it stands for a missing value, or change the unit."
                )
        return cls(tuple(str(i) for i in range(len(rows[0]))), tuple(rows[0]), tuple(rows[1]))

    @property
    def answers(self) -> np.ndarray:
        """(prompts,) numbers of recorded answers."""
        return np.array([row.size for row in self.scores])

    def part(self, chosen: Iterable[int]) -> Records:
        """The prompts with these indices.

        Parameters
        ----------
        chosen : Iterable[int]
            Indices into `prompts`, in the order wanted.

        Returns
        -------
        Records
            With these prompts only.
        """
        chosen = list(chosen)
        return Records(*(tuple(field[i] for i in chosen) for field in (self.prompts, self.scores, self.values)))

    def __str__(self) -> str:
        n = self.answers
        each = f"{n.min()}" if n.min() == n.max() else f"{n.min()} to {n.max()}"
        return f"Records of {n.size} prompts, {each} answers each, {n.sum()} in all"


def as_records(scores: ArrayLike | Sequence, values: ArrayLike | Sequence = None) -> Records:
    """Records from what the public doors accept: a Records, or scores and values."""
    if isinstance(scores, Records):
        if values is not None:
            raise BadValue("values is given beside Records, which hold their own. Pass the Records alone.")
        return scores
    if values is None:
        raise BadValue(
            "values is left out, but scores alone do not say what an answer is worth. Pass both, or Records."
        )
    return Records.from_arrays(scores, values)


def read_records(
    path: str | os.PathLike,
    *,
    prompt: str = "prompt",
    score: str = "score",
    value: str = "value",
    encoding: str | None = None,
) -> Records:
    """Recorded answers from a table with a column for the prompt, one for the score and one for the value.

    One row an answer, in any order; prompts may have different numbers of answers; other columns are ignored. The file
    is what `tables.read_table` reads: separated cells or JSON. True and false count as 1 and 0.

    Parameters
    ----------
    path : str or os.PathLike
        The file.
    prompt : str, default 'prompt'
        Name of the column that tells prompts apart.
    score : str, default 'score'
        Name of the column with the judge's score of the answer.
    value : str, default 'value'
        Name of the column with what the answer was worth.
    encoding : str, optional
        Of a file that is neither UTF-8 nor marked, as in `tables.read_table`.

    Returns
    -------
    Records
        Its prompts in the order in which they first appear in the file.

    Raises
    ------
    BadValue
        Naming file, line and column where something is missing or is no finite number, where a value exceeds 1e150 in
        magnitude, and where two prompts are written alike but differ (the text "1" and the number 1).
    """
    table = read_table(path, encoding=encoding)
    for column in (prompt, score, value):
        table.column(column, "Name three of them: prompt, score, value (--prompt, --score, --value).")
    labels = table.labels(prompt)
    numbers = {column: _finite(table, column) for column in (score, value)}
    rows: dict[str, list[int]] = {}
    for i, label in enumerate(labels):
        if label is None:
            raise BadValue(f"{table.where(i)}: {prompt} is missing, but every answer needs one. Name the prompt.")
        rows.setdefault(label, []).append(i)
    large = np.flatnonzero(np.abs(numbers[value]) > _LARGEST_VALUE)
    if large.size:
        i = int(large[0])
        raise BadValue(
            f"{table.where(i)}: {value} is {numbers[value][i]:g}, but it must be at most {_LARGEST_VALUE:g} in "
            "magnitude: sums and squares of larger ones overflow. Mend or drop that line."
        )
    return Records(tuple(rows), *(tuple(numbers[c][part] for part in rows.values()) for c in (score, value)))


def _finite(table: Table, column: str) -> np.ndarray:
    values, logged = table.numbers(column, booleans=True, needed="a finite number")
    wrong = np.flatnonzero(~(np.isfinite(values) & logged))
    if wrong.size:
        i = int(wrong[0])
        shown = repr(table.cells[column][i]) if logged[i] else "missing"
        raise BadValue(
            f"{table.where(i)}: {column} is {shown}, but it must be a finite number. Mend that line, or drop it: an "
            "answer without one is as if it had not been drawn."
        )
    return values


def _rows(name: str, table: Any) -> list[np.ndarray]:
    if np.ma.is_masked(table) or (isinstance(table, (list, tuple)) and any(map(np.ma.is_masked, table))):
        raise BadValue(
            f"{name} has values that a mask hides, and they would be taken for answers. Pass a list of arrays, one a "
            "prompt, of the answers there are."
        )
    try:
        ragged = isinstance(table, (list, tuple)) and len({np.shape(row) for row in table}) > 1
        rows = [np.asarray(row, float) for row in table] if ragged else np.asarray(table, float)
    except (TypeError, ValueError):
        rows = np.zeros((0, 0, 0))
    if isinstance(rows, np.ndarray):
        rows = [rows] if rows.ndim == 1 else rows
    if (isinstance(rows, np.ndarray) and rows.ndim != 2) or any(row.ndim != 1 or row.size == 0 for row in rows):
        raise BadValue(
            f"{name} is no table of numbers with at least one answer a prompt. "
            "Pass an array (prompts, answers) or (answers,)."
        )
    return list(rows)


def _shapes(rows: Sequence[np.ndarray]) -> str:
    lengths = {row.size for row in rows}
    return (
        f"({len(rows)}, {lengths.pop()})" if len(lengths) == 1 else f"({len(rows)}, {min(lengths)} to {max(lengths)})"
    )
