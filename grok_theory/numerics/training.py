"""The loop that trains by steps and looks now and then: shared by the wings' real runs and by figures."""

from collections.abc import Callable
from typing import TypeVar

import jax
import jax.numpy as jnp
from jaxtyping import Array, Int, PyTree

__all__ = ["trained"]

State = TypeVar("State")


def trained(
    step: Callable[[State], State], start: State, steps: Int[Array, " times"], read: Callable[[State], PyTree]
) -> tuple[State, PyTree]:
    """Take `steps[-1]` steps and read the state at each of `steps`; traceable.

    Parameters
    ----------
    step : callable
        From the state (a pytree of arrays) to the state one step later.
    start : pytree
        The state at step 0.
    steps : Array
        (T,) non-decreasing whole numbers >= 0; 0 reads the start.
    read : callable
        From the state to a pytree of what is recorded.

    Returns
    -------
    last : pytree
        The state after `steps[-1]` steps.
    records : pytree
        What `read` gave, with a leading axis (T,). How often it is read does not change a digit of the state.
    """

    def advance(state, count):
        state = jax.lax.fori_loop(0, count, lambda _, current: step(current), state)
        return state, read(state)

    return jax.lax.scan(advance, start, jnp.diff(steps, prepend=0))
