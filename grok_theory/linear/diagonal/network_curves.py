"""Curves of `DiagonalNetwork` from its weights, by either method, with their errors."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ...checks import require_float64
from ...fields import in_range
from ...named_axes import Field
from ...numerics.invariants import INACCURATE, NON_NEGATIVE, hold
from ...numerics.padding import any_traced, as_numbers, cut, lengthened, with_zeros
from ...numerics.programs import compiled_soonest
from ...results import Solution
from ...status import Status
from ..checked import check_single
from ..mode_relaxation import FLOW, ByModes, Times, check_flow
from .dual_flow import MOST_STEPS, flow_weights
from .interpolation import NO_INTERPOLATOR, interpolators
from .methods import DualFlow, Interpolator
from .problem import DiagonalNetwork

__all__ = ["curves_of_weights", "padded", "solve_diagonal_network"]

TOLERANCES = (1e-10, 1e-9)
# Of the difference of the two marches, whose tolerances are ten apart: where steps are long both err alike.
SAFETY = 12.0
SHARED = 0.02  # of the tolerance
ULPS = 64.0
EPS = float(np.finfo(float).eps)
FAINT = 1e-290


def curves_of_weights(
    weights: Float[Array, "times dim"], inputs: Array, targets: Array, teacher: Array | None, sizes: tuple
) -> dict[str, Array]:
    """`train_loss`, `l1_norm`, and with a teacher `weight_error` and `test_loss`; `sizes`: samples, dim."""
    samples, dim = sizes
    left = weights @ inputs.T - targets[None, :]
    curves = {"train_loss": jnp.sum(left**2, axis=1) / samples, "l1_norm": jnp.sum(jnp.abs(weights), axis=1) / dim}
    if teacher is not None:
        missed = jnp.sum((weights - teacher[None, :]) ** 2, axis=1)
        curves |= {"weight_error": missed / dim, "test_loss": missed / samples}
    return curves


def _log_scales(problem: DiagonalNetwork, times: Array) -> Array:
    return 2 * jnp.log(problem.start) - 2 * problem.weight_decay * times


def _finished(problem: DiagonalNetwork, times: Array, curves: dict, errors: dict, weights: Array, good: Array):
    """Curves with their scale, held to their ranges; nan where not good."""
    scale = jnp.exp(_log_scales(problem, times))
    curves = {"scale": scale, **curves}
    errors = {"scale": 4 * EPS * (1 + problem.weight_decay * times) * scale + FAINT, **errors}
    good = good & in_range(problem) & (times >= 0) & (times < jnp.inf)
    curves = {name: jnp.where(good, values, jnp.nan) for name, values in curves.items()}
    finite = jnp.all(jnp.stack([jnp.all(jnp.isfinite(values)) for values in curves.values()]))
    level = jnp.where(finite, 0, 2).astype(jnp.int8)
    held = hold(curves, errors, level, dict.fromkeys(curves, NON_NEGATIVE))
    return held.curves, errors, jnp.where(good[:, None], weights, jnp.nan), held.level


@compiled_soonest
def _by_flow(problem: DiagonalNetwork, times: Float[Array, " times"], sizes: tuple[Array, Array]):
    x, y = problem.inputs, problem.targets
    # One after the other through one compiled march. The second stops half-way between times too: where a step is as
    # long as the time between two times at either tolerance, both would take the same steps and differ by nothing.
    before = jnp.concatenate([jnp.zeros(1), times[:-1]])
    stops = jnp.stack([jnp.repeat(times, 2), jnp.stack([(before + times) / 2, times], axis=1).ravel()])
    both, steps, done = jax.lax.map(
        lambda how: flow_weights(x, y, problem.start, problem.weight_decay, times, *how),
        (jnp.asarray(TOLERANCES), stops),
    )
    curves = curves_of_weights(both[0], x, y, problem.teacher, sizes)
    floor = _rounding(both[0], x, y, problem.teacher, sizes)
    marched = _apart(*both, times, x, y, problem.teacher, sizes)
    errors = {name: marched[name] + floor[name] for name in curves}
    return *_finished(problem, times, curves, errors, both[0], jnp.all(done)), steps


@compiled_soonest
def _by_interpolator(problem: DiagonalNetwork, times: Float[Array, " times"], sizes: tuple[Array, Array]):
    x, y = problem.inputs, problem.targets
    weights, moved, found = interpolators(x, y, _log_scales(problem, times))
    curves = curves_of_weights(weights, x, y, problem.teacher, sizes)
    floor = _rounding(weights, x, y, problem.teacher, sizes, moved)
    # The train loss of an interpolator is zero; what rounding leaves of it is in the errors of the others.
    none = {"train_loss": jnp.zeros_like(times)}
    return *_finished(problem, times, curves | none, floor | none, weights, found), jnp.zeros((2,), int)


def _apart(weights, others, times, x, y, teacher, sizes) -> dict[str, Array]:
    """By how much curves may be off where two marches differ by so much: differences do not cancel in the sums."""
    samples, dim = sizes
    # What no difference shows, where the second march happened to take steps as good.
    unseen = jnp.where(times > 0, SHARED * TOLERANCES[0], 0.0)[:, None]
    by = SAFETY * jnp.abs(weights - others) + unseen * jnp.max(jnp.abs(weights))
    left = jnp.abs(weights @ x.T - y[None, :])
    off = SAFETY * jnp.abs((weights - others) @ x.T) + unseen * jnp.max(jnp.abs(y))
    errors = {"train_loss": jnp.sum((2 * left + off) * off, axis=1) / samples, "l1_norm": jnp.sum(by, axis=1) / dim}
    if teacher is not None:
        missed = jnp.sum((2 * jnp.abs(weights - teacher[None, :]) + by) * by, axis=1)
        errors |= {"weight_error": missed / dim, "test_loss": missed / samples}
    return errors


def _rounding(weights, x, y, teacher, sizes, moved=0.0) -> dict[str, Array]:
    """What errors of the weights (`moved`, and rounding) do to the curves."""
    samples, dim = sizes
    moved = moved + ULPS * EPS * jnp.abs(weights)
    off = moved @ jnp.abs(x).T + ULPS * EPS * jnp.abs(y)[None, :]
    left = jnp.abs(weights @ x.T - y[None, :])
    errors = {
        "train_loss": jnp.sum((2 * left + off) * off, axis=1) / samples + FAINT,
        "l1_norm": jnp.sum(moved, axis=1) / dim + FAINT,
    }
    if teacher is not None:
        away = jnp.abs(weights - teacher[None, :])
        missed = jnp.sum((2 * away + moved) * moved + ULPS * EPS * away**2, axis=1)
        errors |= {"weight_error": missed / dim + FAINT, "test_loss": missed / samples + FAINT}
    return errors


def padded(problem: DiagonalNetwork) -> DiagonalNetwork:
    """The same numbers, with samples and weights of zeros up to lengths that are compiled once."""
    numbers = as_numbers(problem)
    if any_traced(problem):
        return numbers
    teacher = None if problem.teacher is None else with_zeros(numbers.teacher)
    longer = dict(inputs=with_zeros(numbers.inputs, axes=2), targets=with_zeros(numbers.targets), teacher=teacher)
    for name, value in longer.items():
        object.__setattr__(numbers, name, value)
    return numbers


def solve_diagonal_network(
    problem: DiagonalNetwork,
    times: Times,
    dynamics: ByModes = FLOW,
    *,
    method: DualFlow | Interpolator,
    throw: bool = True,
) -> Solution:
    """See `grok_theory.linear.solve`."""
    require_float64("grok_theory.linear.solve")
    check_single(problem, "solve")
    check_flow(problem, dynamics, times)
    sizes = np.shape(problem.inputs)
    counts = tuple(np.asarray(float(size)) for size in sizes)
    traced = any_traced(problem, times)
    x = lengthened(times, problem)
    solver = _by_flow if isinstance(method, DualFlow) else _by_interpolator
    curves, errors, weights, level, steps = solver(padded(problem), x, counts)
    if not traced:
        x, curves, errors, weights = cut((x, curves, errors, weights), np.size(times))
        weights = weights[:, : sizes[1]]
    ended = (
        f"The flow did not end within {MOST_STEPS} steps, or numbers overflow. Pass earlier times, or bring start, "
        "inputs and targets nearer to 1."
    )
    failed = ended if isinstance(method, DualFlow) else NO_INTERPOLATOR
    if traced:
        failed = f"A traced number is out of range, or: {failed}"
    return Solution(
        problem,
        x,
        curves,
        dynamics.x_name,
        dynamics,
        method,
        x_unit=dynamics.x_unit,
        fields={"weights": Field(weights, ("time", "dim"))},
        numerical_error=errors,
        status=Status(level, noted=INACCURATE, failed=failed),
        stats={"steps": steps} if isinstance(method, DualFlow) else {},
    ).checked(throw)
