"""Curves of the error: one prompt, or the average over a Gaussian population of prompts.

Given the reward gap DR, the judge's own error D is Gaussian with mean b DR, b = (c_TR - v_R)/v_R, and a variance v_0
that knows nothing of DR. A population needs only the mean over the reward gap:

    error = E (u + b DR)^2 + v_0,    judged_error = E u^2,    v_0 = v_D - (c_TR - v_R)^2/v_R = q - c_TR^2/v_R.

That mean is carried by rare prompts, more than six standard deviations out at k = 1e9: a Gauss-Hermite rule misses
them. The trapezoid rule does not; the integrand is even and analytic.

The error estimate of a curve is the change under a second quadrature that differs in nodes and in range, what a coarser
mean over prompts changes, what its last prompts carry, and rounding.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .problem import Posterior, Prompt
from .selection import FIRST, SECOND, Rule, Seen, is_near, kept_moments

# At most; 4 n + 1, so that every second and every fourth one is a trapezoid rule too. The mean crosses over where ln k
# is about DR^2/((1+t)(2+t)), within about DR/(2 ln k): a population wide enough to hold both sides needs them all.
PROMPTS = 257
# Fewer do up to these v_R/s^2, to 1e-12 and by the estimate to 1e-10; fewer still where T/s^2 is not small, and the
# crossover soft.
NARROW, MODERATE, WARM = 0.3, 1.5, 0.01
OF_NARROW, OF_MODERATE, OF_WARM = 49, 129, 105
# Rounding, as a share of a curve's size: sums over thousands of nodes of exponentials of numbers up to a hundred.
_ROUNDING = 200 * 2.0**-52


def prompt_curves(problem: Prompt, samples: jax.Array, temperature: jax.Array | None, nodes: int) -> dict[str, Any]:
    """Curves and their errors at finite k; `temperature` None stands for T = 0."""
    spread = problem.spread
    # Not abs: its derivative at 0 is 0, and the bias has a slope there.
    sign = jnp.where(problem.reward_gap < 0, -1.0, 1.0)
    seen = Seen(*(sign * gap[None] / spread for gap in (problem.reward_gap, problem.teacher_gap, problem.judge_gap)))
    asked = np.ones(1, bool)
    first, second = jnp.moveaxis(_two_rules(seen, asked, 1, samples, temperature, spread, nodes), 1, 0)
    near = is_near(seen)[0]
    curves, other = (_in_units(made, seen, near, sign, spread) for made in (first, second))
    defect = jnp.abs(first[0] - 1)
    # A node of relative rounding moves the density by the distance of a gap times the slope of its logarithm.
    rounding = _ROUNDING * (1 + jnp.abs(problem.reward_gap) / spread / 10)
    root, moved = jnp.sqrt(curves["error"]), spread * jnp.abs(first[2])
    size = jnp.where(near, moved + jnp.abs(problem.judge_gap), root + 2 * jnp.abs(problem.teacher_gap))
    sizes = {**curves, "bias": size}
    errors = {name: jnp.abs(curves[name] - other[name]) + (defect + rounding) * size for name, size in sizes.items()}
    return {"curves": curves, "numerical_error": errors}


def _in_units(made, seen, near, sign, spread):
    _, judged, first, error = made
    bias = first + jnp.where(near, seen.judge, seen.teacher)[0]
    return {"error": spread**2 * error, "judged_error": spread**2 * judged, "bias": sign * spread * bias}


def population_curves(
    problem: Posterior, samples: jax.Array, temperature: jax.Array | None, nodes: int
) -> dict[str, Any]:
    """The same for a population of prompts, averaged over the reward gap."""
    q, variance, product, spread = problem.teacher_variance, problem.reward_variance, problem.covariance, problem.spread
    width = jnp.sqrt(variance) / spread
    count = _prompt_count(variance / spread**2, 0.0 if temperature is None else temperature / spread**2)
    x, weights = _prompt_rule(width, jnp.max(samples), count)
    # A judge pinned to the mean answer (v_R = 0) has DR = 0: nothing to divide by.
    pinned = variance == 0
    safe = jnp.where(pinned, 1.0, variance)
    slopes = [jnp.where(pinned, 0.0, part / safe) for part in (product, product - variance)]
    # Two forms of v_0, of which the smaller terms keep the digits; zero to the bit if the judge is the teacher.
    own = problem.judge_variance
    rest = jnp.where(own <= q, own - slopes[1] * (product - variance), q - slopes[0] * product)
    rest = jnp.maximum(rest, 0.0)

    gaps = width * x
    # Every fourth prompt by the second rule too.
    seen, index = Seen(gaps, slopes[0] * gaps, slopes[1] * gaps), np.arange(float(PROMPTS))
    made = _two_rules(seen, index < count, 4, samples, temperature, spread, nodes)
    zeroth, integrands = made[0, :PROMPTS], spread**2 * made[1::2, :PROMPTS]
    other = spread**2 * made[1::2, PROMPTS:]
    # What the first rule makes of M_0 = 1, and what the last prompts carry, is not to be trusted.
    far = index > jnp.floor(0.96 * (count - 1))
    doubtful = (jnp.abs(zeroth - 1) + jnp.where(far, 1.0, 0.0)[:, None])[None] * integrands
    # The same rule at two and four times the step: all means in one product, each of which takes long to compile.
    rows = weights[None, :] * np.stack([np.where(index % n == 0, float(n), 0.0) for n in (1, 2, 4)])
    columns = jnp.concatenate([zeroth[None], integrands, doubtful])
    fine, half, quarter = jnp.moveaxis(jnp.moveaxis(columns, 1, 0).reshape(PROMPTS, -1).T @ rows.T, 1, 0).reshape(
        3, 5, -1
    )
    changed = jnp.sum((4 * weights[::4])[None, :, None] * jnp.abs(integrands[:, ::4] - other), axis=1)
    means = fine[1:3]
    defect = jnp.abs(fine[0] - 1)[None]
    bounds = changed + fine[3:] + _halving(means, half[1:3], quarter[1:3]) + (defect + _ROUNDING) * means
    means, errors = (dict(zip(("judged_error", "error"), rows)) for rows in (means, bounds))
    errors["error"] = errors["error"] + _ROUNDING * jnp.minimum(own, q)
    return {"curves": {**means, "error": means["error"] + rest}, "numerical_error": errors}


def _two_rules(seen: Seen, asked, every: int, samples, temperature, spread, nodes):
    """Moments (4, gaps, samples) of all gaps by the first rule, then of each `every`-th one by the second.

    In one call: a second compilation would cost more than the answer.
    """
    again = jax.lax.stop_gradient(jax.tree_util.tree_map(lambda part: part[::every], seen))
    asked = jnp.concatenate([asked, asked[::every]])
    counts = seen.gap.size, again.gap.size
    both = Seen(*(jnp.concatenate(pair) for pair in zip(seen, again)))
    rule = Rule(
        *(jnp.repeat(jnp.stack(pair), np.array(counts), total_repeat_length=sum(counts)) for pair in zip(FIRST, SECOND))
    )
    heat = None if temperature is None else temperature / spread**2
    return kept_moments(both, asked, samples, heat, rule, nodes)


def _prompt_count(variance, heat):
    """How many of the `PROMPTS` a population needs, from v_R/s^2 and T/s^2."""
    moderate = jnp.where(heat < WARM, float(OF_MODERATE), float(OF_WARM))
    count = jnp.where(variance <= MODERATE, moderate, float(PROMPTS))
    return jax.lax.stop_gradient(jnp.where(variance <= NARROW, float(OF_NARROW), count))


def _prompt_rule(width, largest, count):
    """Nodes (standard deviations of the reward gap, >= 0) and weights for an even function of a normal variable.

    Of the `PROMPTS` nodes those from `count` on repeat the last, without weight.
    """
    rate = jnp.minimum(2.0, 1 / jnp.maximum(width, 1e-3) ** 2)
    reach = jnp.sqrt(2 * (38 + rate * jnp.log(largest)))
    # A sinh map: steps are finest where the answers are, |DR| < 6 s, and wider where the error is a polynomial.
    scale = 6 / jnp.maximum(width, 0.25)
    ratio, index = reach / scale, np.arange(float(PROMPTS))
    step = jnp.log(ratio + jnp.sqrt(1 + ratio**2)) / (count - 1)
    u = step * jnp.minimum(index, count - 1)
    up, down = jnp.exp(u), jnp.exp(-u)
    x = scale * (up - down) / 2
    weights = jnp.exp(-(x**2) / 2) * (0.7978845608028654 * scale * step) * (up + down) / 2
    ends = jnp.where(index < count, np.where(index == 0, 0.5, 1.0), 0.0)
    return jax.lax.stop_gradient((x, weights * ends))


def _halving(fine, half, quarter):
    """What is left of the error of a trapezoid rule, from the same rule at two and four times the step.

    The rule converges at least geometrically in the number of halvings, so the last change times the last ratio of
    changes bounds what another halving would change.
    """
    last, before = jnp.abs(fine - half), jnp.abs(half - quarter)
    return last * jnp.where(before > 0, jnp.minimum(1.0, last / jnp.where(before > 0, before, 1.0)), 1.0)
