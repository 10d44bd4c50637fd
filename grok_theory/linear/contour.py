"""Inverse Laplace transforms on a contour that goes with the time, and the effective ridge continued along it.

Wing spec `linear`, sections 4.10 and 6. p T = M [.5017 th cot(.6407 th) - .6122 + .2645 i th], th = (2j+1) pi/M (the
optimal cotangent contour of Dingfelder & Weideman, Numer. Algorithms 68, 2015): relative accuracy 3.9^-M until
rounding, e^(.17 M) ulps, takes over. M = 28 is the best for float64.
"""

from collections.abc import Sequence
from functools import lru_cache

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float

from ..numerics.effective_ridge import effective_ridge

__all__ = ["contour_points", "effective_ridge_on_contours", "invert"]

LARGEST_STEP = 0.15  # in log p, between neighbours of the continuation
NEWTON_STEPS = 4


def _shape(theta: np.ndarray, points: int) -> tuple[np.ndarray, np.ndarray]:
    """p T and its derivative in theta."""
    a, b, c, d = 0.5017, 0.6407, 0.6122, 0.2645
    cot = 1 / np.tan(b * theta)
    value = points * (a * theta * cot - c + 1j * d * theta)
    return value, points * (a * cot - a * b * theta / np.sin(b * theta) ** 2 + 1j * d)


@lru_cache(maxsize=8)
def contour_points(points: int) -> tuple[np.ndarray, np.ndarray]:
    """(p T, weights) on the upper half of the contour: f(T) = Im sum(weights e^{pT} F(p))/T for real f."""
    theta = (2 * np.arange(points // 2) + 1) * np.pi / points
    value, slope = _shape(theta, points)
    return value, 2 / points * slope


@lru_cache(maxsize=8)
def _path(points: int) -> tuple[float, np.ndarray, np.ndarray]:
    """Start p T on the real axis, the steps of the continuation, and which of them are the contour's points."""
    nodes = (2 * np.arange(points // 2) + 1) * np.pi / points
    thetas, marks, before = [], [], 1e-8
    for theta in nodes:
        inner = np.linspace(before, theta, 200)
        steps = np.abs(np.diff(np.log(_shape(inner, points)[0]))).sum() / LARGEST_STEP
        thetas.extend(np.linspace(before, theta, int(np.ceil(steps)) + 1)[1:])
        marks.append(len(thetas) - 1)
        before = theta
    return float(_shape(np.array([1e-8]), points)[0][0].real), _shape(np.array(thetas), points)[0], np.array(marks)


def effective_ridge_on_contours(
    spectrum: Float[Array, " modes"], samples: Float[Array, ""], contours: Sequence[tuple[Float[Array, ""], int]]
) -> tuple[list[Complex[Array, " half"]], Float[Array, ""]]:
    """kappa(p) = p/(1 - (1/n) sum l/(l + kappa)) on contours given as (T, points), and the largest relative residual.

    Newton from the real positive root, continued in steps of at most 0.15 in log p with the tangent as predictor: a
    bracket or a jump would land on another branch. All contours are walked together, by one compiled loop.
    """
    starts, paths, marks = zip(*(_path(points) for _, points in contours), strict=True)
    times = jnp.stack([time for time, _ in contours])
    # Shorter walks wait at their end.
    longest = max(map(len, paths))
    targets = np.array([np.append(path, np.full(longest - len(path), path[-1])) for path in paths])
    first = jnp.asarray(starts) / times
    kappa = effective_ridge(spectrum, samples, ridge=samples * first).astype(complex)
    # Complex before they meet complex numbers: mixed types are refused under strict promotion.
    spectrum, samples, times, first = (part.astype(complex) for part in (spectrum, samples, times, first))

    def sides(kappa):
        share = spectrum[None, :] / (spectrum[None, :] + kappa[:, None])
        return 1 - jnp.sum(share, axis=1) / samples, 1 - jnp.sum(share**2, axis=1) / samples

    def advance(carry, target):
        kappa, p = carry
        q = target / times
        kappa = kappa + (q - p) / sides(kappa)[1]

        def newton(_, kappa):
            left, slope = sides(kappa)
            return kappa - (kappa * left - q) / slope

        kappa = jax.lax.fori_loop(0, NEWTON_STEPS, newton, kappa)
        return (kappa, q), (kappa, jnp.abs(kappa * sides(kappa)[0] / q - 1))

    _, (kappas, residuals) = jax.lax.scan(advance, (kappa, first), jnp.asarray(targets.T))
    return [kappas[at, row] for row, at in enumerate(marks)], jnp.max(residuals)


def invert(values: Complex[Array, " half"], time: Float[Array, ""], points: int) -> Float[Array, ""]:
    """The original at `time` of a transform known on the contour of that time."""
    exponent, weights = contour_points(points)
    return jnp.sum((jnp.asarray(weights * np.exp(exponent)) * values).imag) / time
