"""Stochastic gradient descent that sees every sample once, at any batch: exact mean curves.

A step draws B fresh pairs x ~ N(0, diag(l)), y = w*.x + noise and moves w by (eta/B) sum (y - w.x) x. With
c_j = E (w_j - w*_j)^2 and L = sum l c + noise^2,

    c_j(t + 1) = a_j c_j(t) + (eta^2/B) l_j L(t),     a_j = (1 - eta l_j)^2 + eta^2 l_j^2/B,

by E[x x^T C x x^T] = 2 Lambda C Lambda + Lambda tr(Lambda C) of Gaussian x; off-diagonal parts of C do not come back.
"""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from ..checks import require_float64
from ..errors import BadValue
from ..fields import in_range
from ..numerics.padding import any_traced, as_numbers, bucket, cut, repeated, with_zeros
from ..numerics.programs import compiled
from ..results import Solution
from ..status import Status
from .checked import check_single
from .curve_names import ONE_PASS_CURVES
from .methods import ModeRecursion
from .one_pass_dynamics import OnePass, check_one_pass
from .one_pass_stability import critical_batch, feedback, largest_learning_rate, late_loss
from .regression_problem import CorrelatedInputs

__all__ = ["solve_one_pass"]

EPS = float(np.finfo(float).eps)
START_ULPS, STEP_ULPS = 16.0, 8.0  # of a sum of positive terms, at the start and more a step


@compiled
def _solve(problem: CorrelatedInputs, modes: Array, dynamics: OnePass, steps: Array, clock: Array):
    """(curves, errors) (steps, curves), and the statistics. `clock` (bucket,) numbers the steps that are walked."""
    l, start, unit = problem.spectrum, problem.target**2, problem.noise**2
    eta, each = dynamics.learning_rate, 1 / dynamics.batch
    keep = 1 - eta * l
    contract, noise = keep**2 + (eta * l) ** 2 * each, eta**2 * each * l
    last = steps[-1]

    def read(c: Float[Array, " modes"], left: Float[Array, " modes"]) -> tuple[Array, Array, Array]:
        return unit + jnp.sum(l * c), jnp.sum(c + start * (1 - 2 * left)), jnp.sum(c)

    def step(state, now):
        c, left = state
        loss, distance, power = read(c, left)
        # Steps behind the last one wanted are not walked: they could overflow.
        more = now < last
        moved = jnp.where(more, contract * c + noise * loss, c), jnp.where(more, keep * left, left)
        return moved, (loss, distance, power)

    state = start + 0.0 * contract, jnp.ones_like(l) + 0.0 * keep
    _, (loss, distance, power) = jax.lax.scan(step, state, clock)
    at = steps.astype(int)
    loss, distance, power = loss[at], distance[at], power[at]
    ulps = EPS * (START_ULPS + STEP_ULPS * steps)
    off = ulps * (power + 3 * jnp.sum(start))
    curves = jnp.stack([loss, loss, distance, distance / modes], axis=1)
    errors = jnp.stack([ulps * loss, ulps * loss, off, off / modes], axis=1)
    legal = in_range(problem) & jnp.isinf(problem.samples) & (eta > 0) & (eta < jnp.inf) & (dynamics.batch >= 1)
    curves = jnp.where(legal, jnp.maximum(curves, 0.0), jnp.nan)
    stats = {
        "feedback": feedback(l, eta, dynamics.batch),
        "late_loss": late_loss(l, problem.noise, eta, dynamics.batch),
        "largest_learning_rate": largest_learning_rate(l, dynamics.batch),
        "critical_batch": critical_batch(l),
    }
    level = jnp.where(jnp.all(jnp.isfinite(curves)), jnp.where(stats["feedback"] < 1, 0, 1), 2).astype(jnp.int8)
    return curves, errors, stats, level


FAILED = (
    "A curve is not a finite number: descent outside its stable region has outgrown float64, or a traced number was "
    "out of range. Take fewer steps or a smaller learning_rate; the largest stable one is in stats."
)


def solve_one_pass(
    problem: CorrelatedInputs, steps: ArrayLike, dynamics: OnePass, method: object = None, *, throw: bool = True
) -> Solution:
    """See `grok_theory.linear.solve`."""
    require_float64("grok_theory.linear.solve")
    check_single(problem, "solve")
    check_one_pass(problem, dynamics, steps)
    if method is not None and method != ModeRecursion():
        raise BadValue(f"method is {method!r}, but OnePass is solved by ModeRecursion(). Leave method out.")
    count, modes, walked = np.size(steps), np.asarray(float(np.size(problem.spectrum))), repeated(steps)
    numbers = as_numbers(problem)
    if not any_traced(problem):
        longer = {name: with_zeros(getattr(problem, name)) for name in ("spectrum", "target")}
        numbers = dataclasses.replace(numbers, **longer)
    clock = np.arange(float(bucket(int(walked[-1]) + 1)))
    curves, errors, stats, level = _solve(numbers, modes, as_numbers(dynamics), walked, clock)
    noted = "The learning rate lies outside the stable region, and the loss grows without end."
    if not any_traced(problem, dynamics):
        walked, curves, errors = cut((walked, curves, errors), count)
        stats = {name: float(value) for name, value in stats.items()}
        noted += f" The largest stable learning_rate is {stats['largest_learning_rate']:.6g}."
    else:
        walked, curves, errors = walked[:count], curves[:count], errors[:count]
    return Solution(
        problem,
        walked,
        {name: curves[:, at] for at, name in enumerate(ONE_PASS_CURVES)},
        dynamics.x_name,
        dynamics,
        ModeRecursion(),
        x_unit=dynamics.x_unit,
        numerical_error={name: errors[:, at] for at, name in enumerate(ONE_PASS_CURVES)},
        status=Status(level, noted=noted, failed=FAILED),
        stats=stats,
    ).checked(throw)
