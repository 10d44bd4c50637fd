"""From a regression to its population of prompts: the two-point deterministic equivalent."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np

from ..checks import require_float64
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
    if any_traced(modes, numbers):
        return Posterior(**_equivalent(modes, *(jnp.asarray(value, float) for value in numbers)))
    # Modes without weight up to the next bucket: a number of modes compiles nothing.
    weights = with_zeros(modes.pop("mode_weights"))
    padded = {name: repeated(values) for name, values in modes.items()} | {"mode_weights": weights}
    found = _equivalent(padded, *(np.asarray(value, float) for value in numbers))
    return Posterior(**{name: np.asarray(value) for name, value in found.items()})


@compiled_soonest
def _equivalent(modes, ratio, noise, prior, over):
    spectrum, weights = modes["spectrum"], modes["mode_weights"]
    teacher, reward, overlap = modes["teacher_power"], modes["reward_power"], modes["overlap"]
    alpha = 1 / ratio

    # alpha <l/(l+R)> + Rh/R = 1: the ridge equation of one sample with multiplicities alpha p_i.
    counts = alpha * weights
    explicit = alpha * (noise / prior) ** 2
    ridge = effective_ridge(spectrum, 1.0, ridge=explicit, multiplicities=counts)
    left = freedom_left(spectrum, ridge, 1.0, ridge=explicit, multiplicities=counts)  # 1 - g
    share, missed = learned(spectrum, ridge)

    bias = jnp.sum(weights * missed**2 * spectrum * teacher)
    q = (bias + noise**2 * jnp.sum(counts * share**2)) / left
    linear = -jnp.sum(weights * missed * spectrum * (overlap - teacher))
    own = jnp.sum(weights * spectrum * (reward - 2 * overlap + teacher))
    return {
        "teacher_variance": q,
        "reward_variance": over**2 * q - 2 * over * linear + own,
        "covariance": over * q - linear,
        "spread": jnp.sqrt(noise**2 + prior**2 * ridge * jnp.sum(weights * share)),
        "ridge": ridge,
        "one_point_teacher_variance": bias,
    }
