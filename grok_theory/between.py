"""A Solution read between its solved points: where that is allowed, and what is said of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import jax
import numpy as np
from jax.typing import ArrayLike

from .checks import check_numbers, is_traced
from .errors import BadValue
from .numerics.interpolation import read_at
from .numerics.invariants import NOTED_SHARE

if TYPE_CHECKING:
    from .results import Solution


def read(solution: Solution, x: ArrayLike) -> tuple[np.ndarray, dict[str, np.ndarray], dict[str, np.ndarray], str]:
    """The points as float64, curves and errors there, and a sentence where the reading may be off by more than 1 %.

    Raises
    ------
    BadValue
        Outside the solved range, and for what is traced.
    """
    wanted = _inside(solution, x)
    curves, errors, off = {}, {}, {}
    for name, values in solution.curves.items():
        known = solution.numerical_error.get(name)
        curves[name], own, between = read_at(solution.x, values, known, wanted)
        off[name] = float(np.nanmax(_share(between, curves[name]), initial=0.0))
        if known is not None:
            errors[name] = own + between
    worst = max(off, key=lambda name: off[name])
    said = f"Between the solved points {worst} may be off by {off[worst]:.2g} of its value: solve there."
    return wanted, curves, errors, said if off[worst] > NOTED_SHARE else ""


def _inside(solution: Solution, x: ArrayLike) -> np.ndarray:
    """`x` as float64, refused outside the solved range; what misses an end by rounding is moved to it."""
    if any(is_traced(part) for part in jax.tree_util.tree_leaves((solution.x, solution.curves, x))):
        raise BadValue("x is traced, but Solution.at reads numbers. Call it outside jit, vmap and grad, or solve at x.")
    check_numbers("x", x, f"Pass a number, or a list of {solution.x_name}.")
    wanted, grid = np.atleast_1d(np.asarray(x, float)), np.asarray(solution.x, float)
    if wanted.ndim > 1 or wanted.size == 0:
        raise BadValue(f"x has shape {wanted.shape}, but it must be a number or have shape (n,). Pass a list of them.")
    low, high = grid[..., 0].max(), grid[..., -1].min()
    moved = np.where(np.abs(wanted - low) <= 1e-9 * abs(low), np.maximum(wanted, low), wanted)
    moved = np.where(np.abs(moved - high) <= 1e-9 * abs(high), np.minimum(moved, high), moved)
    if not np.all((moved >= low) & (moved <= high)):
        shown = np.asarray(x, float).tolist() if np.size(x) < 6 else np.array2string(wanted, threshold=5)
        raise BadValue(
            f"x is {shown}, but it must lie in the solved range "
            f"[{low:g}, {high:g}]. Solve again with the {solution.x_name} you need."
        )
    return moved


def _share(error: np.ndarray, values: np.ndarray) -> np.ndarray:
    size = np.maximum(np.abs(values), np.finfo(float).tiny)
    with np.errstate(over="ignore"):
        return np.where(error > 0, error / size, 0.0)
