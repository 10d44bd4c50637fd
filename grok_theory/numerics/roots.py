"""Roots in a bracket, by halving.

SciPy's and Optimistix's bisections stop when a tolerance is met and want one number with a sign. Here whole arrays of
brackets are halved at once, the side is asked of a condition that need not be a number, and the count of halvings is
fixed: one compiled loop, equal digits whatever else is in the batch.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

__all__ = ["halve", "halve_to_neighbours", "rising_root"]


def halve(is_before: Callable[[Array], Array], low: Array, high: Array, halvings: int) -> tuple[Array, Array]:
    """The brackets after `halvings` bisections: the upper half is kept where `is_before(middle)`, else the lower one.

    Parameters
    ----------
    is_before : callable
        From middles, of the shape of `low`, to booleans of that shape: True where the root lies above the middle.
    low, high : Array
        The brackets; any shape, the same for both.
    halvings : int
        How often; 64 bring a bracket of order one to neighbouring floats.

    Returns
    -------
    tuple of Array
        The last `low` and `high`. Traceable; nothing is raised where there is no root inside.
    """

    def closer(_, ends):
        low, high = ends
        middle = (low + high) / 2
        before = is_before(middle)
        return jnp.where(before, middle, low), jnp.where(before, high, middle)

    return jax.lax.fori_loop(0, halvings, closer, (low, high))


def rising_root(
    function: Callable[[Array, Any], Array], low: Array, high: Array, args: Any
) -> tuple[Float[Array, ""], Array]:
    """x in [low, high] with function(x, args) = 0, and whether the function changes its sign there; traceable.

    Nothing is raised where it does not: the caller makes that nan. Derivatives in `args` are those of the root
    (implicit function theorem).

    Parameters
    ----------
    function : callable
        Rising in its first argument, a scalar.
    low, high : Array
        Scalars, the ends of the bracket.
    args : pytree
        What the root depends on.

    Returns
    -------
    tuple of Array
        The root, and whether `function` is <= 0 at `low` and >= 0 at `high`.
    """
    frozen, low, high = jax.lax.stop_gradient((args, low, high))
    crosses = (function(low, frozen) <= 0) & (function(high, frozen) >= 0)
    low, high = halve(lambda middle: ~(function(middle, frozen) > 0), low, high, 64)
    root = jax.lax.stop_gradient((low + high) / 2)
    slope = jax.lax.stop_gradient(jax.grad(function)(root, frozen))
    moved = function(root, args)
    step = (moved - jax.lax.stop_gradient(moved)) / jnp.where(slope == 0, 1.0, slope)
    return root - step, crosses


def halve_to_neighbours(is_before: Callable[[np.ndarray], np.ndarray], low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """The roots (n,) in the brackets `low`, `high` (n,), halved until both ends are neighbouring floats; NumPy.

    Parameters
    ----------
    is_before : callable
        From middles (n,) to booleans (n,): True where the root lies above the middle.
    low, high : ndarray
        The brackets, (n,).

    Returns
    -------
    ndarray
        The middles of the last brackets, (n,).
    """
    while True:
        middle = (low + high) / 2
        if not np.any((low < middle) & (middle < high)):  # a nan ends it too
            return middle
        before = is_before(middle)
        low, high = np.where(before, middle, low), np.where(before, high, middle)
