"""Quadrature rules of fixed size whose nodes move with the problem.

Shapes never depend on a value: a new temperature or a larger k moves nodes and compiles nothing.
"""

from __future__ import annotations

from functools import lru_cache

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float


def panel_rule(
    grid: Float[Array, " points"],
    measure: Float[Array, " parts"],
    *,
    panels: int,
    nodes: int,
    used: ArrayLike | None = None,
) -> tuple[Float[Array, " nodes"], Float[Array, " nodes"]]:
    """Composite Gauss-Legendre rule on [grid[0], grid[-1]] whose panels have equal measure.

    `grid` is increasing, `measure` that of its (points - 1) parts, positive; both only place the panels, so neither
    needs accuracy, and no derivative is taken through them. Where fewer panels than `panels` are `used`, the others are
    empty, at the end.

    Returns
    -------
    tuple[Array, Array]
        (nodes, weights), each (panels * nodes,).
    """
    reached = jnp.concatenate([jnp.zeros(1), _running_sum(measure)])
    shares = np.linspace(0.0, 1.0, panels + 1)
    if used is not None:
        shares = jnp.minimum(np.arange(panels + 1.0) / used, 1.0)
    edges = _inverse(reached, grid, shares * reached[-1])
    # The rule is exact wherever its panels lie: differentiating through them would only add noise.
    edges = jax.lax.stop_gradient(edges)
    abscissae, weights = (jnp.asarray(part) for part in legendre_rule(nodes))
    middle, half = (edges[1:] + edges[:-1]) / 2, jnp.diff(edges) / 2
    points = middle[:, None] + half[:, None] * abscissae[None, :]
    return points.ravel(), (half[:, None] * weights[None, :]).ravel()


@lru_cache
def legendre_rule(nodes: int) -> tuple[np.ndarray, np.ndarray]:
    """Gauss-Legendre nodes and weights on [-1, 1]."""
    return np.polynomial.legendre.leggauss(nodes)


def _running_sum(parts):
    """Sums up to each of the parts. Not `cumsum`, whose program has dozens of instructions to compile."""
    rows = int(np.ceil(np.sqrt(parts.size)))
    table = jnp.concatenate([parts, jnp.zeros(rows**2 - parts.size)]).reshape(rows, rows)
    before = _sums_before(jnp.sum(table, axis=1)[None, :])[0]
    return (before[:, None] + _sums_before(table) + table).ravel()[: parts.size]


def _sums_before(table):
    """In every row the sum of what stands to the left."""
    left = np.tri(table.shape[1], k=-1)
    return jnp.sum(table[:, None, :] * left[None, :, :], axis=2)


def _inverse(measure, grid, targets):
    """Where a rising piecewise linear measure reaches its targets. Not `interp`, which is a search to compile."""
    low, high = measure[None, :-1], measure[None, 1:]
    share = (targets[:, None] - low) / jnp.where(high > low, high - low, 1.0)
    return grid[0] + jnp.sum(jnp.clip(share, 0.0, 1.0) * jnp.diff(grid)[None, :], axis=1)


def running_integral(parts: Float[Array, " nodes"], nodes: int) -> Float[Array, " nodes"]:
    """Integral from the left end to every node of a `panel_rule`, of a function whose values times weights are `parts`.

    Between the ends of a panel the polynomial through its nodes is integrated; at the ends it is the rule itself.
    """
    panels = parts.reshape(-1, nodes)
    before = _sums_before(jnp.sum(panels, axis=1)[None, :])[0]
    return (before[:, None] + panels @ jnp.asarray(_shares_so_far(nodes))).ravel()


@lru_cache
def _shares_so_far(nodes: int) -> np.ndarray:
    """(nodes, nodes): [j, i] is the integral of the j-th Lagrange polynomial from -1 to node i over the j-th weight."""
    x, _ = legendre_rule(nodes)
    # l_j/w_j = sum_n (n + 1/2) P_n(x_j) P_n, and the integral of P_n is (P_(n+1) - P_(n-1))/(2n + 1) from -1 on.
    values = np.polynomial.legendre.legvander(x, nodes)
    integrals = np.empty((nodes, nodes))
    integrals[0] = x + 1
    for n in range(1, nodes):
        integrals[n] = (values[:, n + 1] - values[:, n - 1]) / (2 * n + 1)
    return (values[:, :nodes] * (np.arange(nodes) + 0.5)) @ integrals


@lru_cache
def gumbel_rule(nodes: int) -> tuple[np.ndarray, np.ndarray]:
    """Gauss rule for the Gumbel weight h(x) = exp(x - exp(x)) on the whole line; weights sum to 1.

    Lanczos with full re-orthogonalisation on a trapezoid discretisation (spectrally accurate: h decays like e^x to
    the left and doubly exponentially to the right), then the eigenproblem of the Jacobi matrix (Golub & Welsch 1969).
    """
    x = np.arange(-60.0, 4.6, 0.02)
    weight = np.exp(x - np.exp(x))
    weight /= weight.sum()
    basis = [np.sqrt(weight)]
    diagonal, off_diagonal = [], []
    for i in range(nodes):
        residual = x * basis[i]
        diagonal.append(residual @ basis[i])
        for _ in range(2):
            for vector in basis:
                residual = residual - (residual @ vector) * vector
        off_diagonal.append(np.linalg.norm(residual))
        basis.append(residual / off_diagonal[-1])
    jacobi = np.diag(diagonal) + np.diag(off_diagonal[:-1], 1) + np.diag(off_diagonal[:-1], -1)
    points, vectors = np.linalg.eigh(jacobi)
    return points, vectors[0] ** 2
