"""Powers of two to measure in: no digit changes, and squares neither overflow nor vanish."""

from typing import Any

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float


def unit_of(*arrays: ArrayLike, axis: int | None = None) -> Array:
    """The power of two at or below the largest magnitude in `arrays` (1.0 where all are zero), as a constant to `grad`.

    With one array, `axis` gives one unit a slice, that axis kept with length one. It lies in [2^-1021, 2^1022], so that
    its inverse is a number too; what is below is out of reach, for JAX rounds subnormal numbers to zero.
    """
    largest = jnp.stack([jnp.max(jnp.abs(jnp.asarray(a)), axis=axis, keepdims=axis is not None) for a in arrays])
    largest = jax.lax.stop_gradient(jnp.max(largest, 0))
    _, exponent = jnp.frexp(largest)
    low, high = jnp.finfo(largest.dtype).minexp + 1, jnp.finfo(largest.dtype).maxexp - 2
    power = jnp.clip(exponent - 1, low, high)
    return jnp.where(largest > 0, jnp.ldexp(jnp.ones((), largest.dtype), power), 1)


def exponents(array: ArrayLike) -> Array:
    """Elementwise the integer k with 2^k <= abs(array) < 2^(k + 1), constants to `grad`; 0 where the array is zero."""
    array = jax.lax.stop_gradient(jnp.asarray(array, float))
    return jnp.where(array == 0, 0, jnp.frexp(array)[1] - 1)


def scaled(array: ArrayLike, exponent: ArrayLike) -> Array:
    """array 2^exponent: a number wherever the result is one, however large the power."""
    half = jnp.asarray(exponent) // 2
    first, second = (jnp.ldexp(1.0, jnp.clip(part, -1022, 1023)) for part in (half, exponent - half))
    return jnp.asarray(array, float) * first * second


def norm(*leaves: ArrayLike) -> Float[Array, ""]:
    """The root sqrt(sum abs(a)^2) over all entries of all leaves, wherever in the range of floating numbers they lie.

    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> print(float(norm(3e-200, 4e-200)))
    5e-200
    """
    if not leaves:
        return jnp.zeros(())
    unit = unit_of(*leaves)
    squares: Any = sum(jnp.sum(jnp.square(jnp.abs(jnp.asarray(leaf) / unit))) for leaf in leaves)
    # The double `where` keeps the gradient at zero finite: it is zero, as for every other function of |.| here.
    return unit * jnp.where(squares > 0, jnp.sqrt(jnp.where(squares > 0, squares, 1)), 0)
