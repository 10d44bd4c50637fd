"""`PowerLawInputs` run for real, as the `CorrelatedInputs` that it is."""

from __future__ import annotations

import dataclasses

from jax import Array

from ...checks import require_float64
from ...errors import BadValue
from ...results import Ensemble
from ..checked import check_single
from ..mode_relaxation import FLOW, ByModes, Times, check_flow
from ..one_pass_dynamics import OnePass
from ..power_law_problem import PowerLawInputs
from .regression import simulate_correlated

__all__ = ["simulate_power_law"]


def simulate_power_law(
    problem: PowerLawInputs,
    times: Times,
    dynamics: ByModes | OnePass = FLOW,
    *,
    runs: int,
    key: Array,
    dim: int | None = None,
) -> Ensemble:
    """See `grok_theory.linear.simulate`."""
    require_float64("grok_theory.linear.simulate")
    check_single(problem, "simulate")
    if dim not in (None, problem.modes):
        raise BadValue(f"dim is {dim!r}, but a PowerLawInputs has {problem.modes} modes. Leave dim out.")
    if not isinstance(dynamics, OnePass):
        check_flow(problem, dynamics, times)  # which names the Problem that was passed
    real = simulate_correlated(problem.correlated(), times, dynamics, runs=runs, key=key)
    return dataclasses.replace(real, problem=problem)
