"""Angles between two directions, each with its supplement, sine and cosine, to the last digits at both ends.

Everything comes from x in [0, 1], the tangent of half the acute one of an angle and its supplement: one arctangent and
no sine. The arctangent is written out, because XLA's own in float64 is a call for every number on a CPU (12 ns; this
polynomial 1 ns).
"""

from functools import lru_cache
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

__all__ = ["Angle", "angle_of", "arctangent", "sine_minus_angle_cosine"]

TERMS = 12  # of the arctangent, to 1e-17
HALF_RIGHT_HALVED = np.tan(np.pi / 8)
SERIES_TERMS = 9  # of sin t - t cos t, to 1e-17 at t = 1


class Angle(NamedTuple):
    """`acute` in [0, pi/2] is the angle itself where `is_acute`, and its supplement elsewhere."""

    acute: Float[Array, "..."]
    half_tangent: Float[Array, "..."]
    is_acute: Bool[Array, "..."]

    @property
    def angle(self) -> Float[Array, "..."]:
        """In [0, pi], with all digits next to 0."""
        return jnp.where(self.is_acute, self.acute, np.pi - self.acute)

    @property
    def supplement(self) -> Float[Array, "..."]:
        """Of pi; with all digits next to 0."""
        return jnp.where(self.is_acute, np.pi - self.acute, self.acute)

    @property
    def one_minus_cosine(self) -> Float[Array, "..."]:
        """Without the subtraction."""
        square = self.half_tangent * self.half_tangent
        return jnp.where(self.is_acute, 2 * square, 2.0) / (1 + square)


def angle_of(half_tangent: Float[Array, "..."], is_acute: Bool[Array, "..."]) -> Angle:
    """The angle whose acute part has this tangent of its half, in [0, 1]."""
    return Angle(2 * arctangent(half_tangent), half_tangent, is_acute)


def arctangent(x: Float[Array, "..."]) -> Float[Array, "..."]:
    """The arctangent of x in [0, 1], to two units of its last digit.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> import jax.numpy as jnp
    >>> print(4 * arctangent(jnp.ones(1)))
    [3.14159265]
    """
    steep = x > HALF_RIGHT_HALVED
    y = jnp.where(steep, (1 - x) / (1 + x), x)  # tan(pi/4 - t)
    found = y * _horner(y * y, _arctangent_series())
    return jnp.where(steep, np.pi / 4 - found, found)


@lru_cache
def _arctangent_series() -> tuple[float, ...]:
    """Coefficients of atan(y)/y in y^2 up to y = a = tan(pi/8).

    atan(y) = 2 sum_k (-1)^k p^(2k+1)/(2k+1) T_(2k+1)(y/a), p = tan(pi/16).
    """
    p, series = np.longdouble(np.tan(np.pi / 16)), np.zeros(2 * TERMS)
    for k in range(TERMS):
        series[2 * k + 1] = 2 * (-1) ** k * p ** (2 * k + 1) / (2 * k + 1)
    powers = np.polynomial.chebyshev.cheb2poly(series)[1::2]
    return tuple(float(c) for c in powers / HALF_RIGHT_HALVED ** (2 * np.arange(TERMS) + 1))


def sine_minus_angle_cosine(angle: Angle) -> tuple[Float[Array, "..."], Float[Array, "..."]]:
    """sin t - t cos t at the angle t and at its supplement, each with all its digits.

    Below 1 by the series t^3/3 - t^5/30 + ..., since the difference loses t^3 against t; at an obtuse pi - t it is a
    sum of two positive terms.
    """
    t, square = angle.acute, angle.half_tangent * angle.half_tangent
    sine, cosine = 2 * angle.half_tangent / (1 + square), (1 - square) / (1 + square)
    small = jnp.where(t < 1, t * t * t * _horner(t * t, _sine_series()), sine - t * cosine)
    large = sine + (np.pi - t) * cosine
    return jnp.where(angle.is_acute, small, large), jnp.where(angle.is_acute, large, small)


@lru_cache
def _sine_series() -> tuple[float, ...]:
    """Coefficients of (sin t - t cos t)/t^3 in t^2: (-1)^(k+1) 2k/(2k+1)! for k = 1 ..."""
    terms, factorial = [], 1.0
    for k in range(1, SERIES_TERMS + 1):
        factorial *= 2 * k * (2 * k + 1)
        terms.append((-1) ** (k + 1) * 2 * k / factorial)
    return tuple(terms)


def _horner(x, coefficients):
    total = jnp.full_like(x, coefficients[-1])
    for coefficient in coefficients[-2::-1]:
        total = total * x + coefficient
    return total
