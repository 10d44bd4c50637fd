"""Recorded answers: who was asked, how the judge scored, what the answer was worth. NumPy float64, no JAX switch."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import BadValue
from ..pytrees import record

COLUMNS = ("prompt", "score", "value")


@record(static=("prompts",))
class Records:
    """Scores and values of recorded answers, one array a prompt; prompts may have different numbers of answers.

    `scores[i]` and `values[i]` are (N_i,) float64 and finite; `prompts[i]` names the prompt.
    """

    prompts: tuple[str, ...]
    scores: tuple[np.ndarray, ...]
    values: tuple[np.ndarray, ...]

    @classmethod
    def from_arrays(cls, scores: Any, values: Any) -> Records:
        """From arrays (prompts, answers), from (answers,) of one prompt, or from lists of arrays, one a prompt."""
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
        return cls(tuple(str(i) for i in range(len(rows[0]))), tuple(rows[0]), tuple(rows[1]))

    @property
    def answers(self) -> np.ndarray:
        """(prompts,) numbers of recorded answers."""
        return np.array([row.size for row in self.scores])

    def part(self, chosen: Iterable[int]) -> Records:
        """The prompts with these indices."""
        chosen = list(chosen)
        return Records(*(tuple(field[i] for i in chosen) for field in (self.prompts, self.scores, self.values)))

    def __str__(self) -> str:
        n = self.answers
        each = f"{n.min()}" if n.min() == n.max() else f"{n.min()} to {n.max()}"
        return f"Records of {n.size} prompts, {each} answers each, {n.sum()} in all"


def as_records(scores: Any, values: Any = None) -> Records:
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


def read_records(path: str | os.PathLike) -> Records:
    """Recorded answers from a CSV file, or JSON lines, with the columns `prompt`, `score` and `value`.

    One line an answer, in any order; prompts may have different numbers of answers; other columns are ignored. A file
    whose first character is `{` is read as JSON lines. True and false count as 1 and 0.
    Raises `BadValue` naming file, line and column where something is missing or is no finite number.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise BadValue(
            f"path is {str(path)!r}, but it cannot be read: {reason}. Name a CSV or JSON lines file."
        ) from error
    rows = _json_rows(path, text) if text.lstrip().startswith("{") else _csv_rows(path, text)
    scores: dict[str, list[float]] = {}
    values: dict[str, list[float]] = {}
    for line, row in rows:
        prompt = str(row["prompt"])
        scores.setdefault(prompt, []).append(_number(path, line, "score", row["score"]))
        values.setdefault(prompt, []).append(_number(path, line, "value", row["value"]))
    if not scores:
        raise BadValue(f"{path} has no rows, but at least one answer is needed. Write one line an answer.")
    return Records(tuple(scores), tuple(map(np.array, scores.values())), tuple(map(np.array, values.values())))


def _csv_rows(path: Path, text: str) -> list[tuple[int, dict[str, Any]]]:
    reader = csv.DictReader(text.splitlines())
    missing = [name for name in COLUMNS if name not in (reader.fieldnames or [])]
    if missing:
        raise BadValue(
            f"{path} has no column {missing[0]!r}; its columns are {', '.join(reader.fieldnames or ['none'])}. "
            f"Name three of them {', '.join(COLUMNS)}."
        )
    return [(reader.line_num, row) for row in reader]


def _json_rows(path: Path, text: str) -> list[tuple[int, dict[str, Any]]]:
    rows = []
    for line, content in enumerate(text.splitlines(), start=1):
        if not content.strip():
            continue
        try:
            row = json.loads(content)
        except json.JSONDecodeError:
            row = None
        if not isinstance(row, dict):
            raise BadValue(
                f'{path}, line {line}: this is no JSON object. Write one object an answer, as {{"prompt": ...}}.'
            )
        missing = [name for name in COLUMNS if name not in row]
        if missing:
            raise BadValue(f"{path}, line {line}: {missing[0]!r} is missing. Every line needs {', '.join(COLUMNS)}.")
        rows.append((line, row))
    return rows


def _number(path: Path, line: int, column: str, cell: Any) -> float:
    if isinstance(cell, str) and cell.strip().lower() in ("true", "false"):
        cell = cell.strip().lower() == "true"
    try:
        number = float(cell)
    except (TypeError, ValueError):
        number = float("nan")
    if not np.isfinite(number):
        raise BadValue(
            f"{path}, line {line}: {column} is {cell!r}, but it must be a finite number. Mend or drop that line."
        )
    return number


def _rows(name: str, table: Any) -> list[np.ndarray]:
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
