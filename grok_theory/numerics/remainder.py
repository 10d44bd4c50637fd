"""What a product leaves of one."""

import jax
import jax.numpy as jnp
from jax import Array

__all__ = ["left_of_one"]

_LOW_HALF = 2**27 - 1  # bits of a significand that the upper half does not hold


@jax.custom_jvp
def left_of_one(a: Array, b: Array) -> Array:
    """1 - a b for positive a, b, to the last digits: those that 1 - (a b rounded) loses near a b = 1.

    Both are cut into halves whose products are exact; not by the multiplications of Dekker, which XLA may fuse with the
    additions around them.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> print(left_of_one(jnp.asarray(3.0), jnp.asarray(1 / 3)) == 2.0**-54, 1 - 3.0 * (1 / 3))
    True 0.0
    """
    (a_high, a_low), (b_high, b_low) = _halves(a), _halves(b)
    plain = 1 - a * b
    near, lost = 1 - a_high * b_high, jnp.zeros_like(plain)
    for part in (a_high * b_low, a_low * b_high, a_low * b_low):
        near, rounding = _less(near, part)
        lost = lost + rounding
    near = near + lost
    return jnp.where(jnp.abs(plain) < 0.5, near, plain)


@left_of_one.defjvp
def _left_of_one_jvp(at, along):
    return left_of_one(*at), -(at[0] * along[1] + at[1] * along[0])


def _less(a: Array, b: Array) -> tuple[Array, Array]:
    """a - b rounded, and what that is short of it (Knuth)."""
    rounded = a - b
    moved = rounded - a
    return rounded, (a - (rounded - moved)) - (b + moved)


def _halves(a: Array) -> tuple[Array, Array]:
    bits = jax.lax.bitcast_convert_type(a, jnp.uint64)
    high = jax.lax.bitcast_convert_type(bits & jnp.uint64(2**64 - 1 - _LOW_HALF), a.dtype)
    return high, a - high
