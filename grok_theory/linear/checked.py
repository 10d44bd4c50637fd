"""Whether numbers are in range: one problem at a door of the wing, and traced ones inside."""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from ..checks import is_traced
from ..errors import BadValue
from ..fields import check_single as check_one
from ..fields import in_range
from .problem import TeacherStudent

__all__ = ["FAINT", "check_finite_samples", "check_single", "is_legal"]

FAINT = 1e-290  # below this share of the start a curve has underflowed


def is_legal(problem: TeacherStudent) -> Array:
    """False where a traced field is out of range, or noise^2 is no number of float64: there the answer is nan."""
    return in_range(problem) & jnp.isfinite(problem.noise**2) & (problem.noise**2 > FAINT)


def check_single(problem, caller: str, kind: type | None = None) -> None:
    """Refuse a stack of problems where one is expected, and check the values again: unflattening did not."""
    if kind is not None and not isinstance(problem, kind):
        raise BadValue(f"problem is {problem!r}, but grok_theory.linear.{caller} takes a {kind.__name__}. Build one.")
    check_one(problem, f"{caller} takes one problem; use jax.vmap over a stack of them.")


def check_finite_samples(problem, who: str) -> None:
    """Refuse samples = inf where `who` speaks of a data set: only one-pass descent has no end of samples."""
    samples = getattr(problem, "samples", 1)  # many Problems know only a ratio, or have their data
    if not is_traced(samples) and np.any(np.isinf(samples)):
        raise BadValue(
            f"samples is inf, but {who} needs a finite number of samples. Pass how many there are, or solve and "
            "simulate with dynamics=linear.OnePass(learning_rate, batch), which draws every sample afresh."
        )
