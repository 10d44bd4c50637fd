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


def entries(value: Any) -> dict[str, np.ndarray]:
    """Name -> float array: the curves of a Solution, or every numeric leaf of what else was returned."""
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
        found[".".join(map(_key, path))] = array
    return found


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
        odd = sorted(have.keys() ^ want.keys())[0] or "a bare number"
        return Finding(np.inf, f"only one of {left} and {right} has {odd}")
    worst = Finding(-1.0)
    for name in have:
        if have[name].shape != want[name].shape:
            return Finding(np.inf, f"{name} has shape {have[name].shape} in {left}, {want[name].shape} in {right}")
        if not have[name].size:
            continue
        error = relative_error(have[name], want[name])
        at = np.unravel_index(np.argmax(error), error.shape)
        if error[at] > worst.error:
            index = f"[{', '.join(str(int(i)) for i in at)}]" if at else ""
            place = f"{name}{index}" if name or index else ""
            values = f"{left} {have[name][at]:.17g}, {right} {want[name][at]:.17g}"
            worst = Finding(float(error[at]), f"{place}: {values}" if place else values)
    return Finding(max(worst.error, 0.0), worst.place)


def relative_error(found: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Elementwise abs(found - expected) / abs(expected): 0 where equal, also both infinite; inf where one is nan."""
    found, expected = np.asarray(found), np.asarray(expected)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        error = np.abs(found.astype(complex if found.dtype.kind == "c" else float) - expected) / np.abs(expected)
    error = np.where(found == expected, 0.0, error)
    return np.where(np.isnan(error), np.inf, error)
