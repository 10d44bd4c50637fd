"""Means over drawn tasks and contexts of what has no closed form: everything that memory predicts.

A draw is a list of tasks, one context of the first of them and one of a fresh task. What the next symbol adds is not
drawn but summed: after t symbols of a training task memory's prediction is the truth, after t symbols of a fresh task
the rule's is. So of symbols the loss of the rule above memory's is a relative entropy, KL(p_M | p_G) on training tasks,
and that of memory above the rule's KL(p_G | p_M) on fresh ones, position by position, and their sums are the totals.
"""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import digamma, entr
from jaxtyping import Array

from .families import Family, GaussianRegression, TokenFamily, Urns
from .regression_laws import draw_regression, predict_regression
from .token_laws import draw_tables, draw_tokens, log_likelihoods, memory_weights, rows_of, symbol_counts

__all__ = ["SHARES", "draws_of", "losses_of_shares", "mean_and_error"]

# Chebyshev's points in [0, 1], both ends in.
SHARES = (1 - np.cos(np.pi * np.arange(25) / 24)) / 2


@lru_cache(maxsize=32)
def draws_of(family: Family, tasks: int, padded: int, length: int, draws: int, seed: int) -> dict[str, np.ndarray]:
    """What every draw says at positions 1, ..., length: (draws, length) each.

    Symbols: `excess` of the rule above memory on the training task, `lost` of memory above the rule on the fresh one;
    of chains also `rule_loss` of the rule, `learned`, what a symbol told of its task, and `density`, i of the context
    so far.
    Regressions: `memorizing_seen`, `memorizing_fresh` square losses, `gap` ln p_M/p_G of the context so far.
    """
    one = _regression_draw if isinstance(family, GaussianRegression) else _token_draw
    made = _mapped(one, family, tasks, padded, length, draws, seed)
    for values in made.values():
        values.flags.writeable = False
    return made


@lru_cache(maxsize=32)
def losses_of_shares(
    family: Family, tasks: int, padded: int, length: int, context: int, draws: int, seed: int
) -> dict[str, np.ndarray]:
    """Losses a symbol, over `context` symbols, of predictions with a share of memory: (draws, SHARES) each.

    `train_loss` on the training task, `test_loss` on the fresh one; for regressions square losses.
    """
    one = _regression_shares if isinstance(family, GaussianRegression) else _token_shares
    made = _mapped(one, family, tasks, padded, length, draws, seed)
    return {name: np.mean(values[:, :context], axis=1) for name, values in made.items()}


def _mapped(one, family, tasks, padded, length, draws, seed) -> dict[str, np.ndarray]:
    # Called at trace time too: these are numbers, whatever is traced around them.
    with jax.ensure_compile_time_eval():
        made = _all_draws(one, family, jnp.asarray(float(tasks)), padded, length, draws, jax.random.key(seed))
    return {name: np.asarray(values) for name, values in made.items()}


def _all_draws(one, family: Family, tasks: Array, padded: int, length: int, draws: int, key: Array) -> dict[str, Array]:
    numbers, structure = jax.tree_util.tree_flatten(family)
    return _compiled(
        one, structure, [jnp.asarray(number, float) for number in numbers], tasks, padded, length, draws, key
    )


@partial(jax.jit, static_argnums=(0, 1, 4, 5, 6))
def _compiled(one, structure, numbers, tasks, padded, length, draws, key):
    family = jax.tree_util.tree_unflatten(structure, numbers)
    keys = jax.random.split(key, draws)
    return jax.lax.map(lambda key: one(key, family, tasks, padded, length), keys)


def _token_draw(key: Array, family: TokenFamily, tasks: Array, padded: int, length: int) -> dict[str, Array]:
    tables, seen, fresh = _drawn_tokens(key, family, padded, length)
    memory, rule, _ = _predictions(family, tables, seen, tasks)
    memory_fresh, rule_fresh, counts_fresh = _predictions(family, tables, fresh, tasks)
    found = {
        "excess": jnp.sum(memory * jnp.log(memory / rule), axis=-1),
        "lost": jnp.sum(rule_fresh * jnp.log(rule_fresh / memory_fresh), axis=-1),
    }
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


def _token_shares(key: Array, family: TokenFamily, tasks: Array, padded: int, length: int) -> dict[str, Array]:
    tables, seen, fresh = _drawn_tokens(key, family, padded, length)
    memory, rule, _ = _predictions(family, tables, seen, tasks)
    memory_fresh, rule_fresh, _ = _predictions(family, tables, fresh, tasks)

    def losses(share):
        mixed, mixed_fresh = (share * m + (1 - share) * g for m, g in ((memory, rule), (memory_fresh, rule_fresh)))
        return -jnp.sum(memory * jnp.log(mixed), axis=-1), -jnp.sum(rule_fresh * jnp.log(mixed_fresh), axis=-1)

    train, test = jax.lax.map(losses, jnp.asarray(SHARES))
    return {"train_loss": train.T, "test_loss": test.T}


def _drawn_tokens(key: Array, family: TokenFamily, padded: int, length: int):
    of_tasks, of_fresh, of_seen = jax.random.split(key, 3)
    tables = draw_tables(of_tasks, family, padded)
    both = jnp.concatenate([tables[:1], draw_tables(of_fresh, family, 1)])
    return tables, *draw_tokens(of_seen, family, both, length)


def _predictions(family: TokenFamily, tables: Array, tokens: Array, tasks: Array) -> tuple[Array, Array, Array]:
    """Predictions (length, symbols) of memory and of the rule, and the counts the rule goes by."""
    believed, _ = memory_weights(log_likelihoods(family, tables, tokens), tasks)
    rows = rows_of(family, tokens)
    memory = believed.T @ tables[:, 0] if tables.shape[1] == 1 else jnp.einsum("dt,dtv->tv", believed, tables[:, rows])
    counts = symbol_counts(family, tokens)
    return memory, (counts + 1) / (jnp.sum(counts, axis=-1, keepdims=True) + family.symbols), counts


def _regression_draw(
    key: Array, family: GaussianRegression, tasks: Array, padded: int, length: int
) -> dict[str, Array]:
    drawn = draw_regression(key, family, padded, length)
    seen, fresh = (predict_regression(family, drawn, which, tasks) for which in (0, 1))
    spread = jnp.sum(seen.believed * jnp.sum(drawn.tasks**2, axis=1)[:, None], axis=0) - jnp.sum(seen.memory**2, axis=1)
    variance = family.noise**2
    return {
        # On the training task the truth is spread as memory believes.
        "memorizing_seen": variance + jnp.maximum(spread, 0.0) / family.dim,
        "memorizing_fresh": variance + jnp.mean((fresh.memory - drawn.truths[1][None]) ** 2, axis=1),
        "gap": seen.log_memory - seen.log_rule,
    }


def _regression_shares(
    key: Array, family: GaussianRegression, tasks: Array, padded: int, length: int
) -> dict[str, Array]:
    drawn = draw_regression(key, family, padded, length)

    def losses(share):
        both = []
        for which in (0, 1):
            found = predict_regression(family, drawn, which, tasks)
            mixed = share * found.memory + (1 - share) * found.rule
            both.append(family.noise**2 + jnp.mean((mixed - drawn.truths[which][None]) ** 2, axis=1))
        return tuple(both)

    train, test = jax.lax.map(losses, jnp.asarray(SHARES))
    return {"train_loss": train.T, "test_loss": test.T}


def mean_and_error(values: Any) -> tuple[np.ndarray, np.ndarray]:
    """The mean over draws and its bound at 99 %."""
    values = np.asarray(values)
    return values.mean(axis=0), 2.6 * values.std(axis=0, ddof=1) / np.sqrt(values.shape[0])
