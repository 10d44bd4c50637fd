"""Measured in powers of two no digit changes, and squares, their roots and quotients neither overflow nor vanish.

Every function is one of the arrays it is given: NumPy's in, NumPy's out.
"""

from typing import Any

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike

from .padding import AnyArray, namespace


def unit_of(*arrays: ArrayLike, axis: int | None = None) -> Any:
    """The power of two at or below the largest magnitude in `arrays` (1.0 where all are zero), as a constant to `grad`.

    With one array, `axis` gives one unit a slice, that axis kept with length one. It lies in [2^-1021, 2^1022], so that
    its inverse is a number too; what is below is out of reach, for JAX rounds subnormal numbers to zero.
    """
    xp = namespace(*arrays)
    each = [xp.max(xp.abs(xp.asarray(a)), axis=axis, keepdims=axis is not None, initial=0) for a in arrays]
    largest = _constant(xp.max(xp.stack(each), 0))
    _, exponent = xp.frexp(largest)
    low, high = xp.finfo(largest.dtype).minexp + 1, xp.finfo(largest.dtype).maxexp - 2
    power = xp.clip(exponent - 1, low, high)
    return xp.where(largest > 0, xp.ldexp(xp.ones((), largest.dtype), power), 1)


def exponents(array: ArrayLike) -> Any:
    """Elementwise the integer k with 2^k <= abs(array) < 2^(k + 1), constants to `grad`; 0 where the array is zero."""
    xp = namespace(array)
    array = _constant(xp.asarray(array, float))
    return xp.where(array == 0, 0, xp.frexp(array)[1] - 1)


def scaled(array: ArrayLike, exponent: ArrayLike) -> Any:
    """array 2^exponent: a number wherever the result is one, however large the power."""
    xp = namespace(array, exponent)
    half = xp.asarray(exponent) // 2
    first, second = (xp.ldexp(1.0, xp.clip(part, -1022, 1023)) for part in (half, exponent - half))
    return xp.asarray(array, float) * first * second


def norm(*leaves: ArrayLike) -> Any:
    """The root sqrt(sum abs(a)^2) over all entries of all leaves, wherever in the range of floating numbers they lie.

    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> print(float(norm(3e-200, 4e-200)))
    5e-200
    """
    xp = namespace(*leaves)
    if not leaves:
        return xp.zeros(())
    unit = unit_of(*leaves)
    squares: Any = sum(xp.sum(xp.square(xp.abs(xp.asarray(leaf) / unit))) for leaf in leaves)
    # The root keeps the gradient at zero finite: it is zero, as for every other function of |.| here.
    return unit * guarded_root(squares)


def guarded_root(square: AnyArray) -> Any:
    """Square root whose slope at 0 is 0, not inf: one that vanishes makes no nan of the slopes of all others."""
    xp = namespace(square)
    some = square > 0
    return xp.where(some, xp.sqrt(xp.where(some, square, 1.0)), 0.0)


def quotient(part: AnyArray, whole: AnyArray) -> Any:
    """part/whole, in whose derivative nothing is squared: the square of 1e-300 is no number."""
    return _quotient(part, whole) if namespace(part, whole) is jnp else part / whole


@jax.custom_jvp
def _quotient(part, whole):
    return part / whole


@_quotient.defjvp
def _quotient_jvp(at, along):
    share = quotient(*at)
    return share, quotient(along[0], at[1]) - share * quotient(along[1], at[1])


def _constant(array: AnyArray) -> AnyArray:
    return jax.lax.stop_gradient(array) if isinstance(array, jax.Array) else array
