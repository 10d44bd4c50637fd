"""Learning curves of `TeacherStudent`: train and test error, their parts, and the weight norm, at any time.

Wing spec `linear`, section 4.2. Every curve is the sum over eigenmodes l of X X^T of one quadratic form

    f(l) = sum_j c_j(l) a_j(l, t)^2,

with a_j one of the mode errors  A = e + g psi  on the teacher,  e  on the initial weight,  psi  on the noise
(psi = (1 - e)/r, r = l + g). The same forms give the curves here and their finite-size spread in `finite_size`.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ..errors import BadValue, check_shape, check_times, require_float64
from ..numerics.spectra import SpectralRule, marchenko_pastur_rule
from ..results import Solution, Status
from .methods import FLOW, Method, Times
from .problem import TeacherStudent

__all__ = ["QuadraticForm", "as_arrays", "curve_values", "is_legal", "mode_forms", "solve_teacher_student"]

CURVES = ("train_loss", "test_loss", "weight_norm", "test_bias", "test_variance", "train_bias")
STEP, CHECK_STEP = 0.25, 0.2  # the rule that answers, and the finer one it is held against


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


def mode_forms(problem: TeacherStudent, method: Method, times: Array, eigenvalues: Array) -> dict[str, QuadraticForm]:
    """The quadratic form of every curve on the given modes; factors have shape (times, modes)."""
    g, snr, inr, l = problem.weight_decay, problem.snr, problem.inr, eigenvalues
    e, psi = method.relaxation(l + g, times)
    # A = e + g psi instead of (g + l e)/(l + g): all terms positive, and nothing to divide at g = 0.
    error = e + g * psi
    # Modes that see no data: the teacher is never learned there, the initial weight only decays.
    unlearned, frozen = (snr, jnp.ones_like(times)), (inr, method.relaxation(jnp.reshape(g, (1,)), times)[0][:, 0])
    teacher, initial, noise = (snr * jnp.ones_like(l), error), (inr * jnp.ones_like(l), e), (l, psi)
    fit_teacher, fit_initial, fit_noise = (l * snr, error), (l * inr, e), (jnp.ones_like(l), error)

    def form(*terms, atom=(), null=0.0, per_sample=False):
        return QuadraticForm(tuple(c for c, _ in terms), tuple(a for _, a in terms), atom, null, per_sample)

    return {
        "train_loss": form(fit_teacher, fit_initial, fit_noise, null=1.0, per_sample=True),
        "test_loss": form(teacher, initial, noise, atom=(unlearned, frozen)),
        "weight_norm": form((snr * l**2, psi), initial, noise, atom=(frozen,)),
        "test_bias": form(teacher, initial, atom=(unlearned, frozen)),
        "test_variance": form(noise),
        "train_bias": form(fit_teacher, fit_initial, per_sample=True),
    }


def curve_values(problem: TeacherStudent, method: Method, times: Array, rule: SpectralRule) -> dict[str, Array]:
    """Every curve at `times` by the given rule, in label units (noise^2 included)."""
    alpha = problem.samples_per_dim
    null_share = jnp.maximum(alpha - 1, 0.0) / alpha
    values = {}
    for name, form in mode_forms(problem, method, times, rule.eigenvalues).items():
        density = sum((rule.weights * c)[None, :] * a**2 for c, a in zip(form.coefficients, form.factors, strict=True))
        bulk = jnp.sum(density, axis=1)
        atom = sum((c * a**2 for c, a in form.atom), jnp.zeros_like(times))
        value = bulk / alpha + null_share * form.null if form.per_sample else bulk + rule.atom * atom
        values[name] = problem.noise**2 * (value + 1.0 if name == "test_loss" else value)
    return values


def as_arrays(problem):
    """The problem with float64 arrays for numbers, so that changing a number never compiles again."""
    return jax.tree_util.tree_map(lambda leaf: jnp.asarray(leaf, float), problem)


def is_legal(problem: TeacherStudent) -> Array:
    """False where a traced field is out of range: there the answer is nan."""
    fields = (problem.samples_per_dim, problem.snr, problem.inr, problem.noise, problem.weight_decay)
    finite = jnp.all(jnp.isfinite(jnp.stack(fields)))
    positive = (problem.samples_per_dim > 0) & (problem.noise > 0)
    return finite & positive & (problem.snr >= 0) & (problem.inr >= 0) & (problem.weight_decay >= 0)


@jax.jit
def _solve(problem: TeacherStudent, method: Method, times: Float[Array, " times"]):
    coarse = curve_values(problem, method, times, marchenko_pastur_rule(problem.samples_per_dim, step=STEP))
    fine = curve_values(problem, method, times, marchenko_pastur_rule(problem.samples_per_dim, step=CHECK_STEP))
    legal = is_legal(problem) & (times >= 0) & (times < jnp.inf) & method.is_stable(problem, times)
    curves = {name: jnp.where(legal, values, jnp.nan) for name, values in coarse.items()}
    errors = {name: jnp.abs(coarse[name] - fine[name]) for name in coarse}
    finite = jnp.all(jnp.stack([jnp.all(jnp.isfinite(values)) for values in curves.values()]))
    return curves, errors, jnp.where(finite, 0, 2).astype(jnp.int8)


def solve_teacher_student(
    problem: TeacherStudent, times: Times, method: Method = FLOW, *, throw: bool = True
) -> Solution:
    """See `grok_theory.linear.solve`."""
    require_float64("grok_theory.linear.solve")
    check_single(problem, "solve")
    check_times(times)
    method.check(problem, times)
    times = jnp.asarray(times, float)
    curves, errors, level = _solve(as_arrays(problem), as_arrays(method), times)
    failed = (
        "A curve is not a finite number: a field or a time that was traced is out of range, the learning rate is at or "
        "above 2/(l+ + weight_decay), or the numbers overflow. Check the values before they enter jit or vmap."
    )
    curves = {name: curves[name] for name in CURVES}  # jit hands dictionaries back in alphabetical order
    return Solution(
        problem,
        times,
        curves,
        method.x_name,
        method.dynamics,
        method,
        x_unit=method.x_unit,
        numerical_error=errors,
        status=Status(level, failed=failed),
        stats={"nodes": 593},
    ).checked(throw)


# Fields that are arrays; all others are numbers.
_RANKS = {"spectrum": 1, "target": 1, "readout": 1, "features": 2, "teacher": 2}


def check_single(problem, caller: str, kind: type | None = None) -> None:
    """Refuse a stack of problems where one is expected, and check the values again: unflattening did not."""
    if kind is not None and not isinstance(problem, kind):
        raise BadValue(f"problem is {problem!r}, but grok_theory.linear.{caller} takes a {kind.__name__}. Build one.")
    for name, value in vars(problem).items():
        rank = _RANKS.get(name, 0)
        if np.ndim(value) != rank:
            remedy = f"{caller} takes one problem; use jax.vmap over a stack of them."
            check_shape(name, value, (None,) * rank, remedy)
    problem.check()
