"""How a kernel fits a target, or another kernel; how many directions it has."""

import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from ..checks import check_finite, check_non_negative, check_not_empty, check_shape, is_traced, require_float64
from ..errors import BadValue
from ..numerics.gram import INDEFINITE, check_gram, check_target
from ..numerics.magnitude import unit_of
from ..numerics.ridge_equation import learned


def alignment(kernel: ArrayLike, y: ArrayLike) -> Float[Array, ""]:
    """Kernel-target alignment y.K y / (norm(K) norm(y)^2): 1 where K is y y^T, not centred.

    norm(K) is the Frobenius norm.

    Parameters
    ----------
    kernel : array_like
        (n, n) symmetric Gram matrix, not zero.
    y : array_like
        (n,) targets, not all zero.

    Returns
    -------
    Array
        A number in [-1, 1].

    Raises
    ------
    BadValue
        For an argument out of its range, named with what is allowed.
    Float64Required
        Where JAX computes in float32.

    References
    ----------
    Cristianini et al. 2001.

    Examples
    --------
    >>> import numpy as np
    >>> y = np.array([1.0, -1.0, 1.0])
    >>> print(f"{alignment(np.outer(y, y), y):.3f} {alignment(np.eye(3), y):.3f}")
    1.000 0.577
    """
    require_float64("alignment")
    kernel, y = check_gram("kernel", kernel), check_target("y", y, kernel)
    _check_some("kernel", kernel)
    _check_some("y", y)
    kernel, y = kernel / unit_of(kernel), y / unit_of(y)
    return jnp.clip(y @ kernel @ y / (jnp.linalg.norm(kernel) * (y @ y)), -1.0, 1.0)


def cka(kernel: ArrayLike, other: ArrayLike) -> Float[Array, ""]:
    """Centred kernel alignment <HKH, HLH> / (norm(HKH) norm(HLH)), H = I - 1 1^T/n on both sides.

    Between 0 and 1 for positive semidefinite kernels; unchanged by scaling either kernel and by adding a constant. A
    kernel that is constant, or so nearly that centring leaves less than six digits of it, is refused (traced: nan).

    Parameters
    ----------
    kernel : array_like
        (n, n) symmetric Gram matrix K.
    other : array_like
        (n, n) symmetric Gram matrix L of the same inputs.

    Returns
    -------
    Array
        A number in [-1, 1].

    Raises
    ------
    BadValue
        For an argument out of its range, named with what is allowed, and for a kernel that is constant.
    Float64Required
        Where JAX computes in float32.

    References
    ----------
    Cortes et al. 2012.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.random.default_rng(0).standard_normal((20, 3))
    >>> print(f"{cka(X @ X.T, 2 * X @ X.T):.3f}")
    1.000
    """
    require_float64("cka")
    kernel, other = check_gram("kernel", kernel), check_gram("other", other)
    check_shape("other", other, kernel.shape, "Pass two kernels of the same inputs.")
    first, second = _centred("kernel", kernel), _centred("other", other)
    return jnp.clip(jnp.sum(first * second) / (jnp.linalg.norm(first) * jnp.linalg.norm(second)), -1.0, 1.0)


def effective_dimension(eigenvalues: ArrayLike, ridge: ArrayLike, *, order: int = 1) -> Float[Array, "*batch"]:
    """Number of directions a ridge leaves free, sum_i (l_i/(l_i + ridge))^order (df_1, df_2).

    At ridge = 0 the rank.

    Parameters
    ----------
    eigenvalues : array_like
        (..., modes), >= 0.
    ridge : array_like
        Number or array >= 0, in the unit of the eigenvalues; broadcasts with the batch, the leading axes of
        `eigenvalues`.
    order : int, default 1
        1 for df_1, the trace of the smoother, or 2 for df_2.

    Returns
    -------
    Array
        Of the broadcast shape of the batch and `ridge`; at most the number of modes.

    Raises
    ------
    BadValue
        For an argument out of its range, named with what is allowed.
    Float64Required
        Where JAX computes in float32.

    Examples
    --------
    >>> print(effective_dimension([1.0, 0.1, 0.01], 0.1).round(4))
    1.5
    """
    require_float64("effective_dimension")
    check_non_negative("eigenvalues", eigenvalues, "Pass the eigenvalues of a positive semidefinite kernel.")
    check_not_empty("eigenvalues", eigenvalues, "Pass the eigenvalues of a positive semidefinite kernel.")
    check_non_negative("ridge", ridge, "Pass 0.0 for the rank.")
    if order not in (1, 2):
        raise BadValue(f"order is {order!r}, but it must be 1 or 2. Pass order=1 for the trace of the smoother.")
    eigenvalues = jnp.asarray(eigenvalues, float)
    ridge = jnp.expand_dims(jnp.asarray(ridge, float), -1)
    batch = jnp.broadcast_shapes(eigenvalues.shape, ridge.shape)
    share, _ = learned(jnp.broadcast_to(eigenvalues, batch), jnp.broadcast_to(ridge, batch))
    return jnp.sum(share**order, -1)


def participation_ratio(eigenvalues: ArrayLike) -> Float[Array, "*batch"]:
    """Participation ratio (sum l)^2 / sum l^2: 1 for one direction, the number of modes for equal ones.

    Parameters
    ----------
    eigenvalues : array_like
        (..., modes), >= 0, not all zero; those that rounding made negative, to 1e-6 of the largest, count as zero.

    Returns
    -------
    Array
        Of the shape of the leading axes, in [1, modes].

    Raises
    ------
    BadValue
        For eigenvalues that are negative, all zero or not finite.
    Float64Required
        Where JAX computes in float32.

    Examples
    --------
    >>> print(participation_ratio([1.0, 1.0, 1.0]), participation_ratio([1.0, 0.0, 0.0]))
    3.0 1.0
    """
    require_float64("participation_ratio")
    remedy = "Pass the eigenvalues of a kernel or covariance."
    check_finite("eigenvalues", eigenvalues, remedy)
    check_not_empty("eigenvalues", eigenvalues, remedy)
    eigenvalues = jnp.atleast_1d(jnp.asarray(eigenvalues, float))
    given, eigenvalues = eigenvalues, eigenvalues / unit_of(eigenvalues, axis=-1)
    largest, least = jnp.max(eigenvalues, -1), jnp.min(eigenvalues, -1)
    right = (largest > 0) & (least >= -INDEFINITE * largest)
    if not is_traced(right) and not bool(jnp.all(right)):
        raise BadValue(
            f"eigenvalues run from {float(jnp.min(given)):.3g} to {float(jnp.max(given)):.3g} in an array of shape "
            f"{given.shape}, but they must be zero or positive, and one of them positive. {remedy}"
        )
    kept = jnp.maximum(eigenvalues, 0.0)
    ratio = jnp.square(jnp.sum(kept, -1)) / jnp.sum(jnp.square(kept), -1)
    return jnp.where(right, jnp.clip(ratio, 1.0, given.shape[-1]), jnp.nan)


def _centred(name, kernel):
    _check_some(name, kernel)
    given, kernel = kernel, kernel / unit_of(kernel)
    rows = kernel - jnp.mean(kernel, 0, keepdims=True)
    centred = rows - jnp.mean(rows, 1, keepdims=True)
    # Entries of order one lose an eps each; what is left must stand out of that.
    left = jnp.sqrt(jnp.mean(jnp.square(centred))) > 1e6 * jnp.finfo(float).eps
    if not is_traced(left) and not bool(left):
        raise BadValue(
            f"{name} is constant, {float(given.ravel()[0])}, but for rounding: nothing is left "
            "when it is centred. Pass a kernel that tells the inputs apart."
        )
    return jnp.where(left, centred, jnp.nan)


def _check_some(name, array):
    if not is_traced(array) and not np.any(np.asarray(array) != 0):  # JAX would trace what is known, too
        raise BadValue(f"{name} is 0 everywhere, and zero has no direction. Pass one that is not zero.")
