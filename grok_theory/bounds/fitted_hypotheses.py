"""How much a learner must bring beyond data and kernel: the loss law of a Gaussian process that has seen the data."""

import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array

from ..checks import check_finite, check_non_negative, check_numbers, check_shape, require_float64
from ..numerics.gram import check_cross, check_gram, eigenbasis, inverted, rounding
from ..numerics.magnitude import scaled
from ..status import FAILED, GOOD, NOTED, Status
from .hypothesis_law import LossLaw, law_of

NOT_FITTED = 1e-6  # of the labels' length


def inductive_bias(
    kernel_train: ArrayLike,
    y: ArrayLike,
    kernel_cross: ArrayLike,
    kernel_test: ArrayLike,
    y_test: ArrayLike,
    eps: ArrayLike,
    *,
    ridge: ArrayLike = 0.0,
) -> tuple[Array, Status]:
    """I(eps) = -ln P(test loss <= eps | h fits the training data), for h ~ GP(0, K).

    On the test points h is N(mu, S), mu = K_c (K + ridge)^{-1} y, S = K_t - K_c (K + ridge)^{-1} K_c^T, and the test
    loss, the mean over points of abs(h - y_test)^2, follows `loss_law`. It is what is missing beyond data and kernel:
    compare numbers of training points, kernels, or the kernel of one network along training.

    Parameters
    ----------
    kernel_train : array_like
        (n, n) symmetric Gram matrix K of the training inputs.
    y : array_like
        (n,) or (n, outputs) labels.
    kernel_cross : array_like
        (m, n) kernel K_c between test and training inputs.
    kernel_test : array_like
        (m, m) symmetric Gram matrix K_t of the test inputs.
    y_test : array_like
        (m,) or (m, outputs) targets on the test inputs.
    eps : array_like
        Test losses, of any shape, in the unit of the labels squared.
    ridge : array_like, default 0.0
        Variance of label noise, in the unit of K; one number >= 0. Nothing else is added to the diagonal.

    Returns
    -------
    tuple[Array, Status]
        Nats, of the shape of `eps` (bits: over ln 2); "noted" where the kernel cannot fit the labels, or where some
        hypotheses' test loss cannot fall below a floor; "failed" where a number is not known.

    Raises
    ------
    BadValue
        For an argument out of its range, named with what is allowed.
    Float64Required
        Where JAX computes in float32.

    References
    ----------
    Boopathy et al., Towards exact computation of inductive bias, 2024: the quantity. Their fit of one scaled
    non-central chi-squared law is replaced by the exact law.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> x = np.linspace(-1, 1, 9)
    >>> K = np.exp(-2 * (x[:, None] - x) ** 2)
    >>> seen, new, y = slice(0, 9, 2), slice(1, 9, 2), np.sin(2 * x)
    >>> nats, status = inductive_bias(K[seen, seen], y[seen], K[new, seen], K[new, new], y[new], 1e-4)
    >>> print(f"{nats:.3f} {status.name}")
    5.759 good
    """
    require_float64("grok_theory.bounds.inductive_bias")
    kernel, test = check_gram("kernel_train", kernel_train), check_gram("kernel_test", kernel_test)
    cross = check_cross("kernel_cross", kernel_cross, kernel)
    check_shape("kernel_test", test, (cross.shape[0],) * 2, "Pass one row for every row of kernel_cross.")
    labels = _labels("y", y, kernel.shape[0])
    wanted = _labels("y_test", y_test, test.shape[0])
    check_shape("y_test", wanted, (test.shape[0], labels.shape[1]), "Pass as many outputs as y has.")
    check_numbers("eps", eps, "Pass the test loss that is asked for.")
    check_shape("ridge", ridge, (), "Pass one number; jax.vmap takes several.")
    check_non_negative("ridge", ridge, "Pass the variance of the label noise, 0.0 for none.")
    basis = eigenbasis(kernel, name="kernel_train", eps=rounding(kernel_train, kernel_cross))
    values, shift, unit = basis.shifted(ridge)
    seen, rows = basis.coupling(cross, rounding(kernel_cross))
    weight = inverted(values, shift)
    own = basis.vectors.T @ labels
    mean = scaled((seen * weight[None]) @ own, rows - unit)
    root = scaled(seen * jnp.sqrt(weight)[None], rows) / jnp.sqrt(jnp.exp2(unit.astype(float)))
    left = test - root @ root.T
    left = (left + left.T) / 2
    # Entries are differences: rounding is that of what was subtracted, not that of what is left.
    size = jnp.max(jnp.abs(left))
    eps_left = rounding(kernel_train, kernel_cross, kernel_test) * jnp.where(
        size > 0, jnp.max(jnp.abs(test)) / jnp.where(size > 0, size, 1.0), 1.0
    )
    law: LossLaw = law_of(mean, left, wanted, jnp.minimum(eps_left, 1.0))
    nats = law.information(eps)
    free = shift == 0
    missed = jnp.sqrt(jnp.sum(jnp.where(basis.null & free, 1.0, 0.0)[:, None] * own**2))
    unfitted = missed > NOT_FITTED * jnp.linalg.norm(labels)
    floored = law.floor > 1e-12 * law.mean
    level = jnp.where(unfitted | floored, NOTED, GOOD)
    level = jnp.where(jnp.any(jnp.isnan(nats)), FAILED, level)
    return nats, Status(
        level,
        noted="Some directions have no variance left: the kernel cannot fit all labels, or no hypothesis's test loss "
        "falls below a floor (loss_law tells it). Pass the label noise as ridge.",
        failed="A number is not known: an argument was out of range, or the covariance left on the test points is not "
        "positive. Check them outside jit, or pass a ridge.",
    )


def _labels(name, value, points):
    shape = (points,) if np.ndim(value) < 2 else (points, None)
    check_shape(name, value, shape, "Pass one row of labels for every input.")
    check_finite(name, value, "Drop or mend these labels.")
    return jnp.asarray(value, float).reshape(points, -1)
