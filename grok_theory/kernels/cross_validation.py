"""What kernel ridge regression would have said without one of its samples, from one decomposition."""

import warnings

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from ..checks import check_non_negative, check_shape, is_traced, require_float64
from ..errors import BadValue
from ..numerics.gram import check_cross, check_gram, check_target, eigenbasis, inverted, once, rounding, shrunk
from ..numerics.magnitude import exponents, scaled, unit_of
from ..pytrees import record


@record()
class LeaveOneOut:
    """Leave-one-out of kernel ridge regression on n samples.

    Parameters
    ----------
    residuals : Array
        (n,) y_i minus the prediction at x_i of the machine trained on the others.
    loss : Array
        Mean of the squares of `residuals`.
    leverage : Array
        (n,) weight of y_i in its own prediction, in [0, 1].
    null_modes : Array
        How many eigenvalues were below n eps of the largest and counted as zero.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> import numpy as np
    >>> from grok_theory.kernels import leave_one_out
    >>> told = leave_one_out(np.eye(2) + 1.0, [1.0, 2.0], ridge=1.0)
    >>> print(told.residuals.round(4), f"{told.loss:.4f}")
    [0.3333 1.6667] 1.4444
    """

    residuals: Array
    loss: Array
    leverage: Array
    null_modes: Array


def leave_one_out(kernel: ArrayLike, y: ArrayLike, *, ridge: ArrayLike) -> LeaveOneOut:
    """Leave-one-out residuals, each of the machine that lacks one sample: [G y]_i / G_ii,  G = (K + ridge I)^{-1}.

    At ridge = 0 the interpolator of least norm: the same with G = K^{-1}; if K is rank-deficient, with the projector
    on its null space in place of G for the samples it touches, and with the pseudo-inverse for the others. The
    textbook (y - H y)_i / (1 - H_ii) is 0/0 at small ridge (error 6e-8 at 1e-6) and is not used.

    Parameters
    ----------
    kernel : array_like
        (n, n) symmetric Gram matrix of the samples.
    y : array_like
        (n,) targets.
    ridge : array_like
        Added to the diagonal of `kernel`, in its unit; one number, >= 0.

    Returns
    -------
    LeaveOneOut
        Residuals, loss and leverages. Warns where rounding of a kernel that is nearly singular at this ridge could cost
        more than six digits (outside traces).

    Raises
    ------
    BadValue
        For an argument out of its range, named with what is allowed, and where the squares of the residuals are no
        float64 numbers.
    Float64Required
        Where JAX computes in float32.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([-2.0, -1.0, 1.0, 3.0])[:, None]
    >>> print(leave_one_out(x @ x.T, x[:, 0], ridge=0.1).residuals.round(4))
    [-0.018  -0.0071  0.0071  0.0492]
    """
    require_float64("leave_one_out")
    basis, kernel, y, ridge = _checked(kernel, y, ridge)
    size = unit_of(y)
    left_out, leverage, null = _left_out(kernel, y / size, ridge, basis.eps)
    residuals = size * left_out
    loss = scaled(jnp.mean(jnp.square(left_out)), 2 * exponents(size))
    if not is_traced(loss) and np.any(residuals) and not np.finfo(float).tiny <= loss < np.inf:
        raise BadValue(
            f"y reaches {float(jnp.max(jnp.abs(y))):.3g}, but the squares of the residuals must be float64 numbers. "
            "Pass y in another unit."
        )
    return LeaveOneOut(residuals, loss, leverage, null)


def leave_one_out_influence(
    kernel: ArrayLike, y: ArrayLike, kernel_test: ArrayLike, *, ridge: ArrayLike
) -> Float[Array, "m n"]:
    """Change of the prediction at each test input when one sample is removed: -(K_test G)_{xi} [G y]_i / G_ii.

    Needs K + ridge I invertible; at ridge = 0 a kernel of lower rank is refused.

    Parameters
    ----------
    kernel : array_like
        (n, n) symmetric Gram matrix of the training samples.
    y : array_like
        (n,) targets.
    kernel_test : array_like
        (m, n) kernel between test and training inputs.
    ridge : array_like
        Added to the diagonal of `kernel`, in its unit; one number, >= 0.

    Returns
    -------
    Array
        (m, n), entry (x, i): the prediction at test input x without sample i, minus that with it.

    Raises
    ------
    BadValue
        For an argument out of its range, named with what is allowed, and at ridge 0 for a kernel of lower rank.
    Float64Required
        Where JAX computes in float32.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> import numpy as np
    >>> print(leave_one_out_influence(np.eye(2) + 1.0, [1.0, 2.0], np.array([[1.0, 0.5]]), ridge=1.0).round(4))
    [[-0.1042 -0.1042]]
    """
    require_float64("leave_one_out_influence")
    cross = check_cross("kernel_test", kernel_test, kernel)
    basis, kernel, y, ridge = _checked(kernel, y, ridge)
    if not is_traced(ridge) and not is_traced(basis.values) and float(ridge) == 0 and bool(jnp.any(basis.null)):
        raise BadValue(
            f"ridge is 0.0, but it must be positive for a kernel of rank {int(jnp.sum(~basis.null))} with {y.size} "
            "samples. Pass a small positive ridge."
        )
    size = exponents(unit_of(y))
    values, ridge, unit = basis.shifted(ridge)
    removal, weight = _removal(basis, scaled(y, -size), values, ridge)
    seen, rows = basis.coupling(cross, rounding(kernel_test))
    change = -((seen * inverted(values, ridge)[None]) @ basis.vectors.T) * (removal / weight)[None]
    return scaled(change, rows - unit + size)


def _checked(kernel, y, ridge):
    """The eigenbasis, the kernel, y and the ridge as float64."""
    eps = rounding(kernel)
    kernel = check_gram("kernel", kernel)
    y = check_target("y", y, kernel)
    check_shape("ridge", ridge, (), "Pass one number; jax.vmap takes several.")
    check_non_negative("ridge", ridge, "Pass 0.0 for the interpolator of least norm.")
    basis = eigenbasis(kernel, eps=eps)
    blur = basis.blur(jnp.asarray(ridge, float) / basis.unit)
    if not is_traced(blur) and blur > max(1e-6, 100 * eps):
        digits = max(0, int(-np.log10(float(blur)))) if blur < np.inf else 0
        warnings.warn(
            f"leave_one_out: the kernel is nearly singular at this ridge, and rounding of its entries leaves about "
            f"{digits} digits. Raise the ridge.",
            stacklevel=4,
        )
    return basis, kernel, y, jnp.asarray(ridge, float)


@jax.custom_jvp
def _left_out(kernel, y, ridge, eps):
    """Residuals (n,), leverages (n,), and how many directions are null."""
    basis = eigenbasis(kernel, eps=eps)
    values, ridge, _ = basis.shifted(ridge)
    removal, weight = _removal(basis, y, values, ridge)
    leverage = jnp.clip(jnp.square(basis.vectors) @ (1 - shrunk(values, ridge)), 0.0, 1.0)
    return removal / weight, leverage, jnp.sum(basis.null)


@_left_out.defjvp
def _left_out_derivative(primals, tangents):
    """From dG = -G (dK + dridge) G; no eigenvector is differentiated, for those of a null space have no derivative.

    At ridges where 1/ridge is rounding dK leaves the rank as it is, and its null-null block is zero. (A sample that is
    in the range at ridge 0 has no derivative in K: its neighbours in K are outside.)
    """
    kernel, y, ridge, eps = primals
    d_kernel, d_y, d_ridge, _ = tangents
    basis = eigenbasis(kernel, eps=eps)
    values, shift, unit = basis.shifted(ridge)
    v, null = basis.own_vectors(), basis.null
    touched = jnp.any((v != 0) & null[None], axis=1)[:, None]
    shrunken, plain = shrunk(values, shift), inverted(values, shift)
    kept = jnp.where(null, 0.0, plain)
    removal, weight = _removal(basis, y, values, shift)
    residual, weights = removal / weight, jnp.where(touched, shrunken[None], plain[None])
    coordinates, d_coordinates = basis.vectors.T @ y, basis.vectors.T @ d_y
    turned = basis.vectors.T @ scaled(d_kernel, -unit) @ basis.vectors
    # r G dK G by blocks: r p p' in the range, p between range and null space, 1/r within the latter.
    one, other = null[:, None], null[None, :]
    rank_stays = shift <= 1e-8 * jnp.max(values)
    within = jnp.where(rank_stays, 0.0, 1 / jnp.where(shift > 0, shift, 1.0))
    mixed = jnp.where(one, plain[None, :], plain[:, None])
    shared = jnp.where(one & other, within, jnp.where(one ^ other, mixed, shrunken[:, None] * plain[None, :]))
    if_touched = v @ (shared * turned)
    if_not = v @ (kept[:, None] * plain[None, :] * turned)
    by_kernel = jnp.where(touched, if_touched, if_not)
    slope = jnp.where(touched, (values * kept**2)[None], -(kept**2)[None]) * scaled(d_ridge, -unit)
    d_removal = -by_kernel @ coordinates + jnp.sum(v * (slope * coordinates[None] + weights * d_coordinates[None]), 1)
    d_weight = jnp.sum(v * (v * slope - by_kernel), 1)
    d_residual = (d_removal - residual * d_weight) / weight
    d_leverage = jnp.sum(v * (if_touched - v * (values * kept**2)[None] * scaled(d_ridge, -unit)), 1)
    frozen = jnp.any(null)
    answer = _left_out(*primals)
    no_change = np.zeros((), jax.dtypes.float0)
    return answer, (once(d_residual, frozen), once(d_leverage, frozen), no_change)


def _removal(basis, y, values, ridge):
    """Numerator and denominator of the leave-one-out residual, times a factor of each sample's own.

    A sample with a share in the null space is measured in units of 1/ridge, where G grows: the limit ridge -> 0 is
    then the projector. The others do not see the null space, and G stays finite.
    """
    coordinates, vectors = basis.vectors.T @ y, basis.own_vectors()
    touched = jnp.any((vectors != 0) & basis.null[None], axis=1)
    shrunken, plain = shrunk(values, ridge), inverted(values, ridge)
    weights = jnp.where(touched[:, None], shrunken[None], plain[None])
    return jnp.sum(vectors * weights * coordinates[None], 1), jnp.sum(jnp.square(vectors) * weights, 1)
