"""What a Gram matrix must be, and its eigenvalues with round-off told apart from zero."""

import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from ..errors import BadValue, check_finite, check_shape, is_traced


def check_gram(name: str, kernel: ArrayLike) -> Float[Array, "n n"]:
    """`kernel` as float64; refuses what is not square, finite and symmetric (to 1e-9 of its largest entry)."""
    shape = np.shape(kernel)
    if len(shape) != 2 or shape[0] != shape[1] or shape[0] == 0:
        raise BadValue(f"{name} has shape {shape}, but it must be square, (n, n). Pass the Gram matrix K(x_i, x_j).")
    check_finite(name, kernel, "Drop or mend these inputs.")
    if not is_traced(kernel):
        values = np.asarray(kernel, float)
        skew = np.abs(values - values.T).max()
        if skew > 1e-9 * np.abs(values).max():
            raise BadValue(
                f"{name} differs from its transpose by {skew:.3g}, but it must be symmetric. "
                f"Pass ({name} + {name}.T) / 2 if that is what you mean."
            )
    return jnp.asarray(kernel, float)


def check_target(name: str, y: ArrayLike, kernel: ArrayLike) -> Float[Array, " n"]:
    """`y` as float64 of shape (n,); finite, one value for every row of `kernel`."""
    check_shape(name, y, (jnp.shape(kernel)[0],), "Pass one target for every row of the kernel.")
    check_finite(name, y, "Drop or mend these targets.")
    return jnp.asarray(y, float)


def check_cross(name: str, kernel_test: ArrayLike, kernel: ArrayLike) -> Float[Array, "m n"]:
    """`kernel_test` as float64 of shape (n_test, n); finite."""
    check_shape(
        name, kernel_test, (None, jnp.shape(kernel)[0]), "Pass K(x_test, x_train), one column a training sample."
    )
    check_finite(name, kernel_test, "Drop or mend these inputs.")
    return jnp.asarray(kernel_test, float)


def eigenbasis(kernel: ArrayLike) -> tuple[Float[Array, " n"], Float[Array, "n n"]]:
    """Eigenvalues, ascending, and eigenvectors as columns; those below n eps times the largest are set to zero."""
    values, vectors = jnp.linalg.eigh(kernel)
    cut = values.shape[0] * jnp.finfo(values.dtype).eps * jnp.max(jnp.abs(values))
    return jnp.where(values > cut, values, 0.0), vectors
