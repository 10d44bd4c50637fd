"""Time grids, and the quadrature matrix by which a linear method turns forces into weights.

Any linear multistep or one-step method writes the weights on its nodes as w = w(0) + A F with a lower triangular A;
the dynamical mean-field theory of that method is exact, so the same march serves descent and flow of every order
(and, in `many_steps`, descent on the nodes of a flow).
"""

from dataclasses import dataclass

import numpy as np

STEEPEST_RATIO = 1.45  # the third-order formula loses zero-stability at 1.61 on a geometric grid
STEEPEST_RATIO_OF_FOURTH = 1.25  # the fourth-order formula at 1.28
SHORTEST_FLOW = 0.1  # of the start scale: a grid has to end somewhere
START_SCALE = 0.2  # tau below which the nodes are evenly spaced; losses begin to move at order one


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


def flow_nodes(last: float, points: int, scale: float = START_SCALE) -> np.ndarray:
    """Zero and `points` times up to `last`, evenly spaced in log(1 + tau / scale).

    Even below `scale`, growing by a fixed ratio above it; half of a grid's nodes are the nodes of the grid with half
    as many, so that halving the step is halving it everywhere. Where `points` are few for `last`, the scale is raised
    until the ratio is `STEEPEST_RATIO`.
    """
    steepest = last / np.expm1(points * np.log(STEEPEST_RATIO))
    scale = max(scale, steepest)
    nodes = scale * np.expm1(np.log1p(last / scale) * np.arange(points + 1) / points)
    return nodes * (last / nodes[-1])


def growth_ratio(nodes: np.ndarray) -> float:
    """The factor by which each step is longer than the one before."""
    return float((nodes[2] - nodes[1]) / (nodes[1] - nodes[0]))


def backward_difference_grid(nodes: np.ndarray, order: int) -> Grid:
    """Gradient flow by the variable-step backward difference formula of `order` on nodes 0 = tau_0 < tau_1 < ...

    The derivative of the polynomial through the last order + 1 values equals the force at the newest node. The first
    nodes have a shorter history, but they know the force at tau_0: the polynomial is made to have that slope there
    (at tau_1 that is the trapezoidal rule). A first step without it is of first order and costs more in the losses of
    the first tens of nodes than all later steps together.
    """
    points = len(nodes) - 1
    difference = np.zeros((points, points + 1))
    start_slope = np.zeros(points)
    for row in range(1, points + 1):
        first = row - min(order, row)
        weights, slope = derivative_weights(nodes[first : row + 1], with_start_slope=row < order)
        difference[row - 1, first : row + 1] = weights
        start_slope[row - 1] = slope
    inverse = np.tril(np.linalg.inv(difference[:, 1:]))
    quadrature = np.zeros((points + 1, points + 1))
    quadrature[1:, 1:] = inverse
    quadrature[1:, 0] = -inverse @ start_slope
    return Grid(nodes, quadrature, implicit=True)


def derivative_weights(stencil: np.ndarray, with_start_slope: bool) -> tuple[np.ndarray, float]:
    """Weights of the values (and of the slope at the first point) in the slope at the last point of `stencil`."""
    scale = stencil[-1] - stencil[0]
    offset = (stencil - stencil[-1]) / scale
    size = len(stencil) + with_start_slope
    powers = np.arange(size)
    moments = offset[:, None] ** powers[None, :]
    if with_start_slope:
        moments = np.vstack([moments, powers * offset[0] ** np.maximum(powers - 1, 0)])
    target = np.zeros(size)
    target[1] = 1.0
    weights = np.linalg.solve(moments.T, target)
    return weights[: len(stencil)] / scale, float(weights[-1]) if with_start_slope else 0.0
