"""Shares of a law that draws do not exclude."""

from __future__ import annotations

import numpy as np
import scipy  # its rooms are imported when first used: stats takes as long as a solve
from numpy.typing import ArrayLike


def unseen_share(count: int, tail: float) -> float:
    """The greatest share of a law from which `count` draws hold none with a probability above `tail`."""
    return float(-np.expm1(np.log(tail) / count)) if count else 1.0


def shares(successes: ArrayLike, count: int, tail: float) -> tuple[np.ndarray, np.ndarray]:
    """(low, high) of the share of a law that `count` draws hold `successes` of (Clopper & Pearson 1934).

    Each end is missed with at most `tail`.
    """
    k = np.asarray(successes, float)
    low = np.where(k > 0, scipy.special.betaincinv(np.maximum(k, 1e-12), count - k + 1, tail), 0.0)
    high = np.where(k < count, scipy.special.betaincinv(k + 1, np.maximum(count - k, 1e-12), 1 - tail), 1.0)
    return low, high
