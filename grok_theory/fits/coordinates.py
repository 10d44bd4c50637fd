"""A free parameter on a scale on which a step of 1 is about a factor e, or a share of the range: there it is fitted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..drawn import Span
from ..dynamics import numbers_of
from ..errors import BadValue
from ..fields import quantities
from ..ranges import AtLeastOne, Finite, Interval, NonNegative, Positive, Told

LEARNING_RATE = "learning_rate"
FAR = 1e3  # times beyond the values that properties are tested for, no fit looks
NEAR_END = 1e-6  # share of a range that an open end is kept away by


@dataclass(frozen=True)
class Coordinate:
    """One free parameter.

    Parameters
    ----------
    name : str
        Field of the Problem, or learning_rate of the dynamics.
    low, high : float
        Ends of what is searched.
    scale : float or None
        u = asinh(value/scale), which is linear near 0 and logarithmic beyond scale; None: u = log(value).
    ends : bool
        Whether `low` is a value that the parameter may have (0 of what is not negative).
    """

    name: str
    low: float
    high: float
    scale: float | None
    ends: bool

    def u(self, value: float) -> float:
        return float(np.log(value) if self.scale is None else np.arcsinh(value / self.scale))

    def value(self, u: float) -> float:
        found = float(np.exp(u) if self.scale is None else self.scale * np.sinh(u))
        return min(max(found, self.low), self.high)

    @property
    def box(self) -> tuple[float, float]:
        return self.u(self.low), self.u(self.high)


def coordinate(problem: Any, dynamics: Any, name: str) -> Coordinate:
    """The coordinate of a free parameter; refuses what is no number of the Problem."""
    if name == LEARNING_RATE:
        if name not in numbers_of(dynamics):
            raise BadValue(
                f"free names learning_rate, but the dynamics is {dynamics!r}, which has none. Pass "
                "dynamics=gt.GradientDescent(guess), with a log in steps."
            )
        rate = float(np.asarray(dynamics.learning_rate))
        return Coordinate(name, rate / FAR, rate * FAR, None, False)
    known = quantities(type(problem))
    numbers = [each for each, quantity in known.items() if quantity.kind == "number"]
    if name not in numbers:
        raise BadValue(
            f"free names {name!r}, but the numbers of a {type(problem).__name__} are {', '.join(numbers)}. Name some "
            f"of these{', or learning_rate' if LEARNING_RATE in numbers_of(dynamics) else ''}."
        )
    quantity = known[name]
    drawn = quantity.drawn if isinstance(quantity.drawn, Span) else Span(1e-3, 1e3)
    start = abs(float(np.asarray(getattr(problem, name))))
    high = max(drawn.high, start) * FAR
    kind = quantity.range
    if isinstance(kind, AtLeastOne):
        return Coordinate(name, 1.0, high, None, True)
    if isinstance(kind, (Positive, Told)):
        return Coordinate(name, min(drawn.low, start or np.inf) / FAR, high, None, False)
    if isinstance(kind, NonNegative):
        return Coordinate(name, 0.0, high, drawn.low * 10, True)
    if isinstance(kind, Interval):
        inner = NEAR_END * (kind.high - kind.low)
        low = kind.low if kind.include_low else kind.low + inner
        return Coordinate(name, low, kind.high if kind.include_high else kind.high - inner, kind.high - kind.low, True)
    if isinstance(kind, Finite):
        return Coordinate(name, -high, high, max(start, drawn.low * 10), False)
    raise BadValue(f"free names {name!r}, but what is {kind.words} is not fitted. Name another field.")
