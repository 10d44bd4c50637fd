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

__all__ = ["as_root", "halve", "halve_to_neighbours", "rising_root"]


def halve(is_before: Callable[[Array], Array], low: Array, high: Array, halvings: int) -> tuple[Array, Array]:
    """The brackets after `halvings` bisections: the upper half is kept where `is_before(middle)`, else the lower one.

    Derivatives of the answer are those of the first brackets, not of the root: `as_root` gives it its own.

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


def as_root(function: Callable[[Array], Array], root: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """`root`, bit for bit, with the derivatives of the root of `function`, of any order (implicit function theorem).

    Parameters
    ----------
    function : callable
        From x of the shape of `root` to values of that shape, each of its own x; it may close over traced numbers, by
        which is then differentiated.
    root : Array
        Where it is zero, however found; its own derivatives are dropped.

    Returns
    -------
    Array
        `root`. Where the function is flat, and in places where there is no root, derivatives mean nothing.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> root = lambda square: as_root(lambda x: x**2 - square, jnp.asarray(3.0))
    >>> print(root(9.0), f"{jax.grad(root)(9.0):.6f} {jax.grad(jax.grad(root))(9.0):.6f}")
    3.0 0.166667 -0.009259
    """

    def solved(slope, moved):
        steep = slope(jnp.ones_like(moved))
        return moved / jnp.where(steep == 0, 1.0, steep)

    return jax.lax.custom_root(function, jax.lax.stop_gradient(root), lambda _, guess: guess, solved)


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
    return as_root(lambda x: function(x, args), (low + high) / 2), crosses


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
