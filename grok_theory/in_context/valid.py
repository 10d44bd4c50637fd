"""Where theory speaks about runs of a given size: made from both, for it belongs to neither."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from jax.typing import ArrayLike

from ..checks import check_integer
from ..dynamics import Dynamics
from .attention_x import check_attention_x
from .curve_names import LOSSES
from .linear_attention import solve_linear_attention
from .problem import LinearAttention

__all__ = ["attention_valid"]

# A curve that moves by more than this between n and n (1 + 1/d) is not yet that of d -> inf.
STEEP = 0.1


def attention_valid(
    problem: LinearAttention, x: ArrayLike, dim: int, dynamics: Dynamics | None
) -> Mapping[str, np.ndarray]:
    """Per curve and x, whether the d -> inf theory of `LinearAttention` describes runs of this size.

    Everywhere along the flow. Of fits, where the curve is not so steep that the fluctuations of a prompt, of relative
    size 1/d, which act like more or fewer sequences, move it by a tenth: not close to the interpolation peak.
    """
    dim = check_integer("dim", dim, 1, "Pass the dimension of a token.")
    check_attention_x(problem, x, dynamics, "grok_theory.in_context.valid_at")
    if dynamics is not None:
        return {name: np.ones(np.shape(x), bool) for name in LOSSES}
    x = np.asarray(x, float)
    here, fewer, more = (
        solve_linear_attention(problem, x * factor, dynamics=None, method=None, throw=False)
        for factor in (1.0, 1 / (1 + 1 / dim), 1 + 1 / dim)
    )

    def moved(name, there):
        return np.abs(np.log(np.asarray(there[name]) / np.asarray(here[name])))

    # A nan, at the peak itself, is not below anything.
    return {name: (moved(name, fewer) < STEEP) & (moved(name, more) < STEEP) for name in LOSSES}
