"""Learning curves of `TeacherStudent`: train and test error, their parts, and the weight norm, at any time.

Every curve is the sum over eigenmodes l of X X^T of one quadratic form

    f(l) = sum_j c_j(l) a_j(l, t)^2,

with a_j one of the mode errors  A = e + g psi  on the teacher,  e  on the initial weight,  psi  on the noise
(psi = (1 - e)/r, r = l + g). The same forms give the curves here and their finite-size spread in `finite_size`.
"""

from functools import cache, partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ..checks import is_traced, require_float64
from ..numerics.invariants import INACCURATE, NON_NEGATIVE, hold
from ..numerics.spectra import FAR, FARTHER, SpectralRule, marchenko_pastur_rule
from ..pytrees import as_arrays
from ..results import Solution
from ..status import Status
from .checked import FAINT, check_single, is_legal
from .curve_names import CURVES
from .methods import SpectralQuadrature
from .mode_relaxation import FLOW, ByModes, Times, check, elapsed, is_stable, relaxation, sensitivity
from .problem import TeacherStudent

__all__ = ["STEP", "QuadraticForm", "curve_values", "mode_forms", "solve_teacher_student"]

STEP, CHECK_STEP = 0.25, 0.2  # the rule that answers, and the finer one it is held against
NEAR, NEARER = -110.0, -140.0  # their left ends while no time is late
LATE = 1e15  # in tau: from here the left end is at the end of float64

EPS = float(np.finfo(float).eps)
# Rounding of a sum over modes, in ulps of the sum and of its exponents; measured by benchmarks/numerical_error.py.
SUM_ULPS, EXPONENT_ULPS = 16.0, 6.0


class QuadraticForm(NamedTuple):
    """One curve as a sum over modes, per noise^2: f(l) = sum_j coefficients[j](l) factors[j](t, l)^2.

    `atom` holds the same sum at l = 0, as pairs (coefficient, factor (times,)); `null` is what each of the P - N
    directions of label space beyond the modes adds; `per_sample`: the sum over modes is divided by P instead of N.
    """

    coefficients: tuple[Array, ...]
    factors: tuple[Array, ...]
    atom: tuple[tuple[Array, Array], ...]
    null: float
    per_sample: bool


def mode_forms(
    problem: TeacherStudent, dynamics: ByModes, times: Array, eigenvalues: Array
) -> dict[str, QuadraticForm]:
    """The quadratic form of every curve on the given modes; factors have shape (times, modes)."""
    g, snr, inr, l = problem.weight_decay, problem.snr, problem.inr, eigenvalues
    one = jnp.ones_like(l)
    e, psi = relaxation(dynamics, l + g, times)
    # A = e + g psi instead of (g + l e)/(l + g): all terms positive, and nothing to divide at g = 0.
    error = e + g * psi
    # sqrt(l) psi and l psi are squared, never psi alone: at t = 1e200 its square overflows.
    heard, learned = _noise_heard(l, psi), l[None, :] * psi
    # Modes that see no data: the teacher is never learned there, the initial weight only decays.
    unlearned, frozen = (snr, jnp.ones_like(times)), (inr, relaxation(dynamics, jnp.reshape(g, (1,)), times)[0][:, 0])
    teacher, initial, noise = (snr * one, error), (inr * one, e), (one, heard)
    fit_teacher, fit_initial, fit_noise = (l * snr, error), (l * inr, e), (one, error)

    def form(*terms, atom=(), null=0.0, per_sample=False):
        return QuadraticForm(tuple(c for c, _ in terms), tuple(a for _, a in terms), atom, null, per_sample)

    return {
        "train_loss": form(fit_teacher, fit_initial, fit_noise, null=1.0, per_sample=True),
        "test_loss": form(teacher, initial, noise, atom=(unlearned, frozen)),
        "weight_norm": form((snr * one, learned), initial, noise, atom=(frozen,)),
        "test_bias": form(teacher, initial, atom=(unlearned, frozen)),
        "test_variance": form(noise),
        "train_bias": form(fit_teacher, fit_initial, per_sample=True),
    }


def _noise_heard(l: Float[Array, " modes"], psi: Float[Array, "times modes"]) -> Float[Array, "times modes"]:
    """sqrt(l) psi; at l = 0 its slope in l is infinite and is given as zero (finite_size has nodes there)."""
    some = l > 0
    return jnp.where(some, jnp.sqrt(jnp.where(some, l, 1.0)), 0.0)[None, :] * psi


def curve_values(problem: TeacherStudent, dynamics: ByModes, times: Array, rule: SpectralRule) -> dict[str, Array]:
    """Every curve at `times` by the given rule, in label units (noise^2 included)."""
    alpha = problem.samples_per_dim
    null_share = jnp.maximum(alpha - 1, 0.0) / alpha
    values = {}
    for name, form in mode_forms(problem, dynamics, times, rule.eigenvalues).items():
        density = sum((rule.weights * c)[None, :] * a**2 for c, a in zip(form.coefficients, form.factors, strict=True))
        bulk = jnp.sum(density, axis=1)
        atom = sum((c * a**2 for c, a in form.atom), jnp.zeros_like(times))
        value = bulk / alpha + null_share * form.null if form.per_sample else bulk + rule.atom * atom
        values[name] = problem.noise**2 * (value + 1.0 if name == "test_loss" else value)
    return values


def _rounding(problem: TeacherStudent, dynamics: ByModes, times: Array, rule: SpectralRule) -> dict[str, Array]:
    """What rounding costs each curve beyond its own last digits: e^(-r t) carries r t ulps, and so do sums of it."""
    alpha, l = problem.samples_per_dim, rule.eigenvalues
    rate = l + problem.weight_decay
    e, psi = relaxation(dynamics, rate, times)
    shaken = sensitivity(dynamics, rate, times)
    still = sensitivity(dynamics, jnp.reshape(problem.weight_decay, (1,)), times)[:, 0]
    left = relaxation(dynamics, jnp.reshape(problem.weight_decay, (1,)), times)[0][:, 0]
    by_teacher, by_start = shaken * jnp.abs(e + problem.weight_decay * psi), shaken * jnp.abs(e)
    teacher, start = by_teacher @ rule.weights, by_start @ rule.weights
    fit_teacher, fit_start = by_teacher @ (rule.weights * l), by_start @ (rule.weights * l)
    frozen = rule.atom * problem.inr * still * jnp.abs(left)
    bias = problem.snr * teacher + problem.inr * start + frozen
    fit = (problem.snr * fit_teacher + problem.inr * fit_start) / alpha
    moved = {
        "train_loss": fit + teacher / alpha,
        "test_loss": bias,
        "weight_norm": problem.inr * start + frozen,
        "test_bias": bias,
        "train_bias": fit,
    }
    unit = EPS * EXPONENT_ULPS * 2 * problem.noise**2
    return {name: unit * moved.get(name, jnp.zeros_like(times)) for name in CURVES}


@cache
def _nodes(far: bool) -> int:
    """How many nodes the rule that answers has, whatever the problem."""
    left = FAR if far else NEAR
    return jax.eval_shape(lambda: marchenko_pastur_rule(1.0, step=STEP, left=left)).eigenvalues.size


@partial(jax.jit, static_argnames="far")
def _solve(problem: TeacherStudent, dynamics: ByModes, times: Float[Array, " times"], *, far: bool):
    ends = (FAR, FARTHER) if far else (NEAR, NEARER)
    rule, other = (
        marchenko_pastur_rule(problem.samples_per_dim, step=step, left=left)
        for step, left in zip((STEP, CHECK_STEP), ends, strict=True)
    )
    curves, others = (curve_values(problem, dynamics, times, chosen) for chosen in (rule, other))
    rounding = _rounding(problem, dynamics, times, rule)
    errors = {
        name: jnp.abs(curves[name] - others[name]) + EPS * SUM_ULPS * jnp.abs(curves[name]) + rounding[name]
        for name in CURVES
    }
    start = problem.noise**2 * (1 + problem.snr + problem.inr)
    legal = is_legal(problem) & (times >= 0) & (times < jnp.inf) & is_stable(problem, dynamics, times)
    # Beyond the left end of the rules nothing is known.
    lost = {name: errors[name] > jnp.maximum(0.5 * jnp.abs(curves[name]), FAINT * start) for name in CURVES}
    curves = {name: jnp.where(legal & ~lost[name], curves[name], jnp.nan) for name in CURVES}
    finite = jnp.all(jnp.stack([jnp.all(jnp.isfinite(values)) for values in curves.values()]))
    level = jnp.where(finite, 0, 2).astype(jnp.int8)
    held = hold(curves, errors, level, dict.fromkeys(CURVES, NON_NEGATIVE))
    # Below FAINT terms underflow one by one.
    return held.curves, {name: error + FAINT * start for name, error in errors.items()}, held.level


TRACED = (
    "A curve is not a finite number: a field or a time that was traced is out of range, the learning rate is at or "
    "above 2/(l+ + weight_decay), the numbers overflow, or a traced time is beyond 1e40 close to samples_per_dim = 1. "
    "Check the values before they enter jit or vmap; where training ends stands in limits(problem)."
)
OVERFLOWN = (
    "A curve cannot be told in float64: fields, noise^2 or times are too large or too small (1e-290 and 1e290 are the "
    "limits; close to samples_per_dim = 1 times go to 1e270). Bring them nearer to 1 or pass earlier times; where "
    "training ends stands in limits(problem)."
)


def is_late(problem: TeacherStudent, dynamics: ByModes, times: Times) -> bool:
    """Whether times need the rules that reach to the end of float64; traced ones get the short rules."""
    lasted = elapsed(problem, dynamics, times if is_traced(times) else np.asarray(times, float))
    return not is_traced(lasted) and bool(np.max(np.asarray(lasted)) > LATE)


def solve_teacher_student(
    problem: TeacherStudent, times: Times, dynamics: ByModes = FLOW, *, throw: bool = True
) -> Solution:
    """See `grok_theory.linear.solve`."""
    require_float64("grok_theory.linear.solve")
    check_single(problem, "solve")
    check(problem, dynamics, times, "solve")
    far = is_late(problem, dynamics, times)
    times = jnp.asarray(times, float)
    curves, errors, level = _solve(as_arrays(problem), as_arrays(dynamics), times, far=far)
    traced = any(map(is_traced, jax.tree_util.tree_leaves((problem, dynamics, times))))
    curves = {name: curves[name] for name in CURVES}  # jit hands dictionaries back in alphabetical order
    return Solution(
        problem,
        times,
        curves,
        dynamics.x_name,
        dynamics,
        SpectralQuadrature(),
        x_unit=dynamics.x_unit,
        numerical_error={name: errors[name] for name in CURVES},
        status=Status(level, noted=INACCURATE, failed=TRACED if traced else OVERFLOWN),
        stats={"nodes": _nodes(far)},
    ).checked(throw)
