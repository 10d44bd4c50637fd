"""Formulas of Gaussian regression from a context, d -> inf: what the rule does not know, and what a context tells."""

import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array

from ..checks import check_non_negative, check_positive
from ..numerics.padding import any_traced

__all__ = ["regression_eta", "regression_information", "regression_log_moment"]

_CONTEXT = "Pass pairs of a context / dim, for example 2.0."
_NOISE = "Pass the standard deviation of the label noise, for example 0.5."


def regression_eta(context_per_dim: ArrayLike, noise: ArrayLike) -> Array:
    """What ridge regression, the rule, does not know of w: eta = (1/d) tr (1 + X^T X/s2)^-1, d -> inf.

    The positive root of eta^2 + eta (s2 + a - 1) - s2 = 0; the square loss of the rule is s2 + eta.

    Parameters
    ----------
    context_per_dim : array_like
        a = C/d >= 0, pairs of a context per dimension.
    noise : array_like
        s > 0, standard deviation of the label noise.

    Returns
    -------
    Array
        From 1 without a context down to 0, of the broadcast shape.

    Examples
    --------
    >>> print(f"{regression_eta(0.5, 0.5):.12f}")
    0.640388203202
    """
    check_non_negative("context_per_dim", context_per_dim, _CONTEXT)
    check_positive("noise", noise, _NOISE)
    return jnp.asarray(_eta(*_numbers(context_per_dim, noise)))


def regression_information(context_per_dim: ArrayLike, noise: ArrayLike) -> Array:
    """What a context tells about w, in nats a dimension: I/d = [a ln(1 + eta/s2) - ln eta + eta - 1]/2, d -> inf.

    At finite d the mean of ln det(1 + X^T X/s2)/2 is lower by about -ln(1 - a eta^2/(s2 + eta)^2)/4, whatever d: 1 to
    2 % at d = 8.

    Parameters
    ----------
    context_per_dim : array_like
        a = C/d >= 0, pairs of a context per dimension.
    noise : array_like
        s > 0, standard deviation of the label noise.

    Returns
    -------
    Array
        Of the broadcast shape; its slope in a is ln(1 + eta/s2)/2.

    Examples
    --------
    >>> print(f"{regression_information(2.0, 0.5):.12f}")
    0.989612083945
    """
    check_non_negative("context_per_dim", context_per_dim, _CONTEXT)
    check_positive("noise", noise, _NOISE)
    return jnp.asarray(_information(*_numbers(context_per_dim, noise)))


def regression_log_moment(
    context_per_dim: Array | np.ndarray, variance: Array | np.ndarray, powers: Array | np.ndarray
) -> Array | np.ndarray:
    """(1/d) ln E e^{u i} at complex u, abs(Re u) < 1, given the inputs.

    Along an eigenvector of X^T X with eigenvalue r the two square errors of i are those of correlated Gaussians, so
    E e^{u i} = prod (1 + r/s2)^{(1 + u)/2} (1 + (1 - u^2) r/s2)^{-1/2}: two informations, at s2 and at s2/(1 - u^2).
    """
    xp = jnp if any_traced(context_per_dim, variance, powers) else np
    a, s2, u = (xp.asarray(each, complex) for each in (context_per_dim, variance, powers))
    return (1 + u) * _information(a, s2) - _information(a, s2 / (1 - u**2))


def _numbers(context_per_dim: ArrayLike, noise: ArrayLike):
    """a and s^2: in NumPy, which compiles for no length, where neither is traced."""
    xp = jnp if any_traced(context_per_dim, noise) else np
    return xp.asarray(context_per_dim, float), xp.square(xp.asarray(noise, float))


def _eta(a: Array | np.ndarray, variance: Array | np.ndarray) -> Array | np.ndarray:
    xp = jnp if any_traced(a, variance) else np
    b = variance + a - 1
    root = xp.sqrt(b**2 + 4 * variance)
    # Two forms of one root; each is free of cancellation on its side. The inner `where` keeps gradients finite.
    few = xp.real(b) < 0
    return xp.where(few, (root - b) / 2, 2 * variance / xp.where(few, 1.0, root + b))


def _information(a: Array | np.ndarray, variance: Array | np.ndarray) -> Array | np.ndarray:
    xp = jnp if any_traced(a, variance) else np
    eta = _eta(a, variance)
    return (a * _log1p(xp, eta / variance) - xp.log(eta) + eta - 1) / 2


def _log1p(xp, z: Array | np.ndarray) -> Array | np.ndarray:
    """ln(1 + z); NumPy's own loses the digits of small complex z."""
    if xp is jnp or not np.iscomplexobj(z):
        return xp.log1p(z)
    return np.log1p(z.real * (2 + z.real) + z.imag**2) / 2 + 1j * np.arctan2(z.imag, 1 + z.real)
