"""How far a network has moved from its start: in its kernel, in its parameters."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from ..errors import BadValue, check_finite, check_shape, check_times
from ..numerics.gram import check_gram, check_target, eigenbasis


def kernel_movement(kernel: ArrayLike, kernel_start: ArrayLike) -> Float[Array, ""]:
    """|K_t - K_0|_F / |K_0|_F: zero for a lazy network. Any shape, the same for both."""
    check_shape("kernel", kernel, np.shape(kernel_start), "Pass two kernels of the same inputs.")
    kernel, kernel_start = jnp.asarray(kernel, float), jnp.asarray(kernel_start, float)
    return _norm([kernel - kernel_start]) / _norm([kernel_start])


def distance_from_init(params: Any, start: Any, *, relative: bool = False) -> Float[Array, ""]:
    """|w - w_0| over all leaves of a pytree of parameters; divided by |w_0| if `relative`."""
    if jax.tree_util.tree_structure(params) != jax.tree_util.tree_structure(start):
        raise BadValue(
            "params and start are pytrees of different structure, but they must be the same network. "
            "Pass the parameters as they were before training."
        )
    pairs = [
        (jnp.asarray(a, float), jnp.asarray(b, float))
        for a, b in zip(jax.tree_util.tree_leaves(params), jax.tree_util.tree_leaves(start))
    ]
    for a, b in pairs:
        check_shape("params", a, b.shape, "Pass the parameters as they were before training.")
    moved = _norm([a - b for a, b in pairs])
    return moved / _norm([b for _, b in pairs]) if relative else moved


def lazy_distance(kernel: ArrayLike, residual_start: ArrayLike, times: ArrayLike) -> Array:
    """|w_t - w_0| of a network that stays lazy under gradient flow of (1/2) sum r^2: shape of `times`.

    |w_t - w_0|^2 = r_0 . K^{-1} (1 - e^{-Kt})^2 r_0; directions with eigenvalue below n eps of the largest do not move.
    """
    kernel = check_gram("kernel", kernel)
    residual = check_target("residual_start", residual_start, kernel)
    check_times(jnp.ravel(jnp.asarray(times, float)))
    values, vectors = eigenbasis(kernel)
    some = values > 0
    times = jnp.asarray(times, float)
    done = -jnp.expm1(-jnp.multiply.outer(times, values)) * (vectors.T @ residual).reshape((1,) * times.ndim + (-1,))
    weight = jnp.where(some, 1 / jnp.where(some, values, 1.0), 0.0)
    return jnp.sqrt(jnp.square(done) @ weight)


def _norm(leaves):
    for leaf in leaves:
        check_finite("params", leaf, "The network has diverged; look at it before this time.")
    return jnp.sqrt(sum((jnp.sum(jnp.square(leaf)) for leaf in leaves), start=jnp.zeros(())))
