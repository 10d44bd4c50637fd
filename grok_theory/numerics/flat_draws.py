"""Random arrays drawn in one row: the same digits as drawn in their shape, and a fraction of the compiler's seconds.

JAX numbers the elements of a draw in C order, whatever its shape; XLA writes a loop for every axis into each of the
twenty rounds of the generator.
"""

import math
from collections.abc import Callable

from jaxtyping import Array

__all__ = ["flat"]


def flat(draw: Callable[..., Array], key: Array, shape: tuple[int, ...], *more: object) -> Array:
    """`draw(key, shape, *more)`, for example `flat(jax.random.normal, key, (64, 8))`.

    Examples
    --------
    >>> import jax
    >>> key = jax.random.key(0)
    >>> bool((flat(jax.random.normal, key, (3, 2)) == jax.random.normal(key, (3, 2))).all())
    True
    """
    return draw(key, (math.prod(shape),), *more).reshape(shape)
