"""What kernel ridge regression would have said without one of its samples, from one decomposition."""

import warnings
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from ..errors import BadValue, check_non_negative, check_shape, is_traced, require_float64
from ..numerics.gram import check_cross, check_gram, check_target, eigenbasis, inverted, rounding, shrunk
from ..numerics.magnitude import unit_of
from ..pytrees import record


@record()
class LeaveOneOut:
    """Leave-one-out of kernel ridge regression on n samples.

    **Fields:**
    - `residuals`: (n,) y_i minus the prediction at x_i of the machine trained on the others.
    - `loss`: mean of their squares. `leverage`: (n,) weight of y_i in its own prediction, in [0, 1].
    - `null_modes`: how many eigenvalues were below n eps of the largest and counted as zero.
    """

    residuals: Any
    loss: Any
    leverage: Any
    null_modes: Any


def leave_one_out(kernel: ArrayLike, y: ArrayLike, *, ridge: ArrayLike) -> LeaveOneOut:
    """Residuals of the n machines that lack one sample each: [G y]_i / G_ii,  G = (K + ridge I)^{-1}.

    At ridge = 0 the interpolator of least norm: the same with G = K^{-1}; if K is rank-deficient, with the projector
    on its null space in place of G for the samples it touches, and with the pseudo-inverse for the others. The
    textbook (y - H y)_i / (1 - H_ii) is 0/0 at small ridge (error 6e-8 at 1e-6) and is not used.
    """
    require_float64("leave_one_out")
    basis, y, ridge = _checked(kernel, y, ridge)
    size = unit_of(y)
    removal, weight = _removal(basis, y / size, ridge)
    residuals = size * (removal / weight)
    leverage = jnp.clip(jnp.square(basis.vectors) @ (1 - shrunk(basis.values, ridge)), 0.0, 1.0)
    loss = jnp.square(size) * jnp.mean(jnp.square(removal / weight))
    if not is_traced(loss) and np.any(residuals) and not np.finfo(float).tiny <= loss < np.inf:
        raise BadValue(
            f"y reaches {float(jnp.max(jnp.abs(y))):.3g}, but the squares of the residuals must be float64 numbers. "
            "Pass y in another unit."
        )
    return LeaveOneOut(residuals, loss, leverage, jnp.sum(basis.null))


def leave_one_out_influence(
    kernel: ArrayLike, y: ArrayLike, kernel_test: ArrayLike, *, ridge: ArrayLike
) -> Float[Array, "m n"]:
    """Change of the prediction at each test input when one sample is removed: -(K_test G)_{xi} [G y]_i / G_ii.

    Needs K + ridge I invertible; at ridge = 0 a kernel of lower rank is refused.
    """
    require_float64("leave_one_out_influence")
    cross = check_cross("kernel_test", kernel_test, kernel)
    basis, y, ridge = _checked(kernel, y, ridge)
    if not is_traced(ridge) and not is_traced(basis.values) and float(ridge) == 0 and bool(jnp.any(basis.null)):
        raise BadValue(
            f"ridge is 0.0, but it must be positive for a kernel of rank {int(jnp.sum(~basis.null))} with {y.size} "
            "samples. Pass a small positive ridge."
        )
    size = unit_of(y)
    removal, weight = _removal(basis, y / size, ridge)
    through = basis.coupling(cross, rounding(kernel_test)) * inverted(basis.values, ridge)[None]
    return -size * (through @ basis.vectors.T) * (removal / weight)[None]


def _checked(kernel, y, ridge):
    """The eigenbasis, y, and the ridge in the unit of the kernel."""
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
    return basis, y, jnp.asarray(ridge, float) / basis.unit


def _removal(basis, y, ridge):
    """Numerator and denominator of the leave-one-out residual, times a factor of each sample's own.

    A sample with a share in the null space is measured in units of 1/ridge, where G grows: the limit ridge -> 0 is
    then the projector. The others do not see the null space, and G stays finite.
    """
    coordinates, vectors = basis.vectors.T @ y, basis.own_vectors()
    touched = jnp.any((vectors != 0) & basis.null[None], axis=1)
    shrunken, plain = shrunk(basis.values, ridge), inverted(basis.values, ridge)
    # Above the kernel's unit 1/(l + ridge) may vanish, but then l/ridge does not overflow.
    plain = jnp.where(ridge < 1, plain, shrunken)
    weights = jnp.where(touched[:, None], shrunken[None], plain[None])
    return jnp.sum(vectors * weights * coordinates[None], 1), jnp.sum(jnp.square(vectors) * weights, 1)
