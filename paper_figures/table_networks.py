"""Networks trained on a group's table that no Problem of the package describes: deep, complex, or with a readout that
is solved for at every step. Full batch, mean over samples of the squared residual centred over classes, Adam with
coupled decay, all in float32.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from grok_theory.numerics.training import trained

Layers = dict[str, Any]


class Samples(NamedTuple):
    """Pairs, their labels, and how much each counts: 1 where it is trained on, 0 where it is left out."""

    first: jax.Array
    second: jax.Array
    label: jax.Array
    seen: jax.Array


@dataclass(frozen=True)
class Network:
    """What is trained: `features(layers, order, first, second)` is the last hidden layer (n, K).

    The readout is the layer "readout" (K, M), or with `ridge` the best one on the training samples, solved for at every
    step; then only what is below it learns. `ridge` is the weight of the squared readout beside the mean loss.
    """

    features: Callable[[Layers, int, jax.Array, jax.Array], jax.Array]
    ridge: float | None = None

    def readout(self, layers: Layers, features: jax.Array, target: jax.Array, seen: jax.Array) -> jax.Array:
        if self.ridge is None:
            return layers["readout"]
        count, weighted = jnp.sum(seen), features * seen[:, None]
        gram = weighted.T @ features / count + self.ridge * jnp.eye(features.shape[1], dtype=features.dtype)
        # The readout is optimal, so its own change does not change the loss: the slope below it takes it as it is.
        solved = jax.scipy.linalg.solve(gram, weighted.T @ target / count, assume_a="pos")
        return jax.lax.stop_gradient(solved)


def split(table: np.ndarray, share: float, key: int, *, whole: bool = False) -> tuple[Samples, Samples]:
    """(training samples, the whole table), a random share of all pairs being trained on.

    With `whole` the training samples are the whole table too, the others counting nothing: one shape for all shares.
    """
    order = len(table)
    count = round(share * order**2)
    pairs = np.stack(np.divmod(np.arange(order**2), order), axis=1)
    chosen = np.sort(np.random.default_rng([key, order]).permutation(order**2)[:count])
    seen = np.zeros(order**2, np.float32)
    seen[chosen] = 1
    every = Samples(*(jnp.asarray(a, jnp.int32) for a in (*pairs.T, table[tuple(pairs.T)])), jnp.asarray(seen))
    return (every if whole else Samples(*(part[chosen] for part in every))), every


def uniform(key: int, **shapes: tuple[int, int]) -> Layers:
    """Layers as torch draws them: (fan in, fan out) in U(+-1/sqrt(fan in))."""
    draws = np.random.default_rng([key, 1])
    made = {name: draws.uniform(-1, 1, shape) / np.sqrt(shape[0]) for name, shape in shapes.items()}
    return {name: jnp.asarray(layer, jnp.float32) for name, layer in made.items()}


def zero_readout(key: int, **shapes: tuple[int, int]) -> Layers:
    """The same layers under a readout of zeros."""
    layers = uniform(key, **shapes)
    return layers | {"readout": 0 * layers["readout"]}


@cache
def of_depth(depth: int, *, residual: bool = False) -> Network:
    """ReLU layers: `hidden` (2M, K) and on top of it `depth` - 2 layers (K, K), `upper0`, `upper1`, ..."""
    return Network(partial(_deep, depth=depth, residual=residual))


def _deep(layers: Layers, order: int, first: jax.Array, second: jax.Array, *, depth: int, residual: bool) -> jax.Array:
    nodes = jax.nn.relu(layers["hidden"][first] + layers["hidden"][order + second])
    for number in range(depth - 2):
        above = jax.nn.relu(nodes @ layers[f"upper{number}"])
        nodes = nodes + above if residual else above
    return nodes


def squares(layers: Layers, order: int, first: jax.Array, second: jax.Array) -> jax.Array:
    """The nodes of the paper's theory, (u(g1) + v(g2))^2; complex where there is a layer `imaginary`."""
    hidden = layers["hidden"]
    if "imaginary" in layers:
        hidden = jax.lax.complex(hidden, layers["imaginary"])
    return (hidden[first] + hidden[order + second]) ** 2


def train(
    network: Network,
    start: Layers,
    samples: tuple[Samples, Samples],
    steps: np.ndarray,
    *,
    rate: float,
    decay: float,
    watch: Callable[..., dict[str, jax.Array]] | None = None,
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """(curves by name, (steps,) or longer; the last layers).

    `watch(layers, layers one step later, nodes, residual, samples)` reads more of the training samples.
    """
    train_on, every = samples
    order = int(np.sqrt(len(every.label)))
    with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
        last, curves = _train(
            network, order, start, train_on, every, jnp.asarray(steps), np.float32(rate), np.float32(decay), watch
        )
    return {n: np.asarray(v, float) for n, v in curves.items()}, {n: np.asarray(v, float) for n, v in last.items()}


@partial(jax.jit, static_argnames=("network", "order", "watch"))
def _train(network, order, start, train_on, every, steps, rate, decay, watch):
    rule = optax.chain(optax.add_decayed_weights(decay), optax.adam(rate))

    def outputs(layers, on):
        nodes = network.features(layers, order, train_on.first, train_on.second)
        target = jax.nn.one_hot(train_on.label, order, dtype=jnp.float32) - 1 / order
        readout = network.readout(layers, nodes, target, train_on.seen)
        if "imaginary readout" in layers:
            readout = jax.lax.complex(readout, layers["imaginary readout"])
        nodes = nodes if on is train_on else network.features(layers, order, on.first, on.second)
        said = nodes @ readout
        residual = jax.nn.one_hot(on.label, order, dtype=jnp.float32) - 1 / order
        residual = residual - (said - said.mean(axis=1, keepdims=True))
        return nodes, said, residual

    def objective(layers):
        _, _, residual = outputs(layers, train_on)
        return jnp.sum(train_on.seen * _squared(residual)) / jnp.sum(train_on.seen)

    def step(state):
        layers, memory = state
        updates, memory = rule.update(jax.grad(objective)(layers), memory, layers)
        layers = optax.apply_updates(layers, updates)
        return jax.tree.map(lambda new, old: new.astype(old.dtype), (layers, memory), state)

    def read(state):
        layers, _ = state
        _, said, residual = outputs(layers, every)
        right = jnp.argmax(said.real, axis=1) == every.label
        curves = {}
        for name, counted in (("train", every.seen), ("test", 1 - every.seen)):
            curves[f"{name}_accuracy"] = jnp.sum(counted * right) / jnp.sum(counted)
            curves[f"{name}_loss"] = jnp.sum(counted * _squared(residual)) / jnp.sum(counted)
        if watch is not None:
            nodes, _, here = outputs(layers, train_on)
            curves |= watch(layers, step(state)[0], nodes, here, train_on)
        return curves

    (last, _), curves = trained(step, (start, rule.init(start)), steps, read)
    return last, curves


def train_runs(
    network: Network,
    start: Callable[[int], Layers],
    table: np.ndarray,
    share: float,
    steps: np.ndarray,
    *,
    runs: int,
    key: int,
    whole: bool = False,
    **how: Any,
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """What `train` gives, stacked over runs: (run, ...). Every run has a split of its own and layers `start(key)`."""
    found = []
    for number in range(1000 * key, 1000 * key + runs):
        samples = split(table, share, number, whole=whole)
        found.append(train(network, start(number), samples, steps, **how))
    curves, layers = ({n: np.stack([one[n] for one in each]) for n in each[0]} for each in zip(*found, strict=True))
    return curves, layers


def final_accuracies(
    network: Network, start: Callable[[int], Layers], table: np.ndarray, shares: Sequence[float], last: int, **how: Any
) -> dict[str, np.ndarray]:
    """Accuracies after the last step, "train" and "test": (share, run)."""
    # The whole table with weights is one program for all shares; a large one would cost more than it saves.
    whole = len(table) < 40
    found = [train_runs(network, start, table, share, np.array([last]), whole=whole, **how)[0] for share in shares]
    return {part: np.array([curves[f"{part}_accuracy"][:, -1] for curves in found]) for part in ("train", "test")}


def draw_accuracies(ax: Any, step: np.ndarray, curves: Mapping[str, np.ndarray], color: str, label: str) -> None:
    """Test accuracy (solid, shaded its range over runs) and training accuracy (dashed) against the step."""
    test = curves["test_accuracy"]
    ax.plot(step, test.mean(axis=0), color=color, label=label)
    ax.fill_between(step, test.min(axis=0), test.max(axis=0), color=color, alpha=0.15, linewidth=0)
    ax.plot(step, curves["train_accuracy"].mean(axis=0), "--", color=color, linewidth=0.8)


def _squared(residual):
    return jnp.sum(residual.real**2 + residual.imag**2, axis=1)
