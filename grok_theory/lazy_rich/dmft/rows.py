"""One row of an array read or written: a slice, where an index that is not known to the compiler would be a scatter."""

from jax import lax
from jaxtyping import Array


def put(whole: Array, row: Array, n: Array, axis: int = 0) -> Array:
    """`whole` with `row`, which has one axis less, as entry n >= 0 along `axis`."""
    return lax.dynamic_update_index_in_dim(whole, row, n, axis)


def taken(whole: Array, n: Array, axis: int = 0) -> Array:
    """Entry n >= 0 of `whole` along `axis`."""
    return lax.dynamic_index_in_dim(whole, n, axis, keepdims=False)
