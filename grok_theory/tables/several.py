"""Several files as one table: each is a run, or they hold the curves of one run, as their columns and names say."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any

from ..errors import BadValue
from .guessing import curve_names, guess_run
from .names import RUN_NAMES, SETTING_WORDS, TEST_WORDS, TRAIN_WORDS, X_NAMES, called, metric, part, words
from .table import Table

_ENDINGS = re.compile(r"(\.(csv|tsv|txt|log|out|jsonl?|ndjson|gz))+$", re.IGNORECASE)
FILE = "file"  # the column that tells which file a run is from


def joined(paths: Sequence[str], tables: Sequence[Table]) -> Table:
    """The rows of several tables under each other.

    Files in which a train and a test curve stand together are runs: a column `file` says which, by what differs
    between the paths. Files with one part only (`train.csv` and `val.csv`, a tag a file) are curves of a run, whose
    name is what is left of the path's without the words for the part and the curve.

    Parameters
    ----------
    paths : Sequence[str]
        As they were named.
    tables : Sequence[Table]
        What was read from each.

    Returns
    -------
    Table
        Whose places name file and line.

    Raises
    ------
    BadValue
        Where a file is named twice, or two files hold the same curve of the same run.
    """
    twice = next((path for i, path in enumerate(paths) if path in paths[:i]), None)
    if twice is not None:
        raise BadValue(f"{twice} is named twice, but every file is read once. Name it once.")
    labels = _labels(paths)
    own = [_own_runs(table) for table in tables]
    partial = [not _holds_both(table) for table in tables]
    tables = [_named_by_part(t, label) if some else t for t, label, some in zip(tables, labels, partial, strict=True)]
    bare = [_bare(t, label) if some else label for t, label, some in zip(tables, labels, partial, strict=True)]
    apart = any(table.apart for table in tables) or any(partial)
    namings = [naming for naming in _namings(own, bare, labels, partial) if _told_apart(tables, naming)]
    # Files that share no word may still be the curves of one run: better than runs that lack one.
    runs = next((naming for naming in namings if _whole(tables, naming)), namings[0] if namings else None)
    if runs is None:
        raise BadValue(
            f"{paths[0]} and {paths[1]} hold the same curves of a run of the same name. Give every run its own file "
            "name or folder, or put them into one file with a column that tells runs apart."
        )
    names = list(dict.fromkeys(name for table in tables for name in table.names))
    column = FILE if FILE not in names else "file_of_run"
    cells: dict[str, list[Any]] = {}
    said = [run for each in runs for run in each]
    if len(set(said)) > 1:
        cells[column] = said
    for name in names:
        cells[name] = [cell for t in tables for cell in t.cells.get(name, [None] * len(t.places))]
    places = [f"{path} {place}" for path, table in zip(paths, tables, strict=True) for place in table.places]
    notes = dict.fromkeys(note for table in tables for note in table.notes)
    how = f"{len(paths)} files, {len(set(said))} runs" if len(set(said)) > 1 else f"{len(paths)} files of one run"
    return Table(f"{paths[0]} and {len(paths) - 1} more", cells, places, (how, *notes), apart)


def _namings(own: Any, bare: Any, labels: Any, partial: Any) -> Any:
    """Names of runs a row, the likeliest first: the files' own, with the bare file name, none, with the whole name."""
    if all(runs[0] is not None or some for runs, some in zip(own, partial, strict=True)) and any(r[0] for r in own):
        yield [[run or "" for run in runs] for runs in own]
    for label in (bare, [""] * len(bare), labels) if all(partial) else (bare, labels):
        yield [["/".join(filter(None, (name, run))) for run in runs] for name, runs in zip(label, own, strict=True)]


def _own_runs(table: Table) -> list[str | None]:
    """What each row says of its run; None where the table is one run."""
    curves = curve_names(table)  # a table of answers has none, and its seeds tell no runs apart
    column = "run" if "run" in table.cells else guess_run(table, curves) if curves else None
    return table.labels(column) if column else [None] * len(table.places)


def _told_apart(tables: Sequence[Table], runs: Sequence[Sequence[str]]) -> bool:
    """Whether no curve of a run is in two files."""
    seen: dict[tuple[str, str], int] = {}
    for i, (table, names) in enumerate(zip(tables, runs, strict=True)):
        for curve in _curves(table):
            logged = table.logged(curve)
            if any(seen.setdefault((run, curve), i) != i for run in {names[j] for j in logged.nonzero()[0]}):
                return False
    return True


def _whole(tables: Sequence[Table], runs: Sequence[Sequence[str]]) -> bool:
    """Whether every run has a test curve and another one."""
    found: dict[str, set[bool]] = {run: set() for names in runs for run in names}
    for table, names in zip(tables, runs, strict=True):
        for curve in curve_names(table):
            for run in {names[j] for j in table.logged(curve).nonzero()[0]}:
                found[run].add(part(curve) == "test")
    return all(len(parts) == 2 for parts in found.values())


def _curves(table: Table) -> list[str]:
    """The columns that are no times, runs or settings."""
    known = (*X_NAMES, *RUN_NAMES)
    return [n for n in table.names if called(n) not in known and not SETTING_WORDS & set(words(n))]


def _holds_both(table: Table) -> bool:
    """Whether a train and a test curve stand in the table; where no column says test, a plain loss is neither."""
    names = curve_names(table)
    return any(part(n) == "test" for n in names) and any(part(n) != "test" for n in names)


def _named_by_part(table: Table, label: str) -> Table:
    """The table with `val/loss` for `loss` where the file's name says of which part of the data it is."""
    said = [word for word in _words(label) if word in (*TRAIN_WORDS, *TEST_WORDS)]
    plain = [name for name in curve_names(table) if part(name) is None]
    if len(set(said)) != 1 or not plain:
        return table
    cells = {f"{said[0]}/{n}" if n in plain else n: column for n, column in table.cells.items()}
    return table.as_read(cells, table.places, f"{said[0]} is taken from the file's name")


def _bare(table: Table, label: str) -> str:
    """A file's label without the words for its part and its curve: what is left names the run."""
    curves = {word for name in curve_names(table) for word in (*words(name), *metric(name))}
    said = re.split(r"([\W_]+)", label)
    left = [w for w in said if w.lower() not in (*TRAIN_WORDS, *TEST_WORDS) and w.lower() not in curves]
    return re.sub(r"[\W_]*([\W_])[\W_]*", r"\1", "".join(left)).strip("/_-. ")


def _words(label: str) -> list[str]:
    return [word for word in re.split(r"[\W_]+", label.lower()) if word]


def _labels(paths: Sequence[str]) -> list[str]:
    """What differs between the paths: their folders and names without what all share, and without endings."""
    parts = [list(PurePath(path).parts) for path in paths]
    for each in parts:
        each[-1] = _ENDINGS.sub("", each[-1]) or each[-1]
    while min(map(len, parts)) > 1 and len({each[0] for each in parts}) == 1:
        parts = [each[1:] for each in parts]
    while min(map(len, parts)) > 1 and len({each[-1] for each in parts}) == 1:
        parts = [each[:-1] for each in parts]
    return ["/".join(each) for each in parts]
