"""Where the rows of one JSON object are: under a key, as columns, one object a run or one a part (train, test)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from ..errors import BadValue
from .json_runs import rows_of_runs
from .json_series import rows_of_lengths, rows_of_series
from .names import TEST_WORDS, TRAIN_WORDS, X_NAMES, called, counts_time, part, rises


class Found(NamedTuple):
    """Rows, where they are, what was passed over in sentences, and what stands beside them: name -> JSON."""

    rows: list[Any]
    where: str
    notes: list[str]
    beside: dict[str, Any]


def rows_in_object(source: str, value: Mapping[str, Any]) -> Found | None:
    """The rows of an object that holds a table, None where it holds none.

    Looked for at any depth: a list of rows, an object of columns, pandas' `to_json`, one of these a run
    (`{"seed0": {...}, "seed1": {...}}`) or one a part of the data (`{"train": [...], "val": [...]}`), and curves with
    times of their own (`json_series`).

    Raises
    ------
    BadValue
        Where several places hold rows and nothing says how they belong together, and for columns of different lengths.
    """
    found = list(_holders(value, ()))
    telling = [(path, holder) for path, holder in found if _tells(holder)]
    holders = dict(telling or [each for each in found if not each[0]])
    if not holders:
        return None
    if len(holders) == 1:
        ((path, holder),) = holders.items()
        rows, used, more = _one_table(source, holder)
        beside = {key: inner for key, inner in {**_beside(value, path), **holder}.items() if key not in used}
        return Found(rows, _shown(path, used, holder), [*more, *_said(beside)], beside)
    return _several_tables(source, value, holders)


def _holders(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Mapping[str, Any]]]:
    """(path, object) of every object that holds lists, and not below rows."""
    if not isinstance(value, Mapping) or len(path) > 4:
        return
    lists = [inner for inner in value.values() if isinstance(inner, list)]
    if rows_of_series(value) is not None:
        yield path, value
        return
    if _of_pandas(value) is not None or any(lists) or (lists and not path):
        yield path, value
    if _of_pandas(value) is None:
        for key, inner in value.items():
            yield from _holders(inner, (*path, key))


def _tells(holder: Mapping[str, Any]) -> bool:
    """Whether an object looks like a log: it holds rows, or a column called as times or curves are."""
    if (
        _of_pandas(holder) is not None
        or rows_of_series(holder) is not None
        or any(_is_rows(inner) for inner in holder.values())
    ):
        return True
    return any(isinstance(inner, list) and _is_known(name) for name, inner in holder.items())


def _is_rows(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(row, dict) for row in value)


def _is_known(name: str) -> bool:
    return rises(name) is not None or part(name) is not None or called(name) in X_NAMES


def _one_table(source: str, holder: Mapping[str, Any]) -> tuple[list[Any], list[str], list[str]]:
    """(rows, keys they come from, notes) of one object."""
    series = rows_of_series(holder)
    if series is not None:
        return series, list(holder), ["every curve has times of its own"]
    of_pandas = _of_pandas(holder)
    if of_pandas is not None:
        return of_pandas, list(holder), []
    lists = {key: inner for key, inner in holder.items() if isinstance(inner, list) and inner}
    nested = [key for key, inner in lists.items() if _is_rows(inner)]
    if len(nested) == 1:
        rows, more = rows_in_list(source, lists[nested[0]])
        return rows, nested, more
    if nested:
        return _joined(source, {key: lists[key] for key in nested}), nested, [_how(nested)]
    lengths = {key: len(inner) for key, inner in lists.items()}
    main = {count for key, count in lengths.items() if _is_known(key)}
    notes = []
    apart = rows_of_lengths(lists) if len(main) > 1 else None
    if apart is not None:
        return apart, list(lists), ["columns of each length have times of their own"]
    if len(set(lengths.values())) > 1 and len(main) == 1:
        # A list of two betas beside curves of a hundred epochs is a setting.
        other = [key for key in lists if lengths[key] not in main]
        lists = {key: inner for key, inner in lists.items() if key not in other}
        notes = [f"{', '.join(other)} of another length than the curves is not used"]
        return _columns(lists), [*lists, *other], notes
    _check_lengths(source, lists)
    return _columns(lists), list(lists), notes


def rows_in_list(source: str, objects: list[Any]) -> tuple[list[Any], list[str]]:
    """The rows of a list, and notes: its objects, or those of the tables in them where each is a run.

    Raises
    ------
    BadValue
        As `rows_in_object`.
    """

    def rows_of(value: Mapping[str, Any]) -> list[Any] | None:
        found = rows_in_object(source, value)
        return None if found is None else found.rows

    runs = rows_of_runs(objects, rows_of, _tells)
    return (objects, []) if runs is None else (runs[0], [runs[1]])


def _columns(lists: Mapping[str, list[Any]]) -> list[dict[str, Any]]:
    return [dict(zip(lists, row, strict=True)) for row in zip(*lists.values(), strict=True)]


def _of_pandas(value: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """Rows of `DataFrame.to_json()`, for every `orient` that is an object and none of the other shapes.

    {"a": {"0": 1, "1": 2}}, {"0": {"a": 1}, "1": {"a": 2}}, {"schema": {...}, "data": [...]}, and
    {"columns": ["a"], "index": [...], "data": [[1], [2]]}.
    """
    names, data = value.get("columns"), value.get("data")
    if isinstance(value.get("schema"), Mapping) and _is_rows(data):
        return data  # type: ignore[return-value]
    if isinstance(names, list) and isinstance(data, list) and all(isinstance(row, list) for row in data):
        if all(isinstance(name, str) for name in names) and all(len(row) == len(names) for row in data):
            return [dict(zip(names, row, strict=True)) for row in data]
        return None
    inner = list(value.values())
    if not inner or not all(isinstance(part, Mapping) and part for part in inner):
        return None
    index = list(inner[0])
    if any(isinstance(cell, (list, dict)) for part in inner for cell in part.values()):
        return None
    if all(key.isdecimal() for key in value) and all(list(part) == index for part in inner):
        return _with_times(list(value), [dict(row) for row in inner])
    if not all(key.isdecimal() for key in index) or any(list(part) != index for part in inner):
        return None
    rows = [{name: value[name][key] for name in value} for key in index]
    return _with_times(index, rows)


def _with_times(keys: list[str], rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows, with their keys as times where they count no rows and no column has times."""
    if keys == [str(i) for i in range(len(keys))] or any(counts_time(name) for name in rows[0]):
        return rows
    return [{"x": int(key), **row} for key, row in zip(keys, rows, strict=True)]


def _several_tables(source: str, value: Mapping[str, Any], holders: Mapping[tuple[str, ...], Any]) -> Found:
    """One object a run or a part, side by side under one key; columns of times may stand beside them."""
    deepest = max(holders, key=len)
    top = deepest[:-1]
    inner = {path: holder for path, holder in holders.items() if path and path[:-1] == top}
    # Times may stand beside the tables, or further up.
    over = [path for path in holders if path not in inner]
    above = holders[over[0]] if over else None
    if (
        len(over) > 1
        or any(path != top[: len(path)] for path in over)
        or (above and any(map(_is_rows, above.values())))
    ):
        shown = ", ".join(repr("/".join(path)) if path else "the object itself" for path in holders)
        raise BadValue(f"{source} has rows in several places: {shown}. Keep one of them in a file of its own.")
    tables = {path[-1]: _one_table(source, holder)[0] for path, holder in inner.items()}
    shared = _one_table(source, above)[0] if above else []
    if shared:
        _check_lengths(source, {"/".join(top) or "the object": shared, **tables})
        tables = {key: [{**a, **b} for a, b in zip(shared, rows, strict=True)] for key, rows in tables.items()}
    rows = _joined(source, tables)
    used = {*tables, *(shared[0] if shared else ())}
    beside = {key: inner for key, inner in _beside(value, (*top, "")).items() if key not in used}
    return Found(rows, "/".join(top) or "the object", [_how(list(tables)), *_said(beside)], beside)


def _joined(source: str, tables: Mapping[str, list[Any]]) -> list[Any]:
    """Rows of several tables under each other, of parts with the part in their names, of runs with a column `run`."""
    if _are_parts(tables):
        named = {
            key: [{n if called(n) in X_NAMES else f"{key}/{n}": cell for n, cell in row.items()} for row in rows]
            for key, rows in tables.items()
        }
        if any(called(name) in X_NAMES for rows in tables.values() for row in rows[:1] for name in row):
            return [row for rows in named.values() for row in rows]
        _check_lengths(source, named)  # without times only their order says which belong together
        beside = zip(*named.values(), strict=True)
        return [{name: cell for row in rows for name, cell in row.items()} for rows in beside]
    columns = [{name for row in rows for name in row} for rows in tables.values()]
    if any(rises(name) is not None for name in columns[0]) and all(names == columns[0] for names in columns):
        return [{"run": key, **row} for key, rows in tables.items() for row in rows]
    raise BadValue(f"{source} has rows under {', '.join(map(repr, tables))}. Keep one of them in a file of its own.")


def _check_lengths(source: str, tables: Mapping[str, list[Any]]) -> None:
    if len({len(rows) for rows in tables.values()}) > 1:
        shown = ", ".join(f"{key!r} ({len(rows)})" for key, rows in tables.items())
        raise BadValue(f"{source} has columns of different lengths: {shown}. Give every column a value for every row.")


def _are_parts(keys: Iterable[str]) -> bool:
    """Whether the keys are parts of one run: train, val, or a train_history beside a val_history."""
    parts = [part(key) for key in keys]
    plain = all(key.lower() in (*TRAIN_WORDS, *TEST_WORDS) for key in keys)
    return plain or sorted(map(str, parts)) == ["test", "train"]


def _how(keys: list[str]) -> str:
    what = "parts of one run" if _are_parts(keys) else "runs"
    return f"{', '.join(keys)} are read as {what}"


def _said(beside: Mapping[str, Any]) -> list[str]:
    return [f"{', '.join(beside)} beside the rows is not used"] if beside else []


def _beside(value: Mapping[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    """What stands beside the way to an object, outside it."""
    beside: dict[str, Any] = {}
    for key in path:
        beside |= {other: inner for other, inner in value.items() if other != key}
        value = value.get(key, {})
    return beside


def _shown(path: tuple[str, ...], used: list[str], holder: Mapping[str, Any]) -> str:
    keys = [*path, *(used if len(used) == 1 and _is_rows(holder[used[0]]) else [])]
    return repr("/".join(keys)) if keys else "the object"
