"""Below which learning rate descent on a diagonal network is stable: 2 over its largest curvature, from above.

Where the data are fitted the curvature of the loss in (u, v) is that of 4 X diag(u^2 + v^2) X^T, with u^2 + v^2 =
sqrt(w^2 + 4 beta^2); where they are not, 2 |g| comes beside it, g = X^T (X w - y), and by Weyl no more than that.
"""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from ..checked import check_single
from .interpolation import interpolators
from .network_curves import padded
from .problem import DiagonalNetwork, SparseTask

__all__ = ["stable_diagonal_network", "stable_sparse_task"]


def stable_diagonal_network(problem: DiagonalNetwork) -> Array:
    """2/(lambda + the larger of 8 alpha^2 l + 2 max |X^T y| at the start and the curvature where it first fits)."""
    check_single(problem, "grok_theory.linear.stable_below")
    x, y, start = np.asarray(problem.inputs), np.asarray(problem.targets), float(problem.start)
    largest = 8 * start**2 * np.linalg.norm(x, 2) ** 2 + 2 * np.max(np.abs(x.T @ y))
    whole = padded(problem)
    weights, _, found = interpolators(
        jnp.asarray(whole.inputs), jnp.asarray(whole.targets), jnp.asarray([2 * np.log(start)])
    )
    if bool(found[0]):
        spread = np.sqrt(np.asarray(weights[0])[: x.shape[1]] ** 2 + 4 * start**4)
        largest = max(largest, 4 * np.linalg.norm(x * np.sqrt(spread), 2) ** 2)
    return jnp.asarray(2 / (largest + float(problem.weight_decay)))


def stable_sparse_task(problem: SparseTask) -> Array:
    """2/(lambda + 4 sqrt(1 + 4 alpha^4) (1 + delta^(-1/2))^2): no weight of the teacher is larger than one."""
    check_single(problem, "grok_theory.linear.stable_below")
    edge = jnp.square(1 + 1 / jnp.sqrt(jnp.asarray(problem.samples_per_dim, float)))
    spread = jnp.sqrt(1 + 4 * jnp.asarray(problem.start, float) ** 4)
    return 2 / (4 * spread * edge + problem.weight_decay)
