"""From a regression to its population of prompts: the two-point deterministic equivalent."""

from __future__ import annotations

import math

import jax.numpy as jnp
import numpy as np

from ..checks import is_traced, require_float64
from ..errors import BadValue
from ..fields import check_single
from ..numerics.padding import any_traced, repeated, with_zeros
from ..numerics.programs import compiled_soonest
from ..numerics.ridge_equation import effective_ridge, freedom_left, learned
from .problem import LinearJudge, Posterior


def posterior(judge: LinearJudge) -> Posterior:
    """The Gaussian population of test prompts that a trained Bayesian regression with this judge makes, d -> inf.

    With <.> the mean over dimensions and alpha = d/n, the effective ridge R > 0 solves
    R (1 - alpha <l/(l+R)>) = alpha sigma^2/gamma^2, and

        s^2 = sigma^2 + gamma^2 R <l/(l+R)>,   g = alpha <l^2/(l+R)^2>,
        q = (R^2 <l tau/(l+R)^2> + sigma^2 g)/(1 - g),
        c_0 = -R <l (o - tau)/(l+R)>,   v_0 = <l (rho - 2 o + tau)>,
        v_R = (1+c)^2 q - 2 (1+c) c_0 + v_0,   c_TR = (1+c) q - c_0.

    The error is quadratic in the mean answer, so q needs the two-point equivalent; the one-point value
    R^2 <l tau/(l+R)^2> that is in use elsewhere is kept as `one_point_teacher_variance`.
    A judge that is the teacher has v_R and c_TR equal to q to the bit.

    Parameters
    ----------
    judge : LinearJudge
        The regression and its judge.

    Returns
    -------
    Posterior
        With `ridge` and `one_point_teacher_variance` filled in; exact at d -> inf.

    Raises
    ------
    BadValue
        For what is no `LinearJudge`, and for a field that is out of its range or stacked.
    Float64Required
        Where JAX computes in float32.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> p = posterior(LinearJudge(examples_per_dim=2.0, noise=0.5, prior_scale=1.0))
    >>> print(f"{p.teacher_variance:.5f} {p.one_point_teacher_variance:.5f}")
    0.17539 0.03076
    """
    require_float64("best_of_k.posterior")
    if not isinstance(judge, LinearJudge):
        raise BadValue(
            f"judge is {type(judge).__name__}, but it must be a LinearJudge. Build best_of_k.LinearJudge(...)."
        )
    check_single(judge)
    numbers = (judge.examples_per_dim, judge.noise, judge.prior_scale, 1.0 + judge.overshoot)
    modes = judge.modes()
    if not is_traced(judge.mode_weights):
        count = modes["spectrum"].size
        given = np.full(count, 1 / count) if judge.mode_weights is None else np.asarray(judge.mode_weights, float)
        modes["mode_weights"] = _summing_to_one(given)
    if any_traced(modes, numbers):
        return Posterior(**_equivalent(modes, *(jnp.asarray(value, float) for value in numbers)))
    # Modes without weight up to the next bucket: a number of modes compiles nothing.
    weights = with_zeros(modes.pop("mode_weights"))
    padded = {name: repeated(values) for name, values in modes.items()} | {"mode_weights": weights}
    found = _equivalent(padded, *(np.asarray(value, float) for value in numbers))
    return Posterior(**{name: np.asarray(value) for name, value in found.items()})


_NOTHING = 1e-306  # below it the ridge is taken for none


def _summing_to_one(weights: np.ndarray) -> np.ndarray:
    """Weights whose sum is 1 but for rounding, with that taken off the largest, and its own rounding off the next ...

    Near n = d, if there is little noise, R tells the difference.
    """
    excess = math.fsum([*weights, -1.0])
    if not abs(excess) <= weights.size * 2.0**-52:  # somebody's own sum
        return weights
    weights = np.array(weights)
    for i in np.argsort(-weights, kind="stable"):
        if excess == 0 or abs(excess) > 2.0**-50 * weights[i]:
            break
        weights[i] -= excess
        excess = math.fsum([*weights, -1.0])
    return weights


@compiled_soonest
def _equivalent(modes, ratio, noise, prior, over):
    spectrum, weights = modes["spectrum"], modes["mode_weights"]
    teacher, reward, overlap = modes["teacher_power"], modes["reward_power"], modes["overlap"]

    # sum p_i l_i/(l_i + R) + (sigma/gamma)^2/R = n/d: n/d as it is given. 1 - d/n, made from a rounded d/n, would be no
    # number at all near n = d, where it alone decides on R if there is little noise.
    explicit = (noise / prior) ** 2
    least = explicit / ratio  # R is no less: where this is no number there is none
    explicit = jnp.where(least > _NOTHING, explicit, 0.0)
    ridge = effective_ridge(spectrum, ratio, ridge=explicit, multiplicities=weights)
    left = freedom_left(spectrum, ridge, ratio, ridge=explicit, multiplicities=weights)  # (1 - g) n/d
    share, missed = (jnp.where(least < jnp.inf, part, jnp.nan) for part in learned(spectrum, ridge))

    bias = jnp.sum(weights * missed**2 * spectrum * teacher)
    q = (ratio * bias + noise**2 * jnp.sum(weights * share**2)) / left
    linear = -jnp.sum(weights * missed * spectrum * (overlap - teacher))
    # Two differences that are exact where the judge is close to the teacher.
    own = jnp.sum(weights * spectrum * ((reward - overlap) + (teacher - overlap)))
    return {
        "teacher_variance": q,
        "reward_variance": over**2 * q - 2 * over * linear + own,
        "covariance": over * q - linear,
        "spread": jnp.sqrt(noise**2 + prior**2 * ridge * jnp.sum(weights * share)),
        "ridge": ridge,
        "one_point_teacher_variance": bias,
    }
