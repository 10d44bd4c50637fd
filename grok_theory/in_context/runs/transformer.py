"""A transformer of one layer that predicts the next symbol: its weights, its predictions, its training."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

if TYPE_CHECKING:
    import optax

__all__ = ["HEADS", "WIDTH", "log_predictions", "network", "parameters_of", "token_loss"]

WIDTH, HEADS, HIDDEN = 32, 2, 32
REAL = jnp.float32


def parameters_of(symbols: int, context: int) -> int:
    """How many weights the network has."""
    layers = 4 * WIDTH**2 + 2 * WIDTH * HIDDEN + HIDDEN + WIDTH
    return (symbols + 1 + context) * WIDTH + layers + 6 * WIDTH + WIDTH * symbols


def network(key: Array, symbols: int, context: int) -> dict[str, Array]:
    """Weights at the start: Gaussian, of variance one over the fan-in; the read-out starts at zero."""
    shapes = {
        # One row more than symbols: what stands before the first.
        "symbols": (symbols + 1, WIDTH),
        "positions": (context, WIDTH),
        "attend": (WIDTH, 3 * WIDTH),
        "gather": (WIDTH, WIDTH),
        "hidden": (WIDTH, HIDDEN),
        "back": (HIDDEN, WIDTH),
    }
    # One draw for all of them compiles once; a row begins with the digits of a draw of its own length.
    longest = max(math.prod(shape) for shape in shapes.values())
    rows = jax.vmap(lambda key: jax.random.normal(key, (longest,), REAL))(jax.random.split(key, len(shapes)))
    drawn = {
        name: (HIDDEN if name == "back" else WIDTH) ** -0.5 * row[: math.prod(shape)].reshape(shape)
        for row, (name, shape) in zip(rows, shapes.items(), strict=True)
    }
    return drawn | {
        "hidden_bias": jnp.zeros(HIDDEN, REAL),
        "back_bias": jnp.zeros(WIDTH, REAL),
        "gains": jnp.ones((3, WIDTH), REAL),
        "shifts": jnp.zeros((3, WIDTH), REAL),
        "readout": jnp.zeros((WIDTH, symbols), REAL),
    }


def log_predictions(
    weights: dict[str, Array], tokens: Int[Array, "batch context"]
) -> Float[Array, "batch context symbols"]:
    """ln of the predicted probabilities of every symbol of a context, from those before it."""
    symbols = weights["readout"].shape[1]
    batch, context = tokens.shape
    before = jnp.concatenate([jnp.full((batch, 1), symbols), tokens[:, :-1]], axis=1)
    # A product, not rows that are looked up: their gradient would be added in no fixed order on an accelerator.
    shown = jax.nn.one_hot(before, symbols + 1, dtype=REAL)
    stream = shown @ weights["symbols"] + weights["positions"][None]

    def normed(stream, which):
        centred = stream - jnp.mean(stream, axis=-1, keepdims=True)
        variance = jnp.mean(centred**2, axis=-1, keepdims=True)
        gain, shift = (weights[name][which][None, None] for name in ("gains", "shifts"))
        return gain * centred * jax.lax.rsqrt(variance + 1e-5) + shift

    parts = (normed(stream, 0) @ weights["attend"]).reshape(batch, context, 3, HEADS, WIDTH // HEADS)
    query, key, value = (parts[:, :, part] for part in range(3))
    scores = jnp.einsum("bihc,bjhc->bhij", query, key) / math.sqrt(WIDTH // HEADS)
    earlier = jnp.tril(jnp.ones((context, context), bool))
    scores = jax.nn.softmax(jnp.where(earlier[None, None], scores, -jnp.inf), axis=-1)
    heads = jnp.einsum("bhij,bjhc->bihc", scores, value).reshape(batch, context, WIDTH)
    stream = stream + heads @ weights["gather"]
    hidden = jax.nn.relu(normed(stream, 1) @ weights["hidden"] + weights["hidden_bias"][None, None])
    stream = stream + hidden @ weights["back"] + weights["back_bias"][None, None]
    return jax.nn.log_softmax(normed(stream, 2) @ weights["readout"], axis=-1)


def token_loss(weights: dict[str, Array], tokens: Int[Array, "batch context"]) -> Array:
    """Mean log loss a symbol, in nats."""
    logs = log_predictions(weights, tokens)
    return -jnp.mean(jnp.sum(jnp.where(jax.nn.one_hot(tokens, logs.shape[-1], dtype=bool), logs, 0.0), axis=-1))


def training_step(weights, memory, tokens, optimizer: optax.GradientTransformation):
    """One step on one batch."""
    import optax

    slope = jax.grad(token_loss)(weights, tokens)
    update, memory = optimizer.update(slope, memory, weights)
    return optax.apply_updates(weights, update), memory
