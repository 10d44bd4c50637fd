"""How far a network has moved from its start: in its kernel, in its parameters."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from ..errors import BadValue, check_finite, check_shape, check_times, is_traced, require_float64
from ..numerics.gram import check_gram, check_target, eigenbasis, inverted, rounding
from ..numerics.magnitude import norm, unit_of


def kernel_movement(kernel: ArrayLike, kernel_start: ArrayLike) -> Float[Array, ""]:
    """|K_t - K_0|_F / |K_0|_F: zero for a lazy network. Any shape, the same for both."""
    check_shape("kernel", kernel, np.shape(kernel_start), "Pass two kernels of the same inputs.")
    return _ratio(_moved("kernel", [kernel], [kernel_start]), _size("kernel_start", [kernel_start]), "kernel_start")


def distance_from_init(params: Any, start: Any, *, relative: bool = False) -> Float[Array, ""]:
    """|w - w_0| over all leaves of a pytree of parameters; divided by |w_0| if `relative`."""
    if jax.tree_util.tree_structure(params) != jax.tree_util.tree_structure(start):
        raise BadValue(
            "params and start are pytrees of different structure, but they must be the same network. "
            "Pass the parameters as they were before training."
        )
    leaves, first = jax.tree_util.tree_leaves(params), jax.tree_util.tree_leaves(start)
    for a, b in zip(leaves, first):
        check_shape("params", a, np.shape(b), "Pass the parameters as they were before training.")
    moved = _moved("params", leaves, first)
    return _ratio(moved, _size("start", first), "start") if relative else moved


def lazy_distance(kernel: ArrayLike, residual_start: ArrayLike, times: ArrayLike) -> Array:
    """|w_t - w_0| of a network that stays lazy under gradient flow of (1/2) sum r^2: shape of `times`.

    |w_t - w_0|^2 = r_0 . K^{-1} (1 - e^{-Kt})^2 r_0; directions with eigenvalue below n eps of the largest do not move.
    """
    require_float64("lazy_distance")
    eps = rounding(kernel)
    kernel = check_gram("kernel", kernel)
    residual = check_target("residual_start", residual_start, kernel)
    check_finite("times", times, "Pass times of at least zero.")
    check_times(jnp.ravel(jnp.asarray(times, float)))
    basis, size = eigenbasis(kernel, eps=eps), unit_of(residual)
    times = jnp.asarray(times, float) * basis.unit
    weight = jnp.sqrt(inverted(basis.values, 0.0)) * (basis.vectors.T @ (residual / size))
    done = -jnp.expm1(-jnp.multiply.outer(times, basis.values))
    # By hand: a slow mode's share may vanish when squared.
    moved = done * weight.reshape((1,) * times.ndim + (-1,))
    unit = unit_of(moved, axis=-1)
    return jnp.linalg.norm(moved / unit, axis=-1) * unit[..., 0] * size / jnp.sqrt(basis.unit)


def _moved(name, leaves, start):
    """|leaves - start|, wherever in the range of floats they lie."""
    remedy = "The network has diverged; look at it before this time."
    for leaf in leaves:
        check_finite(name, leaf, remedy)
    for leaf in start:
        check_finite(f"{name} at the start", leaf, remedy)
    if not leaves:
        return jnp.zeros(())
    pairs = [(jnp.asarray(a, float), jnp.asarray(b, float)) for a, b in zip(leaves, start)]
    unit = unit_of(*(leaf for pair in pairs for leaf in pair))
    return unit * norm(*(a / unit - b / unit for a, b in pairs))


def _size(name, leaves):
    for leaf in leaves:
        check_finite(name, leaf, "The network has diverged; look at it before this time.")
    return norm(*(jnp.asarray(leaf, float) for leaf in leaves))


def _ratio(moved, size, name):
    if not is_traced(size) and not size > 0:
        raise BadValue(f"{name} is 0 everywhere, and no distance is a share of it. Pass a start that is not zero.")
    return moved / size
