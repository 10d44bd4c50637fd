"""Quadrature rules of fixed size whose nodes move with the problem.

Shapes never depend on a value: a new temperature or a larger k moves nodes and compiles nothing.
"""

from __future__ import annotations

from functools import lru_cache

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float


def panel_rule(
    grid: Float[Array, " points"], density: Float[Array, " points"], *, panels: int, nodes: int
) -> tuple[Float[Array, " nodes"], Float[Array, " nodes"]]:
    """Composite Gauss-Legendre rule on [grid[0], grid[-1]] whose panels have equal measure under `density`.

    `grid` is increasing, `density` its positive values there; both only place the panels, so neither needs accuracy,
    and no derivative is taken through them.

    Returns
    -------
    tuple[Array, Array]
        (nodes, weights), each (panels * nodes,).
    """
    measure = jnp.concatenate([jnp.zeros(1), jnp.cumsum(jnp.diff(grid) * (density[1:] + density[:-1]) / 2)])
    edges = jnp.interp(jnp.linspace(0.0, 1.0, panels + 1) * measure[-1], measure, grid)
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
