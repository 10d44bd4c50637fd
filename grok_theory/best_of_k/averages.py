"""Curves of the error: one prompt, or the average over a Gaussian population of prompts.

The error is quadratic in D = y_R - y_T, so a population needs only the mean over the reward gap of M_1 and M_2
(section 4.7 of the docs page), with b = (c_TR - v_R)/v_R and v_D = q + v_R - 2 c_TR:

    error = E[s^2 M_2 + 2 b DR s M_1] + v_D,    judged_error = E[s^2 M_2].

That mean is carried by rare prompts, more than six standard deviations out at k = 1e9: a Gauss-Hermite rule misses
them. The trapezoid rule does not; the integrand is even and analytic.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from .problem import Posterior, Prompt
from .selection import best_tables, moments, selection_tables

# 4 n + 1, so that every second and every fourth one is a trapezoid rule too. The mean crosses over where ln k is about
# DR^2/((1+t)(2+t)), within about DR/(2 ln k): a population wide enough to hold both sides needs the finer rule.
NARROW_NODES, WIDE_NODES = 129, 257


def prompt_curves(problem: Prompt, samples: jax.Array, temperature: jax.Array | None, nodes: int) -> dict[str, Any]:
    """Curves, relative error and M_1 at finite k; `temperature` None stands for T = 0."""
    spread = problem.spread
    # Not abs: its derivative at 0 is 0, and M_1 has slope M_2 there.
    sign = jnp.where(problem.reward_gap < 0, -1.0, 1.0)
    gap = sign * problem.reward_gap / spread
    zeroth, first, second = _moments(gap[None], samples, temperature, spread, nodes)[:, 0]
    first, judged, gap_of_judge = sign * spread * first, spread**2 * second, problem.judge_gap
    # With D = 0 this is M_2 to the bit: errors of 1e-18 are legitimate.
    error = judged + 2 * gap_of_judge * first + gap_of_judge**2
    defect = jnp.abs(zeroth - 1)
    size = judged + 2 * jnp.abs(gap_of_judge * first) + gap_of_judge**2
    return {
        "curves": {"error": error, "judged_error": judged, "bias": first + gap_of_judge},
        "numerical_error": {
            "error": defect * size,
            "judged_error": defect * judged,
            "bias": defect * (jnp.abs(first) + jnp.abs(gap_of_judge)),
        },
    }


def population_curves(
    problem: Posterior, samples: jax.Array, temperature: jax.Array | None, nodes: int, prompts: int
) -> dict[str, Any]:
    """The same for a population of prompts, averaged over `prompts` values of the reward gap."""
    spread, variance = problem.spread, problem.reward_variance
    width = jnp.sqrt(variance) / spread
    x, weights = _prompt_rule(width, jnp.max(samples), prompts)
    gaps = width * x
    zeroth, first, second = _moments(gaps, samples, temperature, spread, nodes)
    # A judge pinned to the mean answer (v_R = 0) has DR = 0, M_1 = 0: nothing to divide by.
    pinned = variance == 0
    slope = jnp.where(pinned, 0.0, (problem.covariance - variance) / jnp.where(pinned, 1.0, variance))
    crossed = 2 * slope * spread**2 * gaps[:, None] * first
    kept = spread**2 * second
    defect = jnp.abs(weights @ zeroth - 1)
    integrands = {"error": kept + crossed, "judged_error": kept}
    errors = {
        name: defect * (weights @ (kept + jnp.abs(integrand - kept))) + _trapezoid_error(weights, integrand)
        for name, integrand in integrands.items()
    }
    means = {name: weights @ integrand for name, integrand in integrands.items()}
    return {"curves": {**means, "error": means["error"] + problem.judge_variance}, "numerical_error": errors}


def _moments(gaps, samples, temperature, spread, nodes):
    largest = jax.lax.stop_gradient(jnp.max(samples))
    if temperature is None:
        return moments(best_tables(gaps, largest, nodes), samples)
    return moments(selection_tables(gaps, largest, temperature / spread**2, nodes), samples)


def _prompt_rule(width, largest, prompts):
    """Nodes (standard deviations of the reward gap, >= 0) and weights for an even function of a normal variable."""
    rate = jnp.minimum(2.0, 1 / jnp.maximum(width, 1e-3) ** 2)
    reach = jnp.sqrt(2 * (38 + rate * jnp.log(largest)))
    # A sinh map: steps are finest where the answers are, |DR| < 6 s, and wider where the error is a polynomial.
    scale = 6 / jnp.maximum(width, 0.25)
    u = jnp.arcsinh(reach / scale) * jnp.linspace(0.0, 1.0, prompts)
    x = scale * jnp.sinh(u)
    weights = jnp.exp(-(x**2) / 2) * (0.7978845608028654 * scale * u[1]) * jnp.cosh(u)
    x, weights = jax.lax.stop_gradient((x, weights))
    return x, weights.at[0].multiply(0.5)


def _trapezoid_error(weights, integrand):
    """What is left of the error, from the same rule at two and four times the step.

    The rule converges at least geometrically in the number of halvings, so the last change times the last ratio of
    changes bounds what another halving would change.
    """
    index = jnp.arange(weights.size)
    fine, half, quarter = (jnp.where(index % n == 0, n * weights, 0.0) @ integrand for n in (1, 2, 4))
    last, before = jnp.abs(fine - half), jnp.abs(half - quarter)
    ratio = last / jnp.where(before > 0, before, 1.0)
    return last * jnp.where(before > 0, jnp.minimum(1.0, ratio), 1.0)
