"""The forward solve of a design: a quantity of the template with one value put in."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..dynamics import Dynamics, numbers_of
from ..errors import BadValue, SolveFailed
from ..fields import quantities
from ..numerics.draws_past import times_past
from .targets import CurveAt, DelayBetween, FreeValue, Quantity

POINTS = 160  # x on which a delay is read


@dataclasses.dataclass(frozen=True)
class Forward:
    """Template, what is free in it, and how it is solved.

    Parameters
    ----------
    wing
        The module with `solve` and `forecast`.
    problem, dynamics
        The template; dynamics is None where the wing has none.
    free : str
        As of a Design.
    options : Mapping[str, Any]
        Other keywords of `solve` or `forecast`: dim, width, method, temperature, key, draws.
    """

    wing: Any
    problem: Any
    dynamics: Dynamics | None
    free: str
    options: Mapping[str, Any]

    @property
    def x_name(self) -> str:
        """What x is called: time, step, samples."""
        if self.dynamics is not None:
            return self.dynamics.x_name
        return next(name for name in list(inspect.signature(self.wing.solve).parameters)[1:2])

    def made(self, value: float) -> tuple[Any, Dynamics | None, dict[str, Any]]:
        """Problem, dynamics and options with that value."""
        options = dict(self.options)
        if self.free in quantities(type(self.problem)):
            return dataclasses.replace(self.problem, **{self.free: value}), self.dynamics, options
        if self.free in numbers_of(self.dynamics):
            return self.problem, dataclasses.replace(self.dynamics, **{self.free: value}), options  # type: ignore[type-var]
        if self.free in ("dim", "width"):
            options[self.free] = int(value)
        return self.problem, self.dynamics, options

    def __call__(self, quantity: Quantity, value: float, *, finer: int = 1) -> float:
        """The quantity there; inf where it has no finite answer."""
        if isinstance(quantity, FreeValue):
            return float(value)
        problem, dynamics, options = self.made(value)
        if dynamics is not None:
            options["dynamics"] = dynamics
        x = self._x(quantity, value, finer)
        try:
            if quantity.probability is not None:
                return self._of_run(quantity, problem, x, options)
            solution = self.wing.solve(problem, x, **self._known(self.wing.solve, options))
        except SolveFailed:
            return float("inf")
        if isinstance(quantity, CurveAt):
            return float(np.asarray(solution[quantity.curve])[0])
        times = []
        for name, threshold in (("train_loss", quantity.train_threshold), ("test_loss", quantity.test_threshold)):
            logs = np.log(np.maximum(np.asarray(solution[name], float), 1e-300))
            past = times_past(x, logs[None], np.array([np.log(threshold)]), rising=False, last=False)
            times.append(float((past.low[0] + past.high[0]) / 2))
        return times[1] - times[0] if np.isfinite(times).all() else float("inf")

    def _of_run(self, quantity: CurveAt | DelayBetween, problem: Any, x: np.ndarray, options: dict[str, Any]) -> float:
        if not hasattr(self.wing, "forecast"):
            raise BadValue(
                f"probability is {quantity.probability}, but {self.wing.__name__} forecasts no run. Leave it out."
            )
        # The upper end of a band of 2 p - 1 has p of all runs below.
        level = 2 * float(quantity.probability) - 1  # type: ignore[arg-type]
        told = self.wing.forecast(problem, x, level=level, **self._known(self.wing.forecast, options))
        if isinstance(quantity, CurveAt):
            return float(told.pointwise[quantity.curve].high[0])
        return float(told.delay(quantity.train_threshold, quantity.test_threshold).high)

    def _known(self, verb: Any, options: dict[str, Any]) -> dict[str, Any]:
        known = inspect.signature(verb).parameters
        wanted = {name: value for name, value in options.items() if name in known}
        if self.free in ("dim", "width") and self.free not in known:
            raise BadValue(
                f"free is {self.free!r}, but theory of the mean has no {self.free}. Ask with a probability, which one "
                "run of a size has."
            )
        return wanted

    def _x(self, quantity: CurveAt | DelayBetween, value: float, finer: int) -> np.ndarray:
        if isinstance(quantity, CurveAt):
            at = value if quantity.x is None else quantity.x
            if quantity.x is None and self.free != self.x_name:
                raise BadValue(
                    f"x of {quantity.curve} is left out, but {self.free} is free and not {self.x_name}. Say where the "
                    'curve is read: CurveAt("test_loss", 10.0).'
                )
            return np.array([float(at)])
        first = quantity.last / 1e4 if quantity.first is None else quantity.first
        x = np.concatenate([[0.0], np.geomspace(first, quantity.last, POINTS * finer)])
        return np.unique(np.rint(x)) if self.x_name == "step" else x
