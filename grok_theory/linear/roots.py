"""The root of a rising function by halving, with its derivative, and a sentence where numbers ended."""

from collections.abc import Callable
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ..checks import is_traced
from ..errors import SolveFailed

__all__ = ["refuse_lost", "rising_root"]

HALVINGS = 64
Answer = TypeVar("Answer")


def rising_root(
    function: Callable[[Array, Any], Array], low: Array, high: Array, args: Any
) -> tuple[Float[Array, ""], Array]:
    """x in [low, high] with function(x, args) = 0, and whether the function changes its sign there; traceable.

    Nothing is raised where it does not: the caller makes that nan. Derivatives in `args` are those of the root
    (implicit function theorem).
    """
    frozen, low, high = jax.lax.stop_gradient((args, low, high))
    crosses = (function(low, frozen) <= 0) & (function(high, frozen) >= 0)

    def halve(_, ends):
        low, high = ends
        middle = (low + high) / 2
        above = function(middle, frozen) > 0
        return jnp.where(above, low, middle), jnp.where(above, middle, high)

    low, high = jax.lax.fori_loop(0, HALVINGS, halve, (low, high))
    root = jax.lax.stop_gradient((low + high) / 2)
    slope = jax.lax.stop_gradient(jax.grad(function)(root, frozen))
    moved = function(root, args)
    step = (moved - jax.lax.stop_gradient(moved)) / jnp.where(slope == 0, 1.0, slope)
    return root - step, crosses


def refuse_lost(answer: Answer, caller: str, remedy: str) -> Answer:
    """`answer`, a record of numbers; raises `SolveFailed` where one is nan and nothing is traced.

    A concrete problem was checked at the door, so that nan means numbers beyond float64.
    """
    leaves = [leaf for leaf in jax.tree_util.tree_leaves(answer) if leaf is not None]
    if not any(map(is_traced, leaves)) and any(np.isnan(np.asarray(leaf)).any() for leaf in leaves):
        raise SolveFailed(f"grok_theory.linear.{caller} cannot tell its answer in float64. {remedy}")
    return answer
