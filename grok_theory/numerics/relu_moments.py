"""Moments of pairs of ReLU units on Gaussian inputs."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from .gaussian import relu_dual

__all__ = ["relu_pairs"]


def relu_pairs(first: Float[Array, "a dim"], second: Float[Array, "b dim"]) -> Float[Array, "a b"]:
    """E relu(u.x) relu(v.x), x ~ N(0, I), for every pair of rows u of `first` and v of `second`."""
    inner = first @ second.T
    norms = jnp.sum(first**2, axis=1)[:, None], jnp.sum(second**2, axis=1)[None, :]
    shape = inner.shape
    return relu_dual(jnp.broadcast_to(norms[0], shape), inner, jnp.broadcast_to(norms[1], shape))
