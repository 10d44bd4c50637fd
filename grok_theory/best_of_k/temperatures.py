"""What a temperature of the selection is: runs, theory and records ask the same."""

from __future__ import annotations

import numpy as np
from jax.typing import ArrayLike

from ..checks import check_between, check_shape

__all__ = ["check_temperature"]


def check_temperature(temperature: ArrayLike) -> None:
    """Refuse what is no temperature in [0, inf]."""
    check_shape("temperature", temperature, (), "Pass one number; map several with jax.vmap.")
    check_between("temperature", temperature, 0.0, np.inf, "Pass 0 for best-of-k, inf for no selection.")
