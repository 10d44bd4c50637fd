"""Flow or descent: eta_hat and the checked x of a dynamics, and lengths padded so that few of them are compiled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import jax
import numpy as np
from jax.typing import ArrayLike

from ..checks import check_positive, is_traced
from ..dynamics import Dynamics, GradientDescent, GradientFlow, check_dynamics, check_x
from ..errors import BadValue

__all__ = ["FLOW", "FlowOrDescent", "checked_x", "cut", "lengthened", "padded", "rate_of"]

Tree = TypeVar("Tree")
SHORTEST = 16  # what shorter lengths are padded to
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


def padded(length: int) -> int:
    """`length` rounded up to a power of two, at least 16: every length is a compilation, and few of them are wanted."""
    return 1 << (max(int(length), SHORTEST) - 1).bit_length()


def lengthened(x: np.ndarray) -> np.ndarray:
    """`x` (T,) padded by repeating its last value, where a march has nothing left to do; `cut` undoes it."""
    return np.pad(x, (0, padded(x.size) - x.size), mode="edge")


def cut(tree: Tree, length: int, *, axis: int = 0) -> Tree:
    """Every array of `tree` without what `lengthened` added along `axis`.

    Arrays that have their numbers are cut by NumPy: JAX would compile a program for every length.
    """
    keep = (slice(None),) * axis + (slice(length),)
    return jax.tree_util.tree_map(
        lambda values: values[keep] if is_traced(values) else jax.device_put(np.asarray(values)[keep]), tree
    )
