"""From the nodes of a flow's grid to any times between them."""

import numpy as np

VALUE_POINTS, CHECK_POINTS = 6, 4


def positions(nodes: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Where `times` lie in the index 0, 1, ... of `nodes` (the first is zero), which are equidistant in it.

    For tau_k = tau_1 (r^k - 1)/(r - 1) that index is log(1 + tau (r - 1)/tau_1) / log r.
    """
    first = nodes[1]
    ratio = (nodes[2] - nodes[1]) / first
    if abs(ratio - 1) < 1e-9:
        return times / first
    return np.log1p(times * (ratio - 1) / first) / np.log(ratio)


def lagrange(position: np.ndarray, count: int, points: int) -> tuple[np.ndarray, np.ndarray]:
    """Stencils (time, points) of indices into `count` equidistant values, and their Lagrange weights."""
    points = min(points, count)
    first = np.clip(np.floor(position).astype(int) - (points - 2) // 2, 0, count - points)
    stencil = first[:, None] + np.arange(points)
    gap = position[:, None] - stencil
    weights = np.ones_like(gap)
    for i in range(points):
        for j in range(points):
            if i != j:
                weights[:, i] *= gap[:, j] / (i - j)
    return stencil, weights
