"""`PowerLawInputs`, solved as the `CorrelatedInputs` that it is."""

from __future__ import annotations

import dataclasses

from jax import Array
from jax.typing import ArrayLike

from ..checks import require_float64
from ..results import Solution
from .checked import check_single
from .covariance import correlated_limits, correlated_ridge, solve_correlated
from .mode_relaxation import FLOW, ByModes, Times, check_flow
from .one_pass import solve_one_pass
from .one_pass_dynamics import OnePass
from .power_law_problem import PowerLawInputs
from .regression_problem import CorrelatedInputs
from .ridge_regression import Losses
from .stability import stable_correlated

__all__ = ["power_law_limits", "power_law_ridge", "solve_power_law", "solve_power_law_one_pass", "stable_power_law"]


def solve_power_law(problem: PowerLawInputs, times: Times, dynamics: ByModes = FLOW, *, throw: bool = True) -> Solution:
    """See `grok_theory.linear.solve`."""
    same = _same(problem, "solve")
    check_flow(problem, dynamics, times)
    return dataclasses.replace(solve_correlated(same, times, dynamics, throw=throw), problem=problem)


def solve_power_law_one_pass(
    problem: PowerLawInputs, steps: ArrayLike, dynamics: OnePass, method: object = None, *, throw: bool = True
) -> Solution:
    """See `grok_theory.linear.solve`."""
    solution = solve_one_pass(_same(problem, "solve"), steps, dynamics, method, throw=throw)
    return dataclasses.replace(solution, problem=problem)


def power_law_ridge(problem: PowerLawInputs, penalty: ArrayLike) -> Losses:
    """See `grok_theory.linear.ridge`."""
    return correlated_ridge(_same(problem, "ridge"), penalty)


def power_law_limits(problem: PowerLawInputs) -> Losses:
    """See `grok_theory.linear.limits`."""
    return correlated_limits(_same(problem, "limits"))


def stable_power_law(problem: PowerLawInputs) -> Array:
    """See `grok_theory.linear.stable_below`."""
    return stable_correlated(_same(problem, "stable_below"))


def _same(problem: PowerLawInputs, verb: str) -> CorrelatedInputs:
    require_float64(f"grok_theory.linear.{verb}")
    check_single(problem, verb)
    return problem.correlated()
