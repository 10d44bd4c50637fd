r"""The interpolator of least Q_beta in high dimension: two scalar equations, at every scale beta.

With x = W + sigma Z, Z standard normal, and eta(x) the proximal map of gamma Q_beta, eta + gamma arcsinh(eta/(2 beta))
= x, an interpolator on inputs N(0, 1/samples), delta = samples/dim, is eta(W + sigma Z) weight by weight, where

    E eta'(W + sigma Z) = delta,      sigma^2 = noise^2 + (1/delta) E (eta - W)^2;

sigma^2 is the test loss. As a function of x, eta is analytic in |Im x| < gamma pi/2: the trapezoid rule in Z converges
geometrically, and every second node of it tells its error. Newton's steps on (ln sigma, ln gamma) start from the
closed form at large scales and go down in ln beta; E eta' is read as E eta Z/sigma (Stein).
"""

from functools import lru_cache, partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ...checks import require_float64
from ...fields import in_range
from ...numerics.invariants import INACCURATE, NON_NEGATIVE, hold
from ...numerics.padding import any_traced, solved_at
from ...numerics.programs import LONG_RUNNING, compiled
from ...results import Solution
from ...status import Status
from ..checked import check_single
from ..mode_relaxation import FLOW, ByModes, Times, check_flow
from .closed_forms import dense_weight_error
from .methods import StateEvolution
from .problem import SparseTask

__all__ = ["Evolved", "evolved_at", "solve_sparse_task"]

NODES, REACH = 1025, 9.0  # of the rule in Z, over +-REACH: the density there is 1e-18
LONGEST = 0.5  # in ln beta, of a step of the continuation
LARGEST = 1e3  # scale from which the closed form is a good start
MOST = 600  # Newton steps and steps in ln beta together, for one scale
PANELS = 256, 200  # nodes of the two rules of E |eta|, on each side of its kink at x = 0
ENOUGH, ROUNDED = 1e-12, 1e-6  # a step of Newton's that is none; one that may be all that rounding allows
EPS = float(np.finfo(float).eps)
_Z = np.linspace(-REACH, REACH, NODES)
_WEIGHTS = np.exp(-(_Z**2) / 2) * (_Z[1] - _Z[0]) / np.sqrt(2 * np.pi)
# The rule of twice the step beside it.
_RULES = np.stack([_WEIGHTS, np.where(np.arange(NODES) % 2 == 0, 2 * _WEIGHTS, 0.0)])
FAILED = (
    "State evolution did not converge: the scale beta has fallen too far for its rule. Pass earlier times, or a larger "
    "density or samples_per_dim."
)


@lru_cache
def _panels() -> tuple[np.ndarray, np.ndarray]:
    """Gauss-Legendre nodes in [0, 1] of both rules, one after the other, and their weights (rules, nodes)."""
    nodes, weights = zip(*(np.polynomial.legendre.leggauss(n) for n in PANELS), strict=True)
    shares = [np.concatenate([w / 2 * (i == rule) for i, w in enumerate(weights)]) for rule in range(len(PANELS))]
    return (np.concatenate(nodes) + 1) / 2, np.stack(shares)


class Evolved(NamedTuple):
    """The interpolator at one scale, by the rule and by every second node of it (..., 2).

    `left`: the Newton step that was not taken, in ln sigma and ln gamma; `found`: whether the steps ended.
    """

    sigma: Array
    gamma: Array
    weight_error: Array
    l1_norm: Array
    left: Array
    found: Array


def _proximal(x: Array, log_scale: Array, gamma: Array) -> tuple[Array, Array, Array]:
    """eta, eta' and arcsinh(eta/(2 beta)) at x."""
    size, scale = jnp.abs(x), jnp.exp(log_scale)
    # u = arcsinh(eta/(2 beta)) solves 2 beta sinh u + gamma u = |x|: both bounds lie above it, where Newton's steps on
    # this convex function fall to the root and never pass it.
    u = jnp.minimum(size / gamma, jnp.arcsinh(size / (2 * scale)))

    def hyperbolic(u):
        grown = jnp.expm1(u)
        return scale * (grown + grown / (1 + grown)), scale * (2 + grown**2 / (1 + grown))

    def closer(_, u):
        sinh, cosh = hyperbolic(u)
        return jnp.maximum(u - (sinh + gamma * u - size) / (cosh + gamma), 0.0)

    u = jax.lax.fori_loop(0, 9, closer, u)
    sinh, cosh = hyperbolic(u)
    sign = jnp.sign(x)
    return sign * sinh, cosh / (cosh + gamma), sign * u


def _moments(problem: SparseTask, log_scale: Array, state: Array):
    """Residuals of the two equations (2, rules), their slopes in (ln sigma, ln gamma, ln beta), and E (eta - W)^2."""
    sigma, gamma = jnp.exp(state)
    delta, rho = problem.samples_per_dim, problem.density
    z = jnp.asarray(_Z)[None, :]
    # -1 and +1 are one by symmetry.
    teacher = jnp.asarray([[0.0], [1.0]])
    eta, slope, u = _proximal(teacher + sigma * z, log_scale, gamma)
    share = jnp.stack([1 - rho, rho])
    # eta - W without a difference of two numbers near one.
    missed = jnp.where(teacher == 0, eta, sigma * z - gamma * u)
    by_sigma, by_gamma, by_scale = slope * sigma * z, -slope * gamma * u, (1 - slope) * eta
    needed = jnp.stack(
        [
            eta * z / sigma,
            missed**2,
            (by_sigma - eta) * z / sigma,
            by_gamma * z / sigma,
            2 * missed * by_sigma,
            2 * missed * by_gamma,
            by_scale * z / sigma,
            2 * missed * by_scale,
        ]
    )
    means = jnp.einsum("w,fwz,rz->fr", share, needed, jnp.asarray(_RULES))
    heard, error, heard_sigma, heard_gamma, error_sigma, error_gamma, heard_scale, error_scale = means
    unit = delta * sigma**2
    residual = jnp.stack([heard / delta - 1, (problem.noise**2 * delta + error) / unit - 1])
    slopes = jnp.stack(
        [
            jnp.stack([heard_sigma, heard_gamma, heard_scale]) / delta,
            jnp.stack([error_sigma - 2 * (error + problem.noise**2 * delta), error_gamma, error_scale]) / unit,
        ]
    )
    return residual, slopes, error


def _mean_size(problem: SparseTask, log_scale: Array, sigma: Array, gamma: Array) -> Array:
    """E |eta| (rules,): from x = 0 to both sides, where it is analytic."""
    # Of W = 0 one side, twice; of W = 1 both.
    at, shares = _panels()
    teacher = jnp.asarray([0.0, 1.0, -1.0])
    low = jnp.maximum(teacher - REACH * sigma, 0.0)
    length = jnp.maximum(teacher + REACH * sigma, 0.0) - low
    x = low[:, None] + length[:, None] * jnp.asarray(at)[None, :]
    density = jnp.exp(-jnp.square((x - teacher[:, None]) / sigma) / 2) / (sigma * np.sqrt(2 * np.pi))
    eta, _, _ = _proximal(x, log_scale, gamma)
    share = jnp.stack([2 * (1 - problem.density), problem.density, problem.density]) * length
    return jnp.einsum("p,pn,rn->r", share, density * eta, jnp.asarray(shares))


def _step(residual: Array, slopes: Array, rule: int) -> Array:
    """Newton's step in (ln sigma, ln gamma)."""
    (a, b, _), (c, d, _) = slopes[..., rule]
    p, q = residual[..., rule]
    return -jnp.stack([d * p - b * q, a * q - c * p]) / (a * d - b * c)


def evolved_at(problem: SparseTask, log_scales: Float[Array, " scales"]) -> Evolved:
    """The interpolator at the scales (falling); traceable."""
    delta = problem.samples_per_dim
    dense = dense_weight_error(delta, problem.density, problem.noise)
    first = jnp.maximum(log_scales[0], np.log(LARGEST))
    start = jnp.log(jnp.stack([jnp.sqrt(problem.noise**2 + dense / delta), 2 * jnp.exp(first) * (1 - delta) / delta]))

    def advance(carry, target):
        def going(state):
            return ~state[3] & (state[4] < MOST)

        def move(state):
            log_scale, at, before, _, count = state
            residual, slopes, _ = _moments(problem, log_scale, at)
            step = _step(residual, slopes, 0)
            size = jnp.max(jnp.abs(step))
            # Or as near as rounding lets it come.
            settled = (size < ENOUGH) | ((size < ROUNDED) & (size > before / 2))
            down = jnp.where(settled, jnp.minimum(log_scale - target, LONGEST), 0.0)
            reached = settled & (down == 0)
            ahead = _step(-slopes[:, 2], slopes, 0)  # d(ln sigma, ln gamma)/d(-ln beta)
            at = at + step * jnp.minimum(1.0, 1.0 / jnp.maximum(size, 1e-300)) + down * ahead
            return log_scale - down, at, jnp.where(settled, jnp.inf, size), reached, count + 1

        begin = (*carry, jnp.asarray(jnp.inf), jnp.asarray(False), 0)
        log_scale, at, _, done, _ = jax.lax.while_loop(going, move, begin)
        residual, slopes, error = _moments(problem, log_scale, at)
        # Where the coarse rule has its root, to first order.
        left = jnp.abs(_step(residual, slopes, 0))
        other = at + _step(residual, slopes, 1)
        sigma, gamma = jnp.exp(jnp.stack([at, other], axis=1))
        size = _mean_size(problem, log_scale, sigma[0], gamma[0])
        error = jnp.stack([error[0], delta * (sigma[1] ** 2 - problem.noise**2)])
        found = done & (log_scale == target) & (jnp.max(jnp.abs(other - at)) < 0.01)
        return (log_scale, at), Evolved(sigma, gamma, error, size, jnp.max(left), found)

    _, answer = jax.lax.scan(advance, (first, start), log_scales)
    return answer


@partial(compiled, options=LONG_RUNNING)  # it computes as long as it compiles
def _solve(problem: SparseTask, times: Float[Array, " times"]):
    log_scales = 2 * jnp.log(problem.start) - 2 * problem.weight_decay * times
    told = evolved_at(problem, log_scales)
    pairs = {
        "train_loss": jnp.zeros((times.size, 2)),
        "test_loss": told.sigma**2,
        "weight_error": told.weight_error,
        "l1_norm": told.l1_norm,
        "scale": jnp.stack([jnp.exp(log_scales)] * 2, axis=1),
        "proximal_weight": told.gamma,
    }
    good = told.found & in_range(problem) & (times >= 0) & (times < jnp.inf)
    curves = {name: jnp.where(good, both[:, 0], jnp.nan) for name, both in pairs.items()}
    # With noise the weights' error is a part of sigma^2, and what is off is off by a share of all of it.
    scale = {"weight_error": problem.samples_per_dim * curves["test_loss"], "scale": 0.0, "train_loss": 0.0}
    errors = {
        name: jnp.abs(both[:, 1] - both[:, 0])
        + 8 * (told.left + ENOUGH) * scale.get(name, curves[name])
        + 8 * EPS * (1 + problem.weight_decay * times) * curves[name]
        for name, both in pairs.items()
    }
    errors["train_loss"] = jnp.zeros_like(times)
    finite = jnp.all(jnp.stack([jnp.all(jnp.isfinite(values)) for values in curves.values()]))
    level = jnp.where(finite, 0, 2).astype(jnp.int8)
    held = hold(curves, errors, level, dict.fromkeys(curves, NON_NEGATIVE))
    return held.curves, errors, held.level


def solve_sparse_task(
    problem: SparseTask, times: Times, dynamics: ByModes = FLOW, *, method: StateEvolution, throw: bool = True
) -> Solution:
    """See `grok_theory.linear.solve`."""
    require_float64("grok_theory.linear.solve")
    check_single(problem, "solve")
    check_flow(problem, dynamics, times)
    traced = any_traced(problem, times)
    x, curves, errors, level = solved_at(times, _solve, problem)
    return Solution(
        problem,
        x,
        curves,
        dynamics.x_name,
        dynamics,
        method,
        x_unit=dynamics.x_unit,
        numerical_error=errors,
        status=Status(level, noted=INACCURATE, failed=f"{'Traced numbers are out of range, or: ' * traced}{FAILED}"),
    ).checked(throw)
