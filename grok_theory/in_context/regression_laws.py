"""Regressions in a context: drawn, and predicted by ridge regression (the rule) and by memory."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ..numerics.flat_draws import flat
from .families import GaussianRegression
from .token_laws import memory_weights

__all__ = ["Drawn", "Predicted", "draw_regression", "predict_regression"]


class Drawn(NamedTuple):
    """A list of `tasks` (tasks, dim), and inputs, labels and w of a context of its first one and of a fresh one."""

    tasks: Array
    inputs: Float[Array, "2 length dim"]
    labels: Float[Array, "2 length"]
    truths: Float[Array, "2 dim"]


class Predicted(NamedTuple):
    """Before each pair of a context what memory and the rule take w for, and ln p of the labels up to it.

    `believed` is what memory believes of each task.
    """

    believed: Float[Array, "tasks length"]
    memory: Float[Array, "length dim"]
    rule: Float[Array, "length dim"]
    log_memory: Float[Array, " length"]
    log_rule: Float[Array, " length"]


def draw_regression(key: Array, family: GaussianRegression, tasks: int, length: int) -> Drawn:
    """Tasks w ~ N(0, I), inputs x ~ N(0, I/d)."""
    of_tasks, of_fresh, of_inputs, of_noise = jax.random.split(key, 4)
    weights = flat(jax.random.normal, of_tasks, (tasks, family.dim))
    truths = jnp.stack([weights[0], jax.random.normal(of_fresh, (family.dim,))])
    inputs = flat(jax.random.normal, of_inputs, (2, length, family.dim)) / np.sqrt(family.dim)
    labels = jnp.einsum("ctd,cd->ct", inputs, truths) + family.noise * flat(jax.random.normal, of_noise, (2, length))
    return Drawn(weights, inputs, labels, truths)


def predict_regression(
    family: GaussianRegression,
    tasks: Float[Array, "tasks dim"],
    x: Float[Array, "length dim"],
    y: Float[Array, " length"],
    known: Array,
) -> Predicted:
    """By memory of the first `known` of `tasks` and by the rule, on a context of inputs x and labels y."""
    variance = family.noise**2
    errors = (y[None] - tasks @ x.T) ** 2
    believed, log_memory = memory_weights(-errors / (2 * variance) - jnp.log(2 * np.pi * variance) / 2, known)

    def step(posterior, pair):
        mean, spread = posterior
        x, y = pair
        heard = spread @ x
        power = variance + x @ heard
        missed = y - x @ mean
        log_odds = -(missed**2) / (2 * power) - jnp.log(2 * np.pi * power) / 2
        return (mean + heard * missed / power, spread - jnp.outer(heard, heard) / power), (mean, log_odds)

    start = (jnp.zeros(family.dim), jnp.eye(family.dim))
    _, (rule, log_odds) = jax.lax.scan(step, start, (x, y))
    return Predicted(believed, believed.T @ tasks, rule, log_memory, jnp.cumsum(log_odds))
