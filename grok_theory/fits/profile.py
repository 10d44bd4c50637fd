"""The most likely point, and the ends of profile-likelihood intervals, by SciPy's optimizers."""

from __future__ import annotations

import numpy as np
from scipy import optimize, stats

from .likelihood import Likelihood

STEP = 1e-4  # of differences, in units of the likelihood's own width
INFORMED = 1e-3  # of differences of the law, in coordinates that move by 1 in a factor e
AROUND, REACH = 16, 2.0  # starts tried around the template, and how far
LEAST = 0.02  # information below this leaves a coordinate free within a factor exp(7): it is taken for so much
ROUNDS = 3
NEAR = 0.1  # by how much the likelihood at an end may miss its condition
WIDE = 4.0  # variance in u from where on the likelihood is not taken for nearly quadratic
WALK = 0.5  # first step outwards, in u


def most_likely(likelihood: Likelihood, start: np.ndarray, *, around: int = AROUND, rounds: int = ROUNDS) -> np.ndarray:
    """The most likely point, from the best of a few starts."""
    drawn = stats.qmc.Sobol(len(start), seed=0).random(around) * 2 - 1 if around else []
    starts = [start, *(likelihood.inside(start + REACH * part) for part in drawn)]
    best = starts[int(np.argmax([likelihood(u) for u in starts]))]
    for _ in range(rounds):
        frame = Frame(likelihood, best)
        answer = optimize.minimize(
            lambda z, frame=frame: -likelihood(frame.u(z)),
            np.zeros(len(start)),
            jac=lambda z, frame=frame: -frame.gradient(z),
            method="BFGS",
            options={"gtol": 2e-2, "maxiter": 30},
        )
        found = frame.u(answer.x)
        gained = likelihood(found) - likelihood(best)
        best = found if gained > 0 else best
        if gained < 1e-3:
            break
    return best


class Frame:
    """Coordinates z around a point in which the expected log likelihood is -|z|^2/2: u = centre + root z."""

    def __init__(self, likelihood: Likelihood, centre: np.ndarray):
        self.likelihood, self.centre = likelihood, centre
        self.information = likelihood.information(centre, INFORMED)
        values, vectors = np.linalg.eigh(self.information)
        self.root = vectors / np.sqrt(np.maximum(values, LEAST))
        self.covariance = self.root @ self.root.T

    def u(self, z: np.ndarray) -> np.ndarray:
        """The nearest point of the box."""
        return self.likelihood.inside(self.centre + self.root @ z)

    def at_end(self, u: np.ndarray, at: int, sign: int) -> bool:
        """Whether u[at] is at the end of the box on that side."""
        ends = self.likelihood.box[1 if sign > 0 else 0]
        return bool(abs(u[at] - ends[at]) < 1e-6)

    def gradient(self, z: np.ndarray) -> np.ndarray:
        """Of the log likelihood, by forward differences."""
        here = self.likelihood(self.u(z))
        return np.array([self.likelihood(self.u(z + STEP * one)) - here for one in np.eye(len(z))]) / STEP


def interval(frame: Frame, at: int, drop: float) -> tuple[float, float]:
    """Ends of u[at] where the likelihood, maximised over all others, is `drop` below its largest value.

    Each is the farthest point of the region where it is not further below: u[at] is pushed outwards under that one
    condition.
    """
    cut = frame.likelihood(frame.centre) - drop
    return _end(frame, at, -1, cut, drop), _end(frame, at, 1, cut, drop)


def _end(frame: Frame, at: int, sign: int, cut: float, drop: float) -> float:
    likelihood, row = frame.likelihood, frame.root[at]
    low, high = likelihood.box
    if frame.covariance[at, at] > WIDE:
        return _walked(frame, at, sign, cut)
    # Where a quadratic likelihood would have its end.
    start = sign * np.sqrt(2 * drop) * row / np.linalg.norm(row)
    bounds = [
        {"type": "ineq", "fun": lambda z: high - frame.centre - frame.root @ z, "jac": lambda z: -frame.root},
        {"type": "ineq", "fun": lambda z: frame.centre + frame.root @ z - low, "jac": lambda z: frame.root},
    ]
    answer = optimize.minimize(
        lambda z: -sign * float(row @ z) / np.linalg.norm(row),
        start,
        jac=lambda z: -sign * row / np.linalg.norm(row),
        constraints=[
            {"type": "ineq", "fun": lambda z: max(likelihood(frame.u(z)) - cut, -1e3), "jac": frame.gradient},
            *bounds,
        ],
        method="SLSQP",
        options={"ftol": 1e-3, "maxiter": 25},
    )
    found = frame.u(answer.x)
    near = abs(likelihood(found) - cut) < NEAR or frame.at_end(found, at, sign)
    return float(found[at]) if near and likelihood(found) > cut - NEAR else _walked(frame, at, sign, cut)


def _walked(frame: Frame, at: int, sign: int, cut: float) -> float:
    """The same where the likelihood is far from quadratic: outwards step by step, the others made most likely."""
    likelihood, rest = frame.likelihood, [i for i in range(len(frame.centre)) if i != at]
    low, high = likelihood.box
    own, others = float(frame.centre[at]), frame.centre.copy()

    def below(value: float) -> float:
        moved = others.copy()
        moved[at] = value
        if rest:
            held = likelihood.held(at, value)
            moved[rest] = most_likely(held, moved[rest], around=0, rounds=1)
        gap = likelihood(moved) - cut
        if gap > 0:
            others[:] = moved
        return gap

    inner, step = own, WALK
    while True:
        outer = float(np.clip(inner + sign * step, low[at], high[at]))
        if below(outer) < 0:
            return float(optimize.brentq(below, inner, outer, xtol=2e-2))
        if outer in (low[at], high[at]):
            return outer
        inner, step = outer, 1.5 * step
