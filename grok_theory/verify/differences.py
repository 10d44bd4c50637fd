"""How far two results are from each other, entry by entry, and where they are farthest."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import numpy as np

from ..errors import BadValue
from ..results import Solution


@dataclass(frozen=True)
class Finding:
    """What a check saw at one point: the error, and where and what in words."""

    error: float
    place: str = ""


# What is taken for one entry: the steps of its path, since keys with a dot in them would run into each other as text.
Steps = tuple[str, ...]


def entries(value: Any) -> dict[Steps, np.ndarray]:
    """Path -> array: the curves of a Solution, or every numeric leaf of what else was returned."""
    if isinstance(value, Solution):
        value = dict(value.curves)
    found = {}
    for path, leaf in jax.tree_util.tree_leaves_with_path(value):
        array = np.asarray(leaf)
        if array.dtype.kind not in "biufc":
            raise BadValue(
                f"The result holds {type(leaf).__name__}{jax.tree_util.keystr(path)}, but only numbers can be checked. "
                "Return the numbers."
            )
        if np.ma.is_masked(leaf):
            raise BadValue(
                f"The result{jax.tree_util.keystr(path)} has values that a mask hides, and they would be taken for "
                "numbers. Return nan for them, or leave them out."
            )
        found[tuple(map(_key, path))] = array
    return found


def some_entries(value: Any, role: str) -> dict[Steps, np.ndarray]:
    """`entries`, of which there is at least one: where nothing is compared, nothing is certified."""
    found = entries(value)
    if not any(array.size for array in found.values()):
        raise BadValue(
            f"{role} returned nothing to compare ({_shown(value)}), but it must return numbers. Look for a forgotten "
            "return; leave arguments for which there is nothing to compare out of the strategy."
        )
    return found


def ordered_entries(value: Any, role: str) -> dict[Steps, np.ndarray]:
    """`some_entries`, of which it can be asked which is larger."""
    found = some_entries(value, role)
    for path, array in found.items():
        if array.dtype.kind == "c":
            raise BadValue(
                f"{role} returned complex numbers{f' for {named(path)}' if path else ''}, which are not larger or "
                "smaller than each other. Return real ones, for example the real part or the absolute value."
            )
    return found


def named(path: Steps) -> str:
    """An entry's name for people; empty for a bare number."""
    return ".".join(path)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def name_of(function: Any) -> str:
    """The function's name for people; for a lambda, where it stands."""
    code = getattr(function, "__code__", None)
    if code is not None and code.co_name == "<lambda>":
        return f"the lambda at {Path(code.co_filename).name}:{code.co_firstlineno}"
    module = getattr(function, "__module__", None) or ""
    name = getattr(function, "__qualname__", type(function).__qualname__).rpartition("<locals>.")[2]
    return f"{module.removeprefix('grok_theory.')}.{name}" if module.startswith("grok_theory.") else name


def _key(part: Any) -> str:
    """One step of a path into a result, whatever it is made of: a record's field and a dict's key have one name."""
    return str(next(getattr(part, kind) for kind in ("key", "name", "idx") if hasattr(part, kind)))


def relative_difference(found: Any, expected: Any, left: str = "found", right: str = "expected") -> Finding:
    """Greatest abs(found - expected) / abs(expected) over all entries; nan anywhere is an infinite error."""
    have, want = entries(found), entries(expected)
    if have.keys() != want.keys():
        odd = named(sorted(have.keys() ^ want.keys())[0]) or "a bare number"
        return Finding(np.inf, f"only one of {left} and {right} has {odd}")
    worst = Finding(-1.0)
    for path in have:
        name, here, there = named(path), have[path], want[path]
        if here.shape != there.shape:
            return Finding(np.inf, f"{name} has shape {here.shape} in {left}, {there.shape} in {right}")
        if not here.size:
            continue
        error = relative_error(here, there)
        at = np.unravel_index(np.argmax(error), error.shape)
        if error[at] > worst.error:
            index = f"[{', '.join(str(int(i)) for i in at)}]" if at else ""
            place = f"{name}{index}" if name or index else ""
            values = f"{left} {here[at]:.17g}, {right} {there[at]:.17g}"
            worst = Finding(float(error[at]), f"{place}: {values}" if place else values)
    return Finding(max(worst.error, 0.0), worst.place)


def relative_error(found: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Elementwise abs(found - expected) / abs(expected): 0 where equal, also both infinite; inf where one is nan."""
    found, expected = np.asarray(found), np.asarray(expected)
    # Both before anything is computed: narrow integers wrap, in their absolute value too (that of int8's -128 is -128).
    left, right = wide(found), wide(expected)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        error = np.abs(left - right) / np.abs(right)
    error = np.where(found == expected, 0.0, error)
    return np.where(np.isnan(error), np.inf, error)


def wide(values: np.ndarray) -> np.ndarray:
    """`values` in the floats that differences are taken in."""
    return values.astype(complex if values.dtype.kind == "c" else float)
