"""The lazy limit, output_scale -> infinity: kernel descent with the tangent kernel of the start, on Gaussian data.

s runs over the Marchenko-Pastur law of (1/P) Z^T Z as the P samples see it (weight density / kappa, the rest at s = 0;
l = kappa s below). z and e are the residuals' parts along the target's mean and its fluctuation. With a = 2 eta_hat /
kappa, B = 1 - a (l + eps^2), < > over that law, z_0 = 1/2, e_0 = sqrt(1/2), c_0 = 0, Z, E the sums of z, e so far:

    train = <z^2 + e^2>,   linear power = kappa a^2 <l (Z^2 + E^2)>,   test = (1/2 - c)^2 + 1/2 + linear power
    mu = <z>,   c += a eps^2 kappa mu,   z <- B z - a eps^2 kappa mu,   e <- B e.

(The constant is not orthogonal to the row space of the inputs, so it cannot be split off.) Derivation: this package.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array

from ..checks import is_traced, require_float64
from ..dynamics import whole_steps
from ..errors import BadValue
from ..fields import check_single, in_range
from ..numerics.padding import bucket, repeated
from ..numerics.programs import compiled
from ..numerics.spectra import marchenko_pastur_rule
from ..pytrees import as_arrays
from ..results import Solution
from .clock import FlowOrDescent, checked_x, rate_of
from .closed_forms import largest_stable_learning_rate
from .conditions import PLAIN
from .methods import LazyLimit
from .problem import QuadraticCommittee
from .verdict import Judged, judged, shortened, solution_of, status_of

_FLOW_LOST = "The flow left the finite numbers or the range of the spectral rule. Ask for earlier times."
_DESCENT_LOST = "Descent left the finite numbers. Use a smaller learning_rate."
RULES = ((0.25, -110.0), (0.5, -100.0))  # step and left end of two spectral rules: they differ in range too
CONTOUR = 6e-14  # of the contour below with 28 points, relative, and rounding: measured 1.1e-14
UNRESOLVED, STILL = 1e-40, 1e-6  # a lowest node this low, and moved by more than that, hides what lies below it
OVERFLOW = 1e150  # of time * rate: complex division takes its square
ROUNDING = 2 * float(np.finfo(float).eps)
_NOTE = "output_scale is ignored: this is the limit in which it is infinite."


def solve_lazy_limit(
    problem: QuadraticCommittee, x: ArrayLike | Sequence, dynamics: FlowOrDescent, method: LazyLimit, throw: bool
) -> Solution:
    """The curves of the lazy limit at `x`; called by `solve`."""
    require_float64("lazy_rich.solve")
    check_single(problem)
    if not problem.centred:
        raise BadValue(
            "centred is False, but the lazy limit exists for centred networks only: the output at the start would "
            "diverge. Pass centred=True."
        )
    overlap = problem.teacher_overlap
    if not is_traced(overlap) and np.any(np.asarray(overlap) != 0):
        raise BadValue(
            f"teacher_overlap is {overlap}, but LazyLimit is solved for 0 only. Pass teacher_overlap=0.0, or DMFT()."
        )
    rate, x = rate_of(dynamics, "lazy_rich.LazyLimit"), checked_x(dynamics, x)
    plain = as_arrays(problem)
    if rate is None:
        verdict = _flow(plain, repeated(x))
    else:
        limit = largest_stable_learning_rate(plain, 0.0)
        if not is_traced(limit) and np.any(rate >= np.asarray(limit)):
            raise BadValue(
                f"learning_rate is {rate}, but the lazy limit is stable only below "
                f"{np.min(limit):.4g}. Pass a smaller one, or take GradientFlow()."
            )
        steps = repeated(whole_steps(x)).astype(int)
        verdict = _descent(plain, steps, np.float64(rate), bucket(steps[-1] + 1))
    verdict = shortened(verdict, x.size)
    failed = _FLOW_LOST if rate is None else _DESCENT_LOST
    status = status_of(verdict, remarks=[_NOTE], failed=failed)
    conditions = dataclasses.replace(PLAIN, linearised=None)
    return solution_of(problem, x, dynamics, method, verdict, status, conditions=conditions).checked(throw)


def _law(kappa: Array, step_and_left: tuple[float, float]) -> tuple[Array, Array]:
    """Nodes l = kappa s and weights of the law seen by the samples; the last node is the mass at 0."""
    rule = marchenko_pastur_rule(kappa, step=step_and_left[0], left=step_and_left[1])
    weights = rule.weights / kappa
    return jnp.append(rule.eigenvalues, 0.0), jnp.append(weights, jnp.maximum((kappa - 1) / kappa, 0.0))


def _curves(train: Array, mean_fit: Array, linear_power: Array) -> dict[str, Array]:
    variance = jnp.square(0.5 - mean_fit)
    misalignment = jnp.full_like(variance, 0.5)
    return {
        "train_loss": train,
        "test_loss": variance + misalignment + linear_power,
        "variance": variance,
        "misalignment": misalignment,
        "linear_power": linear_power,
    }


def _judged(
    problem: QuadraticCommittee, fine: dict, coarse: dict, relative: ArrayLike, within: ArrayLike = True
) -> Judged:
    """The finer quadrature's curves; their error is what fewer nodes on a shorter range change, and rounding.

    `relative`: rounding (and the contour, which both quadratures share) of the residuals and of their sums. A square
    feels it through its root. `within`: the times end where the nodes nearest to zero still matter.
    """
    errors = {name: jnp.abs(fine[name] - coarse[name]) for name in fine}
    train, variance, power = (fine[name] for name in ("train_loss", "variance", "linear_power"))
    rounding = {
        "train_loss": relative * (jnp.sqrt(train) + relative),
        "variance": relative * (jnp.sqrt(variance) + relative),
        "misalignment": 0.0,
        "linear_power": relative * power,
    }
    rounding["test_loss"] = rounding["variance"] + rounding["linear_power"] + ROUNDING
    finite = jnp.stack([jnp.isfinite(curve).all() for curve in fine.values()]).all()
    good = finite & within & in_range(problem) & (problem.teacher_overlap == 0)
    return judged(fine, {name: errors[name] + rounding[name] for name in fine}, good, noted=True)


@compiled
def _flow(problem: QuadraticCommittee, times: Array) -> Judged:
    fine, coarse = (_flow_curves(problem, times, rule) for rule in RULES)
    # At samples_per_dim = 1 and curvature = 0 eigenvalues reach zero, and the slowest of them rule the latest times.
    eigenvalues, _ = _law(problem.samples_per_dim, RULES[1])
    slowest = eigenvalues[0] + jnp.square(problem.curvature)
    scaled = 2 / problem.samples_per_dim * times[-1]
    resolved = (slowest > UNRESOLVED) | (scaled * slowest < STILL)
    within = scaled * (jnp.max(eigenvalues) + jnp.square(problem.curvature)) < OVERFLOW
    return _judged(problem, fine, coarse, CONTOUR, resolved & within)


def _flow_curves(problem: QuadraticCommittee, times: Array, rule: tuple[float, float]) -> dict[str, Array]:
    kappa, square = problem.samples_per_dim, jnp.square(problem.curvature)
    eigenvalues, weights = _law(kappa, rule)
    rates = eigenvalues + square  # of e; z has the rank-one eps^2 kappa < > besides

    def at(time):
        scaled = 2 / kappa * time
        z, big_z, mean_big_z = _rank_one_exponential(rates, weights, square * kappa, scaled)
        e = jnp.exp(-rates * scaled)
        moving = rates > 0
        big_e = jnp.where(moving, -jnp.expm1(-rates * scaled) / jnp.where(moving, rates, 1.0), scaled)
        train = weights @ (jnp.square(z) / 4 + jnp.square(e) / 2)
        # Z = integral of z dtau = (kappa/2) big_z / 2; the linear power is 4 <s (Z^2 + E^2)>, s = l / kappa.
        power = kappa * (weights * eigenvalues) @ (jnp.square(big_z) / 4 + jnp.square(big_e) / 2)
        return train, square * kappa * mean_big_z / 2, power

    return _curves(*jax.lax.map(at, times))


def _rank_one_exponential(rates: Array, weights: Array, strength: Array, time: Array) -> tuple[Array, Array, Array]:
    """exp(-H t) 1, its integral from 0 to t, and the mean of the latter, for H = diag(rates) + strength 1 < . >.

    The contour integral of exp(zeta) (zeta + H t)^{-1} along Weideman's cotangent contour (SIAM J. Numer. Anal. 44
    (2006) 2342): resolvents of diagonal plus rank one are in closed form, so no eigenvectors, and derivatives pass.
    """
    points, factors = (jnp.asarray(part) for part in _cotangent_contour(28))
    spread = (time * rates).astype(complex)
    bare = 1 / (points[:, None] + spread[None, :])  # (contour, node)
    weights = weights.astype(complex)
    resolved = bare / (1 + (strength * time).astype(complex) * (bare @ weights))[:, None]
    integral = time.astype(complex) * factors / points
    return (factors @ resolved).real, (integral @ resolved).real, (integral @ (resolved @ weights)).real


def _cotangent_contour(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Points zeta_k and factors exp(zeta_k) zeta_k' (step / (2 pi i)) of the contour; error about exp(-1.36 count)."""
    theta = (2 * np.arange(count) + 1) * np.pi / count - np.pi
    cot = 1 / np.tan(0.6407 * theta)
    points = count * (0.5017 * theta * cot - 0.6122 + 0.2645j * theta)
    slope = count * (0.5017 * cot - 0.5017 * 0.6407 * theta / np.sin(0.6407 * theta) ** 2 + 0.2645j)
    return points, np.exp(points) * slope / (1j * count)


@partial(compiled, static_argnames=("most",))
def _descent(problem: QuadraticCommittee, steps: Array, learning_rate: ArrayLike, most: int) -> Judged:
    fine, coarse = (_descent_curves(problem, steps, learning_rate, most, rule) for rule in RULES)
    return _judged(problem, fine, coarse, 2 * ROUNDING * (1 + steps.astype(float)))


def _descent_curves(
    problem: QuadraticCommittee, steps: Array, learning_rate: ArrayLike, most: int, rule: tuple[float, float]
) -> dict:
    kappa, square = problem.samples_per_dim, jnp.square(problem.curvature)
    eigenvalues, weights = _law(kappa, rule)
    a = 2 * learning_rate / kappa
    factor = 1 - a * (eigenvalues + square)

    def march(carry, _):
        z, e, big_z, big_e, fit = carry
        power = kappa * jnp.square(a) * (weights * eigenvalues) @ (jnp.square(big_z) + jnp.square(big_e))
        read = weights @ (jnp.square(z) + jnp.square(e)), fit, power
        pull = a * square * kappa * (weights @ z)
        return (factor * z - pull, factor * e, big_z + z, big_e + e, fit + pull), read

    zero = jnp.zeros_like(eigenvalues)
    start = (zero + 0.5, zero + jnp.sqrt(0.5), zero, zero, jnp.float64(0))
    _, (train, fit, power) = jax.lax.scan(march, start, length=most + 1)
    return _curves(train[steps], fit[steps], power[steps])
