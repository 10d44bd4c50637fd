"""How far one finite run strays from the curves: shift of the mean, spread, and covariance between times.

A curve is (1/N) sum_i f(l_i) z_i^2 over modes with Gaussian amplitudes z_i; both the
amplitudes and the eigenvalues fluctuate. With f_tu the two-time form of `curves`, and for real Gaussian data

    D[h] = (h(l-) + h(l+))/4 - (1/2pi) int_0^pi h(theta) dtheta,
    c_k[h] = (2/pi) int_0^pi h(theta) cos(k theta) dtheta,
    mean shift = D[f_tt]/N,
    covariance = (2/N) int rho f_tu^2 + (1/N^2) (2 D[f_tu^2] + (1/2) sum_k k c_k[f_tt] c_k[f_uu]),

h(theta) = h(l(theta)), l(theta) = 1 + alpha + 2 sqrt(alpha) cos(theta). Curves per sample have P for N.

Train and test loss of one run are made of the same amplitudes and eigenvalues. Between train loss at t and test loss at
u the same integrals hold with 1/(NP) for 1/N^2, with f_tt of the one and f_uu of the other in the last sum, and with

    f_tu = sqrt(l) (SNR A_t A_u + INR e_t e_u) - A_t sqrt(l) psi_u

instead of f_tu: the label noise enters residuals on samples and errors of the weights with opposite signs. Modes at
l = 0 and label directions beyond the modes are in one of the two only.
"""

from functools import partial
from types import ModuleType
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from ..checks import check_positive, check_shape, require_float64
from ..dynamics import GradientDescent
from ..errors import BadValue
from ..numerics.edges import kinked
from ..numerics.magnitude import guarded_root
from ..numerics.padding import any_traced, as_numbers, cut, repeated
from ..numerics.programs import compiled_soonest
from ..numerics.spectra import marchenko_pastur_rule, spectral_edges
from ..pytrees import record
from .checked import check_single, is_legal
from .curve_names import CURVES
from .curves import STEP, QuadraticForm, mode_forms
from .lost import refuse_lost
from .mode_relaxation import FLOW, ByModes, Times, check, elapsed
from .problem import TeacherStudent

__all__ = ["Fluctuations", "fluctuations"]

FEWEST_ANGLES = 256
MOST_ANGLES = 2**15
LOST = (
    "A variance is below zero, since the terms of the expansion in 1/N grow for so few weights, or numbers overflow. "
    "Pass a larger dim, or fields nearer to 1."
)


@record()
class Fluctuations:
    """Finite-size corrections, each a dictionary keyed by curve name, in units of the curve (squared for `covariance`).

    Parameters
    ----------
    mean_shift : dict[str, Array]
        (times,) mean of runs minus the N -> inf curve, to order 1/N.
    std : dict[str, Array]
        (times,) spread of single runs, each with its own data, noise, teacher and initial weights.
    covariance : dict[str, Array]
        (times, times) covariance of single runs between two times.
    train_test_covariance : Array
        (times, times) covariance of the train loss at the first time with the test loss at the second.
    """

    mean_shift: dict[str, Any]
    std: dict[str, Any]
    covariance: dict[str, Any]
    train_test_covariance: Any


def _needed(problem: TeacherStudent, dynamics: ByModes, times: ArrayLike, xp: ModuleType = jnp) -> Any:
    """How many angles resolve exp(-2 l t) at either edge, for each time; `xp` is jax.numpy inside traces.

    About 17 sqrt(t sqrt(alpha)) harmonics matter at an edge, until its modes have ended. At the upper one those of
    descent end late: at the rate 2 - eta (l+ + g) a step.
    """
    alpha = problem.samples_per_dim
    lower, upper = spectral_edges(alpha)
    lasts = 40 / xp.where(lower > 0, lower, 1e-300)
    if isinstance(dynamics, GradientDescent):
        margin = 2 - dynamics.learning_rate * (upper + problem.weight_decay)
        lasts = xp.maximum(lasts, 40 * dynamics.learning_rate / xp.where(margin > 0, margin, 1e-300))
    return 64 + 32 * xp.sqrt(xp.minimum(elapsed(problem, dynamics, times), lasts) * xp.sqrt(alpha))


def _angles(problem: TeacherStudent, dynamics: ByModes, times: Times) -> int:
    """A power of two that is enough for all times; under a trace a fixed one, beyond which times come back as nan.

    No less than `FEWEST_ANGLES`: what fewer would save is less than another program costs.
    """
    if any_traced(problem, dynamics, times):
        return 4096
    needed = float(np.max(_needed(*as_numbers((problem, dynamics)), np.asarray(times, float), np)))
    angles = max(FEWEST_ANGLES, 2 ** int(np.ceil(np.log2(needed))))
    if angles > MOST_ANGLES:
        raise BadValue(
            f"times[{np.size(times) - 1}] is {float(np.asarray(times)[-1]):g}, but this close to samples_per_dim = 1, "
            "or with a learning_rate this close to its limit, the expansion in 1/N is only computed up to "
            "t sqrt(samples_per_dim) = 1e6. Pass earlier times."
        )
    return angles


Terms = list[tuple[Array, Array, Array]]  # f_tu = sum_j k_j(l) a_j(t, l) b_j(u, l): triples (k, a, b)


def _terms(form: QuadraticForm) -> Terms:
    return [(c, a, a) for c, a in zip(form.coefficients, form.factors, strict=True)]


def _train_test_terms(train: QuadraticForm, test: QuadraticForm, eigenvalues: Array) -> Terms:
    """Teacher, initial weight and label noise in both losses; the noise with opposite signs.

    Coefficients are the roots of the products of both losses': sqrt(l) SNR, sqrt(l) INR and 1, not formed by products,
    whose roots have no slope at SNR = 0 and INR = 0. At l = 0 the slope of sqrt(l) is infinite, and given as zero.
    """
    root = guarded_root(eigenvalues)
    teacher, initial, noise = test.coefficients
    pairs = zip((root * teacher, root * initial, -noise), train.factors, test.factors, strict=True)
    return list(pairs)


def _pair_sum(terms: Terms, weights: Float[Array, " modes"]) -> Float[Array, "times times"]:
    """sum over modes of weights * f_tu^2, as products of (times, modes) matrices."""
    times = terms[0][1].shape[0]
    total = jnp.zeros((times, times))
    for i, (c, a, b) in enumerate(terms):
        for j, (d, e, f) in enumerate(terms[: i + 1]):
            total += (1 if i == j else 2) * (a * e * (weights * c * d)[None, :]) @ (b * f).T
    return total


def _shift_weights(angles: int) -> np.ndarray:
    """Weights of D on the angles 0, pi/n ... pi: a quarter of each edge minus half the mean over the circle."""
    weights = np.full(angles + 1, -0.5 / angles)
    weights[[0, -1]] = 0.25 - 0.25 / angles
    return weights


@partial(compiled_soonest, static_argnames=("angles", "curves"))
def _fluctuations(
    problem: TeacherStudent,
    dynamics: ByModes,
    times: Array,
    dim: Array,
    angles: int,
    curves: tuple[str, ...] = tuple(CURVES),
) -> Fluctuations:
    alpha = problem.samples_per_dim
    rule = marchenko_pastur_rule(alpha, step=STEP)
    theta = np.arange(angles + 1) * np.pi / angles
    # Exactly l- at theta = pi, which is 0 at alpha = 1.
    shape = np.cos(theta / 2) ** 2
    shape[-1] = 0.0
    on_circle = spectral_edges(alpha)[0] + 4 * jnp.sqrt(alpha) * shape
    in_bulk = mode_forms(problem, dynamics, times, rule.eigenvalues)
    at_angles = mode_forms(problem, dynamics, times, on_circle)
    shift_weights = jnp.asarray(_shift_weights(angles))
    harmonics = jnp.arange(1, angles // 2 + 1, dtype=float)
    legal = is_legal(problem) & (dim > 0)
    resolved = _needed(problem, dynamics, times) <= angles
    shifts, covariances, harmonic = {}, {}, {}
    for name in curves:
        form, circle = in_bulk[name], at_angles[name]
        size = dim * alpha if form.per_sample else dim
        f = sum(c[None, :] * a**2 for c, a in zip(circle.coefficients, circle.factors, strict=True))
        shifts[name] = problem.noise**2 * (f @ shift_weights) / size
        # Cosine transform of the even extension.
        around = jnp.concatenate([f, f[:, -2:0:-1]], axis=1)
        cosines = jnp.fft.rfft(around, axis=1).real[:, 1 : angles // 2 + 1] / angles
        harmonic[name] = cosines
        amplitudes = _pair_sum(_terms(form), rule.weights)
        if form.per_sample:
            amplitudes = amplitudes / alpha + form.null**2 * jnp.maximum(alpha - 1, 0.0) / alpha
        else:
            atom = sum((c * jnp.outer(a, a) for c, a in form.atom), jnp.zeros((times.size,) * 2))
            amplitudes += rule.atom * atom**2
        eigenvalues = 2 * _pair_sum(_terms(circle), shift_weights) + 0.5 * (cosines * harmonics[None, :]) @ cosines.T
        covariances[name] = problem.noise**4 * (2 * amplitudes / size + eigenvalues / size**2)
    of_both, of_both_at_angles = (
        _train_test_terms(f["train_loss"], f["test_loss"], l)
        for f, l in ((in_bulk, rule.eigenvalues), (at_angles, on_circle))
    )
    eigenvalues = 0.5 * (harmonic["train_loss"] * harmonics[None, :]) @ harmonic["test_loss"].T
    eigenvalues += 2 * _pair_sum(of_both_at_angles, shift_weights)
    between = 2 * _pair_sum(of_both, rule.weights) * dim + eigenvalues
    between = problem.noise**4 * between / (dim**2 * alpha)
    # The term in 1/N^2 may be negative: where it outweighs the first, the expansion says nothing.
    deviations = {name: _root_of_variance(jnp.diagonal(c)) for name, c in covariances.items()}
    told = legal & resolved
    return Fluctuations(
        {name: jnp.where(told, value, jnp.nan) for name, value in shifts.items()},
        {name: jnp.where(told, value, jnp.nan) for name, value in deviations.items()},
        {name: jnp.where(told[:, None] & told[None, :], value, jnp.nan) for name, value in covariances.items()},
        jnp.where(told[:, None] & told[None, :], between, jnp.nan),
    )


def _root_of_variance(variance: Array) -> Array:
    """Its square root; nan below zero by more than rounding, and as the derivative at zero."""
    some = variance > 0
    rounding = 1e-12 * jnp.max(jnp.abs(variance))
    root = jnp.where(some, jnp.sqrt(jnp.where(some, variance, 1.0)), jnp.where(variance < -rounding, jnp.nan, 0.0))
    return root + kinked(variance, variance == 0)


def fluctuations(problem: TeacherStudent, times: Times, dim: ArrayLike, *, dynamics: ByModes = FLOW) -> Fluctuations:
    """Finite-size shift of the mean, spread of single runs and their covariance in time, for every curve.

    Parameters
    ----------
    problem : TeacherStudent
        Whose curves of `solve` are corrected.
    times : array_like
        (T,), as in `solve`.
    dim : array_like
        N, the number of weights; > 0.
    dynamics : GradientFlow or GradientDescent, default GradientFlow()
        As in `solve`.

    Returns
    -------
    Fluctuations
        `.mean_shift`, `.std` (times,), `.covariance` (times, times): dictionaries keyed by curve name; and
        `.train_test_covariance` (times, times). The first terms in 1/N; where they hold (and where not) stands in the
        wing's documentation. Differentiable; derivatives of a `.std` are nan where it is 0, as without signal at t = 0.

    Raises
    ------
    BadValue
        For values out of range and for times beyond t sqrt(alpha) = 1e6 close to alpha = 1; under a trace such times
        are nan.
    SolveFailed
        Where a variance is negative (too few weights for the expansion); under a trace it is nan.
    Float64Required
        Where JAX computes in float32.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> spread = fluctuations(TeacherStudent(samples_per_dim=2.0, snr=5.0), [0.0, 1.0], 100)
    >>> print([f"{value:.4f}" for value in spread.std["test_loss"]])
    ['0.7071', '0.1871']
    """
    require_float64("grok_theory.linear.fluctuations")
    check_single(problem, "fluctuations", TeacherStudent)
    check_shape("dim", dim, (), "Use jax.vmap for many sizes.")
    check_positive("dim", dim, "Pass the number of weights, for example 200.")
    check(problem, dynamics, times, "fluctuations")
    angles = _angles(problem, dynamics, times)
    if any_traced(problem, dynamics, times, dim):
        return _fluctuations(
            *as_numbers((problem, dynamics)), jnp.asarray(times, float), jnp.asarray(dim, float), angles
        )
    return spread_of_curves(problem, times, dim, dynamics, tuple(CURVES), angles)


def spread_of_curves(
    problem: TeacherStudent,
    times: Times,
    dim: ArrayLike,
    dynamics: ByModes,
    curves: tuple[str, ...],
    angles: int | None = None,
) -> Fluctuations:
    """`fluctuations` of some curves, train and test loss among them, of what is checked already and not traced."""
    angles = _angles(problem, dynamics, times) if angles is None else angles
    count = np.size(times)
    spread = _fluctuations(*as_numbers((problem, dynamics)), repeated(times), np.asarray(dim, float), angles, curves)
    square = jax.tree_util.tree_map(
        lambda between: np.asarray(between)[:, :count], (spread.covariance, spread.train_test_covariance)
    )
    return refuse_lost(Fluctuations(*cut((spread.mean_shift, spread.std, *square), count)), "fluctuations", LOST)
