"""The band of one run of the Problems whose scatter theory does not tell, from draws of `simulate`."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import jax
import numpy as np

from ..checks import check_integer, check_key, require_float64
from ..results import Forecast
from ..results.made_forecast import RUNS, check_level, forecast_of_runs, log_variance
from ..results.runs_of_a_forecast import with_start
from .checked import check_single
from .diagonal.problem import SparseTask
from .mode_relaxation import ByModes, Times, check_flow
from .one_pass_dynamics import OnePass, check_one_pass
from .power_law_problem import PowerLawInputs
from .problem import DeepLinear
from .regression_problem import CorrelatedInputs, RandomFeatures
from .single_runs import checked_names

__all__ = ["forecast_from_draws"]


def forecast_from_draws(
    simulate: Callable,
    problem: DeepLinear | CorrelatedInputs | RandomFeatures | PowerLawInputs | SparseTask,
    x: Times,
    dynamics: ByModes | OnePass,
    *,
    dim: int | None,
    level: float,
    draws: int | None,
    key: jax.Array | None,
    test_samples: int | None,
    curves: Sequence[str],
) -> Forecast:
    """See `grok_theory.linear.forecast`; `simulate` is the experiment of that Problem."""
    require_float64("grok_theory.linear.forecast")
    check_single(problem, "forecast")
    if isinstance(dynamics, OnePass) and isinstance(problem, (CorrelatedInputs, PowerLawInputs)):
        check_one_pass(problem, dynamics, x)
    else:
        check_flow(problem, dynamics, x)
    level, names = check_level(level), checked_names(curves)
    count = RUNS if draws is None else check_integer("draws", draws, 8, f"A scatter needs runs; {RUNS} is the default.")
    if key is not None:
        check_key(key)
    shared = {}
    if test_samples is not None:
        test_samples = check_integer("test_samples", test_samples, 1, "Pass how many fresh samples test it.")
        # Errors on fresh inputs are Gaussian, or nearly so: features are sums of many.
        shared["test_loss"] = float(log_variance(2.0 / test_samples))
    grid, keep = with_start(np.asarray(x, float))
    runs = simulate(problem, grid, dynamics, runs=count, key=jax.random.key(0) if key is None else key, dim=dim)
    return forecast_of_runs(runs, names, level, keep=keep, shared=shared, dim=dim, test_samples=test_samples)
