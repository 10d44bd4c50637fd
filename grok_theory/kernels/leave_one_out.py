"""What kernel ridge regression would have said without one of its samples, from one decomposition."""

from typing import Any

import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from ..errors import BadValue, check_non_negative, is_traced, require_float64
from ..numerics.gram import check_cross, check_gram, check_target, eigenbasis
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
    kernel = check_gram("kernel", kernel)
    y = check_target("y", y, kernel)
    check_non_negative("ridge", ridge, "Pass 0.0 for the interpolator of least norm.")
    values, vectors = eigenbasis(kernel)
    removal, weight = _removal(values, vectors, y, jnp.asarray(ridge, float))
    total = values + ridge
    share = jnp.where(total > 0, values / jnp.where(total > 0, total, 1.0), 0.0)
    residuals = removal / weight
    leverage = jnp.square(vectors) @ share
    return LeaveOneOut(residuals, jnp.mean(jnp.square(residuals)), leverage, jnp.sum(values == 0))


def leave_one_out_influence(
    kernel: ArrayLike, y: ArrayLike, kernel_test: ArrayLike, *, ridge: ArrayLike
) -> Float[Array, "m n"]:
    """Change of the prediction at each test input when one sample is removed: -(K_test G)_{xi} [G y]_i / G_ii.

    Needs K + ridge I invertible; at ridge = 0 a kernel of lower rank is refused.
    """
    require_float64("leave_one_out_influence")
    kernel = check_gram("kernel", kernel)
    y, cross = check_target("y", y, kernel), check_cross("kernel_test", kernel_test, kernel)
    check_non_negative("ridge", ridge, "Pass the ridge of the machine.")
    values, vectors = eigenbasis(kernel)
    total = values + jnp.asarray(ridge, float)
    if not is_traced(total) and bool(jnp.any(total == 0)):
        rank = int(np.sum(np.asarray(values) > 0))
        raise BadValue(
            f"ridge is 0.0, but it must be positive for a kernel of rank {rank} with {y.size} samples. "
            "Pass a small positive ridge."
        )
    inverse = vectors / total[None] @ vectors.T
    removal = inverse @ y / jnp.diagonal(inverse)
    return -(cross @ inverse) * removal[None]


def _removal(values, vectors, y, ridge):
    """Numerator and denominator of the leave-one-out residual."""
    coordinates, squares = vectors.T @ y, jnp.square(vectors)
    total = values + ridge
    null = total == 0
    inverse = jnp.where(null, 0.0, 1 / jnp.where(null, 1.0, total))
    regular = vectors @ (inverse * coordinates), squares @ inverse
    free = jnp.where(null, 1.0, 0.0)
    outside = vectors @ (free * coordinates), squares @ free
    # A sample whose removal changes the span has a share in the null space; below round-off it has none.
    touched = outside[1] > y.size * jnp.finfo(float).eps
    return tuple(jnp.where(touched, a, b) for a, b in zip(outside, regular))
