"""Flow or descent: eta_hat and the checked x of a dynamics."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jax.typing import ArrayLike

from ..checks import check_positive, is_traced
from ..dynamics import Dynamics, GradientDescent, GradientFlow, check_dynamics, check_x
from ..errors import BadValue

__all__ = ["FLOW", "FlowOrDescent", "checked_x", "rate_of"]

FlowOrDescent = GradientFlow | GradientDescent
FLOW = GradientFlow()  # the default of both verbs


def rate_of(dynamics: Dynamics, who: str) -> float | None:
    """eta_hat of descent, None for flow; refuses other dynamics and a rate that is no number yet."""
    check_dynamics(dynamics, (GradientFlow, GradientDescent), who)
    if isinstance(dynamics, GradientFlow):
        return None
    rate = dynamics.learning_rate
    check_positive("learning_rate", rate, "Pass eta_hat, for example 0.1.")
    if is_traced(rate) or np.ndim(rate):
        raise BadValue(
            f"learning_rate is {'traced' if is_traced(rate) else rate}, but it must be one number: steps are counted "
            "before anything is traced. Loop over the rates."
        )
    return float(rate)


def checked_x(dynamics: FlowOrDescent, x: ArrayLike | Sequence) -> np.ndarray:
    """x as float64; refuses what is not sorted, finite and >= 0, fractions of a step, and traced values."""
    if is_traced(x):
        raise BadValue("x is traced, but grids and steps are built from its values. Pass it from outside jit.")
    check_x(dynamics, x)
    return np.asarray(x, dtype=np.float64)
