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

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from ..checks import check_non_negative, check_shape, is_traced, require_float64
from ..fields import in_range
from ..numerics.invariants import NON_NEGATIVE, hold
from ..numerics.ridge_equation import effective_ridge, freedom_left
from ..pytrees import as_arrays
from ..results import Solution, Status
from .checked import FAINT, check_single
from .contour import Continued, contour_points, effective_ridge_on_contours, invert
from .curve_names import CORRELATED_CURVES
from .features import equivalent, equivalent_problem
from .lost import refuse_lost
from .methods import ContourIntegral
from .mode_relaxation import FLOW, ByModes, Times, check_flow
from .problem import CorrelatedInputs, RandomFeatures
from .ridge_regression import LOST as BEYOND
from .ridge_regression import Losses

__all__ = ["correlated_limits", "correlated_ridge", "correlated_values", "solve_correlated"]

POINTS, CHECK_POINTS = 28, 22  # on the contour that answers, and on the one it is held against
EPS = float(np.finfo(float).eps)
FEATURE_ULPS = 16.0  # of the equivalent problem of RandomFeatures
SUM_ULPS = 16.0  # of the moduli that a curve is a sum of; measured by benchmarks/numerical_error.py


def _is_legal(problem: CorrelatedInputs) -> Array:
    power = jnp.sum(problem.spectrum) + jnp.sum(problem.target**2) + problem.noise**2
    known = (problem.noise == 0) | (problem.noise**2 > FAINT)
    return in_range(problem) & jnp.isfinite(power) & known


def _at(problem: CorrelatedInputs, time: Float[Array, ""]) -> tuple[dict[str, Array], dict[str, Array], Array]:
    """All curves at one time t > 0, their numerical errors, and the residual of the effective ridge."""
    once, twice = problem.samples * time, 2 * problem.samples * time
    contours = [(at, points) for points in (POINTS, CHECK_POINTS) for at in (once, twice)]
    continued, residual = effective_ridge_on_contours(problem.spectrum, problem.samples, contours)
    curves, sizes = _inverted(problem, once, twice, *continued[:2], POINTS)
    others, _ = _inverted(problem, once, twice, *continued[2:], CHECK_POINTS)
    ulps = EPS * SUM_ULPS + residual
    errors = {name: jnp.abs(curves[name] - others[name]) + ulps * sizes[name] for name in CORRELATED_CURVES}
    return curves, errors, residual


def _inverted(problem: CorrelatedInputs, once, twice, first: Continued, second: Continued, points: int):
    """All curves from the effective ridge on the contours of T and 2T, and the sums of moduli they are made of."""
    fields = problem.spectrum, problem.samples, problem.noise**2, problem.target**2
    l, n, noise, power = (field.astype(complex) for field in fields)
    exponent = jnp.asarray(contour_points(points)[0])  # p T

    def transforms(ridge: Continued, big_time):
        """G, then F - se^2 h0/p over T; (that)/p over T twice, as at late and at early times; a over T."""
        time = big_time.astype(complex)
        # A mode without variance is no mode; at late times kappa is so small that 1/kappa^2 overflows.
        some = (problem.spectrum > 0)[None, :]
        g = jnp.where(some, 1 / jnp.where(some, l[None, :] + ridge.kappa[:, None], 1.0), 0.0)
        signal = jnp.sum((power * l)[None, :] * g, axis=1)
        share = jnp.sum(l[None, :] * g, axis=1) / n
        # 1/p = T/(p T): no power of p is ever formed.
        fit = (noise * ridge.rise * (time / exponent) + signal) / time
        late = (noise * ridge.rise * (time / exponent) + signal) / exponent
        bent = jnp.sum((power * l)[None, :] * (l[None, :] + (ridge.kappa * share)[:, None]) * g, axis=1)
        early = -(noise * share + bent) * time / exponent**2
        spread = noise * ridge.above * (time / exponent**2) * jnp.sum((ridge.kept * l)[None, :] * g, axis=1) / n
        return g, fit, late, early, spread

    g, _, late1, early1, spread1 = transforms(first, once)
    _, fit2, late2, early2, spread2 = transforms(second, twice)

    def doubled(one, two):
        """2 f(T) - f(2T) and the moduli in it."""
        (value, size), (other, more) = invert(one, points), invert(two, points)
        return 2 * value - other, 2 * size + more

    fit, fit_size = invert(fit2, points)
    variance, variance_size = doubled(spread1, spread2)
    late, late_size = doubled(late1, late2)
    early, early_size = doubled(early1, early2)
    # Double inverse: one variable on the upper half, the other on the whole contour.
    exponents, weights = contour_points(points)
    half = jnp.asarray(weights * np.exp(exponents)) / (once.astype(complex) * first.unfitted)
    whole, g_whole = jnp.concatenate([half, -half.conj()]), jnp.concatenate([g, g.conj()])
    kappa = jnp.concatenate([first.kappa, first.kappa.conj()])
    # `half` carries 2 Im[.] = -i (. - conj): undone here, so that both variables run over the plain contour.
    numerator = ((power * l)[None, :] * g) @ g_whole.T
    left = first.unfitted[:, None] + kappa[None, :] * ((l[None, :] * g / n) @ g_whole.T)  # 1 - gamma
    terms = half[:, None] * whole[None, :] * numerator / left
    bias, bias_size = -0.5 * jnp.sum(terms.real), 0.5 * jnp.sum(jnp.abs(terms))
    unit, unfitted = problem.noise**2, problem.noise**2 * first.floor
    curves = {
        "train_loss": unfitted + fit,
        "test_loss": unit + bias + variance,
        "weight_norm": jnp.where(early_size < late_size, early, late) / l.size,
    }
    sizes = {
        "train_loss": unfitted + fit_size,
        "test_loss": unit + bias_size + variance_size,
        "weight_norm": jnp.minimum(early_size, late_size) / l.size,
    }
    return curves, sizes


def correlated_values(problem: CorrelatedInputs, times: Float[Array, " times"]):
    """(curves, numerical errors, status level) at the times; traceable."""
    started = times > 0
    safe = jnp.where(started, times, 1 / (problem.samples * jnp.maximum(jnp.max(problem.spectrum), 1e-300)))
    start = problem.noise**2 + jnp.sum(problem.spectrum * problem.target**2)
    at_start = {"train_loss": start, "test_loss": start, "weight_norm": jnp.zeros(())}
    # One time after the other : the arrays of one time have (points, modes) entries.
    curves, errors, residual = jax.lax.map(lambda time: _at(problem, time), safe)
    legal = _is_legal(problem) & (times >= 0) & (times < jnp.inf)
    on_branch = jnp.where(started, residual, 0.0) < 1e-8
    values = {
        name: jnp.where(legal & on_branch, jnp.where(started, curves[name], at_start[name]), jnp.nan)
        for name in CORRELATED_CURVES
    }
    rounding = EPS * SUM_ULPS
    errors = {name: jnp.where(started, errors[name], rounding * at_start[name]) for name in CORRELATED_CURVES}
    finite = jnp.all(jnp.stack([jnp.all(jnp.isfinite(v)) for v in values.values()]))
    level = jnp.where(finite, 0, 2).astype(jnp.int8)
    held = hold(values, errors, level, dict.fromkeys(CORRELATED_CURVES, NON_NEGATIVE))
    return held.curves, {name: error + FAINT * start for name, error in errors.items()}, held.level


def _as_correlated(problem: CorrelatedInputs | RandomFeatures) -> CorrelatedInputs:
    return equivalent_problem(problem) if isinstance(problem, RandomFeatures) else problem


@jax.jit
def _solve(problem: CorrelatedInputs | RandomFeatures, times: Float[Array, " times"]):
    if not isinstance(problem, RandomFeatures):
        return *correlated_values(problem, times), jnp.sum(problem.spectrum == 0)
    same, blur, condition = equivalent(problem)
    curves, errors, level = correlated_values(same, times)
    # Curves are sums with positive weights, one of them of noise^2: none moves by more than its own share of it.
    unit = same.noise**2
    share = jnp.minimum(blur / jnp.where(unit > 0, unit, 1.0), 1.0) + EPS * condition
    errors = {
        name: error + FEATURE_ULPS * (share * curves[name] + (0.0 if name == "weight_norm" else blur))
        for name, error in errors.items()
    }
    held = hold(curves, errors, level, dict.fromkeys(CORRELATED_CURVES, NON_NEGATIVE))
    return held.curves, errors, held.level, jnp.sum(same.spectrum == 0)


@jax.jit
def _ridge(problem: CorrelatedInputs | RandomFeatures, penalty: Float[Array, ""]) -> Losses:
    return ridge_values(_as_correlated(problem), penalty)


NOTED = (
    "The numerical_error of a curve exceeds 1 % of its value somewhere, as that of a train_loss that has decayed to "
    "rounding does (it may then be given as 0): read numerical_error there."
)
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
    times = jnp.asarray(times, float)
    curves, errors, level, unseen = _solve(as_arrays(problem), times)
    traced = any(map(is_traced, jax.tree_util.tree_leaves((problem, times))))
    noted = NOTED if traced or int(level) == 1 else ""
    if traced or int(unseen):
        some = "Some directions" if traced else f"{int(unseen)} of {_modes(problem)} directions"
        noted = f"{some} have no variance beyond rounding and were left out of the theory. {noted}".rstrip()
    level = jnp.maximum(level, jnp.where(unseen > 0, 1, 0).astype(jnp.int8))
    return Solution(
        problem,
        times,
        {name: curves[name] for name in CORRELATED_CURVES},
        dynamics.x_name,
        dynamics,
        ContourIntegral(),
        x_unit=dynamics.x_unit,
        numerical_error=errors,
        status=Status(level, noted=noted, failed=TRACED if traced else LOST),
        stats={"contour_points": POINTS, "directions_without_variance": unseen},
    ).checked(throw)


def _modes(problem: CorrelatedInputs | RandomFeatures) -> int:
    return len(problem.features if isinstance(problem, RandomFeatures) else problem.spectrum)  # type: ignore[arg-type]


def ridge_values(problem: CorrelatedInputs, penalty: Float[Array, ""]) -> Losses:
    """Ridge at one penalty >= 0, traceable; 0 is the limit, infinite where samples equal the modes."""
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
    norm = (signal + noise / n / left * jnp.sum(share * inverse)) / l.size
    at = (left <= 0) | ((penalty == 0) & (modes == n))
    legal = _is_legal(problem) & (penalty >= 0) & (penalty < jnp.inf)
    ends = Losses(jnp.where(at, 0.0, unfitted**2 * test), jnp.where(at, jnp.inf, test), jnp.where(at, jnp.inf, norm))
    # Infinite is the peak, and overflow anywhere else.
    return jax.tree_util.tree_map(lambda value: jnp.where(legal & (at | (value < jnp.inf)), value, jnp.nan), ends)


def correlated_ridge(problem: CorrelatedInputs | RandomFeatures, penalty: ArrayLike) -> Losses:
    """See `grok_theory.linear.ridge`."""
    require_float64("grok_theory.linear.ridge")
    check_single(problem, "ridge")
    check_shape("penalty", penalty, (), "Use jax.vmap for many penalties.")
    check_non_negative("penalty", penalty, "Pass the penalty of |y - wX|^2 + penalty |w|^2, for example 0.2.")
    return refuse_lost(_ridge(as_arrays(problem), jnp.asarray(penalty, float)), "ridge", BEYOND)


def correlated_limits(problem: CorrelatedInputs | RandomFeatures) -> Losses:
    """See `grok_theory.linear.limits`."""
    require_float64("grok_theory.linear.limits")
    check_single(problem, "limits")
    return refuse_lost(_ridge(as_arrays(problem), jnp.zeros(())), "limits", BEYOND)
