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
    """norm sqrt(tr K)/P: bounds the empirical Rademacher complexity of {f : |w| <= norm} on these P samples.

    The same for a ball about any fixed centre, and for its part in the span of the training features: restricting the
    weights to the frozen subspace gains only what it gains in the norm.

    Parameters
    ----------
    kernel : array_like
        TODO.
    norm : array_like
        TODO.

    Returns
    -------
    array ()
        TODO
    """
    kernel = check_gram("kernel", kernel)
    check_non_negative("norm", norm, "Pass the radius of the ball of weights.")
    check_non_negative("the diagonal of kernel", jnp.diagonal(kernel), "Pass the Gram matrix K(x_i, x_j) of a kernel.")
    unit = unit_of(kernel)
    # The root by itself: norm times the trace need not be a number, though the result is.
    root = jnp.sqrt(jnp.trace(kernel / unit)) / kernel.shape[0]
    return norm * (root * jnp.sqrt(unit))


def displacement_norm(kernel: ArrayLike, residual_start: ArrayLike) -> Float[Array, ""]:
    """|w - w(0)| where gradient descent from w(0) fits all it can: sqrt(r0 . K^+ r0) <= |r0|/sqrt(least nonzero l).

    Parameters
    ----------
    kernel : array_like
        (P, P).
    residual_start : array_like
        (P,) labels minus outputs at the start. Eigenvalues below P eps of the largest count as zero: these directions
        are frozen.

    Returns
    -------
    array ()
        TODO
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
    """gap <= 4 cap R + 3 cap^2 sqrt(ln(2/delta)/(2P)),  R = B sqrt(tr K)/P, of the loss min(r^2, cap^2).

    From symmetrisation, contraction (Lipschitz 2 cap) and bounded differences; the constants are ours. B = `norm` if it
    was fixed before the data were seen. Otherwise norm is rounded up to norm_unit 2^k and delta shrinks to
    delta/((k + 1)(k + 2)), which sum to delta. For the frozen-subspace reading pass |w - w(0)|: the centre w(0) knows
    nothing of the data. Neither norm is always the smaller one; to use the smaller of two bounds give each half delta.

    Parameters
    ----------
    kernel : array_like
        (P, P) of the training inputs.
    norm : array_like
        Of the weights, or their distance from a fixed centre.
    cap : array_like
        Of the loss.
    confidence : array_like, default 0.95
        TODO.
    norm_unit : array_like, default 1.0
        The smallest radius considered; fixed in advance.
    norm_known_in_advance : bool, default False
        TODO.
    train_loss, test_loss : array_like, default np.nan
        Means of min(r^2, cap^2), for the gap; nan where unknown.
    name : str, default 'norm'
        TODO.

    Returns
    -------
    Bound
        TODO
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
