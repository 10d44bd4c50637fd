"""From an error of the output to the errors of what is read off it.

Losses are squares, which feel an error through their root. The coherence norm(sum of gradients)^2 / (m sum of squares)
knows the residual's direction only: where the training set is fitted, that is the direction of its error.
"""

from __future__ import annotations

import jax.numpy as jnp
from jaxtyping import Array, Float

from .data import Data
from .readings import Reading


def add_output_error(
    errors: dict[str, Array],
    data: Data,
    readings: Reading,
    train_error: Float[Array, " tau"],
    test_error: Float[Array, " tau"],
) -> dict[str, Array]:
    """`errors` with what an error of the output adds to losses and coherence.

    `train_error`, `test_error`: Euclidean norms (all samples and outputs together), (T,).
    """
    samples = data.samples
    residual = data.targets[None] - readings.output[:, :samples]
    errors = dict(errors)
    errors["train_loss"] += _of_mean_square(residual, train_error)
    if data.test_targets is not None:
        errors["test_loss"] += _of_mean_square(data.test_targets[None] - readings.output[:, samples:], test_error)
    errors["coherence"] = jnp.minimum(errors["coherence"] + _of_coherence(readings, residual, train_error), 1.0)
    return errors


def _of_coherence(readings: Reading, residual: Array, error: Array) -> Array:
    """Twice orders one and two of r.T r / (m sum_i norm(r_i)^2 T_ii) in the residual, 1 where that is all error."""
    own = jnp.einsum("tpc,tpp->t", jnp.square(residual), readings.kernel)
    together = jnp.einsum("tpc,tpq,tqc->t", residual, readings.kernel, residual)
    moved = error * jnp.sqrt(jnp.trace(readings.kernel, axis1=1, axis2=2))  # of a gradient, at most
    known = own > jnp.square(moved)
    own = jnp.where(known, own, 1.0)
    above = (2 * moved * jnp.sqrt(jnp.maximum(together, 0.0)) + jnp.square(moved)) / (residual.shape[1] * own)
    below = readings.coherence * (2 * moved / jnp.sqrt(own) + jnp.square(moved) / own)
    return jnp.where(known, 2 * (above + below), 1.0)


def _of_mean_square(residual: Array, error: Array) -> Array:
    norm = jnp.sqrt(jnp.sum(jnp.square(residual), axis=(1, 2)))
    return (2 * norm * error + jnp.square(error)) / residual.shape[1]


def output_norms(data: Data, output: Array) -> tuple[Array, Array]:
    """Euclidean norms (T,) of outputs (T, n, c) on the training and on the test inputs."""
    parts = output[:, : data.samples], output[:, data.samples :]
    train, test = (jnp.sqrt(jnp.sum(jnp.square(part), axis=(1, 2))) for part in parts)
    return train, test
