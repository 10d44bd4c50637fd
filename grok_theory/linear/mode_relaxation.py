"""How one mode relaxes, under gradient flow or gradient descent.

A mode with eigenvalue l relaxes at the rate r = l + g. Two factors say all: the share e of an initial weight that is
left, and psi = (1 - e)/r, how much of a constant force has been integrated. Beside them the sensitivity of e: by how
many ulps it moves when r moves by one.
"""

import math
from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Bool, Float

from ..checks import check_positive, is_traced
from ..dynamics import Dynamics, GradientDescent, GradientFlow, check_dynamics, check_x
from ..errors import BadValue
from ..numerics.magnitude import quotient
from ..numerics.padding import AnyArray, namespace
from .checked import check_finite_samples
from .power_law_problem import PowerLawInputs
from .problem import DeepLinear, TeacherStudent
from .regression_problem import CorrelatedInputs, RandomFeatures

__all__ = ["FLOW", "ByModes", "Times", "check", "check_flow", "elapsed", "is_stable", "relaxation", "sensitivity"]

Times = ArrayLike | Sequence
ByModes = GradientFlow | GradientDescent  # the dynamics whose modes relax by themselves
FLOW = GradientFlow()  # the default of every verb
EARLY, TERMS = 0.01, 7  # below which r x a derivative is summed, and of how many terms: to the last digit


def check(problem: TeacherStudent, dynamics: ByModes, x: Times, verb: str) -> None:
    """Refuse other dynamics, an x that is no x of this one, and a step size at which descent diverges."""
    check_dynamics(dynamics, (GradientFlow, GradientDescent), f"grok_theory.linear.{verb}")
    check_x(dynamics, x)
    if isinstance(dynamics, GradientFlow):
        return
    rate = dynamics.learning_rate
    check_positive("learning_rate", rate, "Pass a step size, for example 0.1.")
    if not any(map(is_traced, (rate, problem.samples_per_dim, problem.weight_decay))):
        largest = float(problem.largest_stable_learning_rate())
        if not float(rate) < largest:
            raise BadValue(
                f"learning_rate is {float(rate)}, but it must be below {largest:.6g} = 2/(l+ + "
                "weight_decay), where descent diverges. Pass a smaller learning_rate."
            )


def check_flow(
    problem: DeepLinear | CorrelatedInputs | RandomFeatures | PowerLawInputs, dynamics: Dynamics, times: Times
) -> None:
    """Refuse descent for the problems that are solved under gradient flow only, and times that are none."""
    if not isinstance(problem, DeepLinear):
        check_finite_samples(problem, type(dynamics).__name__)
    check_dynamics(dynamics, (GradientFlow,), f"a {type(problem).__name__}, which is solved under gradient flow only,")
    check_x(dynamics, times)


def elapsed(problem: TeacherStudent, dynamics: ByModes, x: ArrayLike) -> ArrayLike:
    """x in units of tau."""
    return x if isinstance(dynamics, GradientFlow) else problem.tau_per_step(dynamics) * x


def is_stable(problem: TeacherStudent, dynamics: ByModes, x: Array) -> Bool[Array, " times"]:
    """Where traced numbers of the dynamics are in range."""
    if isinstance(dynamics, GradientFlow):
        return jnp.ones(x.shape, bool)
    rate = dynamics.learning_rate
    return (rate < problem.largest_stable_learning_rate()) & (rate > 0) & (x == jnp.round(x))


def relaxation(
    dynamics: ByModes, rate: Float[AnyArray, " modes"], x: Float[AnyArray, " times"]
) -> tuple[Float[AnyArray, "times modes"], Float[AnyArray, "times modes"]]:
    """(e, psi), psi = (1 - e)/r also at r = 0, where it is the time: e = exp(-r t), or (1 - eta r)^k by steps.

    By NumPy where there are no arrays of JAX.
    """
    xp = namespace(dynamics, rate, x)
    if isinstance(dynamics, GradientFlow):
        exponent = -rate[None, :] * x[:, None]
        return xp.exp(exponent), _integral(rate, x) if xp is np else _integrated(rate, x)
    step = dynamics.learning_rate * rate
    forward = step < 1
    log_shrink, near_one = _log_shrink(step)
    exponent = x[:, None] * log_shrink[None, :]
    sign = xp.where(forward[None, :] | (x[:, None] % 2 == 0), 1.0, -1.0)
    started = x[:, None] > 0
    e = xp.where(near_one[None, :] & started, 0.0, sign * xp.exp(exponent))
    growth = xp.where(sign > 0, -xp.expm1(exponent), 1 - e)
    growth = xp.where(near_one[None, :] & started, 1.0, growth)
    still = rate[None, :] == 0
    # At r = 0 with its slope in r; elsewhere no square of a rate of 1e-300 is divided by in derivatives.
    begun = dynamics.learning_rate * x[:, None] * (1 - step[None, :] * (x[:, None] - 1) / 2)
    psi = xp.where(still, begun, quotient(growth, xp.where(still, 1.0, rate[None, :])))
    return e, psi


def _integral(rate: Float[AnyArray, " modes"], x: Float[AnyArray, " times"]) -> Float[AnyArray, "times modes"]:
    """psi of the flow, int_0^x exp(-r s) ds."""
    xp = namespace(rate, x)
    still = rate[None, :] == 0
    return xp.where(still, x[:, None], -xp.expm1(-rate[None, :] * x[:, None]) / xp.where(still, 1.0, rate[None, :]))


_integrated = jax.custom_jvp(_integral)


@_integrated.defjvp
def _integrated_jvp(at, along):
    """d psi = e dx - (psi - x e)/r dr; where r x is small by its series: there the difference is rounding over r."""
    (rate, x), (d_rate, d_x) = at, along
    psi, moved = _integrated(rate, x), rate[None, :] * x[:, None]
    left, small = jnp.exp(-moved), moved < EARLY
    series = jnp.zeros_like(moved)
    for k in reversed(range(TERMS)):
        series = (k + 1) / math.factorial(k + 2) - jnp.where(small, moved, 0.0) * series
    # x is multiplied twice: its square may overflow where the product with a change of 1e-300 does not.
    begun = x[:, None] * (series * (x[:, None] * d_rate[None, :]))
    fall = (psi - x[:, None] * left) / jnp.where(small, 1.0, rate[None, :]) * d_rate[None, :]
    return psi, left * d_x[:, None] - jnp.where(small, begun, fall)


def sensitivity(
    dynamics: ByModes, rate: Float[Array, " modes"], x: Float[Array, " times"]
) -> Float[Array, "times modes"]:
    """abs(d log e / d log r): r t under flow; by steps also what the rounding of log abs(1 - eta r) adds.

    By so many ulps e moves when r moves by one; no more than where e is nothing.
    """
    if isinstance(dynamics, GradientFlow):
        return jnp.minimum(rate[None, :] * x[:, None], 800.0)
    step = dynamics.learning_rate * rate
    log_shrink, near_one = _log_shrink(step)
    cost = jnp.abs(log_shrink) + step / jnp.abs(1 - jnp.where(near_one, 0.0, step))
    return jnp.where(near_one[None, :], 0.0, jnp.minimum(x[:, None] * cost[None, :], 1e15))


def _log_shrink(step: AnyArray) -> tuple[AnyArray, AnyArray]:
    """log abs(1 - step), and where that is -inf (0 is given there)."""
    xp = namespace(step)
    forward, near_one = step < 1, step == 1
    # Not a float power: it loses k ulps. log1p keeps small steps; beyond a full step the sign alternates.
    return xp.where(
        forward,
        xp.log1p(-xp.where(forward, step, 0.0)),
        xp.log(xp.where(forward | near_one, 2.0, step) - 1),
    ), near_one
