"""The verbs of `RandomFeatures`: those of the equivalent CorrelatedInputs."""

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike

from ..errors import check_non_negative, check_shape, check_times, require_float64
from ..results import Solution, Status
from .covariance import CORRELATED_CURVES, FAILED, NOTED, POINTS, correlated_values, ridge_values
from .curves import as_arrays, check_single
from .depth import require_flow
from .features import equivalent_problem
from .methods import FLOW, Times
from .problem import RandomFeatures
from .ridge import Losses

__all__ = ["feature_limits", "feature_ridge", "solve_random_features"]

_solve = jax.jit(lambda problem, times: correlated_values(equivalent_problem(problem), times))
_ridge = jax.jit(lambda problem, penalty: ridge_values(equivalent_problem(problem), penalty))


def solve_random_features(problem: RandomFeatures, times: Times, method=FLOW, *, throw: bool = True) -> Solution:
    """See `grok_theory.linear.solve`."""
    require_float64("grok_theory.linear.solve")
    require_flow(method, problem)
    check_single(problem, "solve")
    check_times(times)
    times = jnp.asarray(times, float)
    curves, errors, level = _solve(as_arrays(problem), times)
    return Solution(
        problem,
        times,
        {name: curves[name] for name in CORRELATED_CURVES},
        method.x_name,
        method.dynamics,
        method,
        x_unit=method.x_unit,
        numerical_error=errors,
        status=Status(level, noted=NOTED, failed=FAILED),
        stats={"contour_points": POINTS},
    ).checked(throw)


def feature_ridge(problem: RandomFeatures, penalty: ArrayLike) -> Losses:
    """See `grok_theory.linear.ridge`."""
    require_float64("grok_theory.linear.ridge")
    check_single(problem, "ridge")
    check_shape("penalty", penalty, (), "Use jax.vmap for many penalties.")
    check_non_negative("penalty", penalty, "Pass the penalty of |y - wX|^2 + penalty |w|^2, for example 0.2.")
    return _ridge(as_arrays(problem), jnp.asarray(penalty, float))


def feature_limits(problem: RandomFeatures) -> Losses:
    """See `grok_theory.linear.limits`."""
    require_float64("grok_theory.linear.limits")
    check_single(problem, "limits")
    return _ridge(as_arrays(problem), jnp.zeros(()))
