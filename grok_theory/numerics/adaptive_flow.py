"""Small ordinary differential equations with a step that is adapted: one loop, which compiles in half a second.

diffrax solves more kinds of equations, by more methods, and is imported, traced and compiled for longer than the small
flows of this package are allowed to take in all (three seconds for a first answer, of which they compute ten
milliseconds). Steps end at every time that is asked for; nothing is interpolated. Derivatives are taken forwards along
the accepted steps; `flow_derivatives` makes of them what `jax.grad` asks for.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

__all__ = ["Attempt", "Flow", "flow_through"]

SAFETY = 0.9
SHRINKING, GROWING = 0.2, 10.0  # of the next step against the last, at most


class Attempt(NamedTuple):
    """A step: the state after it, and its error in units of what is allowed."""

    after: Any
    error: Float[Array, ""]


class Flow(NamedTuple):
    """States at the stops (stops, ...); nan where the flow did not get there."""

    states: Any
    steps: Int[Array, ""]
    finished: Bool[Array, ""]


def flow_through(
    attempt: Callable[[Array, Array, Any], Attempt],
    start: Any,
    stops: Float[Array, " stops"],
    *,
    first_step: Float[Array, ""],
    order: int,
    most_steps: int,
    hopeless: Callable[[Array, Any], Array] | None = None,
) -> Flow:
    """March from t = 0 through the stops.

    Parameters
    ----------
    attempt : callable
        From the time, the length of a step and the state (a pytree) to an `Attempt`, which is taken where its error is
        at most 1.
    start : pytree
        The state at t = 0.
    stops : Array
        (stops,), >= 0, non-decreasing. A step ends at each.
    first_step : Array
        Length of the first attempt, > 0.
    order : int
        In which the error of a step falls with its length.
    most_steps : int
        Taken and refused ones together.
    hopeless : callable, optional
        From the time left and the state to whether to give up.

    Returns
    -------
    Flow
        States at the stops, the steps it took, and whether it came to the last.
    """

    def ahead(carry):
        time, wish, state, steps, going, target = carry
        left = target - time
        ends = wish >= left
        step = jnp.where(ends, left, wish)
        after, error = attempt(time, step, state)
        taken = error <= 1  # not where it is nan
        factor = jnp.where(error < jnp.inf, SAFETY * jnp.maximum(error, 1e-16) ** (-1 / order), SHRINKING)
        longer = step * jnp.clip(factor, SHRINKING, GROWING)
        # A step shortened only to end at a stop says nothing against the longer one wished before.
        wish = jnp.where(taken & ends, jnp.maximum(wish, longer), longer)
        state = jax.tree_util.tree_map(lambda old, new: jnp.where(taken, new, old), state, after)
        time = jnp.where(taken, jnp.where(ends, target, time + step), time)
        going = (steps + 1 < most_steps) & (time + wish > time)
        if hopeless is not None:
            going &= ~hopeless(stops[-1] - time, state)
        return time, wish, state, steps + 1, going, target

    def until(carry, target):
        carry = jax.lax.while_loop(lambda c: (c[0] < c[-1]) & c[-2], ahead, (*carry, target))[:-1]
        there = carry[0] >= target
        return carry, jax.tree_util.tree_map(lambda leaf: jnp.where(there, leaf, jnp.nan), carry[2])

    begin = (jnp.zeros(()), first_step, start, jnp.zeros((), int), jnp.asarray(True))
    (time, _, _, steps, _), states = jax.lax.scan(until, begin, stops)
    return Flow(states, steps, time >= stops[-1])
