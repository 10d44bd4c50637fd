"""Deep linear networks: the closed dynamics of one norm and two functions of the eigenvalue, and its end.

With v = u^(D-1), q(l) = se^2 (l^2 SNR + l) and a = A s + B a(0) mode by mode,

    dA/dt = v (1 - v l A),   dB/dt = -v^2 l B,   du/dt = u^(D-2) int rho [A q - v l (A^2 q + B^2 f^2)],

A = 0, B = 1 at the start. B = exp(-l c) with the clock c = int v^2 dt, so A on the nodes, c and u are the state.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ..checks import require_float64
from ..fields import all_in_range
from ..numerics.invariants import INACCURATE, NON_NEGATIVE, hold
from ..numerics.padding import any_traced, cut, lengthened
from ..numerics.programs import compiled_soonest
from ..numerics.roots import rising_root
from ..numerics.spectra import SpectralRule, marchenko_pastur_rule
from ..pytrees import record
from ..results import Solution
from ..status import Status
from .checked import FAINT, check_single
from .curve_names import DEEP_CURVES
from .layer_march import LARGEST_STEP, MOST_STEPS, DeepNumbers, deep_numbers, march, upper_power
from .lost import refuse_lost
from .methods import Trajectory
from .mode_relaxation import FLOW, ByModes, Times, check_flow
from .problem import DeepLinear
from .ridge_regression import LOST

__all__ = ["DeepLosses", "deep_limits", "solve_deep_linear"]

# The second rule is coarser and shorter: what lies beyond the left end of one must not be invisible to both.
RULES = (dict(step=0.3, left=-80.0, right=30.0), dict(step=0.375, left=-70.0, right=28.0))
TOLERANCES = (1e-11, 1e-9)
# The march with the looser tolerance is often bounded by stability, and then hardly worse: in one of eight random
# problems the true error was as large as the difference (benchmarks/numerical_error.py).
SAFETY = 4.0
SUM_ULPS = 64.0  # rounding of the sums over nodes and over steps
EPS = float(np.finfo(float).eps)


@record()
class DeepLosses:
    """Where a deep linear network ends.

    Parameters
    ----------
    train_loss : Array
        () mean square error on the training set, in label units squared.
    test_loss : Array
        () expected square error on a fresh noisy label; inf at samples_per_dim = 1.
    weight_norm : Array
        () w.w of the product w of all layers; inf at samples_per_dim = 1.
    upper_norm : Array
        () norm of every layer above the first; inf at samples_per_dim = 1, but for depth 1.
    """

    train_loss: Array
    test_loss: Array
    weight_norm: Array
    upper_norm: Array


def _is_legal(problem: DeepNumbers) -> Array:
    """False where a traced number is out of range, or its powers are no numbers of float64."""
    power = problem.noise**2
    started = (problem.upper_norm > 0) | ((problem.upper_norm >= 0) & (problem.depth < 2))
    numbers = jnp.isfinite(power * (1 + problem.snr)) & (power > FAINT)
    return all_in_range(DeepLinear, problem._asdict()) & numbers & started


def _curves(problem: DeepNumbers, rule: SpectralRule, state: tuple[Array, Array, Array]) -> dict[str, Array]:
    """Curves from the state at one time: (A on the nodes, clock, u)."""
    gain, clock, upper = state
    l, w, alpha, unit = rule.eigenvalues, rule.weights, problem.samples_per_dim, problem.noise**2
    v = upper_power(upper, problem.depth - 1)
    start = problem.first_norm**2
    kept = v**2 * start * jnp.exp(-2 * l * clock)
    error = (1 - v * l * gain) ** 2
    test = unit + jnp.sum(w * (unit * (problem.snr * error + l * (v * gain) ** 2) + kept))
    frozen = rule.atom * v**2 * start
    train = jnp.sum(w * (unit * (l * problem.snr + 1) * error + l * kept)) / alpha
    norm = jnp.sum(w * (unit * (l**2 * problem.snr + l) * (v * gain) ** 2 + kept)) + frozen
    return {
        "train_loss": train + unit * jnp.maximum(alpha - 1, 0.0) / alpha,
        "test_loss": test + rule.atom * unit * problem.snr + frozen,
        "weight_norm": norm,
        "upper_norm": upper,
    }


def _marched(problem: DeepNumbers, times: Float[Array, " times"], rule: SpectralRule, tolerance: Array):
    l, w, depth = rule.eigenvalues, rule.weights, problem.depth
    q = problem.noise**2 * (l**2 * problem.snr + l)
    first = problem.first_norm**2

    # In units of their starts: an absolute tolerance must not swallow a small one, which the plateau is about.
    small = jnp.where(problem.upper_norm > 0, problem.upper_norm, 1.0)
    slow = jnp.where(depth >= 2, upper_power(small, depth - 1), 1.0)

    def slope(_, state, __):
        gain, clock, upper = slow * state[0], state[1], small * state[2]
        v = upper_power(upper, depth - 1)
        drive = gain * q - v * l * (gain**2 * q + first * jnp.exp(-2 * l * clock))
        # At depth 1 there are no upper layers, and u is a constant.
        grown = jnp.where(depth >= 2, upper_power(upper, jnp.maximum(depth - 2, 0.0)) * jnp.sum(w * drive), 0.0)
        return v * (1 - v * l * gain) / slow, v**2, grown / small

    end = _limits(problem).upper_norm
    fastest = jnp.max(l)

    def hopeless(left, state):
        """At the end of the upper layers, or on their way to infinity, every step is bounded by stability."""
        upper = small * state[2]
        settled = jnp.where(end < jnp.inf, jnp.abs(upper - end) < 0.01 * end, upper > problem.upper_norm)
        return settled & (left * upper_power(upper, depth - 1) ** 2 * fastest > LARGEST_STEP * MOST_STEPS)

    start = jnp.zeros_like(l), jnp.zeros(()), problem.upper_norm / small
    (gain, clock, upper), steps, done = march(slope, start, times, tolerance, hopeless)
    states = slow * gain, clock, small * upper
    return jax.vmap(lambda *state: _curves(problem, rule, state))(*states), clock, steps, done


@compiled_soonest
def _solve(problem: DeepNumbers, times: Float[Array, " times"]):
    rules = [marchenko_pastur_rule(problem.samples_per_dim, **rule) for rule in RULES]
    # One after the other through one compiled march; nodes of no weight make the rules equally long.
    longest = max(rule.weights.size for rule in rules)
    pad = lambda values, mode: jnp.pad(values, (0, longest - values.size), mode=mode)  # noqa: E731
    nodes = jnp.stack([pad(rule.eigenvalues, "edge") for rule in rules])
    weights = jnp.stack([pad(rule.weights, "constant") for rule in rules])
    answers = jax.lax.map(
        lambda rule: _marched(problem, times, rules[0]._replace(eigenvalues=rule[0], weights=rule[1]), rule[2]),
        (nodes, weights, jnp.asarray(TOLERANCES)),
    )
    (curves, clock, steps, done), (others, *_) = (
        jax.tree_util.tree_map(lambda leaf, i=i: leaf[i], answers) for i in (0, 1)
    )
    good = _is_legal(problem) & (times >= 0) & (times < jnp.inf) & done
    curves = {name: jnp.where(good, curves[name], jnp.nan) for name in DEEP_CURVES}
    start = problem.noise**2 * (1 + problem.snr) + problem.first_norm**2
    errors = {
        name: SAFETY * jnp.abs(curves[name] - others[name]) + EPS * SUM_ULPS * jnp.abs(curves[name])
        for name in DEEP_CURVES
    }
    finite = jnp.all(jnp.stack([jnp.all(jnp.isfinite(values)) for values in curves.values()]))
    level = jnp.where(finite, 0, 2).astype(jnp.int8)
    held = hold(curves, errors, level, dict.fromkeys(DEEP_CURVES, NON_NEGATIVE))
    return held.curves, {name: e + FAINT * start for name, e in errors.items()}, clock, steps, held.level


def solve_deep_linear(problem: DeepLinear, times: Times, dynamics: ByModes = FLOW, *, throw: bool = True) -> Solution:
    """See `grok_theory.linear.solve`."""
    require_float64("grok_theory.linear.solve")
    check_single(problem, "solve")
    check_flow(problem, dynamics, times)
    traced = any_traced(problem, times)
    x = lengthened(times, problem)
    curves, errors, clock, steps, level = _solve(deep_numbers(problem), x)
    x, curves, errors, clock = cut((x, curves, errors, clock), np.size(times))
    failed = (
        f"The march to the times does not end within {MOST_STEPS} steps, or numbers overflow"
        f"{' or, traced, are out of range' if traced else ''}. Steps are bounded by stability, about 3/(v^2 l+) each: "
        "pass earlier times, or read the end from limits(problem)."
    )
    return Solution(
        problem,
        x,
        {name: curves[name] for name in DEEP_CURVES},
        dynamics.x_name,
        dynamics,
        Trajectory(),
        x_unit=dynamics.x_unit,
        numerical_error=errors,
        status=Status(level, noted=INACCURATE, failed=failed),
        stats={"clock": clock, "steps": steps},
    ).checked(throw)


@compiled_soonest
def _limits(problem: DeepNumbers) -> DeepLosses:
    alpha, unit, depth = problem.samples_per_dim, problem.noise**2, problem.depth
    atom, seen, at = jnp.maximum(1 - alpha, 0.0), jnp.minimum(alpha, 1.0), alpha == 1
    fitted_noise = seen / jnp.where(at, 1.0, jnp.abs(alpha - 1))
    start = problem.first_norm**2
    # x - R x^-(D-1) = u(0)^2 - min(1, alpha) f^2; the left side increases in log x.
    reached = unit * (seen * problem.snr + fitted_noise)
    conserved = problem.upper_norm**2 - seen * start

    def gap(log_x, args):
        reached, conserved, exponent = args
        # Both sides over x or over x^(1-D), whichever is larger, so that neither overflows.
        taken = jnp.maximum(log_x, -exponent * log_x)
        return jnp.exp(log_x - taken) - reached * jnp.exp(-exponent * log_x - taken) - conserved * jnp.exp(-taken)

    exponent = jnp.maximum(depth - 1, 1.0)
    # At depth 1 nothing moves and nothing is solved: any equation with a root will do.
    log_x, found = rising_root(gap, jnp.asarray(-700.0), jnp.asarray(700.0), (reached, conserved, exponent))
    x = jnp.where(depth < 2, problem.upper_norm**2, jnp.where(found, jnp.exp(log_x), jnp.nan))
    frozen = atom * upper_power(x, depth - 1) * start
    test = unit * (1 + fitted_noise + atom * problem.snr) + frozen
    norm = unit * (seen * problem.snr + fitted_noise) + frozen
    infinity = jnp.asarray(jnp.inf)
    infinite = DeepLosses(jnp.zeros(()), infinity, infinity, jnp.where(depth < 2, problem.upper_norm, infinity))
    ends = DeepLosses(unit * jnp.maximum(alpha - 1, 0.0) / alpha, test, norm, jnp.sqrt(x))
    legal = _is_legal(problem)
    # Infinite is the peak, and overflow anywhere else.
    told = lambda end: jnp.where(end < jnp.inf, end, jnp.nan)  # noqa: E731
    return jax.tree_util.tree_map(lambda a, b: jnp.where(legal, jnp.where(at, a, told(b)), jnp.nan), infinite, ends)


def deep_limits(problem: DeepLinear) -> DeepLosses:
    """See `grok_theory.linear.limits`."""
    require_float64("grok_theory.linear.limits")
    check_single(problem, "limits")
    return refuse_lost(_limits(deep_numbers(problem)), "limits", LOST)
