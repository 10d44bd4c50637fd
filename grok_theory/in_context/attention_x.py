"""The x of `LinearAttention`, checked: numbers of sequences, or times of the flow."""

from __future__ import annotations

from jax.typing import ArrayLike

from ..checks import check_positive, check_times, is_traced
from ..dynamics import Dynamics, GradientFlow, check_dynamics, check_x
from ..errors import BadValue
from .curve_names import SEQUENCES
from .problem import LinearAttention

__all__ = ["check_attention_x"]


def check_attention_x(problem: LinearAttention, x: ArrayLike, dynamics: Dynamics | None, caller: str) -> None:
    """Refuse an x that is not sorted or out of range, another dynamics than the flow, and a ridge under it."""
    if dynamics is None:
        remedy = "Pass sequences / dim^2 in increasing order, for example [0.5, 2.0]."
        check_times(x, name=SEQUENCES, remedy=remedy)
        check_positive(SEQUENCES, x, remedy)
        return
    check_dynamics(dynamics, (GradientFlow,), caller)
    check_x(dynamics, x)
    if not is_traced(problem.ridge) and float(problem.ridge) != 0:
        raise BadValue(
            f"ridge is {float(problem.ridge):g}, but under GradientFlow it must be 0: the flow is that of the square "
            "error alone. Pass ridge=0, or leave dynamics out."
        )
