"""The limit of unlimited data, samples_per_dim -> infinity: two numbers, no noise, no grokking.

The linear mode stays zero and the quadratic form has one direction that grows, rho = beta^T M beta / D^2, and a bulk q:

    rho <- rho (1 + (eta_hat eps / alpha) [3 - alpha eps (3 dr + dq)])^2
    q   <- q   (1 + (eta_hat eps / alpha) [1 - alpha eps (dr + dq)])^2        dr = rho - rho0, dq = q - q0 if centred

with rho0 = m0^2, q0 = 1 - m0^2, and train = test = (1/4)(alpha eps (dr + dq) - 1)^2 + (1/2)(alpha eps dr - 1)^2.
Derivation: this package; checked against the matrix recursion at finite D, which meets it with a 1/D law.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array

from ..checks import is_traced, require_float64
from ..dynamics import whole_steps
from ..errors import BadValue
from ..fields import check_single, in_range
from ..numerics.padding import any_traced, as_numbers, bucket, repeated
from ..numerics.programs import compiled
from ..results import Solution
from .clock import FlowOrDescent, checked_x, rate_of
from .conditions import PLAIN
from .methods import Population
from .problem import QuadraticCommittee
from .verdict import Judged, judged, shortened, solution_of, status_of

TOLERANCE = 1e-12
FLOOR_OF_FLOW = 3.0  # of the tolerance: what local errors may add up to where both tolerances take the same steps
ROUNDING = 4 * float(np.finfo(float).eps)
_FLOW_LOST = "The flow took more than a million steps or left the finite numbers. Ask for earlier times."
_DESCENT_LOST = "The two-variable recursion left the finite numbers. Use a smaller learning_rate."
_NOTE = "samples_per_dim is ignored: this is the limit in which it is infinite."


def solve_population(
    problem: QuadraticCommittee, x: ArrayLike | Sequence, dynamics: FlowOrDescent, method: Population, throw: bool
) -> Solution:
    """The curves of the population limit at `x`; called by `solve`."""
    require_float64("lazy_rich.solve")
    check_single(problem)
    rate, x = rate_of(dynamics, "lazy_rich.Population"), checked_x(dynamics, x)
    plain = as_numbers(problem)
    if rate is None:
        verdict = _flow(plain, repeated(x))
    else:
        _refuse_unstable(plain, rate)
        steps = repeated(whole_steps(x)).astype(int)
        verdict = _descent(plain, steps, np.float64(rate), bucket(steps[-1] + 1))
    failed = _FLOW_LOST if rate is None else _DESCENT_LOST
    verdict = shortened(verdict, x.size)
    status = status_of(verdict, remarks=[_NOTE], failed=failed)
    return solution_of(problem, x, dynamics, method, verdict, status, conditions=PLAIN).checked(throw)


@compiled
def stable_below(problem: QuadraticCommittee) -> Array:
    """The learning rate above which descent does not settle at the fit: 2 over the Hessian's largest eigenvalue."""
    rho0, square = jnp.square(problem.teacher_overlap), jnp.square(problem.curvature)
    kept = 1.0 if problem.centred else 0.0
    fitted = problem.curvature / problem.output_scale  # eps^2 times 1 / (alpha eps), where alpha eps dr = 1
    # Where the teacher is invisible (m0 = 0) the bulk fits the mean of the target and nothing else happens.
    rho = jnp.where(rho0 > 0, fitted + kept * square * rho0, 0.0)
    q = kept * square * (1 - rho0) + jnp.where(rho0 > 0, 0.0, fitted)
    trace = 3 * rho + q
    largest = (trace + jnp.sqrt(jnp.square(trace) - 8 * rho * q)) / 2
    return jnp.where(largest > 0, 1 / jnp.where(largest > 0, largest, 1.0), jnp.inf)


def _refuse_unstable(problem: QuadraticCommittee, learning_rate: float) -> None:
    limit = stable_below(problem)
    if not is_traced(limit) and np.any(learning_rate >= np.asarray(limit)):
        raise BadValue(
            f"learning_rate is {learning_rate}, but descent on unlimited data is stable only below "
            f"{np.min(limit):.4g}. Pass a smaller one, or take GradientFlow()."
        )


def _slopes(problem: QuadraticCommittee, rho: Array, q: Array) -> tuple[Array, Array]:
    """Half the growth rates of rho and q."""
    ae = problem.output_scale * problem.curvature
    dr, dq = _moved(problem, rho, q)
    unit = problem.curvature / problem.output_scale
    return unit * (3 - ae * (3 * dr + dq)), unit * (1 - ae * (dr + dq))


def _moved(problem: QuadraticCommittee, rho: Any, q: Any) -> tuple[Any, Any]:
    if not problem.centred:
        return rho, q
    rho0 = problem.teacher_overlap**2
    return rho - rho0, q - (1 - rho0)


def _curves(xp, problem: QuadraticCommittee, rho: Any, q: Any) -> dict[str, Any]:
    ae = problem.output_scale * problem.curvature
    dr, dq = _moved(problem, rho, q)
    variance = xp.square(ae * (dr + dq) - 1) / 4
    misalignment = xp.square(ae * dr - 1) / 2
    return {
        "train_loss": variance + misalignment,
        "test_loss": variance + misalignment,
        "variance": variance,
        "misalignment": misalignment,
        "linear_power": xp.zeros_like(rho),
        "teacher_overlap": xp.sqrt(rho),
        "mean_power": xp.zeros_like(rho),
        "bulk_power": q,
    }


def _spread(xp, problem: QuadraticCommittee, rho: Any, q: Any, in_log: tuple[Any, Any]) -> dict[str, Any]:
    """How far the curves may be off where log rho and log q are off by `in_log`: first order, and the squares' second.

    The losses are squares of differences of numbers of size alpha eps, which may be large: an error of 1e-12 in log rho
    is one of 1e-12 alpha eps rho in a difference.
    """
    ae = problem.output_scale * problem.curvature
    dr, dq = _moved(problem, rho, q)
    by_rho, by_q = ae * rho * in_log[0], ae * q * in_log[1]
    variance = xp.abs(ae * (dr + dq) - 1) / 2 * (by_rho + by_q) + xp.square(by_rho + by_q) / 4
    misalignment = xp.abs(ae * dr - 1) * by_rho + xp.square(by_rho) / 2
    return {
        "train_loss": variance + misalignment,
        "test_loss": variance + misalignment,
        "variance": variance,
        "misalignment": misalignment,
        "linear_power": xp.zeros_like(rho),
        "teacher_overlap": xp.sqrt(rho) * in_log[0] / 2,
        "mean_power": xp.zeros_like(rho),
        "bulk_power": q * in_log[1],
    }


def _judged(problem: QuadraticCommittee, rho: Any, q: Any, in_log: tuple[Any, Any], settled: Any) -> Judged:
    """Curves held to their ranges, their errors, and the level: 1 (samples_per_dim is ignored) or 2."""
    if any_traced(problem, rho):
        return _told(jnp, problem, rho, q, in_log, settled & in_range(problem))
    with np.errstate(all="ignore"):  # what is no number is judged
        return _told(np, *jax.tree.map(np.asarray, (problem, rho, q, in_log, settled)))


def _told(xp, problem: QuadraticCommittee, rho: Any, q: Any, in_log: tuple[Any, Any], settled: Any) -> Judged:
    curves, errors = _curves(xp, problem, rho, q), _spread(xp, problem, rho, q, in_log)
    errors = {name: errors[name] + ROUNDING * xp.abs(curves[name]) for name in curves}
    finite = xp.stack([xp.isfinite(curve).all() for curve in curves.values()]).all()
    return judged(curves, errors, settled & finite, noted=True)


def _flow(problem: QuadraticCommittee, times: ArrayLike) -> Judged:
    logs, settled = _both(problem, times)
    xp = jnp if any_traced(logs) else np
    logs, settled = xp.asarray(logs), xp.asarray(settled)
    # What two digits less of tolerance change; where both took the same steps, the tolerance itself; and rounding of
    # the steps.
    off = xp.abs(logs[1] - logs[0]) + FLOOR_OF_FLOW * TOLERANCE
    rho0 = xp.square(problem.teacher_overlap)
    grown = xp.exp(logs[1])
    return _judged(problem, rho0 * grown[:, 0], (1 - rho0) * grown[:, 1], (off[:, 0], off[:, 1]), settled.all())


@compiled
def _both(problem: QuadraticCommittee, times: Array) -> tuple[Array, Array]:
    """One compiled solver, run at two tolerances."""
    return jax.lax.map(lambda tolerance: _integrate(problem, times, tolerance), jnp.array([1e-10, TOLERANCE]))


def _integrate(problem: QuadraticCommittee, times: Array, tolerance: ArrayLike) -> tuple[Array, Array]:
    """The logs (time, 2) of the growth factors of rho and q."""
    import diffrax

    # Growth factors in logs: rho may start at 1e-12 and must keep its digits over the whole plateau.
    rho0 = jnp.square(problem.teacher_overlap)
    there = jnp.array([1.0, 1.0]) * jnp.stack([jnp.where(rho0 > 0, 1.0, 0.0), 1.0])

    def rate(_, logs, problem):
        # Where the teacher is invisible, rho = 0 would grow without bound in its log.
        return 2 * there * jnp.stack(_slopes(problem, rho0 * jnp.exp(logs[0]), (1 - rho0) * jnp.exp(logs[1])))

    answer = diffrax.diffeqsolve(
        diffrax.ODETerm(rate),
        diffrax.Dopri8(),
        t0=0.0,
        t1=times[-1],
        dt0=None,
        y0=jnp.zeros(2),
        args=problem,
        saveat=diffrax.SaveAt(ts=times),
        # Steps end at the times: between its ends a step is known to fewer digits.
        stepsize_controller=diffrax.ClipStepSizeController(
            diffrax.PIDController(rtol=tolerance, atol=tolerance), step_ts=times
        ),
        max_steps=1_000_000,
        throw=False,
    )
    return answer.ys, answer.result == diffrax.RESULTS.successful


@partial(compiled, static_argnames=("most",))
def _descent_steps(problem: QuadraticCommittee, learning_rate: ArrayLike, most: int) -> tuple[Array, Array]:
    def step(carry, _):
        rho, q = carry
        by_rho, by_q = _slopes(problem, rho, q)
        new = rho * jnp.square(1 + learning_rate * by_rho), q * jnp.square(1 + learning_rate * by_q)
        return new, carry

    rho0 = jnp.square(problem.teacher_overlap)
    last, before = jax.lax.scan(step, (rho0, 1 - rho0), length=most)
    return tuple(jnp.append(b, end) for b, end in zip(before, last, strict=True))


def _descent(problem: QuadraticCommittee, steps: np.ndarray, learning_rate: ArrayLike, most: int) -> Judged:
    rho, q = _descent_steps(problem, learning_rate, most)
    if not any_traced(rho):
        rho, q = np.asarray(rho), np.asarray(q)
    # Only rounding, of a few operations a step and of what they are taken of.
    in_log = ROUNDING * (1 + steps.astype(float))
    return _judged(problem, rho[steps], q[steps], (in_log, in_log), learning_rate < stable_below(problem))
