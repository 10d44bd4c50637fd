"""Curves with times of their own in one JSON object: pairs, Sacred's steps and values, columns of several lengths."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .names import TEST_WORDS, TRAIN_WORDS, X_NAMES, called, part, rises, words

# Of times and values in an object a curve; Sacred writes the first of both.
_TIMES = ("steps", "step", "epochs", "epoch", "iterations", "x")
_VALUES = ("values", "value", "y")


def rows_of_series(value: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """Rows of an object of curves, each with times of its own; None where it is no such object.

    {"train_loss": [[0, 2.3], [100, 0.5]], ...} and {"train_loss": {"steps": [0, 100], "values": [2.3, 0.5]}, ...}.
    """
    found = {name: _series(inner) for name, inner in value.items()}
    curves = {name: series for name, series in found.items() if series is not None}
    if not curves or any(isinstance(value[name], (list, Mapping)) and name not in curves for name in value):
        return None
    if not any(rises(name) is not None or part(name) for name in curves):
        return None
    return [{x_name: x, name: y} for name, (x_name, pairs) in curves.items() for x, y in pairs]


def _series(value: Any) -> tuple[str, list[tuple[Any, Any]]] | None:
    """(what x is called, pairs of x and value) of one curve."""
    if isinstance(value, list):
        return ("step", [tuple(pair) for pair in value]) if value and all(map(_is_pair, value)) else None
    if not isinstance(value, Mapping):
        return None
    x = next((name for name in _TIMES if isinstance(value.get(name), list)), None)
    y = next((name for name in _VALUES if isinstance(value.get(name), list)), None)
    if x is None or y is None or not value[x] or len(value[x]) != len(value[y]):
        return None
    return {"steps": "step", "epochs": "epoch"}.get(x, x), list(zip(value[x], value[y], strict=True))


def _is_pair(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(isinstance(each, (int, float)) for each in value)


def rows_of_lengths(lists: Mapping[str, list[Any]]) -> list[dict[str, Any]] | None:
    """Rows of columns in groups of one length, where each group has times of its own; None where one has not.

    {"step": [0, 1, 2], "train_loss": [...], "eval_step": [0, 2], "eval_loss": [...]}.
    """
    groups: dict[int, dict[str, list[Any]]] = {}
    for name, values in lists.items():
        groups.setdefault(len(values), {})[name] = values
    rows: list[dict[str, Any]] = []
    for group in groups.values():
        times = {name: x for name in group if (x := _time_of(name))}
        if len(times) != 1:
            return None
        named = {times.get(name, name): values for name, values in group.items()}
        rows += [dict(zip(named, row, strict=True)) for row in zip(*named.values(), strict=True)]
    axes = {name for row in rows for name in row if called(name) in X_NAMES}
    return rows if len(axes) == 1 else None


def _time_of(name: str) -> str | None:
    """`step` of `eval_steps`: what the times of a part are called without the part; None for what is no time."""
    if called(name) in X_NAMES:
        return _singular(called(name))
    bare = "_".join(word for word in words(name) if word not in (*TRAIN_WORDS, *TEST_WORDS))
    return _singular(bare) if bare in X_NAMES else None


def _singular(name: str) -> str:
    return name.removesuffix("s") if name.removesuffix("s") in X_NAMES else name
