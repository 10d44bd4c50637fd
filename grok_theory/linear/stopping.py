"""Early stopping: the time at which the test error is least.

Without weight decay the best time t solves

    S = S*(t),   S*(t) = int rho e^{-lt} (1 - e^{-lt}) / int rho l e^{-2lt},   S = SNR + INR,

and S* increases (checked for 47 aspect ratios in [.01, 100] and t in [1e-4, 1e7]; not proved), so the minimum is one.
With weight decay there may be several minima, or none: all are found and compared with training for ever.
"""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from ..checks import is_traced, require_float64
from ..dynamics import GradientDescent
from ..numerics.edges import kinked
from ..numerics.programs import compiled
from ..numerics.remainder import left_of_one
from ..numerics.roots import as_root, halve, rising_root
from ..numerics.spectra import FAR, SpectralRule, marchenko_pastur_rule
from ..pytrees import as_arrays, record
from .checked import check_single, is_legal
from .closed_forms import late_test_loss
from .curves import STEP, curve_values
from .descent_clocks import LAST_STEP, best_step, read_steps, refuse_traced
from .lost import refuse_lost
from .mode_relaxation import FLOW, ByModes, check, relaxation
from .problem import TeacherStudent
from .ridge_regression import teacher_student_limits

__all__ = ["OptimalStopping", "optimal_stopping", "signal_stopped_at"]

EPS = float(np.finfo(float).eps)
ENDED = 1e-13  # relative: nearer than this, a minimum and the end are one to rounding
LATEST = 1e270  # where the rule ends close to alpha = 1
LOST = (
    "The best time is beyond 1e270 tau, or fields and noise^2 are too large or too small for it: bring them nearer to "
    "1. Where training ends stands in limits(problem)."
)


@record()
class OptimalStopping:
    """The time of least test error, and that error.

    Parameters
    ----------
    time : Array
        () in units of tau, or steps of descent; 0: never start, inf: train for ever.
    test_loss : Array
        () the test error then, in label units squared.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> from grok_theory import linear
    >>> best = linear.optimal_stopping(linear.TeacherStudent(0.5, 5.0))
    >>> print(f"{best.time:.3f} {best.test_loss:.3f}")
    2.707 4.130
    """

    time: Array
    test_loss: Array


def _log_signal(log_time: Array, alpha: Array) -> Array:
    rule = marchenko_pastur_rule(alpha, step=STEP, left=FAR)
    time = jnp.exp(log_time)
    # exp(-l- t) is taken out of numerator and denominator: at S = 1e16 both underflow otherwise.
    left = jnp.exp(-rule.above_edge * time)
    numerator = jnp.sum(rule.weights * left * -jnp.expm1(-rule.eigenvalues * time))
    denominator = jnp.sum(rule.weights * (rule.eigenvalues * time) * left**2)
    return log_time + jnp.log(numerator) - jnp.log(denominator) + rule.lower * time


def signal_stopped_at(time: ArrayLike, samples_per_dim: ArrayLike) -> Array:
    """S*(t): the signal S = SNR + INR for which `time` > 0 is the best stopping time (no weight decay)."""
    return jnp.exp(_log_signal(jnp.log(jnp.asarray(time, float)), jnp.asarray(samples_per_dim, float)))


@compiled
def _without_decay(problem: TeacherStudent) -> OptimalStopping:
    signal, rule = problem.snr + problem.inr, marchenko_pastur_rule(problem.samples_per_dim, step=STEP, left=FAR)
    none = signal < 1e-290
    safe = jnp.where(none, 1.0, signal)
    # S* is a mean of exp(l t) - 1 over a mean of l: t <= S, and log(1 + l+ S) lies between l- t and l+ t or so.
    longest = jnp.log1p(jnp.minimum(rule.upper * safe, 1e300))
    low = jnp.log(longest) - jnp.log(rule.upper) - 1
    slowest = jnp.where(rule.lower > 0, rule.lower, 1.0)
    high = jnp.where(rule.lower > 0, jnp.minimum(safe, longest / slowest), safe)
    log_time, found = rising_root(
        lambda log_time, args: _log_signal(log_time, args[0]) - args[1],
        low,
        jnp.log(high) + 1,
        (problem.samples_per_dim, jnp.log(safe)),
    )
    time = jax.lax.stop_gradient(jnp.exp(log_time))
    found &= (time < LATEST) | (rule.lower * time > 800)
    # S* knows no decay, whose derivatives at zero are those of the whole slope.
    time = as_root(lambda t: jnp.where(none | ~found, t, _slope_over_edge(problem, rule, t)), time)
    time = jnp.where(none, signal, jnp.where(found, time, jnp.nan))
    time = jnp.where(is_legal(problem), time, jnp.nan)
    loss = curve_values(problem, FLOW, time[None], rule)["test_loss"][0]
    # With any decay at all the frozen weights end at zero: where that end is better there is no derivative.
    decayed = late_test_loss(problem.samples_per_dim, problem.snr) * problem.noise**2
    jumps = (problem.samples_per_dim < 1) & (problem.inr > 0) & (decayed < loss)
    broken = kinked(problem.weight_decay, jumps)
    return OptimalStopping(time + broken, jnp.where(loss < jnp.inf, loss, jnp.nan) + broken)


def _slope_over_edge(problem: TeacherStudent, rule: SpectralRule, time: Float[Array, ""]) -> Float[Array, ""]:
    """`_slope` over 2 exp(-(l- + g) t): late, what is left of the slowest mode is no number of float64."""
    g, l, snr, inr = problem.weight_decay, rule.eigenvalues, problem.snr, problem.inr
    e, psi = (part[0] for part in relaxation(FLOW, l + g, time[None]))
    left = jnp.exp(-rule.above_edge * time)
    bulk = jnp.sum(rule.weights * left * (l * (1 - snr * g) * psi - (snr * l + inr * (l + g)) * e))
    return bulk - g * rule.atom * inr * jnp.exp((rule.lower - g) * time)


def _slope(problem: TeacherStudent, rule, times: Float[Array, " times"]) -> Float[Array, " times"]:
    """dE_g/dt per noise^2.

    int rho {2 l e [(1 - g SNR) psi - SNR e] - 2 r INR e^2} - 2 g (1-alpha)_+ INR e^{-2gt}, psi = (1 - e)/r.
    """
    g, l = problem.weight_decay, rule.eigenvalues
    rate = l + g
    e, psi = relaxation(FLOW, rate, times)
    # Not psi - SNR (e + g psi): late, where e is nothing beside psi, its sign would be rounding.
    left = left_of_one(problem.snr, g)
    left = jnp.where(jnp.abs(left) <= EPS / 2, 0.0, left)
    gained = (2 * rule.weights * l)[None, :] * e * (left * psi - problem.snr * e)
    bulk = jnp.sum(gained - (2 * problem.inr * rule.weights * rate)[None, :] * e**2, axis=1)
    return bulk - 2 * g * rule.atom * problem.inr * jnp.exp(-2 * g * times)


SCAN, MINIMA = 1200, 4  # log-spaced times scanned for a change of sign, and how many minima are kept
CHUNK = 50  # of them at once


@compiled
def _with_decay(problem: TeacherStudent) -> OptimalStopping:
    rule, decay = marchenko_pastur_rule(problem.samples_per_dim, step=STEP, left=FAR), problem.weight_decay
    # From before the fastest mode has moved until all have ended.
    first, last = jnp.log(1e-17) - jnp.log(rule.upper + decay), jnp.minimum(jnp.log(800.0) - jnp.log(decay), 690.0)
    grid = jnp.linspace(jax.lax.stop_gradient(first), jax.lax.stop_gradient(last), SCAN)
    slopes = jax.lax.map(lambda part: _slope(problem, rule, jnp.exp(part)), grid.reshape(-1, CHUNK)).ravel()
    turns = (slopes[:-1] < 0) & (slopes[1:] > 0)
    (at,) = jnp.nonzero(turns, size=MINIMA, fill_value=-1)
    low, high = halve(lambda logs: _slope(problem, rule, jnp.exp(logs)) < 0, grid[at], grid[at + 1], 55)
    found = at >= 0
    times = as_root(lambda t: jnp.where(found, _slope(problem, rule, t), t), jnp.exp((low + high) / 2))
    # Minimum and end may be one to rounding: what rises to its end has its minimum before, what falls from the start
    # has it after, whatever the values say.
    moving = jnp.max(jnp.where(slopes != 0, jnp.arange(SCAN), 0))
    rises, falls = slopes[moving] > 0, slopes[0] < 0

    # The frozen teacher costs the same at every time: left out, or it hides which minimum is lower.
    def without_frozen(times):
        e, psi = relaxation(FLOW, rule.eigenvalues + problem.weight_decay, times)
        error = e + problem.weight_decay * psi
        heard = jnp.sqrt(rule.eigenvalues)[None, :] * psi
        density = problem.snr * error**2 + problem.inr * e**2 + heard**2
        decayed = rule.atom * problem.inr * jnp.exp(-2 * problem.weight_decay * times)
        return jnp.sum(rule.weights[None, :] * density, axis=1) + decayed

    at_end = jnp.minimum(1e4 / decay, 1e305)[None]  # all modes have ended
    candidates = jnp.concatenate([jnp.where(found, times, jnp.inf), jnp.asarray([jnp.inf]), jnp.zeros(1)])
    at_ends = without_frozen(jnp.concatenate([at_end, jnp.zeros(1)]))
    at_ends = jnp.where(jnp.stack([rises, falls]), jnp.inf, at_ends)
    values = jnp.concatenate([jnp.where(found, without_frozen(times), jnp.inf), at_ends])
    best = jnp.argmin(values)
    loss = problem.noise**2 * (1 + rule.atom * problem.snr + values[best])
    legal = is_legal(problem) & (decay > 1 / LATEST) & (loss < jnp.inf)
    return OptimalStopping(jnp.where(legal, candidates[best], jnp.nan), jnp.where(legal, loss, jnp.nan))


def optimal_stopping(problem: TeacherStudent, *, dynamics: ByModes = FLOW) -> OptimalStopping:
    """Find the time at which training has the least test error, and that error.

    Parameters
    ----------
    problem : TeacherStudent
        With weight decay there may be several minima: the least is told.
    dynamics : GradientFlow or GradientDescent, default GradientFlow()
        As in `solve`; under descent nothing may be traced.

    Returns
    -------
    OptimalStopping
        `.time` in units of tau, relative error below 1e-12, or under `GradientDescent` the whole step (inf: weight
        decay keeps the test error falling, as one of 1/snr to the last digit or more does without initial weights, or
        training for ever beats every minimum; 0: there is nothing to learn), `.test_loss` in label units squared. Under
        flow differentiable in every field and mappable by `jax.vmap`; out-of-range traced values give nan, as does the
        derivative in a decay of zero where any decay ends below the best time (samples_per_dim < 1, inr > 0).

    Raises
    ------
    BadValue
        For values out of range.
    SolveFailed
        Where the time is beyond 1e270 tau (2^52 steps) or float64 ends.
    Float64Required
        Where JAX computes in float32.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> best = optimal_stopping(TeacherStudent(samples_per_dim=0.5, snr=5.0))
    >>> print(f"{best.time:.8f} {best.test_loss:.8f}")
    2.70715492 4.13032908
    """
    require_float64("grok_theory.linear.optimal_stopping")
    check_single(problem, "optimal_stopping", TeacherStudent)
    check(problem, dynamics, [0.0], "optimal_stopping")
    if isinstance(dynamics, GradientDescent):
        return _under_descent(problem, dynamics)
    if is_traced(problem.weight_decay):
        return _either(as_arrays(problem))
    find = _with_decay if float(np.asarray(problem.weight_decay)) > 0 else _without_decay
    return refuse_lost(find(as_arrays(problem)), "optimal_stopping", LOST)


def _under_descent(problem: TeacherStudent, dynamics: GradientDescent) -> OptimalStopping:
    refuse_traced(problem, dynamics, "optimal_stopping")
    step, loss = best_step(read_steps(problem, dynamics, "test_loss"), LAST_STEP)
    end = float(teacher_student_limits(problem).test_loss)
    found = OptimalStopping(jnp.asarray(step), jnp.asarray(loss))
    if end <= loss * (1 + ENDED):
        found = OptimalStopping(jnp.asarray(jnp.inf), jnp.asarray(end))
    elif step >= LAST_STEP / 2:
        found = OptimalStopping(jnp.asarray(jnp.nan), jnp.asarray(jnp.nan))
    return refuse_lost(found, "optimal_stopping", LOST)


@compiled
def _either(problem: TeacherStudent) -> OptimalStopping:
    none = problem.weight_decay == 0
    without = _without_decay(problem)
    decayed = _with_decay(dataclasses.replace(problem, weight_decay=jnp.where(none, 1.0, problem.weight_decay)))
    return jax.tree_util.tree_map(lambda a, b: jnp.where(none, a, b), without, decayed)
