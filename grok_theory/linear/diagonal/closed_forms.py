"""Exact formulas of diagonal networks."""

import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array

from ...checks import check_non_negative, check_positive

__all__ = ["dense_weight_error", "scale_time"]


def scale_time(start: ArrayLike, weight_decay: ArrayLike, scale: ArrayLike) -> Array:
    """The time at which u_j v_j = beta, exactly and whatever the data: ln(start^2/scale)/(2 weight_decay).

    Parameters
    ----------
    start : array_like
        alpha > 0, where all u_j and v_j begin.
    weight_decay : array_like
        lambda >= 0; at 0 a smaller scale is never reached: inf.
    scale : array_like
        beta > 0; above start^2 the time is negative.

    Returns
    -------
    Array
        The shapes broadcast.

    Raises
    ------
    BadValue
        For an argument out of its range.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> print(f"{scale_time(30.0, 1e-3, 1.4e-3):.1f}")
    6686.8
    """
    check_positive("start", start, "Pass where u and v begin, for example 3.0.")
    check_non_negative("weight_decay", weight_decay, "Pass the weight decay, for example 0.001.")
    check_positive("scale", scale, "Pass beta, for example 1e-3.")
    start, weight_decay, scale = (jnp.asarray(value, float) for value in (start, weight_decay, scale))
    return (2 * jnp.log(start) - jnp.log(scale)) / (2 * weight_decay)


def dense_weight_error(samples_per_dim: ArrayLike, power: ArrayLike, noise: ArrayLike) -> Array:
    """E (w_j - w*_j)^2 of the interpolator of least Euclid norm, the end of large scales beta.

    (1 - delta) E W^2 + noise^2 delta^2/(1 - delta): what the data do not see of the teacher, and the noise that is
    fitted.

    Parameters
    ----------
    samples_per_dim : array_like
        delta in (0, 1).
    power : array_like
        E W^2 of a teacher's weight; the density, where weights are +1, -1 and 0.
    noise : array_like
        Standard deviation of the label noise; inputs are N(0, 1/samples).

    Returns
    -------
    Array
        The shapes broadcast.
    """
    delta, power, noise = (jnp.asarray(value, float) for value in (samples_per_dim, power, noise))
    return (1 - delta) * power + noise**2 * delta**2 / (1 - delta)
