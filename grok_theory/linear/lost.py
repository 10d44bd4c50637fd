"""A sentence where numbers ended: what float64 cannot tell is refused, never returned as nan."""

from typing import TypeVar

import jax
import numpy as np

from ..checks import is_traced
from ..errors import SolveFailed

__all__ = ["refuse_lost"]

Answer = TypeVar("Answer")


def refuse_lost(answer: Answer, caller: str, remedy: str) -> Answer:
    """`answer`, a record of numbers; raises `SolveFailed` where one is nan and nothing is traced.

    A concrete problem was checked at the door, so that nan means numbers beyond float64.
    """
    leaves = [leaf for leaf in jax.tree_util.tree_leaves(answer) if leaf is not None]
    if not any(map(is_traced, leaves)) and any(np.isnan(np.asarray(leaf)).any() for leaf in leaves):
        raise SolveFailed(f"grok_theory.linear.{caller} cannot tell its answer in float64. {remedy}")
    return answer
