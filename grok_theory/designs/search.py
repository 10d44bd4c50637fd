"""Searches over one free value: a scan, then the first place where a condition begins to hold, or the least value."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import optimize

SCAN = 33  # values that are looked at first
CLOSE = 1e-6  # relative, to which a value that need not be whole is found


class Scale:
    """Values from low to high: in equal ratios where low > 0; rounded to multiples of `unit` where there is one."""

    def __init__(self, low: float, high: float, unit: float | None):
        self.low, self.high, self.unit = low, high, unit
        self.in_logs = low > 0 and high / low > 4

    def rounded(self, value: float) -> float:
        if self.unit is None:
            return float(min(max(value, self.low), self.high))
        first, last = np.ceil(self.low / self.unit - 1e-9), np.floor(self.high / self.unit + 1e-9)
        return float(min(max(round(value / self.unit), first), last) * self.unit)

    @property
    def scan(self) -> np.ndarray:
        spaced = np.geomspace if self.in_logs else np.linspace
        return np.unique([self.rounded(v) for v in spaced(self.low, self.high, SCAN)])

    def between(self, low: float, high: float) -> float:
        middle = np.sqrt(low * high) if self.in_logs else (low + high) / 2
        return self.rounded(float(middle))

    def near(self, low: float, high: float) -> bool:
        """Whether nothing worth looking at is between."""
        if self.unit is not None:
            return high - low < 1.5 * self.unit
        return high - low <= CLOSE * max(abs(high), 1e-300)


def smallest(scale: Scale, holds: Callable[[float], bool], values: np.ndarray) -> float | None:
    """The smallest value at which a condition holds, as far as the scan sees: there may be several stretches."""
    good = np.array([holds(float(v)) for v in values])
    if not good.any():
        return None
    at = int(np.argmax(good))
    if at == 0:
        return float(values[0])
    low, high = float(values[at - 1]), float(values[at])
    while not scale.near(low, high):
        middle = scale.between(low, high)
        if middle in (low, high):
            break
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high


def least(scale: Scale, cost: Callable[[float], float], values: np.ndarray) -> float:
    """The value with the least cost, inside the stretch of the scan around the best."""
    costs = np.array([cost(float(v)) for v in values])
    at = int(np.argmin(costs))
    low, high = float(values[max(at - 1, 0)]), float(values[min(at + 1, len(values) - 1)])
    best = float(values[at])
    if not np.isfinite(costs[at]) or scale.near(low, high):
        return best
    to, back = (np.log, np.exp) if scale.in_logs else (float, float)
    answer = optimize.minimize_scalar(
        lambda u: min(cost(scale.rounded(float(back(u)))), 1e300),
        bounds=(float(to(low)), float(to(high))),
        method="bounded",
        options={"xatol": 1e-7 * abs(float(to(high)) - float(to(low))) + 1e-12, "maxiter": 60},
    )
    found = scale.rounded(float(back(answer.x)))
    around = [found] if scale.unit is None else [scale.rounded(found + i * scale.unit) for i in (-1, 0, 1)]
    return min([best, *around], key=cost)


def front(quantities: np.ndarray) -> np.ndarray:
    """Indices of the rows that no other row beats in both columns; sorted by the first column."""
    order = np.lexsort((quantities[:, 1], quantities[:, 0]))
    kept, least_second = [], np.inf
    for i in order:
        if np.isfinite(quantities[i]).all() and quantities[i, 1] < least_second:
            kept.append(int(i))
            least_second = quantities[i, 1]
    return np.array(kept, int)
