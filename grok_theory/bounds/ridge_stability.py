"""Stability bound of kernel ridge regression: how much one exchanged sample can change what it learns."""

import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike

from ..checks import (
    check_between,
    check_integer,
    check_positive,
    require_float64,
)
from .bound import HIGH_PROBABILITY, Bound, check_loss, make_bound
from .norms import CONFIDENCE, INDEPENDENT
from .truncated_loss import CAPS


def ridge_stability_bound(
    *,
    ridge: ArrayLike,
    samples: ArrayLike,
    kernel_bound: ArrayLike,
    target_bound: ArrayLike,
    confidence: ArrayLike = 0.95,
    assumptions_hold: bool = True,
    train_loss: ArrayLike = np.nan,
    test_loss: ArrayLike = np.nan,
    name: str = "ridge stability",
) -> Bound:
    """Bound the gap of kernel ridge regression in the plain squared loss by its uniform stability.

    With lambda = ridge/P, M = target_bound^2 (1 + sqrt(kernel_bound/lambda))^2 the range of the loss, beta =
    2 kernel_bound M/(lambda P) its uniform stability and delta = 1 - confidence,

        gap <= 2 beta + (4 P beta + M) sqrt(ln(1/delta)/(2P)).

    Parameters
    ----------
    ridge : array_like
        As in K + ridge I, > 0.
    samples : array_like
        P, the number of training samples.
    kernel_bound : array_like
        At least K(x, x) of every sample that could be drawn, > 0.
    target_bound : array_like
        At least abs(y) of every sample that could be drawn, > 0.
    confidence : array_like, default 0.95
        Share of training sets for which the bound holds, in (0, 1).
    assumptions_hold : bool, default True
        Pass False if the two bounds are only the largest values seen.
    train_loss, test_loss : array_like, default nan
        Means of r^2 of this machine, for the gap; nan where unknown.
    name : str, default 'ridge stability'
        What the bound is called in a table.

    Returns
    -------
    Bound
        Of kind "high probability", in units of the loss.

    Raises
    ------
    BadValue
        For an argument out of its range, named with what is allowed.
    Float64Required
        Where JAX computes in float32.

    References
    ----------
    Bousquet & Elisseeff (2002).

    Examples
    --------
    >>> found = ridge_stability_bound(ridge=1e4, samples=1000, kernel_bound=1.0, target_bound=1.0)
    >>> print(found.assumptions_hold, found.vacuous)
    True False
    """
    require_float64("grok_theory.bounds.ridge_stability_bound")
    check_positive("ridge", ridge, "Without a ridge one sample can change everything; the bound is infinite.")
    samples = check_integer("samples", samples, 1, "Pass the number of training samples.")
    check_positive("kernel_bound", kernel_bound, "Pass the largest K(x, x) that can occur.")
    check_positive("target_bound", target_bound, "Pass the largest |y| that can occur.")
    check_between("confidence", confidence, 0, 1, CONFIDENCE, include_low=False, include_high=False)
    check_between("target_bound", target_bound, *CAPS, "Its square must be a float64 number: use another unit.")
    strength = jnp.asarray(ridge, float) / samples
    largest = (jnp.asarray(target_bound, float) * (1 + jnp.sqrt(kernel_bound / strength))) ** 2
    check_loss("train_loss", train_loss, largest, "Pass the mean of r^2 of this ridge machine.")
    check_loss("test_loss", test_loss, largest, "Pass the mean of r^2 of this ridge machine.")
    beta = 2 * (kernel_bound / (strength * samples)) * largest
    luck = jnp.sqrt(jnp.log(1 / (1 - jnp.asarray(confidence, float))) / (2 * samples))
    return make_bound(
        name,
        2 * beta + (4 * samples * beta + largest) * luck,
        kind=HIGH_PROBABILITY,
        assumptions=(INDEPENDENT, "K(x, x) <= kernel_bound for every input", "|y| <= target_bound for every target"),
        holds=assumptions_hold,
        loss_range=largest,
        train_loss=train_loss,
        test_loss=test_loss,
    )
