"""The limit of unlimited data, samples_per_dim -> infinity: two numbers, no noise, no grokking.

The linear mode stays zero and the quadratic form has one direction that grows, rho = beta^T M beta / D^2, and a bulk q:

    rho <- rho (1 + (eta_hat eps / alpha) [3 - alpha eps (3 dr + dq)])^2
    q   <- q   (1 + (eta_hat eps / alpha) [1 - alpha eps (dr + dq)])^2        dr = rho - rho0, dq = q - q0 if centred

with rho0 = m0^2, q0 = 1 - m0^2, and train = test = (1/4)(alpha eps (dr + dq) - 1)^2 + (1/2)(alpha eps dr - 1)^2.
Derivation: this package; checked against the matrix recursion at finite D, which meets it with a 1/D law.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array

from ..errors import BadValue, is_traced, require_float64
from ..pytrees import record
from ..results import Solution, Status
from .problem import QuadraticCommittee
from .timing import X_NAME, check_tau, dynamics_of, padded, steps_of

_FAILED = (
    "The two-variable recursion left the finite numbers, or the Problem is out of range. Use a smaller learning_rate."
)
_NOTE = "samples_per_dim is ignored: this is the limit in which it is infinite."


@record()
class Population:
    """Solve the limit samples_per_dim -> infinity; `learning_rate` is eta_hat of descent, None is gradient flow.

    Exact up to the ODE tolerance (1e-10 relative) or rounding. At finite dimension pass `problem.dressed(dim)`.
    """

    learning_rate: float | None = None


def solve_population(problem: QuadraticCommittee, times: Any, method: Population, throw: bool) -> Solution:
    """The curves of the population limit at `times`; called by `solve`."""
    require_float64("lazy_rich.solve")
    problem.check()
    times, dynamics = check_tau(times, method.learning_rate), dynamics_of(method.learning_rate)
    plain = jax.tree_util.tree_map(lambda leaf: jnp.asarray(leaf, float), problem)
    if method.learning_rate is None:
        curves, errors, good = _flow(plain, jnp.asarray(times))
    else:
        _refuse_unstable(plain, method.learning_rate)
        steps = steps_of(times, method.learning_rate)
        curves, errors, good = _descent(plain, jnp.asarray(steps), method.learning_rate, padded(steps[-1]))
    status = Status(jnp.where(good, 1, 2).astype(jnp.int8), noted=_NOTE, failed=_FAILED)
    return Solution(problem, times, curves, X_NAME, dynamics, method, numerical_error=errors, status=status).checked(
        throw
    )


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
    if not is_traced(limit) and bool(jnp.any(learning_rate >= limit)):
        raise BadValue(
            f"learning_rate is {learning_rate}, but descent on unlimited data is stable only below "
            f"{float(jnp.min(limit)):.4g}. Pass a smaller one, or None for gradient flow."
        )


def _slopes(problem: QuadraticCommittee, rho: Array, q: Array) -> tuple[Array, Array]:
    """Half the growth rates of rho and q."""
    ae = problem.output_scale * problem.curvature
    dr, dq = _moved(problem, rho, q)
    unit = problem.curvature / problem.output_scale
    return unit * (3 - ae * (3 * dr + dq)), unit * (1 - ae * (dr + dq))


def _moved(problem: QuadraticCommittee, rho: Array, q: Array) -> tuple[Array, Array]:
    if not problem.centred:
        return rho, q
    rho0 = jnp.square(problem.teacher_overlap)
    return rho - rho0, q - (1 - rho0)


def _curves(problem: QuadraticCommittee, rho: Array, q: Array) -> dict[str, Array]:
    ae = problem.output_scale * problem.curvature
    dr, dq = _moved(problem, rho, q)
    variance = jnp.square(ae * (dr + dq) - 1) / 4
    misalignment = jnp.square(ae * dr - 1) / 2
    return {
        "train_loss": variance + misalignment,
        "test_loss": variance + misalignment,
        "variance": variance,
        "misalignment": misalignment,
        "linear_power": jnp.zeros_like(rho),
        "teacher_overlap": jnp.sqrt(rho),
        "mean_power": jnp.zeros_like(rho),
        "bulk_power": q,
    }


def _judged(problem: QuadraticCommittee, curves: dict, errors: dict, settled: Array) -> tuple[dict, dict, Array]:
    finite = jnp.stack([jnp.isfinite(curve).all() for curve in curves.values()]).all()
    good = settled & finite & problem.in_range()
    return {name: jnp.where(good, curve, jnp.nan) for name, curve in curves.items()}, errors, good


@jax.jit
def _flow(problem: QuadraticCommittee, times: Array) -> tuple[dict, dict, Array]:
    # One compiled solver, run at two tolerances.
    both, settled = jax.lax.map(lambda tolerance: _integrate(problem, times, tolerance), jnp.array([1e-8, 1e-10]))
    coarse, curves = ({name: pair[i] for name, pair in both.items()} for i in (0, 1))
    # An upper bound in practice: what two digits less of tolerance change.
    errors = {name: jnp.abs(curves[name] - coarse[name]) + 1e-14 for name in curves}
    return _judged(problem, curves, errors, settled.all())


def _integrate(problem: QuadraticCommittee, times: Array, tolerance: Any) -> tuple[dict, Array]:
    import diffrax

    # Growth factors in logs: rho may start at 1e-12 and must keep its digits over the whole plateau.
    rho0 = jnp.square(problem.teacher_overlap)

    def powers(logs):
        return rho0 * jnp.exp(logs[..., 0]), (1 - rho0) * jnp.exp(logs[..., 1])

    def rate(_, logs, problem):
        return 2 * jnp.stack(_slopes(problem, *powers(logs)))

    answer = diffrax.diffeqsolve(
        diffrax.ODETerm(rate),
        diffrax.Dopri8(),
        t0=0.0,
        t1=times[-1],
        dt0=None,
        y0=jnp.zeros(2),
        args=problem,
        saveat=diffrax.SaveAt(ts=times),
        stepsize_controller=diffrax.PIDController(rtol=tolerance, atol=tolerance),
        max_steps=1_000_000,
        throw=False,
    )
    return _curves(problem, *powers(answer.ys)), answer.result == diffrax.RESULTS.successful


def _descent_steps(problem: QuadraticCommittee, learning_rate: Any, most: int) -> tuple[Array, Array]:
    def step(carry, _):
        rho, q = carry
        by_rho, by_q = _slopes(problem, rho, q)
        new = rho * jnp.square(1 + learning_rate * by_rho), q * jnp.square(1 + learning_rate * by_q)
        return new, carry

    rho0 = jnp.square(problem.teacher_overlap)
    last, before = jax.lax.scan(step, (rho0, 1 - rho0), length=most)
    return tuple(jnp.append(b, end) for b, end in zip(before, last, strict=True))


def _descent(problem: QuadraticCommittee, steps: Array, learning_rate: Any, most: int) -> tuple[dict, dict, Array]:
    return _descent_compiled(problem, steps, jnp.float64(learning_rate), most)


def _descent_traced(problem, steps, learning_rate, most):
    rho, q = _descent_steps(problem, learning_rate, most)
    curves = _curves(problem, rho[steps], q[steps])
    # Only rounding: a few ulp a step, of quantities of order one.
    errors = {name: 4e-16 * (1 + steps.astype(float)) for name in curves}
    return _judged(problem, curves, errors, learning_rate < stable_below(problem))


_descent_compiled = jax.jit(_descent_traced, static_argnames=("most",))
