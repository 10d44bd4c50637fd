"""Descent of very many steps: a node for each of the first, then the few nodes of a flow, corrected for the step.

By Euler and Maclaurin a sum over steps is the integral of a flow less what its ends make of it,

    r sum_{k < n} F(k r) = int_0^t F - (r/2) [F(t) - F(0)] + (r^2/12) [F'(t) - F'(0)] + O(r^4),   t = n r.

Forces are smooth in time once the fastest modes are fitted, and each term is linear in them: the quadrature of the
flow, corrected by one or both of the terms, is a linear method as well, and its mean-field theory exact. A mode that
descent damps by 1 - a a step falls here at the rate a/(1 - a/2) (one term: a^2/12 off, relatively) or the root of
z (1 - a/2) = a + a z^2 / 12 (both: 3e-4 at a = 1/2) instead of -log(1 - a). Near the stable edge, where a is near 2 and
modes change their sign at every step, none of this holds: those modes are gone when the first steps are over.
"""

import numpy as np

from .grids import SHORTEST_FLOW, START_SCALE, Grid, backward_difference_grid, derivative_weights, flow_nodes

FIRST_STEPS = 20  # at nine tenths of the stable edge an amplitude is .8^20 = .01 by then
SMALL_RATE = 0.02  # below it a step damps no mode by more than a third (kappa >= .3): no node for single steps
STEPS_OF_SCALE = 4  # beyond the first steps: nodes are evenly spaced below so many


def single_steps(rate: float) -> int:
    """How many of the first steps are nodes."""
    return FIRST_STEPS if rate > SMALL_RATE else 0


def nodes_of_many(rate: float, steps: int, points: int) -> np.ndarray:
    """Zero, the single steps, and `points` more up to `steps`, in tau."""
    first = single_steps(rate)
    begun = first * rate
    last = max(rate * steps - begun, SHORTEST_FLOW * START_SCALE)
    later = flow_nodes(last, points, max(START_SCALE, STEPS_OF_SCALE * rate))
    return np.append(rate * np.arange(first), begun + later)


def grid_of_many(nodes: np.ndarray, first: int, order: int, learning_rate: float, terms: int) -> Grid:
    """The quadrature on nodes of which the `first` are single steps (after node zero), with `terms` corrections."""
    later = nodes[first:] - nodes[first]
    count = len(nodes)
    quadrature = np.zeros((count, count))
    quadrature[: first + 1, : first + 1] = learning_rate * np.tril(np.ones((first + 1, first + 1)), -1)
    quadrature[first + 1 :] = quadrature[first]
    quadrature[first:, first:] += backward_difference_grid(later, order).quadrature
    own = np.eye(count)
    correction = -learning_rate / 2 * (own - own[first])
    if terms == 2:
        slopes = np.zeros((count, count))
        for row in range(first, count):
            left = max(row - 2, 0)
            if row:
                slopes[row, left : row + 1] = derivative_weights(nodes[left : row + 1], with_start_slope=False)[0]
            else:
                slopes[0, :2] = -1 / nodes[1], 1 / nodes[1]  # only what the first row knows
        correction += learning_rate**2 / 12 * (slopes - slopes[first])
    quadrature[first + 1 :] += correction[first + 1 :]
    return Grid(nodes, quadrature, implicit=True)
