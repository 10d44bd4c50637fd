"""Gaussian paths with a given covariance, drawn one time step at a time.

The covariance of a smooth process on a dense grid is almost singular, and a Cholesky row on the levels amplifies
rounding until the march is lost. Here each *increment* is regressed on the earlier increments, scaled to unit
variance, with a small ridge; what the regression leaves goes to a fresh innovation through a smooth floor (a hard
cut toggles inside the fixed point of a row and prevents its convergence).
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

RIDGE = 1e-3  # on the correlation of past increments; at 1e-5 tightly solved rows drift to a wrong branch late in time
FLOOR = 1e-3  # of the residual variance, smooth, in units of the increment's variance
TINY = 1e-300


class Increments(NamedTuple):
    """Past increments of unit variance, scaled = factor @ innovations, and the variances they had."""

    scaled: Float[Array, "node path"]
    factor: Float[Array, "node node"]
    variance: Float[Array, " node"]
    level: Float[Array, " path"]


class NewIncrement(NamedTuple):
    """Row n of `Increments`."""

    scaled: Float[Array, " path"]
    factor: Float[Array, " node"]
    variance: Float[Array, ""]
    level: Float[Array, " path"]


def no_increments(nodes: int, paths: int) -> Increments:
    """The process before its first step: level zero."""
    return Increments(jnp.zeros((nodes, paths)), jnp.zeros((nodes, nodes)), jnp.zeros(nodes), jnp.zeros(paths))


def past_factor(increments: Increments, n) -> Float[Array, "node node"]:
    """Cholesky factor of the ridged correlation of the increments before n (identity beyond)."""
    nodes = len(increments.variance)
    correlation = increments.factor @ increments.factor.T
    beyond = jnp.where(jnp.arange(nodes) < n, RIDGE, 1.0)
    return jnp.linalg.cholesky(correlation + jnp.diag(beyond), symmetrize_input=False)


def draw_increment(increments: Increments, cholesky, covariance_row, covariance_before, innovation, n) -> NewIncrement:
    """The increment from node n-1 to n, given rows n and n-1 of the covariance of the levels (zero before node 0)."""
    nodes = len(increments.variance)
    earlier = jnp.arange(nodes) < n
    difference = covariance_row - covariance_before  # covariance of the new increment with the earlier levels
    with_past = jnp.where(earlier, difference - jnp.roll(difference, 1).at[0].set(0.0), 0.0)
    before = jnp.where(n > 0, covariance_row[n - 1], 0.0)
    variance = covariance_row[n] - 2.0 * before + jnp.where(n > 0, covariance_before[n - 1], 0.0)
    # Late increments are differences of nearly equal numbers: rounding may leave their variance zero or negative.
    alive = variance > TINY
    variance = jnp.where(alive, variance, 0.0)
    scale = jnp.sqrt(jnp.where(alive, variance, 1.0))
    past_scale = jnp.sqrt(jnp.where(increments.variance > TINY, increments.variance, 1.0))
    seen = alive & (increments.variance > TINY)
    target = jnp.where(seen, with_past / (scale * past_scale), 0.0)

    coefficients = jax.scipy.linalg.cho_solve((cholesky, True), target)
    residual = 1.0 - target @ coefficients
    share = 0.5 * (residual + jnp.sqrt(residual**2 + FLOOR**2))
    factor = coefficients @ increments.factor
    norm = jnp.sqrt(factor @ factor + share)
    scaled = (coefficients @ increments.scaled + jnp.sqrt(share) * innovation) / norm
    factor = jnp.where(jnp.arange(nodes) == n, jnp.sqrt(share), factor) / norm
    return NewIncrement(scaled, factor, variance, increments.level + jnp.where(alive, scale, 0.0) * scaled)


def add_increment(increments: Increments, new: NewIncrement, n) -> Increments:
    """The process one step later."""
    return Increments(
        increments.scaled.at[n].set(new.scaled),
        increments.factor.at[n].set(new.factor),
        increments.variance.at[n].set(new.variance),
        new.level,
    )
