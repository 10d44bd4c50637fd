"""Adaptive refinement of a two-parameter box near a level set: many points where the answer turns, few elsewhere.

The box is cut into cells. A cell whose boundary has points on both sides of the level is cut into four, and so on to
the finest size; a neighbour that sees the crossing on a shared edge is cut too, so the line does not break where cells
of two sizes meet. What is not known is said, never filled in: a cell is `converged`, `censored` or `failed`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from jax.typing import ArrayLike
from rich.console import Console

from .checks import check_choice, check_finite, check_integer, check_positive
from .errors import BadValue
from .status import Status
from .sweeps import Sweep, sweep
from .sweeps.record import sentence_of_outdated

CONVERGED, CENSORED, UNKNOWN = "converged", "censored", "failed"


@dataclass(frozen=True)
class Axis:
    """One side of the box, cut into cells evenly spaced in the number or in its logarithm.

    Parameters
    ----------
    name : str
        What the parameter is, for the summary.
    low : float
        Where the side begins; > 0 for spacing "log".
    high : float
        Where it ends, above `low`.
    cells : int, default 8
        How many cells the coarsest grid has on this side, at least 1.
    spacing : {'linear', 'log'}, default 'linear'
        Whether cells are even in the number or in its logarithm.

    Raises
    ------
    BadValue
        For another spacing, and numbers out of range.

    Examples
    --------
    >>> Axis("snr", 0.1, 10.0, cells=4, spacing="log")
    Axis(name='snr', low=0.1, high=10.0, cells=4, spacing='log')
    """

    name: str
    low: float
    high: float
    cells: int = 8
    spacing: Literal["linear", "log"] = "linear"

    def __post_init__(self):
        check_choice("spacing", self.spacing, ("linear", "log"))
        (check_positive if self.spacing == "log" else check_finite)(
            "low", self.low, f"It begins the axis {self.name!r}."
        )
        check_finite("high", self.high, f"It ends the axis {self.name!r}.")
        check_integer("cells", self.cells, 1, "Pass how many cells the coarsest grid has on this axis, for example 8.")
        if not self.low < self.high:
            raise BadValue(f"high is {self.high}, but it must be above low = {self.low}. Swap them, or widen the axis.")

    def at(self, share: ArrayLike) -> np.ndarray:
        """Turn a share of the axis into the parameter; exactly `low` and `high` at its ends.

        Parameters
        ----------
        share : array_like
            Share of the way from `low` to `high`, 0 to 1.

        Returns
        -------
        ndarray
            The parameter, in the shape of `share`.
        """
        share = np.asarray(share, float)
        if self.spacing == "log":
            between = self.low * (self.high / self.low) ** share
        else:
            between = self.low + (self.high - self.low) * share
        return np.where(share == 0, self.low, np.where(share == 1, self.high, between))


@dataclass(frozen=True, eq=False)
class Refinement:
    """A map of the box, finest along the level set.

    Parameters
    ----------
    first, second : Axis
        The sides of the box.
    level : float
        The number whose level set was looked for.
    depth : int
        How often a crossed cell was halved.
    points : ndarray
        (n, 2) parameters of all that was evaluated.
    values : ndarray
        (n,) its values; they may be +-inf (censored) or nan (failed).
    cells : ndarray
        (c, 4) low and high of the first parameter, low and high of the second; together they tile the box.
    corners : ndarray
        (c, 4) values at (low, low), (high, low), (low, high), (high, high).
    state : ndarray
        (c,) "converged": all four corners are finite numbers; "censored": one lies beyond what was looked at (its side
        of the level is known, its value is not); "failed": one has no trustworthy value.
    crossed : ndarray
        (c,) booleans: the level set passes through this cell; such cells have the finest size.
    crossings : ndarray
        (m, 2) points of the level set, interpolated on the edges of crossed converged cells.
    reasons : tuple[tuple[int, str], ...]
        Index of the point and why it failed.
    computed, reused : int
        How many were computed now, and how many came from the cache, as in `grok_theory.sweeps.Sweep`.
    seconds : float
        How long it took.
    notes : tuple[tuple[int, str], ...], default ()
        Index of the point and the remark of a noted result.
    outdated : int, default 0
        As in `grok_theory.sweeps.Sweep`.
    """

    first: Axis
    second: Axis
    level: float
    depth: int
    points: np.ndarray
    values: np.ndarray
    cells: np.ndarray
    corners: np.ndarray
    state: np.ndarray
    crossed: np.ndarray
    crossings: np.ndarray
    reasons: tuple[tuple[int, str], ...]
    computed: int
    reused: int
    seconds: float
    notes: tuple[tuple[int, str], ...] = ()
    outdated: int = 0

    def count(self, state: str, *, crossed: bool | None = None) -> int:
        """Number of cells in this state, among all or among those the level set does (not) pass through.

        Parameters
        ----------
        state : {'converged', 'censored', 'failed'}
            The state to count.
        crossed : bool, optional
            Count those with (True) or without (False) the level set; None: all.

        Returns
        -------
        int
            How many there are.
        """
        among = np.ones(len(self.state), bool) if crossed is None else self.crossed == crossed
        return int(np.sum((self.state == state) & among))

    def __str__(self) -> str:
        finest = [axis.cells * 2**self.depth for axis in (self.first, self.second)]
        lines = [
            f"Refinement of {self.first.name} in [{self.first.low:g}, {self.first.high:g}] and {self.second.name} in "
            f"[{self.second.low:g}, {self.second.high:g}] near the level {self.level:g}",
            f"  points    {len(self.points)} of the {(finest[0] + 1) * (finest[1] + 1)} of the finest grid "
            f"({finest[0]} x {finest[1]} cells); {self.computed} computed, {self.reused} from the cache, "
            f"{self.seconds:.1f} s",
        ]
        for state in (CONVERGED, CENSORED, UNKNOWN):
            crossed = self.count(state, crossed=True)
            lines.append(f"  {state:10s}{self.count(state)} cells, {crossed} of them crossed by the level set")
        lines.append(f"  level     {len(self.crossings)} crossings located")
        for word, said in (("failed", self.reasons), ("noted", self.notes)):
            for index, reason in said[:5]:
                at = ", ".join(f"{value:g}" for value in self.points[index])
                lines.append(f"  {word} at ({at}): {reason}")
            lines += [f"  and {len(said) - 5} more {word}"] if len(said) > 5 else []
        return "\n".join(lines + ([f"  {sentence_of_outdated(self.outdated)}"] if self.outdated else []))


def refine(
    run: Callable[[Any], Any],
    make: Callable[[float, float], Any],
    first: Axis,
    second: Axis,
    *,
    level: float,
    depth: int = 3,
    cache: str | os.PathLike | None = None,
    workers: int | None = None,
    batch: int = 16,
    backend: object = "processes",
    version: str,
) -> Refinement:
    """Map `run(make(x, y))` over a box, refined where it crosses `level`.

    Parameters
    ----------
    run : callable
        From a problem to one number, or to a number and the `Status` of what it was read from. +inf or -inf says
        *censored*: above, or below, all that was looked at (a time that was not reached by the end of the run is +inf).
        nan, raising, or a failed status says *failed*; what is noted is listed in `.notes`.
    make : callable
        From the two parameters (floats) to the problem.
    first, second : Axis
        The sides of the box, such as `Axis(name, low, high, cells=8, spacing="log")`.
    level : float
        The number whose level set is looked for.
    depth : int, default 3
        How often a crossed cell is halved, 0 to 12.
    cache : str or os.PathLike, optional
        As in `grok_theory.sweep`; with a cache an interrupted refinement goes on where it stopped.
    workers : int, optional
        As in `grok_theory.sweep`.
    batch : int, default 16
        As in `grok_theory.sweep`.
    backend : default 'processes'
        As in `grok_theory.sweep`.
    version : str
        As in `grok_theory.sweep`.

    Returns
    -------
    Refinement
        Its summary is printed on a terminal. Crossings are off by at most one finest cell; a closed line that passes
        between all points of the coarsest grid is not seen: choose `cells` so that it is.

    Raises
    ------
    BadValue
        For a level or depth out of range, for a `run` that does not return one real number, and as `sweep` does.
    Float64Required
        As `sweep` does.

    Examples
    --------
    >>> import jax
    >>> jax.config.update("jax_enable_x64", True)
    >>> disc = refine(
    ...     lambda p: p["x"] ** 2 + p["y"] ** 2,
    ...     lambda x, y: {"x": x, "y": y},
    ...     Axis("x", 0.0, 2.0, cells=4),
    ...     Axis("y", 0.0, 2.0, cells=4),
    ...     level=1.0,
    ...     depth=2,
    ...     workers=1,
    ...     version="1",
    ... )
    >>> bool(abs((disc.crossings**2).sum(axis=1) - 1).max() < 0.01)
    True
    """
    check_finite("level", level, "Pass the number whose level set is looked for.")
    depth = check_integer("depth", depth, 0, "Pass how often a crossed cell is halved, for example 3.", high=12)
    began = time.perf_counter()
    grid = _Grid(first, second, float(level), depth)

    def evaluate(parameters: np.ndarray) -> Sweep:
        problems = [make(float(x), float(y)) for x, y in parameters]
        options = {"cache": cache, "workers": workers, "batch": batch, "backend": backend, "version": version}
        return sweep(run, problems, **options)

    try:
        while grid.evaluate_corners(evaluate) and grid.cut():
            pass
    except KeyboardInterrupt as interrupt:
        raise KeyboardInterrupt(str(interrupt).replace("call sweep again", "call refine again")) from None
    refinement = grid.refinement(time.perf_counter() - began)
    console = Console(stderr=True)
    if console.is_terminal:
        console.print(str(refinement), highlight=False, markup=False)
    return refinement


class _Grid:
    """The cells as corners and sizes on the integer lattice of the finest grid, and the values known on it."""

    def __init__(self, first: Axis, second: Axis, level: float, depth: int):
        self.first, self.second, self.level, self.depth = first, second, level, depth
        size = 2**depth
        self.shape = first.cells * size, second.cells * size
        # (column, row, size) of every cell
        self.cells = [(i * size, j * size, size) for i in range(first.cells) for j in range(second.cells)]
        self.values: dict[tuple[int, int], float] = {}
        self.reasons: dict[tuple[int, int], str] = {}
        self.notes: dict[tuple[int, int], str] = {}
        self.computed = self.reused = self.outdated = 0

    def parameters(self, lattice: ArrayLike) -> np.ndarray:
        """(n, 2) parameters at (n, 2) lattice coordinates, which may be fractions."""
        lattice = np.asarray(lattice, float).reshape(-1, 2)
        return np.stack(
            [self.first.at(lattice[:, 0] / self.shape[0]), self.second.at(lattice[:, 1] / self.shape[1])], 1
        )

    def evaluate_corners(self, evaluate: Callable[[np.ndarray], Sweep]) -> bool:
        """Evaluate the corners that are not known yet, always in one order; True."""
        wanted = sorted({corner for cell in self.cells for corner in _corners(cell)} - self.values.keys())
        if wanted:
            found = evaluate(self.parameters(wanted))
            for place, value in zip(wanted, found.read(_one_number), strict=True):
                self.values[place] = float(value)
                if np.isnan(value):
                    self.reasons[place] = "run returned nan."
            self.reasons |= {wanted[failure.index]: failure.reason for failure in found.failures}
            self.notes |= {wanted[note.index]: note.text for note in found.notes}
            self.computed, self.reused = self.computed + found.computed, self.reused + found.reused
            self.outdated += found.outdated
        return True

    def cut(self) -> bool:
        """Cut every crossed cell into four; False where nothing was left to cut."""
        coarse = [cell for cell in self.cells if cell[2] > 1 and self.is_crossed(cell)]
        finer = []
        for cell in coarse:
            column, row, half = cell[0], cell[1], cell[2] // 2
            finer += [(column + i * half, row + j * half, half) for i in (0, 1) for j in (0, 1)]
        replaced = set(coarse)
        self.cells = [cell for cell in self.cells if cell not in replaced] + finer
        return bool(coarse)

    def is_crossed(self, cell: tuple[int, int, int]) -> bool:
        """Whether known points on the boundary, corners of finer neighbours too, lie on both sides of the level."""
        column, row, size = cell
        edge = range(size + 1)
        boundary = [(column + k, row + m) for k in edge for m in (0, size)]
        boundary += [(column + k, row + m) for k in (0, size) for m in edge]
        known = [self.values[place] for place in boundary if place in self.values]
        above = [value > self.level for value in known if not np.isnan(value)]
        return any(above) and not all(above)

    def crossings(self, cells: list[tuple[int, int, int]]) -> np.ndarray:
        found = {}
        for a, b, c, d in map(_corners, cells):
            for left, right in ((a, b), (c, d), (a, c), (b, d)):
                low, high = self.values[left], self.values[right]
                if (low > self.level) != (high > self.level):
                    share = (self.level - low) / (high - low)
                    found[left, right] = [p + share * (q - p) for p, q in zip(left, right, strict=True)]
        return self.parameters(list(found.values()))

    def refinement(self, seconds: float) -> Refinement:
        cells = sorted(self.cells)
        corners = np.array([[self.values[corner] for corner in _corners(cell)] for cell in cells])
        state = np.where(np.isnan(corners).any(1), UNKNOWN, np.where(np.isinf(corners).any(1), CENSORED, CONVERGED))
        crossed = np.array([self.is_crossed(cell) for cell in cells])
        places = sorted(self.values)
        low = self.parameters([cell[:2] for cell in cells])
        high = self.parameters([(column + size, row + size) for column, row, size in cells])
        located = [cell for cell, s, c in zip(cells, state, crossed, strict=True) if c and s == CONVERGED]
        return Refinement(
            first=self.first,
            second=self.second,
            level=self.level,
            depth=self.depth,
            points=self.parameters(places),
            values=np.array([self.values[place] for place in places]),
            cells=np.stack([low[:, 0], high[:, 0], low[:, 1], high[:, 1]], axis=1),
            corners=corners,
            state=state,
            crossed=crossed,
            crossings=self.crossings(located),
            reasons=tuple((index, self.reasons[place]) for index, place in enumerate(places) if place in self.reasons),
            computed=self.computed,
            reused=self.reused,
            seconds=seconds,
            notes=tuple((index, self.notes[place]) for index, place in enumerate(places) if place in self.notes),
            outdated=self.outdated,
        )


def _corners(cell: tuple[int, int, int]) -> list[tuple[int, int]]:
    column, row, size = cell
    return [(column, row), (column + size, row), (column, row + size), (column + size, row + size)]


def _one_number(value: object) -> np.ndarray:
    number = value[0] if isinstance(value, tuple) and len(value) == 2 and isinstance(value[1], Status) else value
    if np.ndim(number) != 0 or np.asarray(number).dtype.kind not in "iuf":
        raise BadValue(
            f"run returned {type(value).__name__} of shape {np.shape(number)}, but refine needs one real number, or a "
            "number and a Status. Return it, with inf for what lies beyond the run and nan for what failed."
        )
    return np.asarray(number, float)
