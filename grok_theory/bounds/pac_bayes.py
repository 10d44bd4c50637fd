"""PAC-Bayes: a posterior over machines, its distance from a prior that saw no data, and the Gibbs loss it bounds."""

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from ..checks import (
    check_between,
    check_finite,
    check_integer,
    check_non_negative,
    check_positive,
    check_shape,
    is_traced,
    require_float64,
)
from ..errors import BadValue
from ..numerics.gram import check_gram, check_target, eigenbasis, inverted, rounding, shrunk
from ..numerics.programs import compiled
from ..numerics.roots import halve
from .bound import HIGH_PROBABILITY, Bound, check_loss, make_bound
from .norms import CONFIDENCE, INDEPENDENT


def gaussian_kl(
    mean: ArrayLike, covariance: ArrayLike, prior_mean: ArrayLike, prior_covariance: ArrayLike
) -> Float[Array, ""]:
    """The divergence KL of N(mean, covariance) from N(prior_mean, prior_covariance), in nats.

    (1/2)[tr S0^-1 S - dim + ln det S0/det S + d . S0^-1 d], as sum of mu - 1 - ln mu over the eigenvalues of S0^-1 S.
    Both covariances must be symmetric (to 1e-9 of the largest entry) and positive definite, or they are refused; in a
    trace the result is then nan.

    Parameters
    ----------
    mean : array_like
        (dim,) of the posterior.
    covariance : array_like
        (dim, dim) of the posterior.
    prior_mean : array_like
        (dim,) of the prior.
    prior_covariance : array_like
        (dim, dim) of the prior.

    Returns
    -------
    Array
        () >= 0.

    Raises
    ------
    BadValue
        For shapes that do not fit, covariances that are not positive definite, and a divergence beyond float64.
    Float64Required
        Where JAX computes in float32.

    Examples
    --------
    >>> import numpy as np
    >>> print(gaussian_kl(np.ones(2), np.eye(2), np.zeros(2), np.eye(2)))
    1.0
    """
    require_float64("grok_theory.bounds.gaussian_kl")
    check_shape("mean", mean, (None,), "Pass vectors (dim,) and matrices (dim, dim).")
    dim = np.shape(mean)[0]
    for name, value, shape in (
        ("mean", mean, (dim,)),
        ("prior_mean", prior_mean, (dim,)),
        ("covariance", covariance, (dim, dim)),
        ("prior_covariance", prior_covariance, (dim, dim)),
    ):
        check_shape(name, value, shape, "Pass vectors (dim,) and matrices (dim, dim).")
        check_finite(name, value, "Pass finite numbers.")
    covariance, prior = check_gram("covariance", covariance), check_gram("prior_covariance", prior_covariance)
    for name, matrix in (("covariance", covariance), ("prior_covariance", prior)):
        check_positive(f"the diagonal of {name}", jnp.diagonal(matrix), "Pass positive definite matrices.")
    # One unit a coordinate: coordinates in different units cost no digits, nor do squares leave the range of floats.
    exponent = jnp.frexp(jax.lax.stop_gradient(jnp.diagonal(prior)))[1] // 2
    shrink = lambda matrix: jnp.ldexp(jnp.ldexp(matrix, -exponent[:, None]), -exponent[None, :])  # noqa: E731
    covariance, prior = shrink((covariance + covariance.T) / 2), shrink((prior + prior.T) / 2)
    root = _root("prior_covariance", prior)
    # S = L L^T and A = L0^-1 L: the squares of the singular values of A are mu, so that none is rounded below zero.
    across = jax.scipy.linalg.solve_triangular(root, _root("covariance", covariance), lower=True)
    sigma = jnp.linalg.svd(across, compute_uv=False)
    offset = jnp.ldexp(jnp.asarray(mean, float) - jnp.asarray(prior_mean, float), -exponent)
    moved = jax.scipy.linalg.solve_triangular(root, offset, lower=True)
    kl = (jnp.sum(_excess(sigma)) + moved @ moved) / 2
    if not is_traced(kl) and not jnp.isfinite(kl):
        raise BadValue(
            "mean and prior_mean are so many deviations apart, or the covariances so different, that the divergence is "
            "no float64 number. Pass distributions that overlap."
        )
    return kl


def _excess(sigma):
    """mu - 1 - ln mu of mu = sigma^2, to all digits also near one and near zero."""
    x = (sigma - 1) * (sigma + 1)
    is_near = jnp.abs(x) < 1e-2
    near = jnp.where(is_near, x, 0.0)
    series = jnp.polyval(jnp.asarray([(-1) ** k / k for k in range(11, 1, -1)]), near) * near**2
    some = jnp.where(sigma > 0, sigma, 1.0)
    return jnp.where(is_near, series, jnp.where(sigma > 0, x - 2 * jnp.log(some), jnp.inf))


def _root(name, matrix):
    root = jnp.linalg.cholesky(matrix)
    if not is_traced(root) and not bool(jnp.all(jnp.isfinite(root))):
        raise BadValue(
            f"{name}, of shape {matrix.shape}, has an eigenvalue that is not positive, but it must be positive "
            "definite. Pass a covariance without directions of no spread."
        )
    return root


def gaussian_process_kl(kernel: ArrayLike, targets: ArrayLike, *, ridge: ArrayLike) -> Float[Array, ""]:
    """KL of the ridge posterior N(m, (H^T H/ridge + 1)^-1) from the prior N(0, 1) on the weights, by K = H H^T alone.

    (1/2) sum_j [ln(1 + l_j/ridge) - l_j/(l_j + ridge) + l_j y_j^2/(l_j + ridge)^2], y_j in the eigenbasis of K. The
    posterior's mean m = H^T (K + ridge)^-1 y is the ridge machine. Another prior variance v: pass v K.

    Parameters
    ----------
    kernel : array_like
        (P, P) Gram matrix K of the training inputs.
    targets : array_like
        (P,) labels y.
    ridge : array_like
        As in K + ridge I, > 0.

    Returns
    -------
    Array
        () >= 0, in nats.

    Raises
    ------
    BadValue
        For a kernel that is not square, finite and symmetric, targets that do not fit it, and a ridge that is not
        positive.
    Float64Required
        Where JAX computes in float32.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> import numpy as np
    >>> print(f"{gaussian_process_kl(np.eye(3), np.ones(3), ridge=1.0):.4f}")
    0.6647
    """
    require_float64("grok_theory.bounds.gaussian_process_kl")
    eps = rounding(kernel)
    kernel = check_gram("kernel", kernel)
    targets = check_target("targets", targets, kernel)
    check_positive("ridge", ridge, "Without a ridge the posterior is a point, and infinitely far from any prior.")
    basis, ridge = eigenbasis(kernel, eps=eps), jnp.asarray(ridge, float)
    relative = ridge / basis.unit
    # l/(l + ridge), as one would shrink a ridge by l: 1 - ridge/(l + ridge) has no digits of a small l.
    share = shrunk(relative, basis.values)
    # The targets in the root of the kernel's unit: nothing but the result can leave the range of floats.
    along = basis.vectors.T @ (targets / jnp.sqrt(basis.unit))
    fitted = share * jnp.square(jnp.sqrt(inverted(basis.values, relative)) * along)
    return jnp.sum(_spread(basis.values, ridge, basis.unit) + fitted) / 2


def _spread(values, ridge, unit):
    """ln(1 + x) - x/(1 + x) of x = values unit/ridge, to all digits from tiny to huge x."""
    some = values > 0
    ratio = values / (ridge / unit)
    low = jnp.minimum(ratio, 1e-2)
    series = jnp.polyval(jnp.asarray([(-1) ** k * (k - 1) / k for k in range(11, 1, -1)]), low) * low**2
    middle = jnp.clip(ratio, 1e-2, 1e8)
    high = jnp.where(some & (ratio > 1e8), values, 1.0)
    logarithm = jnp.log(high) + jnp.log(unit) - jnp.log(ridge)
    by_size = [series, jnp.log1p(middle) - middle / (1 + middle), logarithm - 1 + 2 / jnp.maximum(ratio, 1e8)]
    return jnp.where(some, jnp.select([ratio < 1e-2, ratio <= 1e8], by_size[:2], by_size[2]), values)  # zero, or nan


def pac_bayes_bound(
    kl: ArrayLike,
    *,
    samples: ArrayLike,
    train_loss: ArrayLike,
    loss_range: ArrayLike,
    confidence: ArrayLike = 0.95,
    test_loss: ArrayLike = np.nan,
    name: str = "PAC-Bayes",
) -> Bound:
    """Bound the gap of the Gibbs loss by the divergence of the posterior from the prior.

    With delta = 1 - confidence,

        gap <= range kl^{-1}(train/range, (KL + ln(2 sqrt(P)/delta))/P) - train.

    Maurer's form of Seeger's bound (P >= 8). kl^{-1}(p, e) is the largest q with p ln(p/q) + (1-p) ln((1-p)/(1-q)) <=
    e. Train and test loss are averages over the posterior: one machine is drawn for each prediction.

    Parameters
    ----------
    kl : array_like
        Divergence of posterior from prior, >= 0, in nats, for example by `gaussian_kl`.
    samples : array_like
        P, the number of training samples.
    train_loss : array_like
        Gibbs loss on the `samples` = P training samples, between 0 and `loss_range`.
    loss_range : array_like
        The largest possible loss, > 0, for example cap^2.
    confidence : array_like, default 0.95
        Share of training sets for which the bound holds, in (0, 1).
    test_loss : array_like, default nan
        Gibbs loss on fresh samples, for the gap; nan where unknown.
    name : str, default 'PAC-Bayes'
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
    >>> print(round(float(pac_bayes_bound(5.0, samples=1000, train_loss=0.1, loss_range=1.0).value), 4))
    0.0531
    """
    require_float64("grok_theory.bounds.pac_bayes_bound")
    check_non_negative("kl", kl, "Pass the divergence of posterior from prior, for example by gaussian_kl.")
    samples = check_integer("samples", samples, 1, "Pass the number of training samples.")
    check_positive("loss_range", loss_range, "Pass the largest possible loss, for example cap**2.")
    check_finite("train_loss", train_loss, "Pass the Gibbs loss on the training samples.")
    remedy = "Pass the mean over the posterior of a loss between 0 and loss_range."
    check_loss("train_loss", train_loss, loss_range, remedy)
    check_loss("test_loss", test_loss, loss_range, remedy)
    check_between("confidence", confidence, 0, 1, CONFIDENCE, include_low=False, include_high=False)
    budget = (kl + jnp.log(2 * np.sqrt(samples) / (1 - confidence))) / samples
    share = jnp.clip(jnp.asarray(train_loss, float) / loss_range, 0.0, 1.0)
    return make_bound(
        name,
        loss_range * excess_of_inverse_kl(share, budget),
        kind=HIGH_PROBABILITY,
        assumptions=(INDEPENDENT, "the loss lies in [0, loss_range]", "the prior knows no training data", "P >= 8"),
        holds=samples >= 8,
        loss_range=loss_range,
        train_loss=train_loss,
        test_loss=test_loss,
    )


@compiled
def excess_of_inverse_kl(share: ArrayLike, budget: ArrayLike) -> Array:
    """kl^{-1}(p, e) - p, without cancellation: (1 - p)(1 - e^{-v}) with v the root of the equation below.

    (1 - p) v - p ln(1 + (1 - p)(1 - e^{-v})/p) = e, increasing in v; at p = 0 it is v = e.
    """
    p, e = jnp.broadcast_arrays(jnp.asarray(share, float), jnp.asarray(budget, float))
    inner = (p > 0) & (p < 1)
    p_safe = jnp.where(inner, p, 0.5)

    def spent(v):
        rise = -(1 - p_safe) * jnp.expm1(-v) / p_safe
        return (1 - p_safe) * v - p_safe * jnp.log1p(rise)

    def slope(v):
        return (1 - p_safe) * -jnp.expm1(-v) / (1 + (1 - p_safe) * -jnp.expm1(-v) / p_safe) / p_safe

    # spent(v) >= (1 - p) v + p ln p, since the argument of the logarithm stays below 1/p.
    high = (e - p_safe * jnp.log(p_safe)) / (1 - p_safe)
    low = jnp.zeros_like(high)
    fixed_e = jax.lax.stop_gradient(e)

    low, high = jax.lax.stop_gradient(halve(lambda middle: spent(middle) < fixed_e, low, high, 60))
    v = (low + high) / 2
    # One Newton step that changes no digit carries the derivatives in p and e.
    some = inner & (slope(v) > 0)
    v = v - jnp.where(some, (spent(v) - e) / jnp.where(some, slope(v), 1.0), 0.0)
    v = jnp.where(inner, jnp.maximum(v, 0.0), e)
    return -(1 - p) * jnp.expm1(-v)
