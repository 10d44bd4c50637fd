"""Where theory speaks about runs of a given size: made from both, for it belongs to neither."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np
from jax.typing import ArrayLike

from ..checks import check_integer
from ..dynamics import Dynamics
from ..results import Ensemble
from .attention_x import check_attention_x
from .curve_names import LOSSES
from .families import GaussianRegression
from .linear_attention import solve_linear_attention
from .mixture_x import check_contexts
from .problem import LinearAttention, Strategies, TaskMixture
from .regression_forms import regression_eta, regression_information

__all__ = ["attention_valid", "mark_valid", "mixture_valid", "strategies_valid"]

# A curve that moves by more than this between n and n (1 + 1/d) is not yet that of d -> inf.
STEEP = 0.1


def mark_valid(runs: Ensemble) -> Ensemble:
    """The same runs with `valid`, where theory says for which sizes it speaks: `LinearAttention` and `TaskMixture`."""
    if isinstance(runs.problem, LinearAttention):
        valid = attention_valid(runs.problem, runs.x, runs.stats["dim"], runs.dynamics)
    elif isinstance(runs.problem, TaskMixture):
        valid = mixture_valid(runs.problem, runs.x, None, None)
    else:
        return runs
    return dataclasses.replace(runs, valid=valid)


def attention_valid(
    problem: LinearAttention, x: ArrayLike, dim: int, dynamics: Dynamics | None
) -> Mapping[str, np.ndarray]:
    """Per curve and x, whether the d -> inf theory of `LinearAttention` describes runs of this size.

    Everywhere along the flow. Of fits, where the curve is not so steep that the fluctuations of a prompt, of relative
    size 1/d, which act like more or fewer sequences, move it by a tenth: not close to the interpolation peak.
    """
    dim = check_integer("dim", dim, 1, "Pass the dimension of a token.")
    check_attention_x(problem, x, dynamics, "grok_theory.in_context.valid_at")
    if dynamics is not None:
        return {name: np.ones(np.shape(x), bool) for name in LOSSES}
    x = np.asarray(x, float)
    here, fewer, more = (
        solve_linear_attention(problem, x * factor, dynamics=None, method=None, throw=False)
        for factor in (1.0, 1 / (1 + 1 / dim), 1 + 1 / dim)
    )

    def moved(name, there):
        return np.abs(np.log(np.asarray(there[name]) / np.asarray(here[name])))

    # A nan, at the peak itself, is not below anything.
    return {name: (moved(name, fewer) < STEEP) & (moved(name, more) < STEEP) for name in LOSSES}


def mixture_valid(
    problem: TaskMixture, x: ArrayLike, dim: int | None, dynamics: Dynamics | None
) -> Mapping[str, np.ndarray]:
    """Per curve and x, whether the theory of `TaskMixture` describes drawn contexts.

    Of symbols everywhere. Of regressions, whose curves of the rule are those of d -> inf, where the next term of the
    information, -ln(1 - a eta^2/(s2 + eta)^2)/4, is below a fiftieth of it.
    """
    contexts, family = check_contexts(x, problem.family), problem.family
    if not isinstance(family, GaussianRegression):
        return {}
    a, variance = contexts / family.dim, float(family.noise) ** 2
    eta = np.asarray(regression_eta(a, family.noise))
    next_term = -np.log1p(-a * (eta / (variance + eta)) ** 2) / 4
    near = next_term < 0.02 * family.dim * np.asarray(regression_information(a, family.noise))
    return dict.fromkeys(("information", "gap_bound_high", "generalizing_seen", "generalizing_fresh"), near)


def strategies_valid(
    problem: Strategies, x: ArrayLike, dim: int | None, dynamics: Dynamics | None
) -> Mapping[str, np.ndarray]:
    """Everywhere: nothing in the rational analysis says how large a network is."""
    return {}
