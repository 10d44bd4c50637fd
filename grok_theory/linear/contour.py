"""Inverse Laplace transforms on a contour that goes with the time, and the effective ridge continued along it.

p T = M [.5017 th cot(.6407 th) - .6122 + .2645 i th], th = (2j+1) pi/M (the
optimal cotangent contour of Dingfelder & Weideman, Numer. Algorithms 68, 2015): relative accuracy 3.9^-M until
rounding, e^(.17 M) ulps, takes over. M = 28 is the best for float64.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float

from ..numerics.ridge_equation import effective_ridge

__all__ = ["Continued", "contour_points", "effective_ridge_on_contours", "invert"]

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


class Continued(NamedTuple):
    """The effective ridge along one contour, shape (half,) each: kappa, what it has above its value at p = 0, p/kappa.

    `above` = kappa - kappa(0), `unfitted` = h = p/kappa and `rise` = h - h(0), each free of cancellation as p -> 0;
    `kept` = l/(l + kappa(0)) (modes,), `floor` = h(0).
    """

    kappa: Complex[Array, " half"]
    above: Complex[Array, " half"]
    unfitted: Complex[Array, " half"]
    rise: Complex[Array, " half"]
    kept: Complex[Array, " modes"]
    floor: Float[Array, ""]


def effective_ridge_on_contours(
    spectrum: Float[Array, " modes"], samples: Float[Array, ""], contours: Sequence[tuple[Float[Array, ""], int]]
) -> tuple[list[Continued], Float[Array, ""]]:
    """kappa(p), p = kappa h, h = 1 - (1/n) sum l/(l + kappa), on contours (T, points), and the largest residual of it.

    Newton from the real positive root, continued in steps of at most 0.15 in log p with the tangent as predictor: a
    bracket or a jump would land on another branch. All contours are walked together, by one compiled loop. The unknown
    is d = kappa - kappa(0), and h = h(0) + d (1/n) sum l/((l + kappa)(l + kappa(0))) is a sum without cancellation:
    h formed as written above has no digits left once p is 1e-16 of kappa, at late times.
    """
    starts, paths, marks = zip(*(_path(points) for _, points in contours), strict=True)
    times = jnp.stack([time for time, _ in contours])
    # Shorter walks wait at their end.
    longest = max(map(len, paths))
    targets = np.array([np.append(path, np.full(longest - len(path), path[-1])) for path in paths])
    first = jnp.asarray(starts) / times
    end = effective_ridge(spectrum, samples)
    begin = effective_ridge(spectrum, samples, ridge=samples * first)
    some = spectrum > 0
    kept = jnp.where(some, spectrum / jnp.where(some, spectrum + end, 1.0), 0.0)
    # Not 1 - modes / samples: where they are nearly equal, their difference has all its digits and this has none.
    floor = jnp.where(end > 0, 0.0, (samples - jnp.sum(jnp.where(some, 1.0, 0.0))) / samples)
    slope = jnp.sum(kept[None, :] / jnp.where(some[None, :], spectrum[None, :] + begin[:, None], 1.0), axis=1) / samples
    start = jnp.where(end > 0, first / (begin * slope), begin)
    # Complex before they meet complex numbers: mixed types are refused under strict promotion.
    complexes = (part.astype(complex) for part in (spectrum, samples, times, first, start, end, kept, floor))
    l, n, times, first, start, end, kept, h0 = complexes

    def sides(above):
        kappa = end + above
        g = jnp.where(some[None, :], 1 / jnp.where(some[None, :], l[None, :] + kappa[:, None], 1.0), 0.0)
        rise = above * jnp.sum(kept[None, :] * g, axis=1) / n
        h = h0 + rise
        return kappa, h, rise, h + kappa * jnp.sum((l[None, :] * g) * g, axis=1) / n

    def advance(carry, target):
        above, p = carry
        q = target / times
        above = above + (q - p) / sides(above)[3]

        def newton(_, above):
            kappa, h, _, slope = sides(above)
            return above - (kappa * h - q) / slope

        above = jax.lax.fori_loop(0, NEWTON_STEPS, newton, above)
        kappa, h, *_ = sides(above)
        return (above, q), (above, jnp.abs(kappa * h - q) / jnp.abs(q))

    _, (aboves, residuals) = jax.lax.scan(advance, (start, first), jnp.asarray(targets.T))

    def along(row, at):
        kappa, h, rise, _ = sides(aboves[at, row])
        return Continued(kappa, aboves[at, row], h, rise, kept, floor)

    return [along(row, at) for row, at in enumerate(marks)], jnp.max(residuals)


def invert(values: Complex[Array, " half"], points: int) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """The original of a transform known on the contour of its time as `values` = F(p)/T, and the sum of its moduli."""
    exponent, weights = contour_points(points)
    terms = jnp.asarray(weights * np.exp(exponent)) * values
    return jnp.sum(terms.imag), jnp.sum(jnp.abs(terms))
