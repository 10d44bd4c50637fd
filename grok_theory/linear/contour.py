"""Inverse Laplace transforms on one contour for all times of two octaves, and the effective ridge continued along it.

p = mu (1 + iu)^2, u = (j + 1/2) h, j = 0 ... M - 1 and the conjugates, with h = sqrt(8 S + 1)/M and
mu = pi M/(4 t sqrt(8 S + 1)): the parabola for times from t/S to t (Weideman & Trefethen, Math. Comp. 76, 2007). At
S = 4 its relative accuracy is e^(-1.09 M) until rounding, e^(.14 M) ulps at t, takes over. M = 32 is the best for
float64. A transform is evaluated on the contour once, whatever the number of times.
"""

from functools import lru_cache
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float

from ..numerics.ridge_equation import effective_ridge, learned
from ..numerics.roots import as_root

__all__ = ["SPREAD", "Continued", "Contours", "contour_points", "contours_of", "effective_ridge_on_contours"]

SPREAD = 4.0  # latest over earliest time of one contour
LARGEST_STEP = 0.15  # in log p, between neighbours of the continuation
WALKING, POLISHING = 3, 2  # steps of Newton: at each neighbour, and at all points of the contour in the end


def _shape(u: np.ndarray, points: int) -> np.ndarray:
    """p t, with t the latest time of the contour."""
    return np.pi * points / (4 * np.sqrt(8 * SPREAD + 1)) * (1 + 1j * u) ** 2


def _nodes(points: int) -> tuple[np.ndarray, float]:
    step = np.sqrt(8 * SPREAD + 1) / points
    return (np.arange(points) + 0.5) * step, step


@lru_cache(maxsize=8)
def contour_points(points: int) -> tuple[np.ndarray, np.ndarray]:
    """(p t, weights) on the upper half of the contour: f(T) = Im sum(weights e^{pT} F(p))/t for real f, T <= t."""
    u, step = _nodes(points)
    # dp = 2i mu (1 + iu) du over 2 pi i; both halves together are twice the real part, the imaginary one of i times it.
    return _shape(u, points), 2j * step / np.pi * _shape(np.zeros(1), points)[0].real * (1 + 1j * u)


class Contours(NamedTuple):
    """Several contours as arrays of one length, (contours, half) each: p t and the weights, zero where one is shorter.

    `path` (steps, contours): p t along the continuation, from `start` (contours,) on the real axis; `marks`: which of
    its steps are the points.
    """

    exponents: np.ndarray
    weights: np.ndarray
    start: np.ndarray
    path: np.ndarray
    marks: np.ndarray


@lru_cache(maxsize=8)
def contours_of(*points: int) -> Contours:
    """Contours with these numbers of points. Shorter ones wait at their end."""
    longest = max(points)
    fill = lambda values: np.pad(values, (0, longest - values.size), mode="edge")  # noqa: E731
    exponents, weights = zip(*map(contour_points, points), strict=True)
    paths, marks = zip(*map(_path, points), strict=True)
    steps = max(map(len, paths))
    return Contours(
        np.stack([fill(values) for values in exponents]),
        np.stack([np.pad(values, (0, longest - values.size)) for values in weights]),
        np.array([_shape(np.zeros(1), each)[0].real for each in points]),
        np.stack([np.pad(path, (0, steps - path.size), mode="edge") for path in paths], axis=1),
        np.stack([fill(values) for values in marks]),
    )


def _path(points: int) -> tuple[np.ndarray, np.ndarray]:
    """The steps of the continuation from the real axis, and which of them are the contour's points."""
    us, marks, before = [], [], 0.0
    for u in _nodes(points)[0]:
        inner = np.linspace(before, u, 200)
        steps = np.abs(np.diff(np.log(_shape(inner, points)))).sum() / LARGEST_STEP
        us.extend(np.linspace(before, u, int(np.ceil(steps)) + 1)[1:])
        marks.append(len(us) - 1)
        before = u
    return _shape(np.array(us), points), np.array(marks)


class Continued(NamedTuple):
    """The effective ridge along contours, (contours, half) each: kappa, what it has above its value at p = 0, p/kappa.

    `above` = kappa - kappa(0), `unfitted` = h = p/kappa and `rise` = h - h(0), each free of cancellation as p -> 0;
    `inverse` = 1/(l + kappa) (contours, half, modes), `kept` = l/(l + kappa(0)) (modes,), 1 where both are 0, `floor` =
    h(0).
    """

    kappa: Complex[Array, "contours half"]
    above: Complex[Array, "contours half"]
    unfitted: Complex[Array, "contours half"]
    rise: Complex[Array, "contours half"]
    inverse: Complex[Array, "contours half modes"]
    kept: Complex[Array, " modes"]
    floor: Float[Array, ""]


def effective_ridge_on_contours(
    spectrum: Float[Array, " modes"], samples: Float[Array, ""], latest: Float[Array, ""], contours: Contours
) -> tuple[Continued, Float[Array, ""]]:
    """kappa(p), p = kappa h, h = 1 - (1/n) sum l/(l + kappa), on contours, and the largest residual of the equation.

    Newton from the real positive root, continued in steps of at most 0.15 in log p (its first step is the tangent): a
    bracket or a jump would land on another branch. All contours are walked together, by one compiled loop. The unknown
    is d = kappa - kappa(0), and h = h(0) + d (1/n) sum l/((l + kappa)(l + kappa(0))) is a sum without cancellation:
    h formed as written above has no digits left once p is 1e-16 of kappa, at late times.
    """
    first = jnp.asarray(contours.start) / latest
    explicit = samples * jnp.concatenate([jnp.zeros(1), first])
    found = effective_ridge(*jax.lax.stop_gradient((spectrum, samples)), ridge=jax.lax.stop_gradient(explicit))
    has_root = found > 0

    def balance(kappa):
        share, _ = learned(spectrum[None], kappa[:, None])
        return jnp.where(has_root, jnp.sum(share, 1) + explicit / jnp.where(has_root, kappa, 1.0) - samples, kappa)

    # Not the derivatives of `effective_ridge`: that of kappa(0) = 0 in a ridge is infinite with as many samples as
    # modes, and here it has none. The curves do not depend on how kappa(0) is split off.
    end, *begin = as_root(balance, found)
    begin = jnp.stack(begin)
    some, felt = spectrum > 0, spectrum + end > 0
    kept = jnp.where(felt, spectrum / jnp.where(felt, spectrum + end, 1.0), 0.0)
    # Not 1 - modes / samples: where they are nearly equal, their difference has all its digits and this has none.
    floor = jnp.where(end > 0, 0.0, (samples - jnp.sum(jnp.where(some, 1.0, 0.0))) / samples)
    slope = jnp.sum(kept[None, :] / jnp.where(some[None, :], spectrum[None, :] + begin[:, None], 1.0), axis=1) / samples
    # A mode without variance at kappa(0) = 0 is in neither h(0) nor kept: what it begins to add is told apart.
    unfelt = jnp.where(felt, 0.0, spectrum)
    start = jnp.where(end > 0, first / (begin * slope), begin)
    # Complex before they meet complex numbers: mixed types are refused under strict promotion.
    l, n, time, start, end, kept, h0, unfelt = (
        part.astype(complex) for part in (spectrum, samples, latest, start, end, kept, floor, unfelt)
    )

    def over_modes(values, kappa):
        return jnp.reshape(values, (1,) * kappa.ndim + values.shape)

    def sides(above):
        """kappa, h, h - h(0), 1/(l + kappa) for numbers `above` of any shape."""
        kappa = end + above
        g = _reciprocal(over_modes(l, kappa) + kappa[..., None])
        rise = (above * (g @ kept) - g @ unfelt) / n
        return kappa, h0 + rise, rise, g

    def newton(above, p):
        kappa, h, _, g = sides(above)
        return above - (kappa * h - p) / (h + kappa * jnp.sum((over_modes(l, kappa) * g) * g, axis=-1) / n)

    def advance(above, target):
        above = jax.lax.fori_loop(0, WALKING, lambda _, above: newton(above, target / time), above)
        return above, above

    path = jnp.asarray(contours.path)
    _, aboves = jax.lax.scan(advance, start, path)
    marks = jnp.asarray(contours.marks)
    above, p = (jnp.take_along_axis(values.T, marks, axis=1) for values in (aboves, path / time))
    above = jax.lax.fori_loop(0, POLISHING, lambda _, above: newton(above, p), above)
    kappa, h, rise, g = sides(above)
    return Continued(kappa, above, h, rise, g, jnp.where(felt, kept, 1.0), floor), jnp.max(
        jnp.abs(kappa * h - p) / jnp.abs(p)
    )


def _reciprocal(z: Complex[Array, "..."]) -> Complex[Array, "..."]:
    """1/z from real numbers, whose loops compile and run several times faster; no square leaves float64."""
    size = jnp.maximum(jnp.abs(z.real), jnp.abs(z.imag))
    a, b = z.real / size, z.imag / size
    norm = size * (a * a + b * b)
    return jax.lax.complex(a / norm, -b / norm)
