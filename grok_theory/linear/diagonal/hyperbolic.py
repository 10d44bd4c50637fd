"""Weights of a diagonal network from s = ln(u/v) and ln beta, where neither u, v nor exp(s) need be a float."""

import jax.numpy as jnp
from jaxtyping import Array

__all__ = ["weights_and_spread"]


def weights_and_spread(log_scale: Array, s: Array) -> tuple[Array, Array]:
    """w = u^2 - v^2 = 2 beta sinh(s) and u^2 + v^2 = 2 beta cosh(s), the slope of w in s; shapes broadcast."""
    size = jnp.abs(s)
    larger = jnp.exp(log_scale + size)
    return -jnp.sign(s) * larger * jnp.expm1(-2 * size), larger * (1 + jnp.exp(-2 * size))
