"""Deep linear networks: the closed dynamics of one norm and two functions of the eigenvalue, and its end.

With v = u^(D-1), q(l) = se^2 (l^2 SNR + l) and a = A s + B a(0) mode by mode,

    dA/dt = v (1 - v l A),   dB/dt = -v^2 l B,   du/dt = u^(D-2) int rho [A q - v l (A^2 q + B^2 f^2)],

A = 0, B = 1 at the start. B = exp(-l c) with the clock c = int v^2 dt, so A on the nodes, c and u are the state.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ..checks import require_float64
from ..fields import all_in_range
from ..numerics.flow_derivatives import differentiable
from ..numerics.invariants import INACCURATE, NON_NEGATIVE, hold
from ..numerics.padding import any_traced, cut, lengthened
from ..numerics.programs import compiled, compiled_soonest
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
TOLERANCES = (1e-12, 1e-10)
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


class _March(NamedTuple):
    """One march of a problem by one rule: what moves, packed as (A on the nodes, clock, u) in units of their starts.

    An absolute tolerance must not swallow a small start, which the plateau is about.
    """

    problem: DeepNumbers
    nodes: Array
    weights: Array

    def units(self) -> Array:
        problem = self.problem
        small = jnp.where(problem.upper_norm > 0, problem.upper_norm, 1.0)
        slow = jnp.where(problem.depth >= 2, upper_power(small, problem.depth - 1), 1.0)
        return jnp.concatenate([jnp.broadcast_to(slow, self.nodes.shape), jnp.ones(1), small[None]])

    def slope(self, state: Array) -> Array:
        problem, l, depth = self.problem, self.nodes, self.problem.depth
        units = self.units()
        gain, clock, upper = _unpacked(units * state)
        q = problem.noise**2 * (l**2 * problem.snr + l)
        v = upper_power(upper, depth - 1)
        drive = gain * q - v * l * (gain**2 * q + problem.first_norm**2 * jnp.exp(-2 * l * clock))
        # At depth 1 there are no upper layers, and u is a constant.
        pull = upper_power(upper, jnp.maximum(depth - 2, 0.0)) * jnp.sum(self.weights * drive)
        grown = jnp.where(depth >= 2, pull, 0.0)
        return jnp.concatenate([v * (1 - v * l * gain), (v**2)[None], grown[None]]) / units

    def start(self) -> Array:
        return jnp.zeros(self.nodes.size + 2).at[-1].set(self.problem.upper_norm / self.units()[-1])

    def states(self, times: Array, tolerance: Array) -> tuple[Array, Array]:
        """(times, nodes + 2), and (steps, whether it ended)."""
        units, problem = self.units(), self.problem
        end = _limits(problem).upper_norm
        fastest = jnp.max(self.nodes)

        def hopeless(left, state):
            """At the end of the upper layers, or on their way to infinity, every step is bounded by stability."""
            upper = units[-1] * state[-1]
            settled = jnp.where(end < jnp.inf, jnp.abs(upper - end) < 0.01 * end, upper > problem.upper_norm)
            rate = upper_power(upper, problem.depth - 1) ** 2 * fastest
            return settled & (left * rate > LARGEST_STEP * MOST_STEPS)

        flow = march(self.slope, self.start(), times, tolerance, hopeless)
        work = jnp.stack([jnp.asarray(part).astype(float) for part in (flow.steps, flow.finished)])
        return flow.states, jax.lax.stop_gradient(work)


def _unpacked(state: Array) -> tuple[Array, Array, Array]:
    return state[..., :-2], state[..., -2], state[..., -1]


def _rules(problem: DeepNumbers) -> tuple[SpectralRule, Array, Array]:
    """The first rule, and nodes and weights of both (rules, nodes): nodes of no weight make them equally long."""
    rules = [marchenko_pastur_rule(problem.samples_per_dim, **rule) for rule in RULES]
    longest = max(rule.weights.size for rule in rules)
    pad = lambda values, mode: jnp.pad(values, (0, longest - values.size), mode=mode)  # noqa: E731
    nodes = jnp.stack([pad(rule.eigenvalues, "edge") for rule in rules])
    return rules[0], nodes, jnp.stack([pad(rule.weights, "constant") for rule in rules])


def _both(problem: DeepNumbers, tolerances: Array, times: Array) -> tuple[Array, Array]:
    """States (rules, times, nodes + 2) one after the other through one compiled march; (rules, 2) of work."""
    _, nodes, weights = _rules(problem)
    return jax.lax.map(lambda each: _March(problem, *each[:2]).states(times, each[2]), (nodes, weights, tolerances))


def _along_times(problem: DeepNumbers, tolerances: Array, value, times: Array, tangent: Array):
    states, work = value
    _, nodes, weights = _rules(problem)
    slopes = jax.vmap(lambda n, w, rows: jax.vmap(_March(problem, n, w).slope)(rows))(nodes, weights, states)
    return slopes * tangent[None, :, None], jnp.zeros_like(work)


_flows = differentiable(_both, _along_times)


@compiled_soonest
def _solve(problem: DeepNumbers, times: Float[Array, " times"]):
    rule, nodes, weights = _rules(problem)
    states, work = _flows(problem, jnp.asarray(TOLERANCES), times)

    def read(nodes, weights, states):
        march = _March(problem, nodes, weights)
        mine = rule._replace(eigenvalues=nodes, weights=weights)
        return jax.vmap(lambda row: _curves(problem, mine, _unpacked(march.units() * row)))(states)

    both = jax.vmap(read)(nodes, weights, states)
    curves, others = ({name: values[i] for name, values in both.items()} for i in (0, 1))
    clock, (steps, done) = states[0, :, -2], work[0]
    done = done > 0
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
    return held.curves, {name: e + FAINT * start for name, e in errors.items()}, clock, steps.astype(int), held.level


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


@compiled
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
