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
from ..numerics.invariants import NON_NEGATIVE, hold
from ..numerics.padding import SHORTEST, any_traced, as_numbers, cut, repeated, with_zeros
from ..numerics.ridge_equation import effective_ridge, freedom_left
from ..results import Solution
from ..status import Status
from .checked import FAINT, check_finite_samples, check_single
from .contour import SPREAD, contours_of, effective_ridge_on_contours
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
EPS = float(np.finfo(float).eps)
FEATURE_ULPS = 16.0  # of the equivalent problem of RandomFeatures
SUM_ULPS = 16.0  # of the moduli that a curve is a sum of; measured by benchmarks/numerical_error.py


def _is_legal(problem: CorrelatedInputs) -> Array:
    power = jnp.sum(problem.spectrum) + jnp.sum(problem.target**2) + problem.noise**2
    known = (problem.noise == 0) | (problem.noise**2 > FAINT)
    return in_range(problem) & (problem.samples < jnp.inf) & jnp.isfinite(power) & known


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


def _read(problem: CorrelatedInputs, modes: Array, share: Float[Array, ""], on: Transforms):
    """All curves at T = `share` of the latest time, (curves, contours), and the moduli of what they are sums of."""
    weights, exponents = jnp.asarray(CONTOURS.weights), jnp.asarray(CONTOURS.exponents)
    once = weights * jnp.exp(exponents * share.astype(complex))
    twice = weights * jnp.exp(exponents * (2 * share).astype(complex))
    # 2 f(T) - f(2T) of late, early and spread, f(2T) of fit; and the moduli in them.
    values = jnp.stack([on.late, on.early, on.spread])
    late, early, variance = jnp.sum(((2 * once - twice)[None] * values).imag, axis=-1)
    fit = jnp.sum((twice * on.fit).imag, axis=-1)
    late_size, early_size, variance_size = jnp.sum(
        (2 * jnp.abs(once) + jnp.abs(twice))[None] * jnp.abs(values), axis=-1
    )
    fit_size = jnp.sum(jnp.abs(twice * on.fit), axis=-1)
    # The weights carry 2 Im[.] = -i (. - conj): undone here, so that both variables run over the plain contour.
    terms = once[:, :, None] * jnp.concatenate([once, -once.conj()], axis=1)[:, None, :] * on.bias
    bias, bias_size = -0.5 * jnp.sum(terms.real, axis=(1, 2)), 0.5 * jnp.sum(jnp.abs(terms), axis=(1, 2))
    unit, unfitted = problem.noise**2, problem.noise**2 * on.floor
    norm = jnp.where(early_size < late_size, early, late) / modes
    sizes = [unfitted + fit_size, unit + bias_size + variance_size, jnp.minimum(early_size, late_size) / modes]
    return jnp.stack([unfitted + fit, unit + bias + variance, norm]), jnp.stack(sizes)


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


def correlated_values(
    problem: CorrelatedInputs, modes: Array, times: Float[Array, " times"], chosen: Windows | None = None
):
    """(curves, numerical errors, status level) at the times; traceable without `chosen`, a contour a time.

    `modes`: how many there are; eigenvalues of zero with no target may have been added.
    """
    started = times > 0
    early = 1 / (problem.samples * jnp.maximum(jnp.max(problem.spectrum), 1e-300))
    if chosen is None:
        safe = jnp.where(started, times, early)
        # A time in the middle of its octave.
        contours = jax.lax.map(lambda time: _transforms(problem, 3 * problem.samples * time), safe)
        shares, at = jnp.full(times.shape, 1 / 3), jnp.arange(times.size)
    else:
        begins = jnp.asarray(chosen.begins)
        shape = jax.eval_shape(lambda begin: _transforms(problem, begin), begins[0])
        empty = jax.tree_util.tree_map(lambda one: jnp.zeros((begins.size, *one.shape), one.dtype), shape)

        def fill(i, filled):
            made = _transforms(problem, SPREAD * problem.samples * begins[i])
            return jax.tree_util.tree_map(lambda all, one: all.at[i].set(one), filled, made)

        contours, at = jax.lax.fori_loop(0, jnp.asarray(chosen.count), fill, empty), jnp.asarray(chosen.at)
        shares = jnp.where(started, times / begins[at], 1.0) / SPREAD

    def read(share_and_contour):
        share, i = share_and_contour
        on = jax.tree_util.tree_map(lambda all: all[i], contours)
        values, sizes = _read(problem, modes, share, on)
        errors = jnp.abs(values[:, 0] - values[:, 1]) + (EPS * SUM_ULPS + on.residual) * sizes[:, 0]
        return values[:, 0], errors, on.residual

    curves, errors, residual = jax.lax.map(read, (shares, at), batch_size=SHORTEST)
    start = problem.noise**2 + jnp.sum(problem.spectrum * problem.target**2)
    at_start = jnp.stack([start, start, jnp.zeros(())])[None, :]
    legal = _is_legal(problem) & (times >= 0) & (times < jnp.inf) & (jnp.where(started, residual, 0.0) < 1e-8)
    curves = jnp.where(legal[:, None], jnp.where(started[:, None], curves, at_start), jnp.nan)
    errors = jnp.where(started[:, None], errors, EPS * SUM_ULPS * at_start)
    level = jnp.where(jnp.all(jnp.isfinite(curves)), 0, 2).astype(jnp.int8)
    held = hold({"all": curves}, {"all": errors}, level, {"all": NON_NEGATIVE})
    return held.curves["all"], errors + FAINT * start, held.level


def _as_correlated(problem: CorrelatedInputs | RandomFeatures) -> CorrelatedInputs:
    return equivalent_problem(problem) if isinstance(problem, RandomFeatures) else problem


@jax.jit
def _solve(problem: CorrelatedInputs | RandomFeatures, modes: Array, times: Float[Array, " times"], chosen: Any):
    """Curves and errors (times, curves), level, and how many of the `modes` have no variance."""
    if not isinstance(problem, RandomFeatures):
        curves, errors, level = correlated_values(problem, modes, times, chosen)
        unseen = modes - jnp.sum(jnp.where(problem.spectrum > 0, 1.0, 0.0))
    else:
        same, blur, condition = equivalent(problem)
        curves, errors, level = correlated_values(same, modes, times, chosen)
        # Curves are sums with positive weights, one of them of noise^2: none moves by more than its own share of it.
        unit = same.noise**2
        share = jnp.minimum(blur / jnp.where(unit > 0, unit, 1.0), 1.0) + EPS * condition
        beside = jnp.where(jnp.asarray([[name == "weight_norm" for name in CORRELATED_CURVES]]), 0.0, blur)
        errors = errors + FEATURE_ULPS * (share * curves + beside)
        held = hold({"all": curves}, {"all": errors}, level, {"all": NON_NEGATIVE})
        curves, level = held.curves["all"], held.level
        unseen = modes - jnp.sum(jnp.where(same.spectrum > 0, 1.0, 0.0))
    return curves, errors, jnp.maximum(level, jnp.where(unseen > 0, 1, 0).astype(jnp.int8)), level, unseen


@jax.jit
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
        curves, errors, level, own, unseen = _solve(as_numbers(problem), np.asarray(modes), x, None)
        noted = f"Some directions {UNSEEN} {NOTED}"
    else:
        x = repeated(times)
        curves, errors, level, own, unseen = _solve(_padded(problem), np.asarray(modes), x, windows(x))
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
    share = jnp.where(l > 0, l / jnp.where(l + kappa > 0, l + kappa, 1.0), 0.0)
    inverse = jnp.where(l > 0, share / jnp.where(l > 0, l, 1.0), 0.0)  # 1/(l + kappa)
    missed = jnp.where(l > 0, kappa / jnp.where(l + kappa > 0, l + kappa, 1.0), 0.0)  # 1 - share, with all its digits
    test = (noise + jnp.sum(power * l * missed**2)) / left
    # p/kappa, p = penalty/n: zero without a penalty where kappa > 0, and the share of unfitted labels where kappa = 0.
    modes = jnp.sum(jnp.where(l > 0, 1.0, 0.0))
    unfitted = jnp.where(some, penalty / n / jnp.where(some, kappa, 1.0), (n - modes) / n)
    # 1 - (p dkappa/dp)/(l + kappa), as a sum: at large penalties the difference is rounding, of either sign.
    moved = (unfitted * share + jnp.sum(share * missed) / n) / left
    signal = jnp.sum(power * share * moved)
    norm = (signal + noise / n / left * jnp.sum(share * inverse)) / count
    at = (left <= 0) | ((penalty == 0) & (modes == n))
    legal = _is_legal(problem) & (penalty >= 0) & (penalty < jnp.inf)
    ends = Losses(jnp.where(at, 0.0, unfitted**2 * test), jnp.where(at, jnp.inf, test), jnp.where(at, jnp.inf, norm))
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
