"""Which columns of a log are the times, the train and the test curve, and the run, where the user does not say.

A name is not enough: a column is preferred by how much of the log it covers, then by its name, and two that are equally
good are refused. Both curves are of one kind, losses or accuracies. A log may have one curve only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..errors import BadValue
from .names import RUN_NAMES, TEST_WORDS, X_NAMES, called, counts_time, metric, part, rises, words
from .table import Table


def guess_run(table: Table, curves: Sequence[str]) -> str | None:
    """The column that tells runs apart: written in every row that holds one of `curves`, with at least two values.

    A seed in one row only, or the same in all, tells no runs apart; a `run` that is the same in all is the name of the
    one run there is. Of several such columns the one that splits
    finest is taken if it splits within the others.

    Raises
    ------
    BadValue
        For a column that seems to tell runs apart but does not do it for every row, or gives every row its own.
    """
    rows = _rows_with(table, curves)
    parts: dict[str, list[str | None]] = {}
    for name in _by_name(table, RUN_NAMES):
        labels = table.labels(name)
        here = [labels[i] for i in rows]
        values = set(here) - {None}
        if len(values) < 2:
            continue
        if None in here:
            i = int(rows[here.index(None)])
            raise BadValue(
                f"{table.where(i)}: {name} is missing beside a value, but elsewhere it tells {len(values)} runs apart. "
                "Say which run it is, or name another column with --run."
            )
        if len(values) == len(here):
            raise BadValue(
                f"{table.source}: {name} is another one in every row, so every run would have one record. "
                "Name the column that tells runs apart with --run, or rename this one."
            )
        parts[name] = here
    if not parts:
        return _name_of_one(table, rows)
    finest = max(parts, key=lambda name: len(set(parts[name])))
    together = set(zip(*parts.values(), strict=True))
    if len(together) > len(set(parts[finest])):
        raise BadValue(
            f"{table.source} has several columns that tell runs apart: {', '.join(parts)}. Name one with --run, or "
            "write a column that names each run."
        )
    return finest


def _name_of_one(table: Table, rows: np.ndarray) -> str | None:
    """The column `run`, where it names one and the same run in every row."""
    name = next((name for name in table.names if called(name) == "run"), None)
    labels = table.labels(name) if name else []
    here = {labels[i] for i in rows} if name else {None}
    return name if len(here) == 1 and None not in here else None


def guess_x(table: Table, curves: Sequence[str]) -> str:
    """The column of times: numbers in at least half as many rows with `curves` as the best has, by preferred name."""
    rows = _rows_with(table, curves)
    names = _by_name(table, X_NAMES) or [name for name in table.names if counts_time(name)]
    written = {name: int(table.logged(name)[rows].sum()) for name in names if table.counted(name)}
    varied = {n: c for n, c in written.items() if c < 2 or len({str(table.cells[n][i]) for i in rows}) > 1}
    usable = varied or written
    fullest = max(usable.values(), default=0)
    found = next((name for name, count in usable.items() if 2 * count > fullest), None)
    alike = [name for name in usable if found and called(name) == called(found) and usable[name] == usable[found]]
    if any(table.cells[name] != table.cells[found] for name in alike):  # type: ignore[index]
        raise BadValue(f"{table.source} has {' and '.join(alike)}, which are equally good. Name one with --x.")
    if found is None:
        raise BadValue(
            f"{table.source} has no column that looks like x; its columns are {', '.join(table.names)}. "
            "Name it with --x."
        )
    return found


def guess_curves(
    table: Table,
    train: str | None,
    test: str | None,
    increases: Callable[[str], bool],
    rising: tuple[bool | None, bool | None],
) -> tuple[str | None, str | None, list[str]]:
    """The train and the test column, one of them perhaps named, and the pairs of another kind that were passed over.

    Losses come first, accuracies where `rising` says so: without that, a threshold is one of losses. Where nothing
    looks like one of the two, or nothing is written there, that one is None.

    Parameters
    ----------
    table : Table
        The log.
    train : str or None
        The train column if the user names it.
    test : str or None
        The test column if the user names it.
    increases : callable
        Given a column, whether the times at which it is written increase within every run.
    rising : tuple[bool or None, bool or None]
        (train, test) as far as the user says; columns that move the other way by their name are no candidates.

    Returns
    -------
    tuple[str or None, str or None, list[str]]
        (train, test, pairs of another kind, or curves of another kind where there is one only).

    Raises
    ------
    BadValue
        Where no column looks like train or test, where one of each does and they are of different kinds, and where
        several pairs or columns are equally good.
    """
    names = curve_names(table)
    trains = [train] if train else [n for n in names if part(n) != "test"]
    tests = [test] if test else [n for n in names if part(n) == "test"]
    trains, tests = (
        [n for n in found if named or not ((up and rises(n) is False) or not table.logged(n).any())]
        for found, named, up in ((trains, train, rising[0]), (tests, test, rising[1]))
    )
    counts = {name: table.counted(name, finite=True) for name in {*trains, *tests}}
    if bool(trains) != bool(tests):
        only, others = _best_alone(table, trains or tests, increases, rising[0] or rising[1], counts)
        return (only if trains else None), (only if tests else None), others
    pairs = [
        (a, b)
        for a in trains
        for b in tests
        if a != b and ((train and test) or rises(a) == rises(b)) and _may_pair(a, b, train, test)
    ]
    pairs = [pair for pair in pairs if all(map(increases, pair))] or pairs
    fullest = max((min(counts[a], counts[b]) for a, b in pairs), default=0)
    pairs = [(a, b) for a, b in pairs if 2 * min(counts[a], counts[b]) > fullest] or pairs
    if not pairs:
        _refuse_none(table, train, test, trains, tests, rising)
    order = {pair: (*_rank(*pair), -counts[pair[0]] - counts[pair[1]]) for pair in pairs}
    best = {}
    for kind in (True, None) if rising[0] or rising[1] else (False, None, True):
        alike = sorted((pair for pair in pairs if rises(pair[0]) is kind), key=order.__getitem__)
        equal = [pair for pair in alike if order[pair] == order[alike[0]]]
        if len(equal) > 1 and not best:
            shown = ", or ".join(f"{a} with {b}" for a, b in equal[:4])
            others = [f"{a} with {b}" for a, b in pairs if rises(a) and not kind]
            hint = f" --rising takes {others[0]}." if others else ""
            raise BadValue(
                f"{table.source} has several pairs of curves: {shown}. Name one with --train and --test.{hint}"
            )
        best |= {kind: equal[0]} if equal else {}
    (train, test), *rest = best.values()
    return train, test, [f"{a} with {b}" for a, b in rest]


def _best_alone(
    table: Table,
    names: Sequence[str],
    increases: Callable[[str], bool],
    rising: bool | None,
    counts: dict[str, int],
) -> tuple[str, list[str]]:
    """The one curve of a log that has no other part, and the best curves of another kind."""
    names = [name for name in names if increases(name)] or list(names)
    fullest = max(counts[name] for name in names)
    names = [name for name in names if 2 * counts[name] > fullest] or names
    order = {name: (*_rank(name, name), -counts[name]) for name in names}
    best: list[str] = []
    for kind in (True, None) if rising else (False, None, True):
        alike = sorted((name for name in names if rises(name) is kind), key=order.__getitem__)
        equal = [name for name in alike if order[name] == order[alike[0]]]
        if len(equal) > 1 and not best:
            option = "test" if part(equal[0]) == "test" else "train"
            raise BadValue(
                f"{table.source} has several curves of the {option} part and none of the other: "
                f"{', '.join(equal[:4])}. Name one with --{option}."
            )
        best += equal[:1]
    return best[0], best[1:]


def curve_names(table: Table) -> list[str]:
    """The columns that may be a curve by their names: a loss or an accuracy, or only train, test ..."""
    named = [n for n in table.names if rises(n) is not None or (part(n) and not metric(n))]
    return [n for n in named if not counts_time(n)]


def _may_pair(a: str, b: str, train: str | None, test: str | None) -> bool:
    # A plain `accuracy` is of the training set only beside a `val_accuracy`: others write the test's so.
    if part(a) == "train" or train:
        return True
    return metric(a) == metric(b) and set(words(a)) <= {*metric(a), "acc", "losses", "err"}


def _rank(a: str, b: str) -> tuple[int, int, int, int]:
    """Smaller is more usual: the same metric, a plain loss or accuracy, `train` said, test before val before eval."""
    usual = (("loss",), ("accuracy",), ())
    word = next((i for i, w in enumerate(TEST_WORDS) if w in words(b)), len(TEST_WORDS))
    return (metric(a) != metric(b), metric(b) not in usual, part(a) != "train", word)


def _rows_with(table: Table, curves: Sequence[str]) -> np.ndarray:
    logged = np.zeros(len(table.places), bool)
    for name in curves:
        logged |= table.logged(name)
    return np.flatnonzero(logged if logged.any() else ~logged)


def _by_name(table: Table, usual: Sequence[str]) -> list[str]:
    """The columns called so, in the order of preference; `trainer/global_step` is called global_step."""
    found: dict[str, list[str]] = {}
    for name in table.names:
        found.setdefault(called(name), []).append(name)
    return [name for word in usual for name in found.get(word, [])]


def _refuse_none(table: Table, train: Any, test: Any, trains: Any, tests: Any, rising: Any) -> None:
    columns = ", ".join(table.names)
    for option, found, up in (("train", trains, rising[0]), ("test", tests, rising[1])):
        if not found:
            kind = "accuracy" if up else "curve"
            raise BadValue(
                f"{table.source} has no column that looks like the {option} {kind}; its columns are {columns}. "
                f"Name it with --{option}."
            )
    raise BadValue(
        f"{table.source} has no train and test column of the same kind (losses or accuracies); its columns are "
        f"{columns}. Name both with --train and --test."
    )
