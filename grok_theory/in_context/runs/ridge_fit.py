"""Linear attention fitted to drawn sequences by ridge regression on its d^2 weights, exactly.

The features of a sequence are x (x) b. With fewer sequences than weights the system of the sequences is solved, else
that of the weights: both have d^2 rows, so one compiled program holds all numbers of sequences.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Int

from ..problem import LinearAttention
from .prompts import draw_prompts, draw_tasks, exact_losses

__all__ = ["RidgeFit", "bytes_of"]

BLOCK = 256  # sequences that are drawn at once


class RidgeFit:
    """One run as a function of its key and numbers; equal sizes are equal functions, and compile once."""

    def __init__(self, dim: int, tasks: int, context: int, few: bool, many: bool):
        self.sizes = dim, tasks, context
        self.few, self.many = few, many  # whether any fit has fewer sequences than weights, or not fewer

    def __call__(
        self, key: Array, problem: LinearAttention, counts: Int[Array, " fits"], test_context: Array
    ) -> dict[str, Array]:
        dim, number, context = self.sizes
        of_tasks, of_prompts = jax.random.split(key)
        tasks = draw_tasks(of_tasks, number, dim)
        weights = dim * dim

        def block(index):
            x, b, y = draw_prompts(jax.random.fold_in(of_prompts, index), tasks, problem.noise, context, BLOCK)
            return (x[:, :, None] * b[:, None, :]).reshape(BLOCK, weights), y

        row = jnp.arange(weights)

        def fit(seen, counts):
            before, count = counts
            seen = self._grown(seen, block, before, count)
            matrix, moment, first, labels = seen
            penalty = count / dim * problem.ridge
            if self.few:
                few = count < weights
                inside = few & (row < count)
                # What lies outside of the first `count` sequences is a unit matrix: it is solved for nothing.
                rows, known = jnp.where(inside[:, None], first[:weights], 0.0), jnp.where(inside, labels[:weights], 0.0)
                gram = jax.lax.cond(few, lambda rows: rows @ rows.T, jnp.zeros_like, rows)
                system = gram + jnp.diag(jnp.where(inside, penalty, 1.0))
                if self.many:
                    system = jnp.where(few, system, matrix + penalty * jnp.eye(weights))
                    known = jnp.where(few, known, moment)
            else:
                few, rows, system, known = False, None, matrix + penalty * jnp.eye(weights), moment
            solved = jax.scipy.linalg.cho_solve(jax.scipy.linalg.cho_factor(system), known)
            found = solved if rows is None else jnp.where(few, solved @ rows, solved)
            return seen, exact_losses(found.reshape(dim, dim), tasks, problem, context, test_context)

        # Sums, and the first sequences themselves with a last block that is written over; empty where nobody asks.
        summed, kept = weights if self.many else 0, (self._blocks(weights) + 1) * BLOCK if self.few else 0
        start = (jnp.zeros((summed, summed)), jnp.zeros(summed), jnp.zeros((kept, weights)), jnp.zeros(kept))
        before = jnp.concatenate([jnp.zeros(1, counts.dtype), counts[:-1]])
        return jax.lax.scan(fit, start, (before, counts))[1]

    def _blocks(self, weights: int) -> int:
        return -(-weights // BLOCK)

    def _grown(self, seen: tuple[Array, ...], block, before: Array, count: Array) -> tuple[Array, ...]:
        """Sums over sequences of features times features and times labels, and the first ones, grown to `count`."""

        def add(index, seen):
            matrix, moment, first, labels = seen
            features, y = block(index)
            if self.few:
                at = jnp.minimum(index * BLOCK, first.shape[0] - BLOCK)
                first = jax.lax.dynamic_update_slice_in_dim(first, features, at, 0)
                labels = jax.lax.dynamic_update_slice_in_dim(labels, y, at, 0)
            if self.many:
                at = index * BLOCK + jnp.arange(BLOCK)
                features = jnp.where(((before <= at) & (at < count))[:, None], features, 0.0)
                matrix, moment = matrix + features.T @ features, moment + y @ features
            return matrix, moment, first, labels

        return jax.lax.fori_loop(before // BLOCK, (count + BLOCK - 1) // BLOCK, add, seen)

    def __eq__(self, other):
        return type(self) is type(other) and vars(self) == vars(other)

    def __hash__(self):
        return hash((type(self), self.sizes, self.few, self.many))


def bytes_of(dim: int) -> float:
    """Of the arrays of one run."""
    return 8.0 * (7 * dim**4 + 6 * BLOCK * dim**2)
