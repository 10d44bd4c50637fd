"""Learning curves of `TeacherStudent`: train and test error, their parts, and the weight norm, at any time.

Every curve is the sum over eigenmodes l of X X^T of one quadratic form

    f(l) = sum_j c_j(l) a_j(l, t)^2,

with a_j one of the mode errors  A = e + g psi  on the teacher,  e  on the initial weight,  sqrt(l) psi  on the noise
(psi = (1 - e)/r, r = l + g). All curves are one product, squares (times, modes) by coefficients (modes, curves). The
same forms give the curves here and their finite-size spread in `finite_size`.

The error of a rule is read from every second node of it: halving the step squares the error of a trapezoid rule that
converges geometrically, so with the gap d to the rule of twice the step the error is d^2 in units of the curve.
"""

from functools import cache, partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ..checks import is_traced, require_float64
from ..numerics.invariants import INACCURATE, NON_NEGATIVE, hold
from ..numerics.magnitude import guarded_root
from ..numerics.padding import AnyArray, any_traced, namespace, solved_at
from ..numerics.programs import compiled
from ..numerics.spectra import FAR, SpectralRule, marchenko_pastur_rule
from ..results import Solution
from ..status import Status
from .checked import FAINT, check_single, is_legal
from .curve_names import CURVES
from .methods import SpectralQuadrature
from .mode_relaxation import FLOW, ByModes, Times, check, elapsed, is_stable, relaxation, sensitivity
from .problem import TeacherStudent

__all__ = ["STEP", "QuadraticForm", "curve_values", "mode_forms", "solve_teacher_student"]

STEP = 0.25  # of the rule that answers
NEAR = -110.0  # its left end while no time is late
LATE = 1e15  # in tau: from here the left end is at the end of float64

EPS = float(np.finfo(float).eps)
# Rounding of a sum over modes, in ulps of the sum and of its exponents; measured by benchmarks/numerical_error.py.
SUM_ULPS, EXPONENT_ULPS = 16.0, 6.0
BLOCK = 32  # modes that are summed in one product
HALVED = 4.0  # times d^2: the error of the rule; where d is no longer small, d itself


class QuadraticForm(NamedTuple):
    """One curve as a sum over modes, per noise^2: f(l) = sum_j coefficients[j](l) factors[j](t, l)^2.

    `factors` (times, modes) are the mode errors A, e or sqrt(l) psi, the same arrays in all curves. `atom` holds the
    same sum at l = 0, as pairs (coefficient, factor (times,)); `null` is what each of the P - N directions of label
    space beyond the modes adds; `per_sample`: the sum over modes is divided by P instead of N.
    """

    coefficients: tuple[AnyArray, ...]
    factors: tuple[AnyArray, ...]
    atom: tuple[tuple[AnyArray, AnyArray], ...]
    null: float
    per_sample: bool


def mode_forms(
    problem: TeacherStudent, dynamics: ByModes, times: AnyArray, eigenvalues: AnyArray
) -> dict[str, QuadraticForm]:
    """The quadratic form of every curve on the given modes; factors have shape (times, modes)."""
    xp = namespace(problem, dynamics, times, eigenvalues)
    g, snr, inr, l = problem.weight_decay, problem.snr, problem.inr, eigenvalues
    one = xp.ones_like(l)
    e, psi = relaxation(dynamics, l + g, times)
    # A = e + g psi instead of (g + l e)/(l + g): all terms positive, and nothing to divide at g = 0.
    error = e + g * psi
    # sqrt(l) psi is squared, never psi alone: at t = 1e200 its square overflows. (l psi)^2 is l times that square.
    heard = _noise_heard(l, psi)
    # Modes that see no data: the teacher is never learned there, the initial weight only decays.
    unlearned, frozen = (
        (snr, xp.ones_like(times)),
        (inr, relaxation(dynamics, xp.asarray(g).reshape(1), times)[0][:, 0]),
    )
    teacher, initial, noise = (snr * one, error), (inr * one, e), (one, heard)
    fit_teacher, fit_initial, fit_noise = (l * snr, error), (l * inr, e), (one, error)

    def form(*terms, atom=(), null=0.0, per_sample=False):
        return QuadraticForm(tuple(c for c, _ in terms), tuple(a for _, a in terms), atom, null, per_sample)

    return {
        "train_loss": form(fit_teacher, fit_initial, fit_noise, null=1.0, per_sample=True),
        "test_loss": form(teacher, initial, noise, atom=(unlearned, frozen)),
        "weight_norm": form((l * snr, heard), initial, noise, atom=(frozen,)),
        "test_bias": form(teacher, initial, atom=(unlearned, frozen)),
        "test_variance": form(noise),
        "train_bias": form(fit_teacher, fit_initial, per_sample=True),
    }


def _noise_heard(l: Float[AnyArray, " modes"], psi: Float[AnyArray, "times modes"]) -> Float[AnyArray, "times modes"]:
    """sqrt(l) psi; at l = 0 its slope in l is infinite and is given as zero (finite_size has nodes there)."""
    return guarded_root(l)[None, :] * psi


def _factors(forms: dict[str, QuadraticForm]) -> list[AnyArray]:
    """The arrays that all curves are made of, each once: A, e and sqrt(l) psi."""
    return list({id(a): a for form in forms.values() for a in form.factors}.values())


def _columns(forms: dict[str, QuadraticForm], weights: AnyArray) -> list[AnyArray]:
    """For each of `_factors` the coefficients of all curves times the weights of the modes, (modes, curves)."""
    xp = namespace(forms, weights)

    def coefficient(form, factor):
        terms = zip(form.coefficients, form.factors, strict=True)
        return sum((c for c, a in terms if a is factor), xp.zeros_like(weights))

    columns = [xp.stack([coefficient(form, factor) for form in forms.values()], axis=1) for factor in _factors(forms)]
    return [weights[:, None] * column for column in columns]


def _summed(factors: list[AnyArray], columns: list[AnyArray]) -> AnyArray:
    """Sums over modes, (times, columns), in blocks: one product over all modes rounds once a mode."""
    xp = namespace(factors, columns)
    total = xp.zeros((1, 1))
    for a, c in zip(factors, columns, strict=True):
        blocks = -(-c.shape[0] // BLOCK)
        more = blocks * BLOCK - c.shape[0]
        squares = xp.pad(a**2, ((0, 0), (0, more))).reshape(a.shape[0], blocks, BLOCK)
        shares = xp.pad(c, ((0, more), (0, 0))).reshape(blocks, BLOCK, -1)
        total = total + xp.sum(xp.einsum("tbm,bmc->btc", squares, shares), axis=0)
    return total


def _assembled(
    problem: TeacherStudent, rule: SpectralRule, forms: dict[str, QuadraticForm], bulk: AnyArray
) -> AnyArray:
    """All curves (times, curves) from their sums over the modes of the bulk, in label units (noise^2 included)."""
    xp = namespace(problem, rule, forms, bulk)
    alpha = problem.samples_per_dim
    unseen, still = xp.maximum(alpha - 1, 0.0) / alpha, xp.zeros(bulk.shape[:1])
    beside = [
        still + unseen * form.null
        if form.per_sample
        else rule.atom * sum((c * a**2 for c, a in form.atom), still) + (1.0 if name == "test_loss" else 0.0)
        for name, form in forms.items()
    ]
    return problem.noise**2 * (bulk / _sizes(problem, forms) + xp.stack(beside, axis=1))


def _sizes(problem: TeacherStudent, forms: dict[str, QuadraticForm]) -> AnyArray:
    """What the sum over modes is divided by, (1, curves)."""
    xp = namespace(problem)
    return xp.where(xp.asarray([[form.per_sample for form in forms.values()]]), problem.samples_per_dim, 1.0)


def curve_values(
    problem: TeacherStudent, dynamics: ByModes, times: AnyArray, rule: SpectralRule
) -> dict[str, AnyArray]:
    """Every curve at `times` by the given rule, in label units (noise^2 included)."""
    forms = mode_forms(problem, dynamics, times, rule.eigenvalues)
    values = _assembled(problem, rule, forms, _summed(_factors(forms), _columns(forms, rule.weights)))
    return {name: values[:, at] for at, name in enumerate(forms)}


def _beyond(problem: TeacherStudent, dynamics: ByModes, times: Array, rule: SpectralRule) -> Array:
    """At most what the modes left of the first node add to the sums, (times, curves): close to alpha = 1 they count."""
    # Left of the first node the weights fall at least as exp(s/2).
    mass = rule.weights[0] / -np.expm1(-STEP / 2)
    edge, first = jnp.reshape(rule.lower, (1,)), rule.eigenvalues[:1]
    error, left, _ = _factors(mode_forms(problem, dynamics, times, edge))
    clock = jnp.asarray(elapsed(problem, dynamics, times), float)[:, None]
    # l psi^2 <= min(t, l t^2); e and A are largest at the edge, coefficients at the node.
    heard = jnp.sqrt(clock * jnp.minimum(clock * first[None, :], 1.0))
    columns = _columns(mode_forms(problem, dynamics, times, first), jnp.reshape(mass, (1,)))
    return _summed([error, left, heard], columns)


def _sums(
    problem: TeacherStudent, dynamics: ByModes, times: Array, rule: SpectralRule
) -> tuple[Float[Array, "times columns"], Float[Array, "times 4"]]:
    """Sums over modes of all curves, then of the same by every second node, the rule of twice the step; and what
    `_rounding` needs.

    A block of modes at a time: what a mode has at all times stays in the processor's cache, and a sum rounds once a
    block.
    """
    blocks = -(-rule.weights.size // BLOCK)
    more = blocks * BLOCK - rule.weights.size
    second = jnp.asarray(np.where(np.arange(blocks * BLOCK) % 2 == 0, 2.0, 0.0)).reshape(blocks, BLOCK)
    modes = jnp.pad(rule.eigenvalues, (0, more), mode="edge").reshape(blocks, BLOCK)
    weights = jnp.pad(rule.weights, (0, more)).reshape(blocks, BLOCK)

    def add(total, block):
        l, w, second = block
        forms = mode_forms(problem, dynamics, times, l)
        factors = _factors(forms)
        columns = [jnp.concatenate([c, second[:, None] * c], axis=1) for c in _columns(forms, w)]
        error, e, _ = factors
        moved = sensitivity(dynamics, l + problem.weight_decay, times) * jnp.abs(e)
        moments = jnp.stack([w, w * l], axis=1)
        shaken = jnp.concatenate([(moved * jnp.abs(a)) @ moments for a in (error, e)], axis=1)
        sums = sum(((a * a) @ c for a, c in zip(factors, columns, strict=True)), jnp.zeros(()))
        return (total[0] + sums, total[1] + shaken), None

    start = jnp.zeros((times.size, 2 * len(CURVES))), jnp.zeros((times.size, 4))
    return jax.lax.scan(add, start, (modes, weights, second))[0]


def _rounding(
    problem: TeacherStudent, dynamics: ByModes, times: Array, rule: SpectralRule, shaken: Float[Array, "times 4"]
) -> Array:
    """(times, curves): what rounding costs beyond the last digits of a curve, since e^(-r t) carries r t ulps."""
    alpha = problem.samples_per_dim
    decay = jnp.reshape(problem.weight_decay, (1,))
    left = relaxation(dynamics, decay, times)[0][:, 0]
    still = sensitivity(dynamics, decay, times)[:, 0] * jnp.abs(left)
    teacher, fit_teacher, start, fit_start = shaken.T
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
    return unit * jnp.stack([moved.get(name, jnp.zeros_like(times)) for name in CURVES], axis=1)


@cache
def _nodes(far: bool) -> int:
    """How many nodes the rule that answers has, whatever the problem."""
    left = FAR if far else NEAR
    return jax.eval_shape(lambda: marchenko_pastur_rule(1.0, step=STEP, left=left)).eigenvalues.size


@partial(compiled, static_argnames="far")
def _solve(problem: TeacherStudent, dynamics: ByModes, times: Float[Array, " times"], *, far: bool):
    rule = marchenko_pastur_rule(problem.samples_per_dim, step=STEP, left=FAR if far else NEAR)
    sums, shaken = _sums(problem, dynamics, times, rule)
    bulk, coarse = sums[:, : len(CURVES)], sums[:, len(CURVES) :]
    gap, size = jnp.abs(bulk - coarse), jnp.abs(bulk)
    share = jnp.where(size > 0, gap / jnp.where(size > 0, size, 1.0), jnp.where(gap > 0, jnp.inf, 0.0))
    lost = gap * jnp.minimum(HALVED * share, 1.0) + _beyond(problem, dynamics, times, rule)
    forms = mode_forms(problem, dynamics, times, rule.eigenvalues[:1])
    curves, unit = _assembled(problem, rule, forms, bulk), problem.noise**2
    errors = unit * lost / _sizes(problem, forms) + EPS * SUM_ULPS * jnp.abs(curves)
    errors = errors + _rounding(problem, dynamics, times, rule, shaken)
    start = unit * (1 + problem.snr + problem.inr)
    legal = is_legal(problem) & (times >= 0) & (times < jnp.inf) & is_stable(problem, dynamics, times)
    # Beyond the left end of the rules nothing is known.
    gone = errors > jnp.maximum(0.5 * jnp.abs(curves), FAINT * start)
    curves = jnp.where(legal[:, None] & ~gone, curves, jnp.nan)
    level = jnp.where(jnp.all(jnp.isfinite(curves)), 0, 2).astype(jnp.int8)
    held = hold({"all": curves}, {"all": errors}, level, {"all": NON_NEGATIVE})
    # Below FAINT terms underflow one by one.
    return held.curves["all"], errors + FAINT * start, held.level


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
    traced = any_traced(problem, dynamics, times)
    x, curves, errors, level = solved_at(times, partial(_solve, far=far), problem, dynamics)
    curves, errors = ({name: values[:, at] for at, name in enumerate(CURVES)} for values in (curves, errors))
    return Solution(
        problem,
        x,
        curves,
        dynamics.x_name,
        dynamics,
        SpectralQuadrature(),
        x_unit=dynamics.x_unit,
        numerical_error=errors,
        status=Status(level, noted=INACCURATE, failed=TRACED if traced else OVERFLOWN),
        stats={"nodes": _nodes(far)},
    ).checked(throw)
