"""How the curves of correlated inputs leave their start: what stands for a traced time 0, and its derivative."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..numerics.edges import kinked
from .regression_problem import CorrelatedInputs

__all__ = ["beginning", "first_slopes"]


def first_slopes(problem: CorrelatedInputs) -> Float[Array, " curves"]:
    """The derivatives in time of the curves at time 0.

    T = n t, kappa = p + (1/n) sum l + O(1/p): F = (se^2 + sum c^2 l)/p - [se^2 tr/n + sum c^2 l (l + tr/n)]/p^2, read
    at 2T; of the test loss, from w' = n L c at w = 0.
    """
    l, n, power = problem.spectrum, problem.samples, problem.target**2
    total = jnp.sum(l)
    train = -2 * (problem.noise**2 * total + jnp.sum(power * l * (n * l + total)))
    return jnp.stack([train, -2 * n * jnp.sum(power * l**2), jnp.zeros(())])


@jax.custom_jvp
def beginning(at_start: Array, slopes: Array, times: Array) -> Array:
    """`at_start` (1, curves) at time 0 for all times, with the first derivatives in them; of higher ones, nan."""
    return jnp.broadcast_to(at_start, (times.size, at_start.shape[1]))


@beginning.defjvp
def _beginning_jvp(at, along):
    (_, slopes, times), (d_start, _, d_times) = at, along
    bent = slopes[None, :] + kinked(times, times == 0)[:, None]
    return beginning(*at), jnp.broadcast_to(d_start, (times.size, 3)) + bent * d_times[:, None]
