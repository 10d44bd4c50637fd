"""Moments of the covariance R = (1/k) sum w w^T of k = kappa d tasks, over its law for d -> inf (Marchenko-Pastur).

With g = 1/kappa the mean resolvent M(q) = (1/d) tr (R + q)^-1 is the positive root of g q M^2 + (q + 1 - g) M = 1.
Everything else follows from it without a difference of near numbers, so that no digit is lost at any kappa or q.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array

__all__ = ["TaskMoments", "task_moments"]


class TaskMoments(NamedTuple):
    """Means over the eigenvalues r of R, at one penalty q.

    `resolvent` = E 1/(r + q), `squared` = E 1/(r + q)^2, `learned` = E r/(r + q), `half_learned` = E r/(r + q)^2,
    `learned_squared` = E r^2/(r + q)^2.
    """

    resolvent: Array
    squared: Array
    learned: Array
    half_learned: Array
    learned_squared: Array


def task_moments(penalty: Array, tasks_per_dim: Array) -> TaskMoments:
    """The moments at q = `penalty` > 0 for kappa = `tasks_per_dim` > 0; they broadcast."""
    g = 1 / tasks_per_dim
    # (kappa - 1)/kappa, not 1 - 1/kappa: at kappa = 1 + 1e-9 the latter keeps seven digits.
    gap = (tasks_per_dim - 1) / tasks_per_dim
    middle = penalty + gap
    root = jnp.sqrt(middle**2 + 4 * g * penalty)
    # Two forms of one root; each is free of cancellation on its side. The inner `where` keeps gradients finite.
    falling = middle < 0
    below = (root - middle) / (2 * g * penalty)
    above = 2 / jnp.where(falling, 1.0, root + middle)
    resolvent = jnp.where(falling, below, above)
    seen = 1 + g * resolvent
    learned = resolvent / seen
    # root - q, times root + q, is 2 q (1 + g) + (1 - g)^2.
    squared_learned = learned * (2 * penalty * (1 + g) + gap**2) / ((root + penalty) * root)
    return TaskMoments(resolvent, resolvent * seen / root, learned, learned / root, squared_learned)
