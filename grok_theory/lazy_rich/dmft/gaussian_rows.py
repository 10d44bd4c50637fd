"""Gaussian paths with a given covariance, drawn one time step at a time.

The covariance of a smooth process on a dense grid is almost singular, and a Cholesky row on the levels amplifies
rounding until the march is lost. Here each *increment* is regressed on the earlier increments, scaled to unit
variance, with a small ridge; what the regression leaves goes to a fresh innovation through a smooth floor (a hard
cut toggles inside the fixed point of a row and prevents its convergence).
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from .rows import put

RIDGE = 1e-3  # on the correlation of past increments; at 1e-5 tightly solved rows drift to a wrong branch late in time
FLOOR = 1e-3  # of the residual variance, smooth, in units of the increment's variance
TINY = 1e-300


class Increments(NamedTuple):
    """Past increments of unit variance, scaled = factor @ innovations, and the variances they had, of every process."""

    scaled: Float[Array, "process node path"]
    factor: Float[Array, "process node node"]
    variance: Float[Array, "process node"]
    level: Float[Array, "process path"]


class NewIncrement(NamedTuple):
    """Row n of `Increments`."""

    scaled: Float[Array, "process path"]
    factor: Float[Array, "process node"]
    variance: Float[Array, " process"]
    level: Float[Array, "process path"]


def no_increments(processes: int, nodes: int, paths: int) -> Increments:
    """The processes before their first step: level zero."""
    shapes = ((nodes, paths), (nodes, nodes), (nodes,), (paths,))
    return Increments(*(jnp.zeros((processes, *shape)) for shape in shapes))


def no_increment(processes: int, nodes: int, paths: int) -> NewIncrement:
    """Before there is one."""
    return NewIncrement(*(jnp.zeros((processes, *shape)) for shape in ((paths,), (nodes,), (), (paths,))))


def whitening(increments: Increments, n) -> Float[Array, "process node node"]:
    """Inverse W of the Cholesky factor of the ridged correlation of the increments before n (identity beyond).

    W^T W is the inverse of the correlation, whose condition the ridge bounds: a row needs two products, no solve.
    """
    nodes = increments.variance.shape[1]
    correlation = increments.factor @ jnp.matrix_transpose(increments.factor)
    identity = jnp.eye(nodes)
    ridged = correlation + jnp.diag(jnp.where(jnp.arange(nodes) < n, RIDGE, 1.0))[None]
    cholesky = lax.linalg.cholesky(ridged, symmetrize_input=False)
    return lax.linalg.triangular_solve(cholesky, jnp.broadcast_to(identity, cholesky.shape), left_side=True, lower=True)


def draw_increments(increments: Increments, whitened, covariance_rows, rows_before, innovations, n) -> NewIncrement:
    """The increments from node n-1 to n of every process: see `_draw_increment`."""
    return jax.vmap(_draw_increment, in_axes=(0, 0, 0, 0, 0, None))(
        increments, whitened, covariance_rows, rows_before, innovations, n
    )


def _draw_increment(increments: Increments, whitened, covariance_row, covariance_before, innovation, n) -> NewIncrement:
    """The increment from node n-1 to n, given rows n and n-1 of the covariance of the levels (zero before node 0)."""
    nodes = len(increments.variance)
    columns = jnp.arange(nodes)
    difference = covariance_row - covariance_before  # covariance of the new increment with the earlier levels
    with_past = jnp.where(columns < n, difference - shifted(difference), 0.0)
    # Its variance: what it has with the level at n less what it has with the one before.
    variance = jnp.sum(jnp.where(columns == n, covariance_row - shifted(covariance_row) - shifted(difference), 0.0))
    # Late increments are differences of nearly equal numbers: rounding may leave their variance zero or negative.
    alive = variance > TINY
    variance = jnp.where(alive, variance, 0.0)
    scale = jnp.sqrt(jnp.where(alive, variance, 1.0))
    past_scale = jnp.sqrt(jnp.where(increments.variance > TINY, increments.variance, 1.0))
    seen = alive & (increments.variance > TINY)
    target = jnp.where(seen, with_past / (scale * past_scale), 0.0)

    white = whitened @ target
    coefficients = white @ whitened
    residual = 1.0 - white @ white
    share = 0.5 * (residual + jnp.sqrt(residual**2 + FLOOR**2))
    factor = coefficients @ increments.factor
    norm = jnp.sqrt(factor @ factor + share)
    scaled = (coefficients @ increments.scaled + jnp.sqrt(share) * innovation) / norm
    factor = jnp.where(jnp.arange(nodes) == n, jnp.sqrt(share), factor) / norm
    return NewIncrement(scaled, factor, variance, increments.level + jnp.where(alive, scale, 0.0) * scaled)


def shifted(values: Float[Array, " node"]) -> Float[Array, " node"]:
    """What stands one node earlier, zero at the first."""
    return jnp.where(jnp.arange(len(values)) > 0, jnp.roll(values, 1), 0.0)


def add_increments(increments: Increments, new: NewIncrement, n) -> Increments:
    """The processes one step later."""
    return Increments(
        put(increments.scaled, new.scaled, n, 1),
        put(increments.factor, new.factor, n, 1),
        put(increments.variance, new.variance, n, 1),
        new.level,
    )
