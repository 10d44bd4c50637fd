"""Fits where a law costs the draws of many runs: the mean curves as a quadratic surface in the free parameters.

Draws with one key move smoothly with the Problem. The most likely point is first found by least squares on the mean
curves, with the scatter of the template; there the scatter is taken anew, and the mean of every point becomes a
quadratic polynomial of the parameters through laws around it. Beyond these the surface goes on straight.
"""

from __future__ import annotations

import numpy as np
from scipy import linalg, optimize

from ..progress import bar
from .coordinates import LEARNING_RATE
from .laws import Law
from .likelihood import Likelihood
from .profile import most_likely

DIFFERENCE = 0.15  # in u: draws are exact to 1e-3, and far below what runs scatter
LONGEST = 12  # steps of the least squares
WIDEST, NARROWEST = 0.8, 0.05  # reach of the surface in u
SIGMAS = 1.5  # its reach in standard errors
ROUNDS = 2
STRAIGHT = 1.6  # in reaches: beyond, the surface goes on straight


def on_surface(likelihood: Likelihood) -> tuple[Likelihood, np.ndarray]:
    """A likelihood on a surface around its most likely point, and that point."""
    progress, task = bar("laws of the fit", 20 * len(likelihood.free))
    with progress:
        likelihood = likelihood.watched(lambda: progress.advance(task))
        best = _least_squares(likelihood, likelihood.start)
        likelihood.choose(best)
        for _ in range(ROUNDS):
            surface = Surface(likelihood, best)
            smooth = likelihood.with_laws(surface)
            found = most_likely(smooth, best, around=0)
            far = np.max(np.abs(found - best) / surface.reach)
            best = found
            if far < 1.0:
                break
    return smooth, best


def _least_squares(likelihood: Likelihood, start: np.ndarray) -> np.ndarray:
    law = likelihood.law(start)
    if law is None:
        return start
    roots = [linalg.cholesky(law.covariance[np.ix_(at, at)], lower=True) for at, _ in likelihood.groups]
    low, high = likelihood.box
    known: dict[bytes, np.ndarray] = {}

    def strays(u: np.ndarray) -> np.ndarray:
        if u.tobytes() not in known:
            told = likelihood.law(likelihood.inside(u))
            parts = []
            for (at, values), root in zip(likelihood.groups, roots, strict=True):
                mean = np.full(at.size, 1e3) if told is None else told.mean.ravel()[at]
                parts.append(linalg.solve_triangular(root, (values - mean).T, lower=True).T.ravel())
            known[u.tobytes()] = np.concatenate(parts)
        return known[u.tobytes()]

    def slopes(u: np.ndarray) -> np.ndarray:
        columns = []
        for i in range(len(u)):
            step = DIFFERENCE if u[i] + DIFFERENCE <= high[i] else -DIFFERENCE
            moved = u + step * np.eye(len(u))[i]
            columns.append((strays(moved) - strays(u)) / step)
        return np.stack(columns, axis=1)

    # Mild pull to the template: a direction that the log does not tell stays where it began.
    pull = 0.1

    answer = optimize.least_squares(
        lambda u: np.concatenate([strays(u), pull * (u - start)]),
        np.clip(start, low + 1e-6, high - 1e-6),
        jac=lambda u: np.concatenate([slopes(u), pull * np.eye(len(u))]),
        bounds=(low, high),
        xtol=2e-2,
        ftol=1e-3,
        max_nfev=LONGEST,
    )
    return likelihood.inside(answer.x)


class Surface:
    """Laws whose means are quadratic in u around a centre, with the covariance of the centre."""

    def __init__(self, likelihood: Likelihood, centre: np.ndarray):
        self.free, self.x = likelihood.free, likelihood.x
        size = len(centre)
        low, high = likelihood.box
        self.law = likelihood.law(centre)
        if self.law is None:
            raise ValueError("a law that was just fitted is none")
        # Reach: as far as the log leaves it open, from the slopes of the mean.
        first = [self._at(likelihood, centre, i, DIFFERENCE, low, high) for i in range(size)]
        slopes = [(mean - self.law.mean) / step for mean, step in first]
        information = np.zeros((size, size))
        for at, values in likelihood.groups:
            inverse = np.linalg.inv(self.law.covariance[np.ix_(at, at)])
            columns = np.stack([slope.ravel()[at] for slope in slopes], axis=1)
            information += len(values) * columns.T @ inverse @ columns
        spread = np.sqrt(np.diagonal(np.linalg.pinv(information + 0.1 * np.eye(size))))
        self.reach = np.clip(SIGMAS * spread, NARROWEST, WIDEST)
        self.centre = likelihood.inside(np.clip(centre, low + self.reach, np.maximum(high - self.reach, low)))
        moved = bool(np.any(self.centre != centre))
        middle = likelihood.law(self.centre).mean if moved else self.law.mean  # type: ignore[union-attr]
        self.middle, self.slopes, self.bends = middle, [], {}
        axial = {}
        for i in range(size):
            for sign in (-1, 1):
                axial[i, sign] = self._at(likelihood, self.centre, i, sign * self.reach[i], low, high)[0]
            self.slopes.append((axial[i, 1] - axial[i, -1]) / 2)
            self.bends[i, i] = (axial[i, 1] + axial[i, -1]) / 2 - middle
        for i in range(size):
            for j in range(i):
                corner = self.centre.copy()
                corner[[i, j]] += self.reach[[i, j]]
                told = likelihood.law(likelihood.inside(corner))
                both = axial[i, 1] + axial[j, 1] - middle if told is None else told.mean
                self.bends[i, j] = both - axial[i, 1] - axial[j, 1] + middle

    @staticmethod
    def _at(likelihood: Likelihood, centre: np.ndarray, i: int, step: float, low, high):
        """(mean, step) at centre + step along i, turned round where that leaves the box or has no law."""
        for way in (step, -step):
            moved = centre.copy()
            moved[i] += way
            if low[i] <= moved[i] <= high[i]:
                told = likelihood.law(moved)
                if told is not None and np.isfinite(told.mean).all():
                    return told.mean, way
        return likelihood.law(centre).mean, step  # type: ignore[union-attr]

    def __call__(self, problem, dynamics, x: np.ndarray) -> Law:
        own = [float(np.asarray(getattr(dynamics if c.name == LEARNING_RATE else problem, c.name))) for c in self.free]
        u = np.array([c.u(min(max(value, c.low), c.high)) for c, value in zip(self.free, own, strict=True)])
        z = (u - self.centre) / self.reach
        near = np.clip(z, -STRAIGHT, STRAIGHT)
        mean = self.middle + sum(slope * part for slope, part in zip(self.slopes, z, strict=True))
        for (i, j), bend in self.bends.items():
            bent = near[i] * (2 * z[i] - near[i]) if i == j else near[i] * near[j]
            mean = mean + bend * bent
        return Law(self.law.names, mean, self.law.covariance, self.law.count)  # type: ignore[union-attr]
