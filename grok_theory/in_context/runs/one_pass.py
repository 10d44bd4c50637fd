"""Linear attention trained by one-pass gradient descent: every step sees fresh sequences of the run's tasks.

A step of rate eta on half the mean square error moves the time by eta/d. Two sizes make it the flow: steps so small
that the fastest mode moves by `REACH` of itself, and batches so large that the noise of the draws vanishes like the
other corrections of finite size. Its share of the loss is close to (1 + c) eta d/(2 batch).
"""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ..problem import LinearAttention
from .prompts import draw_prompts, draw_tasks, exact_losses

__all__ = ["OnePass", "batch_size", "longest_step"]

REACH = 0.05
NOISE_SHARE = 0.25  # of the loss, over d


def longest_step(problem: LinearAttention) -> float:
    """In time: `REACH` over the largest eigenvalue of E b b^T."""
    largest = (1 + float(problem.tasks_per_dim) ** -0.5) ** 2
    return REACH / (largest + float(problem.prompt_noise()))


def batch_size(problem: LinearAttention, dim: int) -> int:
    """Sequences a step, so that their noise adds `NOISE_SHARE`/d of the loss."""
    return max(
        16, int(np.ceil((1 + float(problem.prompt_noise())) * longest_step(problem) * dim**3 / (2 * NOISE_SHARE)))
    )


class OnePass:
    """One run as a function of its key and numbers; equal sizes are equal functions, and compile once."""

    def __init__(self, dim: int, tasks: int, context: int, batch: int):
        self.sizes = dim, tasks, context, batch

    def __call__(
        self,
        key: Array,
        problem: LinearAttention,
        times: Float[Array, " times"],
        longest: Array,
        test_context: Array,
    ) -> dict[str, Array]:
        dim, number, context, batch = self.sizes
        of_tasks, of_prompts = jax.random.split(key)
        tasks = draw_tasks(of_tasks, number, dim)

        def advance(carry, span):
            steps = jnp.ceil(span / longest).astype(int)
            rate = dim * span / jnp.maximum(steps, 1).astype(float)

            def step(_, carry):
                matrix, done = carry
                drawn = jax.random.fold_in(of_prompts, done)
                x, b, y = draw_prompts(drawn, tasks, problem.noise, context, batch)
                missed = y - jnp.sum((x @ matrix) * b, axis=1)
                return matrix + rate / batch * (missed[:, None] * x).T @ b, done + 1

            carry = jax.lax.fori_loop(0, steps, step, carry)
            return carry, exact_losses(carry[0], tasks, problem, context, test_context)

        start = (jnp.zeros((dim, dim)), jnp.asarray(0))
        return jax.lax.scan(advance, start, jnp.diff(times, prepend=0.0))[1]

    def __eq__(self, other):
        return type(self) is type(other) and self.sizes == other.sizes

    def __hash__(self):
        return hash((type(self), self.sizes))
