"""Norm bounds: what a ball of weights can fit by luck, about the origin or about the start (frozen subspace)."""

import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from ..checks import check_between, check_non_negative, check_positive, require_float64
from ..numerics.gram import check_gram, check_target, eigenbasis, inverted, rounding
from ..numerics.magnitude import norm as norm_of
from ..numerics.magnitude import unit_of
from .bound import HIGH_PROBABILITY, Bound, check_loss, make_bound
from .truncated_loss import CAPS

INDEPENDENT = "training samples are independent draws of the population"
CONFIDENCE = "Pass the share of training sets for which the bound shall hold, for example 0.95."


def rademacher_ball(kernel: ArrayLike, norm: ArrayLike) -> Float[Array, ""]:
    """Bound the empirical Rademacher complexity of the functions with norm(w) <= `norm` by norm sqrt(tr K)/P.

    The same for a ball about any fixed centre, and for its part in the span of the training features: restricting the
    weights to the frozen subspace gains only what it gains in the norm.

    Parameters
    ----------
    kernel : array_like
        (P, P) Gram matrix of the training inputs.
    norm : array_like
        Radius of the ball of weights, >= 0.

    Returns
    -------
    Array
        () in units of the output.

    Raises
    ------
    BadValue
        For a kernel that is not square, finite and symmetric or has a negative diagonal, and a negative norm.

    Examples
    --------
    >>> import numpy as np
    >>> print(rademacher_ball(np.eye(100), 2.0))
    0.2
    """
    kernel = check_gram("kernel", kernel)
    check_non_negative("norm", norm, "Pass the radius of the ball of weights.")
    check_non_negative("the diagonal of kernel", jnp.diagonal(kernel), "Pass the Gram matrix K(x_i, x_j) of a kernel.")
    unit = unit_of(kernel)
    # The root by itself: norm times the trace need not be a number, though the result is.
    root = jnp.sqrt(jnp.trace(kernel / unit)) / kernel.shape[0]
    return norm * (root * jnp.sqrt(unit))


def displacement_norm(kernel: ArrayLike, residual_start: ArrayLike) -> Float[Array, ""]:
    """The norm of w - w(0) where gradient descent from w(0) fits all it can: sqrt(r0 . K^+ r0).

    At most norm(r0)/sqrt(least nonzero eigenvalue). Eigenvalues below P eps of the largest count as zero: these
    directions are frozen.

    Parameters
    ----------
    kernel : array_like
        (P, P) Gram matrix of the training inputs.
    residual_start : array_like
        (P,) labels minus outputs at the start.

    Returns
    -------
    Array
        () in units of the weights.

    Raises
    ------
    BadValue
        For a kernel that is not square, finite and symmetric, and residuals that do not fit it.
    Float64Required
        Where JAX computes in float32.

    Examples
    --------
    >>> import numpy as np
    >>> print(displacement_norm(4 * np.eye(2), np.array([2.0, 0.0])))
    1.0
    """
    require_float64("grok_theory.bounds.displacement_norm")
    eps = rounding(kernel)
    kernel = check_gram("kernel", kernel)
    residual = check_target("residual_start", residual_start, kernel)
    basis, size = eigenbasis(kernel, eps=eps), unit_of(residual)
    moved = (basis.vectors.T @ (residual / size)) * jnp.sqrt(inverted(basis.values, 0.0))
    return norm_of(moved) * size / jnp.sqrt(basis.unit)


def norm_bound(
    kernel: ArrayLike,
    norm: ArrayLike,
    *,
    cap: ArrayLike,
    confidence: ArrayLike = 0.95,
    norm_unit: ArrayLike = 1.0,
    norm_known_in_advance: bool = False,
    train_loss: ArrayLike = np.nan,
    test_loss: ArrayLike = np.nan,
    name: str = "norm",
) -> Bound:
    """Bound the gap of the loss min(r^2, cap^2) by what a ball of weights can fit by luck.

    With R = B sqrt(tr K)/P and delta = 1 - confidence,

        gap <= 4 cap R + 3 cap^2 sqrt(ln(2/delta)/(2P)).

    From symmetrisation, contraction (Lipschitz 2 cap) and bounded differences; the constants are ours. B = `norm` if it
    was fixed before the data were seen. Otherwise norm is rounded up to norm_unit 2^k and delta shrinks to
    delta/((k + 1)(k + 2)), which sum to delta. For the frozen-subspace reading pass norm(w - w(0)): the centre w(0)
    knows nothing of the data. Neither norm is always the smaller one; to use the smaller of two bounds give each half
    delta.

    Parameters
    ----------
    kernel : array_like
        (P, P) of the training inputs.
    norm : array_like
        Of the weights, or their distance from a fixed centre.
    cap : array_like
        Of the loss: the residual beyond which it is flat, > 0.
    confidence : array_like, default 0.95
        Share of training sets for which the bound holds, in (0, 1).
    norm_unit : array_like, default 1.0
        The smallest radius considered; fixed in advance.
    norm_known_in_advance : bool, default False
        Whether `norm` was fixed before the data were seen.
    train_loss, test_loss : array_like, default nan
        Means of min(r^2, cap^2), for the gap; nan where unknown.
    name : str, default 'norm'
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

    Examples
    --------
    >>> import numpy as np
    >>> print(round(float(norm_bound(np.eye(100), 2.0, cap=1.0).value), 3))
    1.297
    """
    require_float64("grok_theory.bounds.norm_bound")
    kernel = check_gram("kernel", kernel)
    check_non_negative("norm", norm, "Pass the norm of the weights, or their distance from the start.")
    check_positive("cap", cap, "Pass the residual beyond which the loss is flat, for example 4.0.")
    check_between("cap", cap, *CAPS, "Its square must be a float64 number: measure the labels in another unit.")
    check_positive("norm_unit", norm_unit, "Pass the smallest radius to consider, for example 1.0.")
    check_between("confidence", confidence, 0, 1, CONFIDENCE, include_low=False, include_high=False)
    remedy = "Pass the mean of min(r^2, cap^2), for example by truncated_squared_loss."
    cap, norm = jnp.asarray(cap, float), jnp.asarray(norm, float)
    check_loss("train_loss", train_loss, cap**2, remedy)
    check_loss("test_loss", test_loss, cap**2, remedy)
    delta, radius = 1 - jnp.asarray(confidence, float), norm
    if not norm_known_in_advance:
        # frexp, not log2: a norm of exactly norm_unit 2^k must not be rounded to the next one.
        ratio = norm / norm_unit
        mantissa, exponent = jnp.frexp(ratio)
        k = jnp.maximum(jnp.where(mantissa == 0.5, exponent - 1, exponent), 0).astype(float)
        # A ratio beyond 1e308 has no exponent; its bound is infinite.
        radius = jnp.where(jnp.isinf(ratio), jnp.inf, jnp.maximum(norm_unit * 2.0**k, norm))
        delta = delta / ((k + 1) * (k + 2))
    samples = kernel.shape[0]
    luck = 3 * cap**2 * jnp.sqrt(jnp.log(2 / delta) / (2 * samples))
    first = "norm was fixed before the data were seen" if norm_known_in_advance else "norm_unit was fixed in advance"
    return make_bound(
        name,
        4 * rademacher_ball(kernel, cap * radius) + luck,
        kind=HIGH_PROBABILITY,
        assumptions=(
            INDEPENDENT,
            "the loss is min(r^2, cap^2)",
            first,
            "the centre of the ball knows no training data",
        ),
        holds=True,
        loss_range=cap**2,
        train_loss=train_loss,
        test_loss=test_loss,
    )
