"""Learning curves of `LinearAttention`: fitted to n sequences here, along the population flow in `attention_flow`.

With the effective ridge xi, q = c + xi and means over the law of the tasks' covariance (`task_law`),

    idg_loss = [rho + E r (c r + q^2)/(r + q)^2] / D,         D = 1 - E [(r + c)/(r + q)]^2 / tau,
    icl_loss = rho' + E (q^2 + c' r^2)/(r + q)^2 + (1 + c') (idg_loss/tau) E (r + c)/(r + q)^2 :

what no prompt can tell, what the ridge keeps from being learned, and what the draw of the sequences adds. D vanishes at
the interpolation peak, tau = 1 without a ridge.
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from ..checks import require_float64
from ..dynamics import Dynamics
from ..fields import check_single, in_range
from ..numerics.padding import any_traced, solved_at
from ..numerics.programs import compiled
from ..results import Solution
from ..status import Status
from .attention_flow import solve_flow
from .attention_x import check_attention_x
from .curve_names import SEQUENCES
from .effective_ridge import attention_ridge
from .methods import DeterministicEquivalent, the_method
from .problem import LinearAttention
from .task_law import task_moments

__all__ = ["solve_linear_attention"]

EPS = float(np.finfo(float).eps)
ULPS = 32.0  # of a curve: all its terms are positive; measured by tests/in_context/test_linear_attention.py

PEAK = (
    "The losses diverge at the interpolation peak: without a ridge, as many sequences as weights (sequences_per_dim2 = "
    "1). Pass ridge > 0 or another sequences_per_dim2."
)
LOST = (
    "A curve is no finite number of float64: fields or sequences_per_dim2 are too large or too small. Bring them "
    "nearer to 1."
)
TRACED = (
    "A curve is not a finite number: a field or sequences_per_dim2 that was traced is out of range, or ridge = 0 meets "
    "sequences_per_dim2 = 1, the interpolation peak. Check the values before they enter jit or vmap, and pass "
    "ridge > 0 or another sequences_per_dim2."
)


def solve_linear_attention(
    problem: LinearAttention, x: ArrayLike, *, dynamics: Dynamics | None, method: Any, throw: bool
) -> Solution:
    """See `grok_theory.in_context.solve`."""
    require_float64("grok_theory.in_context.solve")
    check_single(problem)
    check_attention_x(problem, x, dynamics, "grok_theory.in_context.solve")
    if dynamics is not None:
        return solve_flow(problem, x, dynamics, method, throw)
    method = the_method(DeterministicEquivalent(), method)
    traced = any_traced(problem, x)
    sequences, curves, errors, level = solved_at(x, _solve, problem)
    failed = TRACED if traced else PEAK if _on_peak(problem, x) else LOST
    return Solution(
        problem,
        sequences,
        curves,
        SEQUENCES,
        None,
        method,
        numerical_error=errors,
        status=Status(level, failed=failed),
    ).checked(throw)


def _on_peak(problem: LinearAttention, x: ArrayLike) -> bool:
    return float(problem.ridge) == 0 and bool(np.any(np.asarray(x, float) == 1))


@compiled
def _solve(problem: LinearAttention, sequences: Float[Array, " x"]):
    c, test_c = problem.prompt_noise(), problem.test_prompt_noise()
    label, test_label = problem.noise**2, problem.test_label_noise() ** 2
    tau, lam = sequences, problem.ridge
    xi = attention_ridge(tau, lam, c, problem.tasks_per_dim)
    q = c + xi
    resolvent, squared, _, half, learned = task_moments(q, problem.tasks_per_dim)
    heard = half + c * squared  # E (r + c)/(r + q)^2
    some = xi > 0
    explicit = jnp.where(some, tau * lam / jnp.where(some, xi, 1.0), 0.0)
    # tau D, as what the draw of the sequences leaves: tau lambda/xi is (tau - 1) + xi M.
    free = jnp.where(tau > 1, (tau - 1) + xi * resolvent, explicit) + xi * heard
    idg = tau * (label + c * learned + q**2 * half) / free
    icl = test_label + q**2 * squared + test_c * learned + (1 + test_c) * idg / tau * heard
    legal = in_range(problem) & (tau > 0) & (tau < jnp.inf)
    curves = {"icl_loss": icl, "idg_loss": idg, "effective_ridge": xi}
    good = legal & (free > 0) & jnp.isfinite(icl) & jnp.isfinite(idg) & jnp.isfinite(xi)
    curves = {name: jnp.where(good, values, jnp.nan) for name, values in curves.items()}
    errors = {name: EPS * ULPS * jnp.abs(values) for name, values in curves.items()}
    return curves, errors, jnp.where(jnp.all(good), 0, 2).astype(jnp.int8)
