"""The Marchenko-Pastur law as a quadrature rule that is uniform in the aspect ratio, through 1, and in time.

The law is that of the eigenvalues l of X X^T, X of shape dim x samples with
independent entries of variance 1/dim, alpha = samples/dim held fixed:

    rho(l) = sqrt((l+ - l)(l - l-)) / (2 pi l) on [l-, l+],   l+- = (1 +- sqrt(alpha))^2,   an atom (1 - alpha)_+ at 0.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from .magnitude import quotient
from .padding import namespace

__all__ = [
    "FAR",
    "FARTHER",
    "SpectralRule",
    "marchenko_pastur_density",
    "marchenko_pastur_rule",
    "spectral_edges",
    "stieltjes",
]


# Left ends of a rule that reaches the smallest numbers of float64, and of one to hold it against.
FAR, FARTHER = -690.0, -706.0


class SpectralRule(NamedTuple):
    """Nodes and weights that integrate a smooth function over the bulk of the law; the atom at zero apart.

    `eigenvalues`, `weights`: shape (nodes,); `above_edge` is `eigenvalues - lower` without cancellation; `atom` is the
    mass at l = 0; `lower` and `upper` are the edges of the bulk. int_bulk rho f = sum(weights * f(eigenvalues)).
    """

    eigenvalues: Float[Array, " nodes"]
    weights: Float[Array, " nodes"]
    above_edge: Float[Array, " nodes"]
    atom: Float[Array, ""]
    lower: Float[Array, ""]
    upper: Float[Array, ""]


def spectral_edges(samples_per_dim: ArrayLike) -> tuple[Array, Array]:
    """Edges (l-, l+) of the bulk; l- keeps all its digits as alpha -> 1.

    Examples
    --------
    >>> low, high = spectral_edges(0.25)
    >>> print(f"{low:.4f} {high:.4f}")
    0.2500 2.2500
    """
    # NumPy for numbers, so that a door that asks for an edge compiles nothing.
    root = (jnp if isinstance(samples_per_dim, jax.Array) else np).sqrt(samples_per_dim)
    # (1 - a)/(1 + sqrt a) is 1 - sqrt(a) with its digits kept: at a = 1 - 1e-12 the plain form loses four of them.
    return ((1 - samples_per_dim) / (1 + root)) ** 2, (1 + root) ** 2


def marchenko_pastur_density(eigenvalues: ArrayLike, samples_per_dim: ArrayLike) -> Array:
    """The density of the bulk, sqrt((l+ - l)(l - l-))/(2 pi l), zero outside; the atom (1 - alpha)_+ at 0 not included.

    Examples
    --------
    >>> print(f"{marchenko_pastur_density(1.0, 1.0):.12f}")
    0.275664447711
    """
    lower, upper = spectral_edges(samples_per_dim)
    l = jnp.asarray(eigenvalues, float)
    inside = (l > lower) & (l < upper)
    safe = jnp.where(inside, l, (lower + upper) / 2)
    return jnp.where(inside, jnp.sqrt((upper - safe) * (safe - lower)) / (2 * jnp.pi * safe), 0.0)


def _logistic_grid(step: float, left: float, right: float) -> tuple[np.ndarray, np.ndarray]:
    """x = 1/(1+exp(-s)) and 1-x on the grid s = left, left + step, ... <= right: both to the last digit."""
    s = np.arange(round(left / step), round(right / step) + 1) * step
    return 1 / (1 + np.exp(-s)), 1 / (1 + np.exp(s))


def marchenko_pastur_rule(
    samples_per_dim: ArrayLike, *, step: float = 0.25, left: float = -110.0, right: float = 38.0
) -> SpectralRule:
    """Trapezoid rule in s, l = l- + 4 sqrt(alpha)/(1 + exp(-s)), for integrals over the bulk of the law.

    The error falls like exp(-pi^2/step), uniformly in alpha (alpha = 1 included) and in t for integrands such as
    exp(-l t) or (1 - eta l)^k: the strip abs(Im s) < pi is mapped to a region where they stay bounded.

    What lies left of the first node is lost: close to alpha = 1, where the spectrum reaches down to zero, a relative
    error of about sqrt(t exp(left)), so 1e-15 up to t = 1e17 with the default and up to t = 1e270 with `FAR`. Two rules
    that are held against each other must differ in `left` too, or neither sees it.

    Parameters
    ----------
    samples_per_dim : array_like
        alpha > 0, a scalar (may be traced).
    step : float, default 0.25
        Of the grid in s; like its ends structure, not a number to differentiate. The default grid has 593 nodes and
        reaches 1e-15.
    left : float, default -110.0
        First point of the grid; >= -706, where float64 ends.
    right : float, default 38.0
        Last point of the grid.

    Returns
    -------
    SpectralRule
        Nodes and weights over the bulk, its edges and the atom at zero.

    Examples
    --------
    >>> rule = marchenko_pastur_rule(0.5)
    >>> print(f"{rule.weights.sum():.12f} {(rule.weights * rule.eigenvalues).sum():.12f} {rule.atom:.1f}")
    0.500000000000 0.500000000000 0.5
    """
    x, one_minus_x = _logistic_grid(step, left, right)
    xp = namespace(samples_per_dim)
    alpha = xp.asarray(samples_per_dim, float)
    lower, upper = spectral_edges(alpha)
    width = 4 * xp.sqrt(alpha)
    above_edge = width * x
    eigenvalues = lower + above_edge
    # sqrt(x) (1-x)^1.5 (l - l-)/l rather than (x (1-x))^1.5/l: the power underflows at x = 1e-205.
    # And at alpha = 1 eigenvalues reach down to 1e-300.
    weights = (step / (2 * np.pi)) * width * np.sqrt(x) * one_minus_x**1.5 * quotient(above_edge, eigenvalues)
    # At alpha = 1 JAX gives max(0, 1 - alpha) the slope -1/2, which is the one that makes d/dalpha of a whole integral
    # (bulk and atom) right there.
    return SpectralRule(eigenvalues, weights, above_edge, xp.maximum(1 - alpha, 0.0), lower, upper)


def stieltjes(penalty: ArrayLike, samples_per_dim: ArrayLike) -> Array:
    """The trace m(g) = int rho/(l + g) of the resolvent at -g, the atom included.

    m = (b + R)/(2g), b = 1 - alpha - g, R = sqrt((g + l-)(g + l+)). Limit g -> 0+: 1/(alpha - 1) for alpha > 1.

    Parameters
    ----------
    penalty : array_like
        g > 0, unit of the eigenvalues.
    samples_per_dim : array_like
        alpha > 0.

    Returns
    -------
    Array
        The trace m, of the broadcast shape; relative error below 1e-14 for alpha in [.01, 100], g in [1e-14, 1e6].

    Examples
    --------
    >>> print(f"{stieltjes(0.2, 0.25):.12f}")
    4.000000000000
    """
    lower, upper = spectral_edges(samples_per_dim)
    b = 1 - samples_per_dim - penalty
    root = jnp.sqrt(penalty + lower) * jnp.sqrt(penalty + upper)  # the product may overflow
    falling = b < 0
    # Two forms of one number; each is free of cancellation on its side.
    return jnp.where(falling, 2 / jnp.where(falling, root - b, 1.0), (b + root) / (2 * penalty))
