"""The march of the layers of a deep network: its numbers, and the integrator that theory and runs share."""

from collections.abc import Callable
from typing import NamedTuple

import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from ..numerics.adaptive_flow import Flow, flow_through
from ..numerics.explicit_steps import ORDER, dormand_prince
from ..numerics.padding import as_numbers
from .problem import DeepLinear

__all__ = ["LARGEST_STEP", "MOST_STEPS", "DeepNumbers", "deep_numbers", "march", "upper_power"]

MOST_STEPS = 100_000
LARGEST_STEP = 10.0  # in units of 1/(v^2 l+): beyond the reach of stability, which is about 3


class DeepNumbers(NamedTuple):
    """The fields of `DeepLinear` as float64 arrays, the depth too: one compilation serves every depth."""

    samples_per_dim: Array
    snr: Array
    depth: Array
    upper_norm: Array
    first_norm: Array
    noise: Array


def deep_numbers(problem: DeepLinear) -> DeepNumbers:
    """The numbers of a network, for compiled functions."""
    return as_numbers(DeepNumbers(*(getattr(problem, name) for name in DeepNumbers._fields)))


def upper_power(upper: Array, exponent: Array) -> Array:
    """u^exponent; 1 at exponent 0 whatever u is, also in derivatives."""
    none = exponent == 0
    return jnp.where(none, 1.0, jnp.where(none, 1.0, upper) ** jnp.where(none, 1.0, exponent))


def march(
    slope: Callable[[Array], Array],
    start: Float[Array, " n"],
    times: Float[Array, " times"],
    tolerance: ArrayLike,
    hopeless: Callable[[Array, Array], Array],
) -> Flow:
    """States (times, n) at the times (>= 0, sorted) by an explicit method of order 8.

    The norm is the largest error, not the mean: the upper layers are one number beside hundreds. `hopeless(time left,
    state)` says when the steps that are left cannot suffice.
    """
    atol = 1e-3 * tolerance
    pull = jnp.max(jnp.abs(slope(start)) / (atol + tolerance * jnp.abs(start)))
    return flow_through(
        dormand_prince(lambda _, state: slope(state), tolerance, atol),
        start,
        times,
        first_step=1 / jnp.maximum(pull, 1e-300),
        order=ORDER,
        most_steps=MOST_STEPS,
        hopeless=hopeless,
    )
