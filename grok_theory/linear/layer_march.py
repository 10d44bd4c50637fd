"""The march of the layers of a deep network: its numbers, and the integrator that theory and runs share."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float, PyTree

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
    slope: Callable, start: PyTree, times: Float[Array, " times"], tolerance: ArrayLike, hopeless: Callable
) -> tuple[Any, Array, Array]:
    """States at the times (>= 0, sorted) by an explicit method of order 8, the steps it took, and whether it ended.

    `slope(time, state, args)` as in diffrax. The norm is the largest error, not the mean: the upper layers are one
    number beside hundreds. `hopeless(time left, state)` says when the steps that are left cannot suffice.
    """
    import diffrax  # takes as long to import as many a solve
    import optimistix

    last = times[-1]
    solution = diffrax.diffeqsolve(
        diffrax.ODETerm(slope),
        diffrax.Dopri8(),
        t0=jnp.zeros(()),
        t1=jnp.where(last > 0, last, 1.0),
        dt0=None,
        y0=start,
        saveat=diffrax.SaveAt(ts=times),
        # A step ends at every time asked for: dense output between steps has errors that both marches share.
        stepsize_controller=diffrax.ClipStepSizeController(
            diffrax.PIDController(rtol=tolerance, atol=1e-3 * tolerance, norm=optimistix.max_norm), step_ts=times
        ),
        max_steps=MOST_STEPS,
        event=diffrax.Event(lambda time, state, _, **__: hopeless(last - time, state)),
        throw=False,
    )
    assert solution.ys is not None  # SaveAt(ts=...) saves them
    return solution.ys, solution.stats["num_steps"], solution.result == diffrax.RESULTS.successful
