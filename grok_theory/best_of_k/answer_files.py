"""Recorded answers from files: a row an answer, lists of them in a row, or a wide table."""

from __future__ import annotations

import ast
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import BadValue
from ..tables import Table, read_table
from ..tables.cells import is_missing, is_number, label
from .answer_columns import REMEDY, choose_columns, is_list, numbered
from .records import LARGEST_VALUE, Records

Paths = str | os.PathLike | Sequence[str | os.PathLike]


@dataclass(frozen=True)
class AnswerFiles:
    """What files of recorded answers hold, and how they were read.

    Parameters
    ----------
    records : Records
        The answers; scores are nan where there is none.
    columns : dict[str, str or None]
        The column of "prompt", "score", "value" and "answer"; None where there is none.
    guessed : tuple[str, ...]
        The roles that nobody named.
    notes : tuple[str, ...]
        What was passed over or made of something else, in sentences.
    """

    records: Records
    columns: dict[str, str | None]
    guessed: tuple[str, ...]
    notes: tuple[str, ...]


def read_records(
    path: Paths,
    *,
    prompt: str | None = None,
    score: str | None = None,
    value: str | None = None,
    answer: str | None = None,
    encoding: str | None = None,
) -> Records:
    """Recorded answers from one table or several: the prompt, the judge's score, the value, and what was answered.

    One row an answer, in any order; or one row a prompt with a list in each cell; or a wide table with columns value_1,
    value_2 ... (and score_1 ..., answer_1 ...). Prompts may have different numbers of answers; other columns are
    ignored. Several files are read as one: a prompt of the same name goes on. A file is what `tables.read_table` reads.
    True and false count as 1 and 0.

    Parameters
    ----------
    path : str, os.PathLike or Sequence
        The file, or several.
    prompt : str, optional
        Name of the column that tells prompts apart; if left out "prompt", or what harnesses call it: task_id, doc_id,
        question ... Where a row holds all answers of a prompt there need be none.
    score : str, optional
        Name of the column with the judge's score of the answer; if left out "score", "judge" ..., or none.
    value : str, optional
        Name of the column with what the answer was worth; if left out "value", "passed", "correct", "exact_match" ...
    answer : str, optional
        Name of the column with what was answered, for the vote; if left out "answer", "prediction" ..., or none.
        Numbers that are equal are the same answer ("01", 1 and 1.0), and so are texts that are written alike but for
        spaces around them. A missing one is an answer of its own, which no other gives; NA, None, null and nan are
        missing where all other answers are numbers, and beside texts what was said.
    encoding : str, optional
        Of a file that is neither UTF-8 nor marked, as in `tables.read_table`.

    Returns
    -------
    Records
        Its prompts in the order in which they first appear. Scores that are missing or not finite are nan: the judge
        failed there, and `Records.judged` says what becomes of such an answer.

    Raises
    ------
    BadValue
        Naming file, line and column where a value is missing or is no finite number, where a score is no number, where
        a value exceeds 1e150 in magnitude, and where two prompts are written alike but differ (the text "1" and the
        number 1).
    """
    asked = {"prompt": prompt, "score": score, "value": value, "answer": answer}
    return read_answers(path, asked, encoding=encoding).records


def read_answers(path: Paths, asked: Mapping[str, str | None], *, encoding: str | None = None) -> AnswerFiles:
    """As `read_records`, with what was recognised.

    Parameters
    ----------
    path : str, os.PathLike or Sequence
        The file, or several.
    asked : Mapping[str, str or None]
        The columns of "prompt", "score", "value", "answer" as far as the user names them.
    encoding : str, optional
        Of files that are neither UTF-8 nor marked.

    Returns
    -------
    AnswerFiles
        The records, the columns and what was guessed.

    Raises
    ------
    BadValue
        See `read_records`.
    """
    paths = [path] if isinstance(path, (str, os.PathLike)) or not isinstance(path, Sequence) else list(path)
    if not paths:
        raise BadValue("path is empty, but at least one file is needed. Name a table of recorded answers.")
    real = [os.path.realpath(each) for each in paths if isinstance(each, (str, os.PathLike))]
    twice = next((str(paths[i]) for i, each in enumerate(real) if each in real[:i]), None)
    if twice is not None:
        raise BadValue(f"path names {twice} twice, and its answers would count twice. Name every file once.")
    rows: dict[str, list[tuple[float, float, Any]]] = {}
    columns: dict[str, str | None] = {}
    guessed: list[str] = []
    notes: list[str] = []
    for each in paths:
        table = read_table(each, encoding=encoding)
        chosen, found = choose_columns(table, asked)
        if columns and chosen != columns:
            raise BadValue(
                f"{table.source} has the columns {_shown(chosen)}, but {paths[0]} has {_shown(columns)}. {REMEDY}"
            )
        columns, guessed = chosen, found
        notes += table.notes
        table = _one_filter(table, notes)
        table, prompt = _one_row_an_answer(table, chosen, notes, several=len(paths) > 1)
        _add(rows, table, chosen | {"prompt": prompt}, notes)
    fields = list(zip(*((np.array(part) for part in list(zip(*each))[:2]) for each in rows.values())))
    scores, values = (tuple(np.asarray(row, float) for row in field) for field in fields)
    choices: tuple[np.ndarray, ...] | None = None
    if columns["answer"] is not None:
        choices = _said_alike([[said for *_, said in each] for each in rows.values()], notes)
        if asked["answer"] is None and _tells_nothing(choices, values):
            notes.append(f"{columns['answer']} is the same for all answers of every prompt, so it is not what was said")
            choices, columns = None, columns | {"answer": None}
    if columns["score"] is None:
        maybe = [name for name in table.names if "score" in name.lower()]
        notes += [f"{', '.join(maybe)} may be scores: name one (--score)"] if maybe else []
    return AnswerFiles(
        Records(tuple(rows), scores, values, choices),
        columns,
        tuple(role for role in guessed if columns[role]),
        tuple(dict.fromkeys(notes)),
    )


def _add(rows: dict, table: Table, chosen: Mapping[str, str | None], notes: list[str]) -> None:
    """Put the answers of a table, a row an answer, to those of their prompts."""
    labels = table.labels(chosen["prompt"])  # type: ignore[arg-type]
    for i, name in enumerate(labels):
        if name is None:
            raise BadValue(
                f"{table.where(i)}: {chosen['prompt']} is missing, but every answer needs one. Name the prompt."
            )
    values = _values(table, chosen["value"])  # type: ignore[arg-type]
    scores = np.full(values.size, np.nan)
    if chosen["score"] is not None:
        scores, _ = table.numbers(chosen["score"], booleans=True, needed="a finite number")
        scores = np.where(np.isfinite(scores), scores, np.nan)
    said: list[Any] = [None] * values.size
    if chosen["answer"] is not None:
        said = list(table.cells[chosen["answer"]])
    for name, score, value, each in zip(labels, scores, values, said):
        rows.setdefault(name, []).append((score, value, each))  # type: ignore[arg-type]


def _values(table: Table, column: str) -> np.ndarray:
    values, logged = table.numbers(column, booleans=True, needed="a finite number")
    wrong = np.flatnonzero(~(np.isfinite(values) & logged))
    if wrong.size:
        i = int(wrong[0])
        shown = repr(table.cells[column][i]) if logged[i] else "missing"
        raise BadValue(
            f"{table.where(i)}: {column} is {shown}, but it must be a finite number. Mend that line, or drop it: an "
            "answer without one is as if it had not been drawn."
        )
    large = np.flatnonzero(np.abs(values) > LARGEST_VALUE)
    if large.size:
        i = int(large[0])
        raise BadValue(
            f"{table.where(i)}: {column} is {values[i]:g}, but it must be at most {LARGEST_VALUE:g} in "
            "magnitude: sums and squares of larger ones overflow. Mend or drop that line."
        )
    return values


def _one_filter(table: Table, notes: list[str]) -> Table:
    """Of lm-eval's rows those of one filter: every filter reads the same answers again."""
    if not {"filter", "filtered_resps"} <= set(table.names):
        return table
    labels = table.labels("filter")
    names = list(dict.fromkeys(labels))
    if len(names) < 2:
        return table
    kept = [i for i, name in enumerate(labels) if name == names[0]]
    notes.append(f"of the filters {', '.join(map(str, names))} the first is used: they read the same answers")
    cells = {name: [column[i] for i in kept] for name, column in table.cells.items()}
    return Table(table.source, cells, [table.places[i] for i in kept], table.notes)


def _one_row_an_answer(
    table: Table, chosen: Mapping[str, str | None], notes: list[str], *, several: bool
) -> tuple[Table, str]:
    """The table itself, or lists and wide columns taken apart, a row an answer; and the column of the prompts."""
    wide = {stem: columns for stem, columns in numbered(table).items() if stem not in table.cells}
    value, roles = chosen["value"], [role for role in ("score", "value", "answer") if chosen[role]]
    cells: list[dict[str, Sequence[Any]]] = []  # of every row, what each role's column holds
    if value in wide:
        kind = "columns"
        for i in range(len(table.places)):
            row = {}
            for role in roles:
                name = chosen[role]
                if name not in wide or set(wide[name]) != set(wide[value]):
                    raise BadValue(
                        f"{table.source} has {len(wide[value])} columns {value}_1 ..., but {name} is not numbered in "
                        f"the same way. Give {role} as many, or name another column (--{role})."
                    )
                row[role] = [table.cells[wide[name][j]][i] for j in sorted(wide[value])]
            cells.append(row)
    elif any(is_list(cell) for cell in table.cells[value]):  # type: ignore[index]
        kind = "lists"
        for i in range(len(table.places)):
            row = {role: _list(table, i, chosen[role]) for role in roles}  # type: ignore[arg-type]
            for role, items in row.items():
                if len(items) != len(row["value"]):
                    raise BadValue(
                        f"{table.where(i)}: {chosen[role]} has {len(items)} entries and {value} {len(row['value'])}, "
                        "but every answer needs one of each. Mend that row."
                    )
            cells.append(row)
    else:
        return _without_single_lists(table, chosen["answer"]), chosen["prompt"]  # type: ignore[return-value]
    notes.append(f"the {kind} of a row are the answers to one prompt")
    # Numbers of answers differ: what has no value and no score was not drawn.
    there = [
        (i, j)
        for i, row in enumerate(cells)
        for j in range(len(row["value"]))
        if not all(is_missing(items[j]) for items in row.values())
    ]
    if not there:
        raise BadValue(f"{table.source} has no answers, but at least one is needed. Name a file with data.")
    made = {chosen[role]: [cells[i][role][j] for i, j in there] for role in roles}
    name = chosen["prompt"] or "prompt"
    if chosen["prompt"]:
        made[name] = [table.cells[name][i] for i, _ in there]
    else:
        made[name] = [table.where(i) if several else table.places[i] for i, _ in there]
        notes.append("every row is a prompt")
    places = [f"{table.places[i]}, answer {j + 1}" for i, j in there]
    return Table(table.source, made, places, table.notes), name  # type: ignore[arg-type]


def _without_single_lists(table: Table, answer: str | None) -> Table:
    """Of an answer that harnesses write as a list of one, the one."""
    if answer is None:
        return table
    alone = [cell[0] if isinstance(cell, list) and len(cell) == 1 else cell for cell in table.cells[answer]]
    return Table(table.source, table.cells | {answer: alone}, table.places, table.notes)


def _list(table: Table, row: int, column: str) -> list[Any]:
    cell = table.cells[column][row]
    if isinstance(cell, str) and is_list(cell):
        try:
            cell = json.loads(cell)
        except ValueError:
            cell = _python_list(cell)
    if not isinstance(cell, list):
        raise BadValue(
            f"{table.where(row)}: {column} is {table.cells[column][row]!r:.40}, but other rows hold a list of answers. "
            "Write a list, for example [1, 0, 1]."
        )
    return cell


def _python_list(text: str) -> Any:
    """A list as Python prints it, [True, None]; None for what is none."""
    try:
        return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None


def _said_alike(said: Sequence[Sequence[Any]], notes: list[str]) -> tuple[np.ndarray, ...]:
    """Of every prompt, the cells of its answers as numbers that are equal where they mean the same.

    A word that stands for nothing (NA, None, nan) is nothing among numbers; among texts somebody may have answered so.
    """
    cells = [cell for row in said for cell in row]
    words = {cell.strip() for cell in cells if _is_word_for_nothing(cell)}
    spoken = words and not all(_is_blank(cell) or _is_word_for_nothing(cell) or is_number(cell) for cell in cells)
    unsaid = _is_blank if spoken else lambda cell: _is_blank(cell) or _is_word_for_nothing(cell)
    missing = sum(map(unsaid, cells))
    if missing:
        notes.append(f"{missing} answers are missing: each counts as one that no other gives")
    if spoken:
        many, shown = sum(map(_is_word_for_nothing, cells)), ", ".join(sorted(words))
        notes.append(f"{many} answers are {shown}, taken as said: where nothing was, leave the cell empty")
    return tuple(_numbered_alike([None if unsaid(cell) else label(_bare(cell))[1] for cell in row]) for row in said)


def _bare(cell: Any) -> Any:
    return cell.strip() if isinstance(cell, str) else cell


def _is_blank(cell: Any) -> bool:
    return cell is None or cell != cell or _bare(cell) == ""


def _is_word_for_nothing(cell: Any) -> bool:
    """Whether a text is NA, None, null or what a logger writes of a missing number, nan."""
    return (
        isinstance(cell, str)
        and not _is_blank(cell)
        and (is_missing(cell) or _bare(cell).lower().lstrip("+-") == "nan")
    )


def _numbered_alike(said: list[Any]) -> np.ndarray:
    known: dict[Any, int] = {}
    return np.array(
        [known.setdefault(("missing", i) if each is None else each, len(known)) for i, each in enumerate(said)]
    )


def _tells_nothing(choices: tuple[np.ndarray, ...], values: tuple[np.ndarray, ...]) -> bool:
    """Whether an answer column is that of the right answer: one for a prompt, while answers are worth differently."""
    return all(not row.any() for row in choices) and any(np.ptp(row) > 0 for row in values)


def _shown(columns: Mapping[str, str | None]) -> str:
    return ", ".join(f"{role} = {column}" for role, column in columns.items() if column)
