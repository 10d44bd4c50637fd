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

        first, labels, gram = self._first(block, weights)
        row = jnp.arange(weights)

        def fit(sums, counts):
            before, count = counts
            matrix, moment = self._grown(sums, block, before, count)
            few = count < weights
            inside = few & (row < count)
            penalty = count / dim * problem.ridge
            # What lies outside of the first `count` sequences is a unit matrix: it is solved for nothing.
            dual = jnp.where(inside[:, None] & inside[None, :], gram, 0.0) + jnp.diag(jnp.where(inside, penalty, 1.0))
            system = jnp.where(few, dual, matrix + penalty * jnp.eye(weights))
            known = jnp.where(few, jnp.where(inside, labels, 0.0), moment)
            solved = jax.scipy.linalg.cho_solve(jax.scipy.linalg.cho_factor(system), known)
            found = jnp.where(few, solved @ first, solved)
            losses = exact_losses(found.reshape(dim, dim), tasks, problem, context, test_context)
            return (matrix, moment), losses

        start = (jnp.zeros((weights, weights)), jnp.zeros(weights))
        before = jnp.concatenate([jnp.zeros(1, counts.dtype), counts[:-1]])
        return jax.lax.scan(fit, start, (before, counts))[1]

    def _first(self, block, weights: int) -> tuple[Array, Array, Array]:
        """Features and labels of the first d^2 sequences, and their Gram matrix; zeros where nobody asks for them."""
        if not self.few:
            empty = jnp.zeros((weights, weights))
            return empty, jnp.zeros(weights), empty
        _, (rows, labels) = jax.lax.scan(lambda _, at: (None, block(at)), None, jnp.arange(-(-weights // BLOCK)))
        first = rows.reshape(-1, weights)[:weights]
        return first, labels.reshape(-1)[:weights], first @ first.T

    def _grown(self, sums: tuple[Array, Array], block, before: Array, count: Array) -> tuple[Array, Array]:
        """Sums over sequences of features times features and times labels, grown from `before` to `count`."""
        if not self.many:
            return sums

        def add(index, sums):
            features, labels = block(index)
            at = index * BLOCK + jnp.arange(BLOCK)
            features = jnp.where(((before <= at) & (at < count))[:, None], features, 0.0)
            return sums[0] + features.T @ features, sums[1] + labels @ features

        return jax.lax.fori_loop(before // BLOCK, (count + BLOCK - 1) // BLOCK, add, sums)

    def __eq__(self, other):
        return type(self) is type(other) and vars(self) == vars(other)

    def __hash__(self):
        return hash((type(self), self.sizes, self.few, self.many))


def bytes_of(dim: int) -> float:
    """Of the arrays of one run."""
    return 8.0 * (7 * dim**4 + 4 * BLOCK * dim**2)
