"""Drawn tasks and prompts of linear attention, and its exact losses at finite size.

A prompt enters by b = (d/l) sum_i y_i x_i alone. Of an x_i the part along the task w is drawn, for the label hears it;
the parts across are independent of the labels, so that their sum is Gaussian with the length of the labels: exactly the
law of l drawn vectors, at the cost of two numbers a pair.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ...numerics.flat_draws import flat
from ..problem import LinearAttention

__all__ = ["draw_prompts", "draw_tasks", "exact_losses"]


def draw_tasks(key: Array, tasks: int, dim: int) -> Float[Array, "tasks dim"]:
    """The training tasks of one run, w ~ N(0, I)."""
    return flat(jax.random.normal, key, (tasks, dim))


def draw_prompts(
    key: Array, tasks: Float[Array, "tasks dim"], noise: Array, context: int, count: int
) -> tuple[Float[Array, "count dim"], Float[Array, "count dim"], Float[Array, " count"]]:
    """Queries x, prompts b and labels of `count` sequences, each of a task drawn from `tasks`."""
    dim = tasks.shape[1]
    choice, inside, across, query = jax.random.split(key, 4)
    task = tasks[jax.random.randint(choice, (count,), 0, tasks.shape[0])]
    length = jnp.sqrt(jnp.sum(task**2, axis=1))
    along, errors = flat(jax.random.normal, inside, (2, count, context))
    labels = length[:, None] * along / jnp.sqrt(dim) + noise * errors
    unit = task / length[:, None]
    free = flat(jax.random.normal, across, (count, dim))
    free = free - unit * jnp.sum(unit * free, axis=1, keepdims=True)
    heard = jnp.sum(labels * along, axis=1)[:, None] * unit + jnp.sqrt(jnp.sum(labels**2, axis=1))[:, None] * free
    drawn = flat(jax.random.normal, query, (count, dim + 1))
    x = drawn[:, :dim] / jnp.sqrt(dim)
    return x, heard * jnp.sqrt(dim) / context, jnp.sum(x * task, axis=1) + noise * drawn[:, dim]


def exact_losses(
    matrix: Float[Array, "dim dim"],
    tasks: Float[Array, "tasks dim"],
    problem: LinearAttention,
    context: int,
    test_context: Array,
) -> dict[str, Array]:
    """Losses of the prediction x^T G b over all prompts of fresh tasks and of `tasks`, at this d and l, exactly.

    E[b b^T | w] = (1 + 1/l) w w^T + (rho d + norm(w)^2)/l I.
    """
    dim = matrix.shape[0]
    covariance = tasks.T @ tasks / tasks.shape[0]
    norm, trace = jnp.sum(matrix**2), jnp.trace(matrix)
    power = jnp.trace(covariance)

    def loss(variance, length, power, seen, kept):
        across = (variance * dim + power) / length
        return variance + (power - 2 * seen + (1 + 1 / length) * kept + across * norm) / dim

    seen = jnp.sum(matrix * covariance)
    kept = jnp.sum((matrix @ covariance) * matrix)
    return {
        "icl_loss": loss(problem.test_label_noise() ** 2, test_context, dim, trace, norm),
        "idg_loss": loss(problem.noise**2, context, power, seen, kept),
    }
