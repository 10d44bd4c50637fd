"""Flow or descent: what the `learning_rate` of a method says about the dynamics and about the times."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import BadValue, check_positive, check_times
from ..results import Dynamics

X_NAME = "tau"


def dynamics_of(learning_rate: float | None) -> Dynamics:
    """Gradient flow for None, descent with steps of `learning_rate` (eta_hat) otherwise."""
    if learning_rate is None:
        return Dynamics("gradient flow")
    check_positive("learning_rate", learning_rate, "Pass eta_hat, for example 0.1, or None for gradient flow.")
    return Dynamics("gradient descent", {"learning_rate": float(learning_rate)})


def check_tau(times: Any, learning_rate: float | None) -> np.ndarray:
    """The times as float64; refuse what is not sorted, finite and >= 0, and off-step times under descent."""
    check_times(times)
    times = np.asarray(times, dtype=np.float64)
    if learning_rate is not None:
        check_positive("learning_rate", learning_rate, "Pass eta_hat, for example 0.1, or None for gradient flow.")
        steps_of(times, learning_rate)
    return times


def steps_of(times: Any, learning_rate: float) -> np.ndarray:
    """The number of steps until each of `times`; refuse what is no multiple of `learning_rate` (to 1e-6 steps)."""
    times = np.asarray(times, dtype=np.float64)
    ratio = times / learning_rate
    steps = np.rint(ratio)
    # A float64 time after 1e4 steps carries 1e-12 of a step of rounding; 1e-6 leaves room for arange and files.
    wrong = ~(np.abs(ratio - steps) <= 1e-6)
    if wrong.any():
        i = int(np.flatnonzero(wrong)[0])
        below = np.floor(ratio[i])
        raise BadValue(
            f"times[{i}] is {times[i]}, but it must be a multiple of learning_rate = {learning_rate}. The nearest are "
            f"{below * learning_rate:.12g} and {(below + 1) * learning_rate:.12g}; pass steps * learning_rate, "
            "or learning_rate=None for gradient flow."
        )
    return steps.astype(np.int64)


def padded(steps: Any) -> int:
    """`steps` rounded up to a power of two: lengths are compiled, and few of them are wanted."""
    return 1 << max(int(steps) - 1, 0).bit_length()
