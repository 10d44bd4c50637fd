"""How the half-success point grows with the group: two laws fitted side by side, with their uncertainty."""

from __future__ import annotations

import numpy as np
from jax.typing import ArrayLike

from ..checks import check_positive, check_shape
from ..errors import BadValue
from ..pytrees import record


@record()
class ThresholdScaling:
    """Two fits of half-success points c50 against group order M, weighted by their errors.

    Errors are scaled up by sqrt(misfit) where that is above 1.

    Parameters
    ----------
    exponent, exponent_error, prefactor : float
        The law c50 = prefactor M^exponent.
    power_misfit : float
        Its chi^2 per degree of freedom (about 1 if the law and the errors are right; nan with two points).
    slope, slope_error, intercept : float
        The law c50 = slope ln M + intercept, the shape Theorem 4 prints.
    log_misfit : float
        Its chi^2 per degree of freedom, as `power_misfit`.
    """

    exponent: float
    exponent_error: float
    prefactor: float
    power_misfit: float
    slope: float
    slope_error: float
    intercept: float
    log_misfit: float


def threshold_scaling(orders: ArrayLike, half_success: ArrayLike, errors: ArrayLike) -> ThresholdScaling:
    """Fit c50 = a M^b and c50 = a ln M + b by weighted least squares.

    Parameters
    ----------
    orders : array_like
        (P,) group orders, at least two different.
    half_success : array_like
        (P,) c50 > 0.
    errors : array_like
        (P,) their standard errors > 0.

    Returns
    -------
    ThresholdScaling
        Both laws, each with the standard error of what it says about M.

    Raises
    ------
    BadValue
        For an argument out of its range, named with what is allowed.

    Examples
    --------
    >>> fit = threshold_scaling([10, 100, 1000], [1.0, 10.0, 100.0], [0.1, 1.0, 10.0])
    >>> round(fit.exponent, 6)
    1.0
    """
    orders = np.asarray(orders, float)
    check_shape("orders", orders, (None,), "Pass one group order for each threshold.")
    for name, values in (("orders", orders), ("half_success", half_success), ("errors", errors)):
        check_shape(name, values, orders.shape, "Pass one entry for each group order.")
        check_positive(name, values, "Leave out groups without a measured threshold.")
    if len(np.unique(orders)) < 2:
        raise BadValue(f"orders is {orders}, but a fit needs at least two different ones. Measure more groups.")
    c50, errors = np.asarray(half_success, float), np.asarray(errors, float)
    exponent, log_prefactor, exponent_error, power_misfit = _line(np.log(orders), np.log(c50), errors / c50)
    slope, intercept, slope_error, log_misfit = _line(np.log(orders), c50, errors)
    return ThresholdScaling(
        exponent, exponent_error, float(np.exp(log_prefactor)), power_misfit, slope, slope_error, intercept, log_misfit
    )


def _line(x: np.ndarray, y: np.ndarray, error: np.ndarray) -> tuple[float, float, float, float]:
    """Slope, intercept, error of the slope, chi^2 per degree of freedom."""
    weight = 1 / error**2
    centre = np.sum(weight * x) / weight.sum()
    spread = np.sum(weight * (x - centre) ** 2)
    slope = np.sum(weight * (x - centre) * y) / spread
    intercept = np.sum(weight * (y - slope * x)) / weight.sum()
    free = len(x) - 2
    misfit = float(np.sum(weight * (y - slope * x - intercept) ** 2) / free) if free else float("nan")
    scale = np.sqrt(max(1.0, misfit)) if free else 1.0
    return float(slope), float(intercept), float(scale / np.sqrt(spread)), misfit
