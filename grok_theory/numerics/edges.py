"""Derivatives at the edge of what is allowed: those that are told, and those that there are not."""

import jax
import jax.numpy as jnp
from jax import Array

__all__ = ["kinked", "moved_only"]


@jax.custom_jvp
def kinked(x: Array, where: Array) -> Array:
    """Zero, whose derivative in x is nan at places `where` and zero elsewhere: added to what has none there.

    Examples
    --------
    >>> size = lambda x: jnp.abs(x) + kinked(x, x == 0)
    >>> print(jax.grad(size)(0.0), jax.grad(size)(2.0), size(0.0))
    nan 1.0 0.0
    """
    return jnp.zeros(jnp.broadcast_shapes(jnp.shape(x), jnp.shape(where)), jnp.result_type(x))


@kinked.defjvp
def _kinked_jvp(at, along):
    return kinked(*at), jnp.where(at[1], jnp.nan, 0.0) * along[0]


def moved_only(value: Array) -> Array:
    """Zero with the derivatives of `value`, which is finite: added to a limit, it tells what only `value` can."""
    return value - jax.lax.stop_gradient(value)
