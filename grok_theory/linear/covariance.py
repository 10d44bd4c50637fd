"""Learning curves for any covariance of the inputs: deterministic equivalents of two resolvents, inverted in time.

With T = n t, p conjugate to T, kappa(p) = p + kappa (1/n) sum l/(l + kappa),
G = 1/(l + kappa), F(p) = se^2/kappa + sum c^2 l G and L^-1 the inverse Laplace transform,

    E_g = se^2 + bias + 2 a(T) - a(2T),    a = L^-1[(se^2/n) (kappa/p^2) sum l G],
    bias = double inverse of sum c^2 l G1 G2 kappa1 kappa2/(p1 p2 (1 - gamma12)) at (T, T),
    gamma12 = (1/n) sum l^2 G1 G2,
    E_t = L^-1[F](2T),    w.w = 2 b(T) - b(2T),  b = L^-1[F/p].

In a and b a term c/p^2 drops out of 2 b(T) - b(2T), whatever c; in floating point it costs all digits at late times.
With h = p/kappa, h0 = h(0), d = kappa - kappa(0) and kept = l/(l + kappa(0)) these are formed without it, from

    a: (kappa - p - kappa(0))/p^2 = (d/p^2) (1/n) sum kept l G,        b: (se^2 (h - h0)/p + sum c^2 l G)/p,
    E_t = se^2 h0 + L^-1[se^2 (h - h0)/p + sum c^2 l G](2T),           1 - gamma12 = h1 + (kappa2/n) sum l G1 G2,

at early times b from (F - (se^2 + sum c^2 l)/p)/p, where the constant is that of the start.

`RandomFeatures` is solved here too, as the `CorrelatedInputs` it is equivalent to.
"""

import dataclasses
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Complex, Float

from ..checks import check_non_negative, check_shape, require_float64
from ..fields import in_range
from ..numerics.edges import kinked
from ..numerics.invariants import NON_NEGATIVE, hold
from ..numerics.padding import any_traced, as_numbers, cut, repeated, with_zeros
from ..numerics.programs import compiled, compiled_soonest
from ..numerics.ridge_equation import effective_ridge, freedom_left
from ..results import Solution
from ..status import Status
from .checked import FAINT, check_finite_samples, check_single
from .contour import SPREAD, contours_of, effective_ridge_on_contours
from .correlated_start import beginning, first_slopes
from .curve_names import CORRELATED_CURVES
from .features import equivalent, equivalent_problem
from .lost import refuse_lost
from .methods import ContourIntegral
from .mode_relaxation import FLOW, ByModes, Times, check_flow
from .regression_problem import CorrelatedInputs, RandomFeatures
from .ridge_regression import LOST as BEYOND
from .ridge_regression import Losses

__all__ = ["correlated_limits", "correlated_ridge", "correlated_values", "solve_correlated"]

POINTS, CHECK_POINTS = 32, 28  # on the contour that answers, and on the one it is held against
MOST_WINDOWS = 32  # octaves of times that one compilation holds; more are compiled anew
READ_AT_ONCE = 64  # times whose double sums are in memory together
EPS = float(np.finfo(float).eps)
FEATURE_ULPS = 16.0  # of the equivalent problem of RandomFeatures
SUM_ULPS = 16.0  # of the moduli that a curve is a sum of; measured by benchmarks/numerical_error.py


def _is_legal(xp, problem: CorrelatedInputs) -> Any:
    power = xp.sum(problem.spectrum) + xp.sum(problem.target**2) + problem.noise**2
    known = (problem.noise == 0) | (problem.noise**2 > FAINT)
    known = (problem.samples < np.inf) & xp.isfinite(power) & known
    return known if xp is np else known & in_range(problem)  # numbers are checked where they enter


CONTOURS = contours_of(POINTS, CHECK_POINTS)


class Transforms(NamedTuple):
    """What the curves of all times of one contour are read from; (contours, half) each, over its latest time.

    `fit` = F - se^2 h0/p, `late` and `early` are fit/p in the forms for late and for early times, `spread` = a;
    `bias` (contours, half, 2 half): the double transform, one variable on the upper half, the other on all of the
    contour; `floor` = h(0), `residual` that of the effective ridge.
    """

    fit: Complex[Array, "contours half"]
    late: Complex[Array, "contours half"]
    early: Complex[Array, "contours half"]
    spread: Complex[Array, "contours half"]
    bias: Complex[Array, "contours half whole"]
    floor: Float[Array, ""]
    residual: Float[Array, ""]


def _transforms(problem: CorrelatedInputs, latest: Float[Array, ""]) -> Transforms:
    """All transforms on the contours whose latest time is `latest`."""
    ridge, residual = effective_ridge_on_contours(problem.spectrum, problem.samples, latest, CONTOURS)
    fields = problem.spectrum, problem.samples, problem.noise**2, problem.target**2, latest
    l, n, noise, power, time = (field.astype(complex) for field in fields)
    exponent, g = jnp.asarray(CONTOURS.exponents), ridge.inverse  # p times the latest time
    # All sums over modes as one product.
    columns = jnp.stack([power * l, power * l * l, l / n, ridge.kept * l / n], axis=1)
    signal, steep, share, kept = jnp.moveaxis(g @ columns, -1, 0)
    # 1/p = latest/exponent: no power of p is ever formed.
    over = time / exponent
    fitted = noise * ridge.rise * over + signal
    # Double inverse: one variable on the upper half, the other on the whole contour.
    own = 1 / (time * ridge.unfitted)
    whole = lambda values: jnp.concatenate([values, values.conj()], axis=1)  # noqa: E731
    numerator, gamma = _pairs(jnp.stack([problem.spectrum * problem.target**2, problem.spectrum / problem.samples]), g)
    left = ridge.unfitted[:, :, None] + whole(ridge.kappa)[:, None, :] * gamma  # 1 - gamma12
    return Transforms(
        fitted / time,
        fitted / exponent,
        -(noise * share + steep + ridge.kappa * share * signal) * over / exponent,
        noise * ridge.above * kept * over / exponent,
        own[:, :, None] * whole(own)[:, None, :] * numerator / left,
        ridge.floor,
        residual,
    )


def _pairs(coefficients: Array, g: Array) -> tuple[Array, Array]:
    """sum over modes of c g1 g2 for two rows c of coefficients, g1 on the upper half and g2 on the whole contour.

    By a product of real matrices: what g and its conjugate need are the same four sums.
    """
    half = g.shape[1]
    parts = jnp.concatenate([g.real, g.imag], axis=1)
    products = jnp.einsum("kchm,cwm->kchw", coefficients[:, None, None, :] * parts[None], parts)
    rr, ri = products[:, :, :half, :half], products[:, :, :half, half:]
    ir, ii = products[:, :, half:, :half], products[:, :, half:, half:]
    own, conjugate = jax.lax.complex(rr - ii, ri + ir), jax.lax.complex(rr + ii, ir - ri)
    return tuple(jnp.concatenate([own, conjugate], axis=-1))


def _read(xp, problem: CorrelatedInputs, modes: ArrayLike, shares: ArrayLike, on: Transforms):
    """All curves at T = `shares` of the latest time, (curves, times), and their errors.

    `xp`: NumPy, which compiles nothing, or jax.numpy.
    """
    exponents, shares = CONTOURS.exponents[None], xp.asarray(shares)[:, None, None].astype(complex)
    once, twice = (CONTOURS.weights[None] * xp.exp(exponents * (many * shares)) for many in (1, 2))
    # 2 f(T) - f(2T) of late, early and spread, f(2T) of fit; and the moduli in them.
    values = xp.stack([on.late, on.early, on.spread])[:, None]
    late, early, variance = xp.sum(((2 * once - twice)[None] * values).imag, axis=-1)
    fit = xp.sum((twice * on.fit[None]).imag, axis=-1)
    late_size, early_size, variance_size = xp.sum((2 * xp.abs(once) + xp.abs(twice))[None] * xp.abs(values), axis=-1)
    fit_size = xp.sum(xp.abs(twice * on.fit[None]), axis=-1)
    # The weights carry 2 Im[.] = -i (. - conj): undone here, so that both variables run over the plain contour.
    other = xp.concatenate([once, -once.conj()], axis=-1)
    # Not products of matrices, whose digits depend on how many times there are.
    inner = xp.sum(once[..., None] * on.bias[None], axis=-2)
    inner_size = xp.sum(xp.abs(once)[..., None] * xp.abs(on.bias[None]), axis=-2)
    bias, bias_size = -0.5 * xp.sum((inner * other).real, axis=-1), 0.5 * xp.sum(inner_size * xp.abs(other), axis=-1)
    unit, unfitted = problem.noise**2, problem.noise**2 * on.floor
    norm = xp.where(early_size < late_size, early, late) / modes
    curves = xp.stack([unfitted + fit, unit + bias + variance, norm])
    sizes = [unfitted + fit_size, unit + bias_size + variance_size, xp.minimum(early_size, late_size) / modes]
    rounding = (EPS * SUM_ULPS + on.residual) * xp.stack(sizes)[:, :, 0]
    return curves[:, :, 0], xp.abs(curves[:, :, 0] - curves[:, :, 1]) + rounding


class Windows(NamedTuple):
    """Which contour every time is read on: contours `first` ... `first + count - 1` begin at `begins`, in units of x.

    `at` (times,): the contour of each time. Octaves are counted from 1, so that what a time is answered does not depend
    on which others are asked for.
    """

    begins: ArrayLike
    at: ArrayLike
    count: ArrayLike


def windows(times: np.ndarray) -> Windows:
    """The octaves of times; those of 0 are read anywhere."""
    octaves = np.exp2(np.floor(np.log2(np.where(times > 0, times, times.max() or 1.0))))
    begins, at = np.unique(octaves, return_inverse=True)
    return Windows(repeated(begins, MOST_WINDOWS), at, np.asarray(begins.size))


@compiled_soonest
def _transforms_of(problem: CorrelatedInputs, begins: Array, count: Array) -> Transforms:
    """The transforms of the first `count` windows, with a leading axis of windows."""
    shape = jax.eval_shape(lambda begin: _transforms(problem, begin), begins[0])
    empty = jax.tree_util.tree_map(lambda one: jnp.zeros((begins.size, *one.shape), one.dtype), shape)

    def fill(i, filled):
        made = _transforms(problem, SPREAD * problem.samples * begins[i])
        return jax.tree_util.tree_map(lambda all, one: all.at[i].set(one), filled, made)

    return jax.lax.fori_loop(0, count, fill, empty)


def correlated_values(problem: CorrelatedInputs, modes: ArrayLike, times: np.ndarray):
    """(curves, numerical errors, status level) at the times, which are numbers. One program; what it finds is read by
    NumPy.

    `modes`: how many there are; eigenvalues of zero with no target may have been added.
    """
    chosen = windows(times)
    found = jax.tree.map(np.asarray, _transforms_of(problem, chosen.begins, chosen.count))
    problem = jax.tree.map(np.asarray, problem)
    shares = np.where(times > 0, times / chosen.begins[chosen.at], 1.0) / SPREAD
    curves, errors = np.empty((times.size, 3)), np.empty((times.size, 3))
    with np.errstate(all="ignore"):  # what is no number is judged below
        for window in range(int(chosen.count)):
            on = jax.tree.map(lambda leaf, window=window: leaf[window], found)
            here = np.flatnonzero(chosen.at == window)
            for part in np.split(here, range(READ_AT_ONCE, here.size, READ_AT_ONCE)):
                curves[part], errors[part] = (part.T for part in _read(np, problem, modes, shares[part], on))
        return _judged(np, problem, times, curves, errors, found.residual[chosen.at])


@compiled
def _traced_values(problem: CorrelatedInputs, modes: ArrayLike, times: Float[Array, " times"]):
    """`correlated_values` of traced numbers: a contour a time."""
    early = 1 / (problem.samples * jnp.maximum(jnp.max(problem.spectrum), 1e-300))

    def one(time):
        # A time in the middle of its octave.
        on = _transforms(problem, 3 * problem.samples * time)
        curves, errors = _read(jnp, problem, modes, jnp.full(1, 1 / 3), on)
        return curves[:, 0], errors[:, 0], on.residual

    return _judged(jnp, problem, times, *jax.lax.map(one, jnp.where(times > 0, times, early)))


def _judged(xp, problem: CorrelatedInputs, times: Any, curves: Any, errors: Any, residual: Any):
    started = times > 0
    start = problem.noise**2 + xp.sum(problem.spectrum * problem.target**2)
    at_start = xp.stack([start, start, xp.zeros(())])[None, :]
    if xp is jnp:
        at_start = beginning(at_start, first_slopes(problem), times)
    legal = _is_legal(xp, problem) & (times >= 0) & (times < np.inf) & (xp.where(started, residual, 0.0) < 1e-8)
    curves = xp.where(legal[:, None], xp.where(started[:, None], curves, at_start), np.nan)
    errors = xp.where(started[:, None], errors, EPS * SUM_ULPS * at_start)
    level = xp.where(xp.all(xp.isfinite(curves)), 0, 2).astype(np.int8)
    held = hold({"all": curves}, {"all": errors}, level, {"all": NON_NEGATIVE})
    return held.curves["all"], errors + FAINT * start, held.level


def _as_correlated(problem: CorrelatedInputs | RandomFeatures) -> CorrelatedInputs:
    return equivalent_problem(problem) if isinstance(problem, RandomFeatures) else problem


def _solve(problem: CorrelatedInputs | RandomFeatures, modes: np.ndarray, times: ArrayLike):
    """Curves and errors (times, curves), level, and how many of the `modes` have no variance."""
    traced = any_traced(problem, times)
    xp, values = (jnp, _traced_values) if traced else (np, correlated_values)
    if not isinstance(problem, RandomFeatures):
        curves, errors, level = values(problem, modes, times)
        unseen = modes - xp.sum(xp.where(problem.spectrum > 0, 1.0, 0.0))
    else:
        same, blur, condition = equivalent(problem)
        if not traced:
            same, blur, condition = jax.tree.map(np.asarray, (same, blur, condition))
        curves, errors, level = values(same, modes, times)
        # Curves are sums with positive weights, one of them of noise^2: none moves by more than its own share of it.
        unit = same.noise**2
        share = xp.minimum(blur / xp.where(unit > 0, unit, 1.0), 1.0) + EPS * condition
        beside = xp.where(xp.asarray([[name == "weight_norm" for name in CORRELATED_CURVES]]), 0.0, blur)
        errors = errors + FEATURE_ULPS * (share * curves + beside)
        held = hold({"all": curves}, {"all": errors}, level, {"all": NON_NEGATIVE})
        curves, level = held.curves["all"], held.level
        unseen = modes - xp.sum(xp.where(same.spectrum > 0, 1.0, 0.0))
    return curves, errors, xp.maximum(level, xp.where(unseen > 0, 1, 0).astype(np.int8)), level, unseen


@compiled
def _ridge(problem: CorrelatedInputs | RandomFeatures, modes: Array, penalty: Float[Array, ""]) -> Losses:
    return ridge_values(_as_correlated(problem), modes, penalty)


NOTED = (
    "The numerical_error of a curve exceeds 1 % of its value somewhere, as that of a train_loss that has decayed to "
    "rounding does (it may then be given as 0): read numerical_error there."
)
UNSEEN = "have no variance beyond rounding and were left out of the theory."
TRACED = (
    "A curve is not a finite number: a traced number was out of range, or the effective ridge was lost on the contour. "
    "Check the values before they enter jit or vmap."
)
LOST = (
    "A curve cannot be told in float64: samples * times * spectrum, the target or noise^2 is too large or too small "
    "(1e-280 and 1e280 are the limits). Bring them nearer to 1; where training ends stands in limits(problem)."
)


def solve_correlated(
    problem: CorrelatedInputs | RandomFeatures, times: Times, dynamics: ByModes = FLOW, *, throw: bool = True
) -> Solution:
    """See `grok_theory.linear.solve`."""
    require_float64("grok_theory.linear.solve")
    check_single(problem, "solve")
    check_flow(problem, dynamics, times)
    count, modes = np.size(times), float(_modes(problem))
    traced = any_traced(problem, times)
    if traced:
        x = jnp.asarray(times, float)
        curves, errors, level, own, unseen = _solve(as_numbers(problem), np.asarray(modes), x)
        noted = f"Some directions {UNSEEN} {NOTED}"
    else:
        x = np.array(times, float)
        curves, errors, level, own, unseen = _solve(_padded(problem), np.asarray(modes), x)
        x, curves, errors = cut((x, curves, errors), count)
        unseen = int(unseen)
        some = f"{unseen} of {modes:g} directions {UNSEEN}" if unseen else ""
        noted = f"{some} {NOTED if int(own) == 1 else ''}".strip()
    return Solution(
        problem,
        x,
        {name: curves[:, at] for at, name in enumerate(CORRELATED_CURVES)},
        dynamics.x_name,
        dynamics,
        ContourIntegral(),
        x_unit=dynamics.x_unit,
        numerical_error={name: errors[:, at] for at, name in enumerate(CORRELATED_CURVES)},
        status=Status(level, noted=noted, failed=TRACED if traced else LOST),
        stats={"contour_points": POINTS, "directions_without_variance": unseen},
    ).checked(throw)


def _modes(problem: CorrelatedInputs | RandomFeatures) -> int:
    return len(problem.features if isinstance(problem, RandomFeatures) else problem.spectrum)  # type: ignore[arg-type]


def _padded(problem: CorrelatedInputs | RandomFeatures) -> CorrelatedInputs | RandomFeatures:
    """The same numbers, with modes of no variance and no target up to a length that is compiled once."""
    if isinstance(problem, RandomFeatures) or any_traced(problem):
        return as_numbers(problem)
    longer = {name: with_zeros(getattr(problem, name)) for name in ("spectrum", "target")}
    return dataclasses.replace(as_numbers(problem), **longer)


def ridge_values(problem: CorrelatedInputs, count: Array, penalty: Float[Array, ""]) -> Losses:
    """Ridge at one penalty >= 0, traceable; 0 is the limit, infinite where samples equal the modes. `count`: modes."""
    l, n, power, noise = problem.spectrum, problem.samples, problem.target**2, problem.noise**2
    kappa = effective_ridge(l, n, ridge=penalty)
    left = freedom_left(l, kappa, n, ridge=penalty) / n  # 1 - gamma
    some = kappa > 0
    felt = l + kappa > 0
    total = jnp.where(felt, l + kappa, 1.0)
    # A mode without variance is missed, and its derivatives are those of one with little.
    share = jnp.where(felt, l / total, 0.0)
    inverse = jnp.where(l > 0, share / jnp.where(l > 0, l, 1.0), jnp.where(felt, 1 / total, 0.0))  # 1/(l + kappa)
    missed = jnp.where(felt, kappa / total, 0.0)  # 1 - share, with all its digits
    # But where samples are left and nothing is penalised, the least variance is as good as much: no derivative.
    jumps = jnp.sum(kinked(l, ~felt))
    test = (noise + jnp.sum(power * l * missed**2)) / left
    # p/kappa, p = penalty/n: zero without a penalty where kappa > 0, and the share of unfitted labels where kappa = 0.
    modes = jnp.sum(jnp.where(l > 0, 1.0, 0.0))
    unfitted = jnp.where(some, penalty / n / jnp.where(some, kappa, 1.0), (n - jnp.sum(share)) / n)
    # 1 - (p dkappa/dp)/(l + kappa), as a sum: at large penalties the difference is rounding, of either sign.
    moved = (unfitted * share + jnp.sum(share * missed) / n) / left
    signal = jnp.sum(power * share * moved)
    norm = (signal + noise / n / left * jnp.sum(share * inverse)) / count
    at = (left <= 0) | ((penalty == 0) & (modes == n))
    legal = _is_legal(jnp, problem) & (penalty >= 0) & (penalty < jnp.inf)
    train, test, norm = (value + jumps for value in (unfitted**2 * test, test, norm))
    ends = Losses(jnp.where(at, 0.0, train), jnp.where(at, jnp.inf, test), jnp.where(at, jnp.inf, norm))
    # Infinite is the peak, and overflow anywhere else.
    return jax.tree_util.tree_map(lambda value: jnp.where(legal & (at | (value < jnp.inf)), value, jnp.nan), ends)


def correlated_ridge(problem: CorrelatedInputs | RandomFeatures, penalty: ArrayLike) -> Losses:
    """See `grok_theory.linear.ridge`."""
    require_float64("grok_theory.linear.ridge")
    check_single(problem, "ridge")
    check_finite_samples(problem, "ridge")
    check_shape("penalty", penalty, (), "Use jax.vmap for many penalties.")
    check_non_negative("penalty", penalty, "Pass the penalty of |y - wX|^2 + penalty |w|^2, for example 0.2.")
    return refuse_lost(
        _ridge(_padded(problem), np.asarray(float(_modes(problem))), as_numbers(penalty)), "ridge", BEYOND
    )


def correlated_limits(problem: CorrelatedInputs | RandomFeatures) -> Losses:
    """See `grok_theory.linear.limits`."""
    require_float64("grok_theory.linear.limits")
    check_single(problem, "limits")
    check_finite_samples(problem, "limits")
    return refuse_lost(_ridge(_padded(problem), np.asarray(float(_modes(problem))), np.zeros(())), "limits", BEYOND)
