"""How a kernel fits a target, or another kernel; how many directions it has."""

import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from ..errors import BadValue, check_finite, check_non_negative, check_not_empty, check_shape, require_float64
from ..numerics.gram import check_gram, check_target


def alignment(kernel: ArrayLike, y: ArrayLike) -> Float[Array, ""]:
    """Kernel-target alignment y.K y / (|K|_F |y|^2): 1 where K is y y^T, not centred (Cristianini et al. 2001)."""
    require_float64("alignment")
    kernel, y = check_gram("kernel", kernel), check_target("y", y, kernel)
    return y @ kernel @ y / (jnp.linalg.norm(kernel) * (y @ y))


def cka(kernel: ArrayLike, other: ArrayLike) -> Float[Array, ""]:
    """Centred kernel alignment <HKH, HLH> / (|HKH| |HLH|), H = I - 1 1^T/n on both sides (Cortes et al. 2012).

    Between 0 and 1 for positive semidefinite kernels; unchanged by scaling either kernel and by adding a constant.
    """
    require_float64("cka")
    kernel, other = check_gram("kernel", kernel), check_gram("other", other)
    check_shape("other", other, kernel.shape, "Pass two kernels of the same inputs.")
    first, second = _centred(kernel), _centred(other)
    return jnp.sum(first * second) / (jnp.linalg.norm(first) * jnp.linalg.norm(second))


def effective_dimension(eigenvalues: ArrayLike, ridge: ArrayLike, *, order: int = 1) -> Float[Array, "*batch"]:
    """sum_i (l_i/(l_i + ridge))^order: the number of directions a ridge leaves free (df_1, df_2).

    At ridge = 0 the rank. Eigenvalues >= 0; `ridge` >= 0, in their unit, broadcasts with the batch.
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
    eigenvalues, ridge = jnp.broadcast_to(eigenvalues, batch), jnp.broadcast_to(ridge, batch)
    some = eigenvalues > 0
    share = jnp.where(some, eigenvalues / jnp.where(some, eigenvalues + ridge, 1.0), 0.0)
    return jnp.sum(share**order, -1)


def participation_ratio(eigenvalues: ArrayLike) -> Float[Array, "*batch"]:
    """(sum l)^2 / sum l^2: 1 for one direction, the number of modes for equal ones."""
    check_finite("eigenvalues", eigenvalues, "Pass the eigenvalues of a kernel or covariance.")
    check_not_empty("eigenvalues", eigenvalues, "Pass the eigenvalues of a kernel or covariance.")
    eigenvalues = jnp.asarray(eigenvalues, float)
    return jnp.square(jnp.sum(eigenvalues, -1)) / jnp.sum(jnp.square(eigenvalues), -1)


def _centred(kernel):
    rows = kernel - jnp.mean(kernel, 0, keepdims=True)
    return rows - jnp.mean(rows, 1, keepdims=True)
