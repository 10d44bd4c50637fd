"""Whether numbers are in range: one problem at a door of the wing, and traced ones inside."""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from ..checks import check_shape
from ..errors import BadValue
from .problem import TeacherStudent

__all__ = ["FAINT", "check_single", "is_legal"]

FAINT = 1e-290  # below this share of the start a curve has underflowed


def is_legal(problem: TeacherStudent) -> Array:
    """False where a traced field is out of range, or noise^2 is no number of float64: there the answer is nan."""
    fields = (problem.samples_per_dim, problem.snr, problem.inr, problem.noise**2, problem.weight_decay)
    finite = jnp.all(jnp.isfinite(jnp.stack(fields)))
    positive = (problem.samples_per_dim > 0) & (problem.noise > 0) & (problem.noise**2 > FAINT)
    return finite & positive & (problem.snr >= 0) & (problem.inr >= 0) & (problem.weight_decay >= 0)


# Fields that are arrays; all others are numbers.
_RANKS = {"spectrum": 1, "target": 1, "readout": 1, "features": 2, "teacher": 2}


def check_single(problem, caller: str, kind: type | None = None) -> None:
    """Refuse a stack of problems where one is expected, and check the values again: unflattening did not."""
    if kind is not None and not isinstance(problem, kind):
        raise BadValue(f"problem is {problem!r}, but grok_theory.linear.{caller} takes a {kind.__name__}. Build one.")
    for name, value in vars(problem).items():
        rank = _RANKS.get(name, 0)
        if np.ndim(value) != rank:
            remedy = f"{caller} takes one problem; use jax.vmap over a stack of them."
            check_shape(name, value, (None,) * rank, remedy)
    problem.check()
