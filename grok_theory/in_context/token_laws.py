"""Tasks that write symbols: drawn, and predicted by the rule and by memory. Theory and runs both stand on this.

A task is a table of probabilities with one row a state; the state before a symbol says which row wrote it. An urn has
one state. A chain has one a previous symbol, and one more, before the first symbol, whose row is uniform in every task.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from ..numerics.flat_draws import flat
from .families import MarkovChains, TokenFamily

__all__ = ["draw_tables", "draw_tokens", "log_likelihoods", "memory_weights", "rows_of", "states", "symbol_counts"]


def states(family: TokenFamily) -> int:
    """How many rows the table of a task has."""
    return family.symbols + 1 if isinstance(family, MarkovChains) else 1


def draw_tables(
    key: Array, family: TokenFamily, count: int, dtype: type = float
) -> Float[Array, "count states symbols"]:
    """`count` tasks from the prior: rows from Dirichlet(1)."""
    drawn = flat(jax.random.exponential, key, (count, states(family), family.symbols), dtype)
    # An exponential can be zero; a symbol that no task writes would have an infinite loss.
    drawn = jnp.maximum(drawn, jnp.finfo(dtype).tiny)
    if isinstance(family, MarkovChains):
        drawn = drawn.at[:, -1].set(1.0)
    return drawn / jnp.sum(drawn, axis=-1, keepdims=True)


def draw_tokens(
    key: Array, family: TokenFamily, tables: Float[Array, "count states symbols"], context: int
) -> Int[Array, "count context"]:
    """One context of each task."""
    count = tables.shape[0]
    uniform = flat(jax.random.uniform, key, (count, context), tables.dtype)
    # The last edge is 1 whatever the rounding of the sum: no draw lies above it.
    edges = jnp.cumsum(tables, axis=-1)[..., :-1]
    if not isinstance(family, MarkovChains):
        return jnp.sum(uniform[:, :, None] > edges, axis=-1)
    each = jnp.arange(count)

    def step(row, uniform):
        token = jnp.sum(uniform[:, None] > edges[each, row], axis=-1)
        return token, token

    start = jnp.full(count, family.symbols)
    return jax.lax.scan(step, start, uniform.T)[1].T


def rows_of(family: TokenFamily, tokens: Int[Array, "*batch context"]) -> Int[Array, "*batch context"]:
    """The row of its task that wrote each symbol."""
    if not isinstance(family, MarkovChains):
        return jnp.zeros_like(tokens)
    first = jnp.full_like(tokens[..., :1], family.symbols)
    return jnp.concatenate([first, tokens[..., :-1]], axis=-1)


def symbol_counts(family: TokenFamily, tokens: Int[Array, " context"]) -> Float[Array, "context symbols"]:
    """How often each symbol was written by the row that writes symbol t, before t: all that the rule needs."""
    written = jax.nn.one_hot(tokens, family.symbols, dtype=float)
    if not isinstance(family, MarkovChains):
        return jnp.cumsum(written, axis=0) - written
    rows = rows_of(family, tokens)
    before = jnp.tril(rows[:, None] == rows[None, :], k=-1)
    return before.astype(float) @ written


def log_likelihoods(
    family: TokenFamily, tables: Float[Array, "tasks states symbols"], tokens: Int[Array, " context"]
) -> Float[Array, "tasks context"]:
    """ln p(x_t | task, earlier) of every task at every position."""
    return jnp.log(tables[:, rows_of(family, tokens), tokens])


def memory_weights(
    log_likelihoods: Float[Array, "tasks context"], known: Array
) -> tuple[Float[Array, "tasks context"], Float[Array, " context"]]:
    """What memory believes of each task before symbol t, and ln p_M of the first t symbols; of the first `known` tasks.

    In logarithms: the likelihoods of long contexts underflow.
    """
    real = (jnp.arange(log_likelihoods.shape[0], dtype=float) < known)[:, None]
    seen = jnp.cumsum(log_likelihoods, axis=1)
    before = jnp.where(real, seen - log_likelihoods, -jnp.inf)
    total = jax.nn.logsumexp(jnp.where(real, seen, -jnp.inf), axis=0) - jnp.log(known)
    return jax.nn.softmax(before, axis=0), total
