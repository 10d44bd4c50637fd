"""`LinearAttention` in time: flow of half the square error of all possible sequences, from G = 0.

R, the covariance of the tasks, and R + c, that of b, commute, so mode r of R learns on its own,

    g_r(s) = r/(r + c) (1 - e^{-(r + c) s}),        s = rate x steps / d,
    icl_loss = rho' + E [(1 - g)^2 + c' g^2],       idg_loss = rho + E [r (1 - g)^2 + c g^2],

with E over the Marchenko-Pastur law of R and its mass (1 - kappa)_+ at r = 0, where nothing is learned. The error of
the rule is read from every second node of it.
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from ..dynamics import Dynamics
from ..fields import in_range
from ..numerics.padding import any_traced, solved_at
from ..numerics.programs import compiled
from ..numerics.spectra import marchenko_pastur_rule
from ..results import Solution
from ..status import Status
from .methods import SpectralQuadrature, the_method
from .problem import LinearAttention

__all__ = ["solve_flow"]

EPS = float(np.finfo(float).eps)
ULPS = 32.0  # of a curve: all its terms are positive; measured by tests/in_context/test_attention_flow.py

TRACED = (
    "A curve is not a finite number: a field or a time that was traced is out of range, or a traced ridge is not 0. "
    "Check the values before they enter jit or vmap."
)
LOST = "A curve is no finite number of float64: fields or times are too large or too small. Bring them nearer to 1."


def solve_flow(problem: LinearAttention, times: ArrayLike, dynamics: Dynamics, method: Any, throw: bool) -> Solution:
    """The curves at `times` s; see `grok_theory.in_context.solve`."""
    method = the_method(SpectralQuadrature(), method)
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
        status=Status(level, failed=TRACED if traced else LOST),
    ).checked(throw)


@compiled
def _solve(problem: LinearAttention, times: Float[Array, " times"]):
    kappa, c, test_c = problem.tasks_per_dim, problem.prompt_noise(), problem.test_prompt_noise()
    rule = marchenko_pastur_rule(kappa)
    r = rule.eigenvalues / kappa  # the rule's matrix is kappa R
    rate = r + c
    left = jnp.exp(-rate[None, :] * times[:, None])
    # Not by expm1: what it has in digits early on no sum shows, and its derivative is nothing from 37 time scales on.
    learned = (r / rate)[None, :] * (1 - left)
    missed = c / rate[None, :] + (r / rate)[None, :] * left
    # Every second node is the rule of twice the step.
    second = jnp.asarray(np.where(np.arange(rule.weights.size) % 2 == 0, 2.0, 0.0))
    weights = jnp.stack([rule.weights, second * rule.weights], axis=1)
    by_task = jnp.concatenate([weights, r[:, None] * weights], axis=1)
    shares, noises = missed**2 @ by_task, learned**2 @ weights
    icl = problem.test_label_noise() ** 2 + rule.atom + shares[:, :2] + test_c * noises
    idg = problem.noise**2 + shares[:, 2:] + c * noises
    legal = in_range(problem) & (problem.ridge == 0) & (times >= 0) & (times < jnp.inf)
    both = {"icl_loss": icl, "idg_loss": idg}
    good = legal & jnp.all(jnp.isfinite(icl) & jnp.isfinite(idg), axis=1)
    curves = {name: jnp.where(good, values[:, 0], jnp.nan) for name, values in both.items()}
    errors = {name: _lost(values) + EPS * ULPS * jnp.abs(values[:, 0]) for name, values in both.items()}
    return curves, errors, jnp.where(jnp.all(good), 0, 2).astype(jnp.int8)


def _lost(values: Float[Array, "times 2"]) -> Float[Array, " times"]:
    """What the rule may miss: the square of its gap to the rule of twice the step, in units of the curve."""
    gap = jnp.abs(values[:, 0] - values[:, 1])
    return gap * jnp.minimum(4 * gap / jnp.abs(values[:, 0]), 1.0)
