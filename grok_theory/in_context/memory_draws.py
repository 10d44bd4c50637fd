"""Means over drawn tasks and contexts of what has no closed form: everything that memory predicts.

A draw is a list of tasks, one context of the first of them and one of a fresh task. What the next symbol adds is not
drawn but summed: after t symbols of a training task memory's prediction is the truth, after t symbols of a fresh task
the rule's is. So of symbols the loss of the rule above memory's is a relative entropy, KL(p_M | p_G) on training tasks,
and that of memory above the rule's KL(p_G | p_M) on fresh ones, position by position, and their sums are the totals.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import scipy  # its rooms are imported when first used: stats takes as long as a solve
from jax.scipy.special import digamma, entr
from jaxtyping import Array

from ..numerics.padding import bucket
from ..numerics.programs import compiled_ahead
from .families import Family, GaussianRegression, TokenFamily, Urns
from .methods import MonteCarlo
from .regression_laws import draw_regression, predict_regression
from .token_laws import draw_tables, draw_tokens, log_likelihoods, memory_weights, rows_of, symbol_counts

__all__ = ["SHARES", "draws_of", "mean_and_error"]

# Chebyshev's points in [0, 1], both ends in.
SHARES = (1 - np.cos(np.pi * np.arange(25) / 24)) / 2


def draws_of(
    family: Family, tasks: int, longest: int, method: MonteCarlo, context: int | None = None
) -> dict[str, np.ndarray]:
    """What every draw says at positions 1, ..., `longest` and on to its bucket: (draws, length) each.

    Symbols: `excess` of the rule above memory on the training task, `lost` of memory above the rule on the fresh one;
    of chains also `rule_loss` of the rule, `learned`, what a symbol told of its task, and `density`, i of the context
    so far.
    Regressions: `memorizing_seen`, `memorizing_fresh` square losses, `gap` ln p_M/p_G of the context so far.

    With a `context` also losses a symbol over so many symbols of predictions with a share of memory, (draws, SHARES)
    each: `train_loss` on the training task, `test_loss` on the fresh one; for regressions square losses.
    """
    numbers, structure = jax.tree_util.tree_flatten(family)
    sizes = bucket(tasks), bucket(longest), method.draws
    return _drawn(structure, tuple(map(float, numbers)), tasks, *sizes, method.seed, context)


@lru_cache(maxsize=32)
def _drawn(structure, numbers, tasks, padded, length, draws, seed, context) -> dict[str, np.ndarray]:
    given = (np.asarray(numbers), np.asarray(float(tasks)), np.asarray(seed), np.asarray(float(context or 0)))
    made = _program(structure, padded, length, draws, context is not None)(*given)
    found = {name: np.asarray(values) for name, values in made.items()}
    for values in found.values():
        values.flags.writeable = False
    return found


@lru_cache(maxsize=32)
def _program(structure: Any, padded: int, length: int, draws: int, shares: bool):
    """All draws as one compiled function of numbers, which gives numbers whatever is traced around it."""

    def all_draws(numbers, tasks, seed, context):
        family = jax.tree_util.tree_unflatten(structure, list(numbers))
        one = _regression_draw if isinstance(family, GaussianRegression) else _token_draw
        counted = jnp.where(jnp.arange(length, dtype=float) < context, 1 / context, 0.0) if shares else None
        keys = jax.random.split(jax.random.key(seed), draws)
        return jax.lax.map(lambda key: one(key, family, tasks, padded, length, counted), keys)

    numbers, number = np.zeros(structure.num_leaves), np.asarray(1.0)
    return compiled_ahead(all_draws, numbers, number, np.asarray(0), number)


def _token_draw(
    key: Array, family: TokenFamily, tasks: Array, padded: int, length: int, counted: Array | None
) -> dict[str, Array]:
    of_tasks, of_fresh, of_seen = jax.random.split(key, 3)
    tables = draw_tables(of_tasks, family, padded)
    both = draw_tokens(of_seen, family, jnp.concatenate([tables[:1], draw_tables(of_fresh, family, 1)]), length)
    (seen, fresh), (memories, rules, counts) = both, jax.vmap(lambda t: _predictions(family, tables, t, tasks))(both)
    (memory, memory_fresh), (rule, rule_fresh), (_, counts_fresh) = memories, rules, counts
    found = {
        "excess": jnp.sum(memory * jnp.log(memory / rule), axis=-1),
        "lost": jnp.sum(rule_fresh * jnp.log(rule_fresh / memory_fresh), axis=-1),
    }
    if counted is not None:

        def losses(share):
            mixed = share * memories + (1 - share) * rules
            # Memory is the truth on the training task, the rule on the fresh one.
            return -jnp.sum(jnp.stack([memory, rule_fresh]) * jnp.log(mixed), axis=-1) @ counted

        found["train_loss"], found["test_loss"] = jax.lax.map(losses, jnp.asarray(SHARES)).T
    if isinstance(family, Urns):  # the others are closed forms
        return found
    density = jnp.cumsum(log_likelihoods(family, tables[:1], seen)[0] - jnp.log(rule[jnp.arange(length), seen]))
    rule_loss = jnp.sum(entr(rule_fresh), axis=-1)
    # E H(theta) of the row that writes, theta ~ Dirichlet(n + 1); the first symbol of a chain tells nothing.
    total = jnp.sum(counts_fresh, axis=-1, keepdims=True) + family.symbols
    known = -jnp.sum(rule_fresh * (digamma(counts_fresh + 2) - digamma(total + 1)), axis=-1)
    first = rows_of(family, fresh) == family.symbols
    learned = jnp.where(first, 0.0, rule_loss - known)
    return found | {"density": density, "rule_loss": rule_loss, "learned": learned}


def _predictions(family: TokenFamily, tables: Array, tokens: Array, tasks: Array) -> tuple[Array, Array, Array]:
    """Predictions (length, symbols) of memory and of the rule, and the counts the rule goes by."""
    believed, _ = memory_weights(log_likelihoods(family, tables, tokens), tasks)
    rows = rows_of(family, tokens)
    memory = believed.T @ tables[:, 0] if tables.shape[1] == 1 else jnp.einsum("dt,dtv->tv", believed, tables[:, rows])
    counts = symbol_counts(family, tokens)
    return memory, (counts + 1) / (jnp.sum(counts, axis=-1, keepdims=True) + family.symbols), counts


def _regression_draw(
    key: Array, family: GaussianRegression, tasks: Array, padded: int, length: int, counted: Array | None
) -> dict[str, Array]:
    drawn = draw_regression(key, family, padded, length)
    both = jax.vmap(lambda x, y: predict_regression(family, drawn.tasks, x, y, tasks))(drawn.inputs, drawn.labels)
    (believed, _), (memory, memory_fresh) = both.believed, both.memory
    spread = jnp.sum(believed * jnp.sum(drawn.tasks**2, axis=1)[:, None], axis=0) - jnp.sum(memory**2, axis=1)
    variance = family.noise**2
    found = {
        # On the training task the truth is spread as memory believes.
        "memorizing_seen": variance + jnp.maximum(spread, 0.0) / family.dim,
        "memorizing_fresh": variance + jnp.mean((memory_fresh - drawn.truths[1][None]) ** 2, axis=1),
        "gap": both.log_memory[0] - both.log_rule[0],
    }
    if counted is not None:

        def losses(share):
            mixed = share * both.memory + (1 - share) * both.rule
            return (variance + jnp.mean((mixed - drawn.truths[:, None]) ** 2, axis=-1)) @ counted

        found["train_loss"], found["test_loss"] = jax.lax.map(losses, jnp.asarray(SHARES)).T
    return found


def mean_and_error(values: Any) -> tuple[np.ndarray, np.ndarray]:
    """The mean over draws and its bound at 99 %.

    Student's t, longer by what the skewness of the draws takes from it (Johnson 1978, "Modified t tests and confidence
    intervals for asymmetrical populations", JASA 73): without, means of 64 draws of a skewed law are missed in 3 %.
    """
    values = np.asarray(values)
    count, mean, spread = len(values), values.mean(axis=0), values.std(axis=0, ddof=1)
    quantile = float(scipy.stats.t.isf(0.005, count - 1))
    skewness = np.abs(np.mean(((values - mean) / np.where(spread > 0, spread, 1.0)) ** 3, axis=0))
    longer = skewness * (2 * quantile**2 + 1) / (6 * np.sqrt(count))
    return mean, (quantile + longer) * spread / np.sqrt(count)
