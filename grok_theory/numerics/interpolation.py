"""A curve between the points where it was computed, and how far off that can be.

Polynomials through the nearest points, of degree 1, 3 or 5, in x, ln x or asinh(x/x_1), of the values or (where all are
positive) their logarithms: each interval takes the one that best predicts its neighbouring points from the others. What
is missed at a point left out is a divided difference times a product of distances; brought to the distances inside the
interval, where those are larger, it bounds what is missed there. The gap to the two runners-up is the other estimate,
and three times the larger counts.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

DEGREES = (1, 3, 5)
ROUGH = 0.01  # share of a step by which the neighbours of a resolved curve are missed at most
SAFETY = 3.0  # makes the error hold at 99 of 100 points, coarse grids included (tests/numerics/test_interpolation.py)


def read_at(
    x: ArrayLike, curve: ArrayLike, own_error: ArrayLike | None, wanted: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Values, the curve's own error and that of the interpolation, each (..., *wanted.shape), of a batch of curves.

    Parameters
    ----------
    x : array_like
        (T,) or (..., T), non-decreasing; of equal points the first counts.
    curve : array_like
        (..., T).
    own_error : array_like
        Of the same shape as `curve`.
    wanted : ndarray
        Any shape.
    """
    curve = np.asarray(curve, float)
    x = np.broadcast_to(np.asarray(x, float), curve.shape).reshape(-1, curve.shape[-1])
    own = np.zeros(curve.shape) if own_error is None else np.asarray(own_error, float)
    own = np.broadcast_to(own, curve.shape).reshape(x.shape)
    rows = []
    for grid, values, error in zip(x, curve.reshape(x.shape), own):
        grid, first = np.unique(grid, return_index=True)
        rows.append(interpolate(grid, values[first], wanted.ravel(), error[first]))
    values, between, carried = (
        np.array([row[part] for row in rows]).reshape(curve.shape[:-1] + wanted.shape) for part in range(3)
    )
    return values, carried, between


class Between(NamedTuple):
    """`values` at the wanted points; `error`: of the interpolation, zero on the grid; `carried`: that of the curve."""

    values: np.ndarray
    error: np.ndarray
    carried: np.ndarray


class _Candidate(NamedTuple):
    """One interpolant: its values at the wanted points, what it misses where a point is left out, weights of errors."""

    values: np.ndarray
    missed: np.ndarray
    carried: np.ndarray


def interpolate(x: np.ndarray, curve: np.ndarray, wanted: np.ndarray, own_error: np.ndarray | None = None) -> Between:
    """`curve` (T,) at `x` (T,), increasing, read at `wanted` (n,) inside [x_0, x_{T-1}].

    A wanted point on the grid gets its value and its own error to the bit. Between a finite value and one that is not,
    the answer is nan. Of two points nothing is known but their difference, which is then the error.
    """
    own = np.zeros(x.size) if own_error is None else np.abs(own_error)
    at = np.searchsorted(x, wanted)
    on_grid = x[np.minimum(at, x.size - 1)] == wanted
    values, error, carried = (np.full(wanted.shape, np.nan) for _ in range(3))
    values[on_grid], error[on_grid], carried[on_grid] = curve[at[on_grid]], 0.0, own[at[on_grid]]
    finite = np.isfinite(curve)
    # Runs of finite points, each by itself: nothing is read across a hole.
    edges = np.flatnonzero(np.diff(np.concatenate([[False], finite, [False]]).astype(int)))
    for low, high in zip(edges[::2], edges[1::2]):
        here = ~on_grid & (wanted > x[low]) & (wanted < x[high - 1])
        if here.any():
            part = slice(low, high)
            values[here], error[here], carried[here] = _smooth(x[part], curve[part], wanted[here], own[part])
    return Between(values, error, carried)


def _smooth(x, curve, wanted, own):
    interval = np.searchsorted(x, wanted, side="right") - 1
    found = list(_candidates(x, curve, wanted, own, interval))
    missed = np.array([c.missed for c in found])
    order = np.argsort(missed, axis=0, kind="stable")[:3]
    take = np.arange(wanted.size)
    best, *others = (np.array([c.values for c in found])[row, take] for row in order)
    least = missed[order[0], take]
    # The best of many estimates is too good by chance: hence the others that are nearly as good, and the factor.
    rivals = [np.where(missed[row, take] <= 100 * least, np.abs(best - o), 0.0) for row, o in zip(order[1:], others)]
    error = SAFETY * np.max([least, *rivals], axis=0)
    # Where neighbours are missed by a hundredth of the step there is more than a smooth curve: anywhere along the step,
    # or along that of a neighbour, whose corner may lie on this side.
    steps = np.abs(np.diff(curve))
    step, padded = steps[interval], np.concatenate([[0.0], steps, [0.0]])
    wide = np.maximum.reduce([padded[interval], step, padded[interval + 2]])
    error = np.where(least > ROUGH * step, np.maximum(error, wide), error)
    low = np.minimum(curve[interval], curve[interval + 1])
    # A curve that is nowhere negative is not made so.
    best = np.where((best < 0) & (curve.min() >= 0), np.minimum(low, 0.0), best)
    carried = np.array([c.carried for c in found])[order[0], take]
    return best, error, carried


def _candidates(x, curve, wanted, own, interval) -> Iterator[_Candidate]:
    step = np.abs(np.diff(curve))[interval]
    # Relative errors count in the larger end of the interval, whatever a wild polynomial says.
    size_here = np.maximum(np.abs(curve[interval]), np.abs(curve[interval + 1]))
    for old, new in _abscissae(x, wanted):
        for logarithms in (False, True) if curve.min() > 0 else (False,):
            values = np.log(curve) if logarithms else curve
            for degree in DEGREES:
                if degree + 1 > x.size:
                    continue
                read, size, reach = _read(old, values, own, new, interval, degree)
                # A wild polynomial is never chosen: its logarithm need only stay a number.
                read = np.exp(np.clip(read, -700, 700)) if logarithms else read
                if degree + 2 > x.size:
                    # No point can be left out: the curve is between its neighbours, as far as anybody knows.
                    yield _Candidate(read, np.maximum(step, np.abs(read - curve[interval])), size)
                    continue
                gap, length = _left_out(old, values, degree)
                gap = np.expm1(np.minimum(np.abs(gap), 300)) if logarithms else np.abs(gap)
                # The interval's own ends and one point more on either side; the record's ends have no second side.
                around = np.clip(interval[:, None] + np.arange(-1, 3), 1, x.size - 2)
                with np.errstate(over="ignore", invalid="ignore"):  # infinite is far enough off
                    # Both misses are one divided difference times a product of distances: where the interval is wide
                    # against its neighbours, what is missed there says little until it is brought to the interval.
                    missed = (gap[around] * np.maximum(1.0, reach[:, None] / length[around])).max(axis=1)
                    yield _Candidate(read, missed * (size_here if logarithms else 1.0), size)


def _abscissae(x, wanted):
    yield x, wanted
    if x[0] > 0:
        yield np.log(x), np.log(wanted)
    elif x[0] == 0 and x.size > 2:
        yield np.arcsinh(x / x[1]), np.arcsinh(wanted / x[1])


def _read(x, values, own, wanted, interval, degree):
    """The polynomial through the degree + 1 nearest points, how it carries their errors, and the product of the
    distances to them."""
    first = np.clip(interval - degree // 2, 0, x.size - degree - 1)
    nodes = first[:, None] + np.arange(degree + 1)
    weights = _lagrange(x[nodes], wanted)
    carried = np.abs(weights).sum(axis=1) * own[nodes].max(axis=1)
    return np.sum(weights * values[nodes], axis=1), carried, _product(wanted, x[nodes])


def _left_out(x, values, degree):
    """At each point, what the polynomial through its degree + 1 nearest neighbours misses, and the product of the
    distances to them."""
    points = np.arange(x.size)
    first = np.clip(points - (degree + 1) // 2, 0, x.size - degree - 2)
    around = first[:, None] + np.arange(degree + 2)
    others = around[around != points[:, None]].reshape(x.size, degree + 1)
    return np.sum(_lagrange(x[others], x) * values[others], axis=1) - values, _product(x, x[others])


def _product(points, nodes):
    return np.abs(np.prod(points[:, None] - nodes, axis=1))


def _lagrange(nodes, wanted):
    """(n, m) weights of the m nodes of each wanted point."""
    m = nodes.shape[1]
    weights = np.ones(nodes.shape)
    for j in range(m):
        for k in range(m):
            if k != j:
                weights[:, j] *= (wanted - nodes[:, k]) / (nodes[:, j] - nodes[:, k])
    return weights
