"""Networks that figures train by any optimizer of optax, on the package's loop: losses and what moved on the way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


def followed(loss: Callable, read: Callable, start: Any, steps: Any, optimizer: Any) -> Any:
    """Full-batch training of `loss(weights)` by an optax `optimizer`; `read(weights)` at each of `steps`; traceable."""
    import jax
    import optax

    from grok_theory.numerics.training import trained

    def step(state):
        weights, memory = state
        updates, memory = optimizer.update(jax.grad(loss)(weights), memory, weights)
        return optax.apply_updates(weights, updates), memory

    return trained(step, (start, optimizer.init(start)), steps, lambda state: read(state[0]))[1]


def committee_curves(
    start: Any,
    train: tuple[Any, Any],
    test: tuple[Any, Any],
    steps: Any,
    *,
    activation: Callable,
    scale: Any,
    optimizer: Any,
    train_readout: bool = False,
) -> dict[str, Any]:
    """Of f = (scale/N) sum_i a_i phi(w_i . x) less its start: losses, relative change of both layers; traceable.

    `start` is (w, a), `train` and `test` are inputs and targets; the loss is the mean square.
    """
    import jax.numpy as jnp

    def output(weights, x):
        readouts = weights["a"] if train_readout else start[1]
        return scale * jnp.mean(activation(x @ weights["w"].T) * readouts, axis=1)

    begin = {"w": start[0], "a": start[1]}
    first = {name: output(begin, x) for name, (x, _) in (("train", train), ("test", test))}

    def loss_on(weights, name, part):
        x, y = part
        return jnp.mean(jnp.square(output(weights, x) - first[name] - y))

    def read(weights):
        moved = {name: jnp.linalg.norm(weights[name] - begin[name]) / jnp.linalg.norm(begin[name]) for name in begin}
        return {
            "train_loss": loss_on(weights, "train", train),
            "test_loss": loss_on(weights, "test", test),
            "moved": moved["w"],
            "moved readouts": moved["a"],
        }

    return followed(lambda weights: loss_on(weights, "train", train), read, begin, steps, optimizer)


def drawn_task(
    random: np.random.Generator,
    target: Callable,
    samples: tuple[int, int],
    dim: int,
    width: int,
    *,
    start_scale: float = 1.0,
) -> tuple[Any, Any, Any]:
    """Start (w, a) of a committee, training and test set: inputs of squared norm about 1, targets `target(b . x)`.

    b . x, with b along the first axis, has unit variance; weights are normal, readouts equal, both times `start_scale`.
    """
    parts = []
    for count in samples:
        x = (random.standard_normal((count, dim)) / np.sqrt(dim)).astype(np.float32)
        parts.append((x, np.asarray(target(np.sqrt(dim) * x[:, 0]), np.float32)))
    weights = (start_scale * random.standard_normal((width, dim))).astype(np.float32)
    return (weights, np.full(width, start_scale, np.float32)), *parts


def log_reads(last: int, count: int) -> np.ndarray:
    """Whole steps from 0 to `last`, about evenly in the logarithm."""
    return np.unique(np.append(0, np.geomspace(1, last, count)).astype(int))


def fall_time(x: np.ndarray, curves: np.ndarray, share: float = 0.5) -> np.ndarray:
    """When curves, (x,) or (run, x), are for good below so much of their starts; inf where the record shows it not."""
    curves = np.asarray(curves, float)
    return _for_good(x, curves / curves[..., :1], share, rising=False)


def reach_time(x: np.ndarray, curves: np.ndarray, level: float) -> np.ndarray:
    """When curves, (x,) or (run, x), are for good at a level or above; inf where the record shows it not."""
    return _for_good(x, curves, level, rising=True)


def _for_good(x: np.ndarray, curves: np.ndarray, level: float, *, rising: bool) -> np.ndarray:
    from grok_theory.observables import crossing_time

    found = crossing_time(x, curves, level, patience=np.inf, rising=rising)
    return np.where(found.censored, np.inf, found.time)
