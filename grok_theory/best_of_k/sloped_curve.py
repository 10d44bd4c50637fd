"""The exact error along ln k with its slope: scanned so that no minimum is stepped over, searched within a step."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import jax
import numpy as np
import scipy  # its rooms are imported when first used: stats takes as long as a solve
from jax.typing import ArrayLike

from ..numerics.programs import compiled
from .evaluation import Search, evaluate
from .methods import Exact
from .optimum import At
from .problem import Posterior, Prompt

_POINTS = 64  # values of k in every evaluation: one shape, one compilation
_STEP = np.log(1e9) / (_POINTS - 1)  # of a scan in ln k, at most: 39 % of k, where curves turn once in many steps
_NOISE = 1e-13  # relative slopes below it are of rounding: a flat tail turns at every other point


class Sloped(NamedTuple):
    """Points x = ln k, the error there, its derivative in ln k, and its numerical error; all (points,)."""

    x: np.ndarray
    error: np.ndarray
    slope: np.ndarray
    bound: np.ndarray

    def end(self, i: int) -> At:
        """The error at point i."""
        return At(float(self.error[i]), float(self.bound[i]))

    def turns(self) -> np.ndarray:
        """Every i with a minimum between the points i and i + 1: the slope goes from falling to rising."""
        return np.flatnonzero((self.slope[:-1] < 0) & (self.slope[1:] >= 0))

    def piece(self, i: int) -> scipy.interpolate.CubicHermiteSpline:
        """The error between the points i and i + 1, from values and slopes: to the fourth power of the step."""
        return scipy.interpolate.CubicHermiteSpline(*(part[i : i + 2] for part in (self.x, self.error, self.slope)))


class Curve:
    """The exact error of one problem at one temperature in [0, inf), read with its slope by `search`."""

    def __init__(self, search: Search, problem: Prompt | Posterior, temperature: ArrayLike) -> None:
        self.search, self.problem = search, problem
        self.heat = np.asarray(temperature, float)
        self.kind = "best" if temperature == 0 else "warm"

    def at(self, x: np.ndarray) -> Sloped:
        """At k = e^x."""
        parts = []
        for first in range(0, x.size, _POINTS):
            some = x[first : first + _POINTS]
            k = np.maximum(np.exp(np.resize(some, _POINTS)), 1.0)
            *read, level = _sloped(self.problem, k, self.heat, self.kind)
            self.search.see(level)
            parts.append([np.asarray(part)[: some.size] for part in read])
        return Sloped(x, *(np.concatenate(part) for part in zip(*parts)))

    def scan(self, largest: float) -> Sloped:
        """From k = 1 to `largest`, in steps that no minimum and maximum fit into together."""
        pieces = max(1, int(np.ceil(np.log(largest) / (_STEP * (_POINTS - 1)) - 1e-9)))
        return self.at(np.linspace(0.0, np.log(largest), _POINTS * pieces))

    def minimum(self, found: Sloped, i: int) -> tuple[float, At]:
        """x and the error of the minimum between the points i and i + 1 of `found`, zoomed in twice."""
        for _ in range(2):
            near = self.at(np.linspace(found.x[i], found.x[i + 1], _POINTS))
            turns = near.turns()
            if not turns.size:  # rounding decides, and the last bracket stands
                break
            found, i = near, int(turns[np.argmin(near.error[turns])])
        return _between(found, i)

    def with_minima(self, found: Sloped, lowest: float) -> Sloped:
        """`found` with its minima as points of their own, but for those that no error from `lowest` up needs."""
        reached = np.minimum.accumulate(found.error)
        more: list[tuple[float, float, float, float]] = []
        where: list[int] = []
        for i in found.turns():
            real = np.abs(found.slope[i : i + 2]).max() > _NOISE * found.error[i]
            if real and lowest < reached[i + 1]:
                x, least = self.minimum(found, i)
                more.append((x, least.error, 0.0, least.bound))
                where.append(i + 1)
        return Sloped(*(np.insert(part, where, put) for part, put in zip(found, zip(*more)))) if more else found

    def first_below(self, found: Sloped, error: float) -> float:
        """The least x at which the curve is at most `error`; inf where no point of `found` is."""
        below = np.flatnonzero(found.error <= error)
        if not below.size or below[0] == 0:
            return 0.0 if below.size else np.inf
        i = int(below[0]) - 1
        for _ in range(2):
            found = self.at(np.linspace(found.x[i], found.x[i + 1], _POINTS))
            # The end can miss its error by rounding: the last step then holds it.
            i = int(np.argmax(np.append(found.error[:-1] <= error, True))) - 1
        if found.error[i + 1] > error:
            return float(found.x[i + 1])
        piece = found.piece(i)
        return float(scipy.optimize.brentq(lambda x: piece(x) - error, found.x[i], found.x[i + 1], xtol=1e-15))


def _between(near: Sloped, i: int) -> tuple[float, At]:
    """x and the error where the slope vanishes, between the points i and i + 1.

    From the cubic through the four points around, and the error by its values and slopes at both ends: to the fourth
    power of a step of a thousandth.
    """
    x, _, slope, bound = near
    first = min(max(i - 1, 0), x.size - 4)
    places = np.arange(4.0) + (first - i)
    cubic = np.polynomial.Polynomial(np.linalg.solve(np.vander(places, increasing=True), slope[first : first + 4]))
    share = slope[i] / (slope[i] - slope[i + 1])
    share = scipy.optimize.brentq(cubic, 0.0, 1.0, xtol=1e-14) if cubic(0.0) < 0 < cubic(1.0) else share
    place = x[i] + share * (x[i + 1] - x[i])
    return float(place), At(float(near.piece(i)(place)), float(bound[i : i + 2].max()))


@partial(compiled, static_argnames="kind")
def _sloped(solved, k, temperature, kind):
    """Error, its derivative in ln k, numerical error, level. Only k has a tangent: tables are not differentiated."""
    given = temperature if kind == "warm" else 0.0

    def error(k):
        made = evaluate(solved, k, given, Exact())
        return made["curves"]["error"], (made["numerical_error"]["error"], made["level"])

    found, slope, (bound, level) = jax.jvp(error, (k,), (k,), has_aux=True)
    return found, slope, bound, level
