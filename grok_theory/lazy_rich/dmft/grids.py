"""Time grids, and the quadrature matrix by which a linear method turns forces into weights.

Any linear multistep or one-step method writes the weights on its nodes as w = w(0) + A F with a lower triangular A;
the dynamical mean-field theory of that method is exact, so the same march serves descent and flow of every order.
"""

from dataclasses import dataclass

import numpy as np

STEEPEST_RATIO = 1.45  # the third-order backward difference formula loses zero-stability at 1.53
FIRST_STEP = 0.03


@dataclass(frozen=True)
class Grid:
    """Nodes (node,) and `quadrature` (node, node), both in tau: w = w(0) + 2/(alpha kappa) quadrature F."""

    nodes: np.ndarray
    quadrature: np.ndarray
    implicit: bool


def descent_grid(learning_rate: float, steps: int) -> Grid:
    """Gradient descent: nodes 0, 1, ... steps times the learning rate; a step's force is felt at all later ones."""
    nodes = learning_rate * np.arange(steps + 1)
    return Grid(nodes, learning_rate * np.tril(np.ones((steps + 1, steps + 1)), -1), implicit=False)


def geometric_nodes(last: float, points: int, first: float = FIRST_STEP) -> np.ndarray:
    """tau_k = first (r^k - 1)/(r - 1), k = 1 ... points, ending at `last`; uniform where `first` is too long."""
    if first * points >= last:
        return last * np.arange(1, points + 1) / points
    ratio = growth_ratio(last, points, first)
    nodes = first * np.expm1(np.arange(1, points + 1) * np.log(ratio)) / (ratio - 1)
    return nodes * (last / nodes[-1])


def growth_ratio(last: float, points: int, first: float = FIRST_STEP) -> float:
    """The r > 1 with first (r^points - 1)/(r - 1) = last."""
    from scipy.optimize import brentq

    def excess(log_ratio):
        total = points * log_ratio  # log(r^points - 1), without overflow
        return total + np.log(-np.expm1(-total)) - np.log(np.expm1(log_ratio)) - np.log(last / first)

    return float(np.exp(brentq(excess, 1e-12, np.log(last / first), xtol=1e-14)))


def backward_difference_grid(nodes: np.ndarray, order: int) -> Grid:
    """The backward difference formula of `order` 1, 2 or 3 on `nodes` (tau_0 = 0 is implied and carries no force).

    The matrix D of the formula acts on w - w(0), which vanishes at tau_0; the quadrature is its inverse. The first
    nodes use the orders 1, 2, ... that their history allows.
    """
    points = len(nodes)
    padded = np.concatenate([[0.0], nodes])
    difference = np.zeros((points, points + 1))
    for row in range(1, points + 1):
        stencil = np.arange(row - min(order, row), row + 1)
        difference[row - 1, stencil] = _derivative_weights(padded[stencil])
    quadrature = np.tril(np.linalg.inv(difference[:, 1:]))
    return Grid(nodes, quadrature, implicit=True)


def _derivative_weights(stencil: np.ndarray) -> np.ndarray:
    """Weights of the derivative, at the last point of `stencil`, of the polynomial through its points."""
    scale = stencil[-1] - stencil[0]
    offset = (stencil - stencil[-1]) / scale
    moments = np.vander(offset, increasing=True).T
    target = np.zeros(len(stencil))
    target[1] = 1.0
    return np.linalg.solve(moments, target) / scale
