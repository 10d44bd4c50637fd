"""What the line of `forecast_delay` was found to miss by, run by run: quantiles as data, with their source."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np

from ..errors import BadValue
from ..saved_results import save
from .decay_clock import Clock


@dataclass(frozen=True, eq=False)
class Quantiles:
    """Quantiles of y_true/y for one kind of curve, y = ln(time of the goal / now): true over the line's.

    Parameters
    ----------
    progress : ndarray
        (R,) increasing, at which progress each row was measured. The first row holds from there on; between rows it is
        linear, infinite between a finite and an infinite entry, and constant after the last.
    levels : tuple[float, ...]
        (Q,) increasing, of the columns; 0.5 among them.
    values : ndarray
        (R, Q); inf where so many runs never came to their goal.
    arrived : ndarray
        (R,) the 95 % quantile among runs that came to their goal.
    stated : tuple[tuple[float, float, float], ...]
        (confidence, low level, high level): which two columns are the ends of an interval that is called so.
    rough_below : float, default 0.0
        Progress below which no coverage is promised.
    """

    progress: np.ndarray
    levels: tuple[float, ...]
    values: np.ndarray
    arrived: np.ndarray
    stated: tuple[tuple[float, float, float], ...]
    rough_below: float = 0.0

    def __post_init__(self):
        for name in ("progress", "values", "arrived"):
            object.__setattr__(self, name, np.asarray(getattr(self, name), float))
        rows, columns = self.progress.size, len(self.levels)
        if self.values.shape != (rows, columns) or self.arrived.shape != (rows,) or not rows:
            raise BadValue(
                f"values has shape {self.values.shape}, but it must be ({rows}, {columns}). Pass one a cell."
            )
        if np.isnan(self.values).any() or not (self.values > 0).all() or (np.diff(self.values, axis=1) < 0).any():
            raise BadValue("values are not positive and rising in each row, but quantiles must be. Sort them.")
        if not (np.diff(self.progress) > 0).all() or not (np.diff(self.levels) > 0).all():
            raise BadValue("progress or levels do not increase, but rows and columns must be in order. Sort them.")
        if 0.5 not in self.levels:
            raise BadValue(f"levels is {self.levels}, but it must hold 0.5, the point of a forecast. Add it.")

    def at(self, progress: float, level: float) -> float:
        """The quantile `level` at that progress.

        Parameters
        ----------
        progress : float
            At least the first of `progress`; below it the first row is taken.
        level : float
            One of `levels`.

        Returns
        -------
        float
            May be inf.
        """
        return _between(progress, self.progress, self.values[:, self.levels.index(level)])

    def arrived_at(self, progress: float) -> float:
        """The 95 % quantile among runs that came to their goal.

        Parameters
        ----------
        progress : float
            As in `at`.

        Returns
        -------
        float
            Of y_true/y.
        """
        return _between(progress, self.progress, self.arrived)

    def ends(self, confidence: float) -> tuple[float, float]:
        """The levels of the interval that is called so.

        Parameters
        ----------
        confidence : float
            One of those in `stated`.

        Returns
        -------
        tuple[float, float]
            Two of `levels`.

        Raises
        ------
        BadValue
            For another confidence.
        """
        for known, low, high in self.stated:
            if abs(known - confidence) <= 1e-9:
                return low, high
        known = ", ".join(f"{row[0]:g}" for row in self.stated)
        raise BadValue(
            f"confidence is {confidence:g}, but the table knows {known}: how often other intervals hold was not "
            "measured. Pass one of these, or a table of your own by observables.calibrate(..., confidence=...)."
        )


@dataclass(frozen=True, eq=False)
class Table:
    """What forecasts are made with: the line's quantiles for accuracies and for losses, and the clock of siblings.

    Parameters
    ----------
    source : str
        Which runs it was made from.
    accuracy, loss : Quantiles, optional
        None where no such curve was among them.
    clock : Clock, optional
        For siblings.
    optimizers : tuple[str, ...], default ()
        Beginnings of the names of optimizers that it holds for; empty: not asked.
    regression_from : float, default 0.0
        Progress from which on a loss without a chance level is dated.
    """

    source: str
    accuracy: Quantiles | None = None
    loss: Quantiles | None = None
    clock: Clock | None = None
    optimizers: tuple[str, ...] = ()
    regression_from: float = 0.0

    save = save

    def check_read(self) -> None:
        """Refuse what no table holds.

        Raises
        ------
        BadValue
            Naming the part.
        """
        for name, kind in (("accuracy", Quantiles), ("loss", Quantiles), ("clock", Clock)):
            part = getattr(self, name)
            if part is not None and not isinstance(part, kind):
                raise BadValue(f"{name} is {part!r}, but it must be {kind.__name__} or None. Pass one.")
            if isinstance(part, Quantiles):
                part.__post_init__()
        if not isinstance(self.source, str):
            raise BadValue(f"source is {self.source!r}, but it must be a text. Say which runs.")

    def __post_init__(self):
        self.check_read()

    def __str__(self) -> str:
        lines = [f"Table of forecasts, from {self.source}"]
        for name in ("accuracy", "loss"):
            part = getattr(self, name)
            if part is None:
                continue
            lines.append(f"  {name:9} progress  " + "  ".join(f"q.{f'{level:g}'[2:]:5}" for level in part.levels))
            for progress, row in zip(part.progress, part.values):
                lines.append(f"            {progress:8.2f}  " + "  ".join(f"{value:7.3g}" for value in row))
        return "\n".join(lines)


@cache
def default_table() -> Table:
    """The table that the package brings.

    Returns
    -------
    Table
        With its source.

    Examples
    --------
    >>> print(default_table().source[:40])
    414 runs of two-layer networks: 20 task
    """
    return table_of(json.loads(files(__package__).joinpath("forecast_table.json").read_text("utf-8")))


def table_of(data: dict[str, Any]) -> Table:
    """A table from what JSON holds; null stands for infinity."""
    kinds = {name: _quantiles(data[name]) for name in ("accuracy", "loss") if data.get(name)}
    clock = data.get("clock")
    if clock:
        factors = tuple((float(c), int(n), float(low), float(high)) for c, n, low, high in clock["factors"])
        clock = Clock(clock["decay_exponent"], clock["train_exponent"], factors, clock["source"])
    return Table(
        data["source"],
        **kinds,
        clock=clock,
        optimizers=tuple(data["optimizers"]),
        regression_from=data["regression_from"],
    )


def _quantiles(data: dict[str, Any]) -> Quantiles:
    values = [[np.inf if value is None else value for value in row] for row in data["values"]]
    stated = tuple(tuple(row) for row in data["stated"])
    return Quantiles(
        np.array(data["progress"]),
        tuple(data["levels"]),
        np.array(values),
        np.array(data["arrived"]),
        stated,
        data["rough_below"],
    )


def _between(at: float, x: np.ndarray, values: np.ndarray) -> float:
    i = int(np.searchsorted(x, at, side="right"))
    if i == 0 or i == x.size:
        return float(values[min(i, x.size - 1)])
    low, high = values[i - 1], values[i]
    if at == x[i - 1] or low == high:
        return float(low)
    if not (np.isfinite(low) and np.isfinite(high)):
        return np.inf
    return float(low + (high - low) * (at - x[i - 1]) / (x[i] - x[i - 1]))
