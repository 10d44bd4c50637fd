"""Learning curves for any covariance of the inputs: deterministic equivalents of two resolvents, inverted in time.

Wing spec `linear`, section 4.10. With T = n t, p conjugate to T, kappa(p) = p + kappa (1/n) sum l/(l + kappa),
G = 1/(l + kappa), F(p) = se^2/kappa + sum c^2 l G and L^-1 the inverse Laplace transform,

    E_g = se^2 + bias + 2 a(T) - a(2T),    a = L^-1[(se^2/n) (kappa/p^2) sum l G],
    bias = double inverse of sum c^2 l G1 G2 kappa1 kappa2/(p1 p2 (1 - gamma12)) at (T, T),
    gamma12 = (1/n) sum l^2 G1 G2,
    E_t = L^-1[F](2T),    w.w = 2 b(T) - b(2T),  b = L^-1[F/p].

`RandomFeatures` is solved here too, as the `CorrelatedInputs` it is equivalent to.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from ..errors import check_non_negative, check_shape, check_times, require_float64
from ..numerics.effective_ridge import effective_ridge, freedom_left
from ..results import Solution, Status
from .contour import contour_points, effective_ridge_on_contours, invert
from .curves import as_arrays, check_single
from .depth import require_flow
from .features import equivalent_problem
from .methods import FLOW, Times
from .problem import CorrelatedInputs, RandomFeatures
from .ridge import Losses

__all__ = ["correlated_limits", "correlated_ridge", "correlated_values", "solve_correlated"]

CORRELATED_CURVES = ("train_loss", "test_loss", "weight_norm")
POINTS, CHECK_POINTS = 28, 22  # on the contour that answers, and on the one it is held against


def _is_legal(problem: CorrelatedInputs) -> Array:
    finite = jnp.isfinite(jnp.sum(problem.spectrum) + jnp.sum(problem.target) + problem.samples + problem.noise)
    return finite & jnp.all(problem.spectrum >= 0) & (problem.samples >= 1) & (problem.noise >= 0)


def _at(problem: CorrelatedInputs, time: Float[Array, ""]) -> tuple[dict[str, Array], dict[str, Array], Array]:
    """All curves at one time t > 0, the same with fewer points, and the residual of the effective ridge."""
    once, twice = problem.samples * time, 2 * problem.samples * time
    contours = [(at, points) for points in (POINTS, CHECK_POINTS) for at in (once, twice)]
    kappas, residual = effective_ridge_on_contours(problem.spectrum, problem.samples, contours)
    curves = _inverted(problem, once, twice, *kappas[:2], POINTS)
    return curves, _inverted(problem, once, twice, *kappas[2:], CHECK_POINTS), residual


def _inverted(problem: CorrelatedInputs, once, twice, kappa1, kappa2, points: int) -> dict[str, Array]:
    """All curves from the effective ridge on the contours of T and 2T."""
    fields = problem.spectrum, problem.samples, problem.noise**2, problem.target**2
    l, n, noise, power = (field.astype(complex) for field in fields)

    def transforms(kappa, big_time):
        p = jnp.asarray(contour_points(points)[0]) / big_time.astype(complex)
        g = 1 / (l[None, :] + kappa[:, None])
        fit = noise / kappa + jnp.sum((power * l)[None, :] * g, axis=1)
        spread = noise / n * kappa / p**2 * jnp.sum(l[None, :] * g, axis=1)
        return p, g, fit, spread

    p, g, fit1, spread1 = transforms(kappa1, once)
    q, _, fit2, spread2 = transforms(kappa2, twice)
    # Double inverse: one variable on the upper half, the other on the whole contour.
    exponent, weights = contour_points(points)
    half = jnp.asarray(weights * np.exp(exponent)) / once.astype(complex) * kappa1 / p
    whole, g_whole = jnp.concatenate([half, -half.conj()]), jnp.concatenate([g, g.conj()])
    # `half` carries 2 Im[.] = -i (. - conj): undone here, so that both variables run over the plain contour.
    numerator = ((power * l)[None, :] * g) @ g_whole.T
    gamma = ((l**2)[None, :] * g / n) @ g_whole.T
    bias = -0.5 * jnp.sum((half[:, None] * whole[None, :] * numerator / (1 - gamma)).real)
    variance = 2 * invert(spread1, once, points) - invert(spread2, twice, points)
    return {
        "train_loss": invert(fit2, twice, points),
        "test_loss": problem.noise**2 + bias + variance,
        "weight_norm": (2 * invert(fit1 / p, once, points) - invert(fit2 / q, twice, points)) / l.size,
    }


def correlated_values(problem: CorrelatedInputs, times: Float[Array, " times"]):
    """(curves, numerical errors, status level) at the times; traceable."""
    started = times > 0
    safe = jnp.where(started, times, 1 / (problem.samples * jnp.maximum(jnp.max(problem.spectrum), 1e-300)))
    start = problem.noise**2 + jnp.sum(problem.spectrum * problem.target**2)
    at_start = {"train_loss": start, "test_loss": start, "weight_norm": jnp.zeros(())}
    # One time after the other : the arrays of one time have (points, modes) entries.
    curves, others, residual = jax.lax.map(lambda time: _at(problem, time), safe)
    legal = _is_legal(problem) & (times >= 0) & (times < jnp.inf)
    on_branch = jnp.where(started, residual, 0.0) < 1e-8
    values = {
        name: jnp.where(legal & on_branch, jnp.where(started, curves[name], at_start[name]), jnp.nan)
        for name in CORRELATED_CURVES
    }
    errors = {name: jnp.where(started, jnp.abs(curves[name] - others[name]), 0.0) for name in CORRELATED_CURVES}
    finite = jnp.all(jnp.stack([jnp.all(jnp.isfinite(v)) for v in values.values()]))
    faint = jnp.any(values["train_loss"] < 1e-10 * start)
    return values, errors, jnp.where(finite, jnp.where(faint, 1, 0), 2).astype(jnp.int8)


def _as_correlated(problem: CorrelatedInputs | RandomFeatures) -> CorrelatedInputs:
    return equivalent_problem(problem) if isinstance(problem, RandomFeatures) else problem


@jax.jit
def _solve(problem: CorrelatedInputs | RandomFeatures, times: Float[Array, " times"]):
    return correlated_values(_as_correlated(problem), times)


@jax.jit
def _ridge(problem: CorrelatedInputs | RandomFeatures, penalty: Float[Array, ""]) -> Losses:
    return ridge_values(_as_correlated(problem), penalty)


NOTED = (
    "train_loss is below 1e-10 of its start somewhere, and the inversion has an absolute accuracy of about 1e-14 of "
    "the start: read its numerical_error there."
)
FAILED = (
    "A curve is not a finite number: a traced number was out of range, or the effective ridge was lost on the contour. "
    "Check the values before they enter jit or vmap, and drop eigenvalues that are zero to rounding."
)


def solve_correlated(
    problem: CorrelatedInputs | RandomFeatures, times: Times, method=FLOW, *, throw: bool = True
) -> Solution:
    """See `grok_theory.linear.solve`."""
    require_float64("grok_theory.linear.solve")
    require_flow(method, problem)
    check_single(problem, "solve")
    check_times(times)
    times = jnp.asarray(times, float)
    curves, errors, level = _solve(as_arrays(problem), times)
    return Solution(
        problem,
        times,
        {name: curves[name] for name in CORRELATED_CURVES},
        method.x_name,
        method.dynamics,
        method,
        x_unit=method.x_unit,
        numerical_error=errors,
        status=Status(level, noted=NOTED, failed=FAILED),
        stats={"contour_points": POINTS},
    ).checked(throw)


def ridge_values(problem: CorrelatedInputs, penalty: Float[Array, ""]) -> Losses:
    """Ridge at one penalty >= 0, traceable; 0 is the limit, infinite where samples equal the modes."""
    l, n, power, noise = problem.spectrum, problem.samples, problem.target**2, problem.noise**2
    kappa = effective_ridge(l, n, ridge=penalty)
    left = freedom_left(l, kappa, n, ridge=penalty) / n  # 1 - gamma
    some = kappa > 0
    share = jnp.where(l > 0, l / jnp.where(l + kappa > 0, l + kappa, 1.0), 0.0)
    inverse = jnp.where(l > 0, share / jnp.where(l > 0, l, 1.0), 0.0)  # 1/(l + kappa)
    test = (noise + jnp.sum(power * l * (1 - share) ** 2)) / left
    # p/kappa, p = penalty/n: zero without a penalty where kappa > 0, and the share of unfitted labels where kappa = 0.
    modes = jnp.sum(jnp.where(l > 0, 1.0, 0.0))
    unfitted = jnp.where(some, penalty / n / jnp.where(some, kappa, 1.0), 1 - modes / n)
    p_slope = penalty / n / left  # p dkappa/dp
    signal = jnp.sum(power * share * (1 - p_slope * inverse))
    norm = (signal + noise / n / left * jnp.sum(share * inverse)) / l.size
    at = (left <= 0) | ((penalty == 0) & (modes == n))
    legal = _is_legal(problem) & (penalty >= 0) & (penalty < jnp.inf)
    ends = Losses(jnp.where(at, 0.0, unfitted**2 * test), jnp.where(at, jnp.inf, test), jnp.where(at, jnp.inf, norm))
    return jax.tree_util.tree_map(lambda value: jnp.where(legal, value, jnp.nan), ends)


def correlated_ridge(problem: CorrelatedInputs | RandomFeatures, penalty: ArrayLike) -> Losses:
    """See `grok_theory.linear.ridge`."""
    require_float64("grok_theory.linear.ridge")
    check_single(problem, "ridge")
    check_shape("penalty", penalty, (), "Use jax.vmap for many penalties.")
    check_non_negative("penalty", penalty, "Pass the penalty of |y - wX|^2 + penalty |w|^2, for example 0.2.")
    return _ridge(as_arrays(problem), jnp.asarray(penalty, float))


def correlated_limits(problem: CorrelatedInputs | RandomFeatures) -> Losses:
    """See `grok_theory.linear.limits`."""
    require_float64("grok_theory.linear.limits")
    check_single(problem, "limits")
    return _ridge(as_arrays(problem), jnp.zeros(()))
