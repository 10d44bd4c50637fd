"""The network of squares on modular addition that several figures train."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from paper_figures.networks import followed


@dataclass(frozen=True)
class Squares:
    """f = (alpha/N) W2 (W1 x)^2 on pairs of one-hot numbers; descent of half the mean square over pairs and answers."""

    modulus: int  # p
    share: float  # of all pairs, trained on
    width: int  # N
    learning_rate: float  # over alpha^2, on every weight

    def pairs(self, random: np.random.Generator) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """Inputs and one-hot answers of the training pairs and of the others."""
        p = self.modulus
        first, second = np.divmod(np.arange(p * p), p)
        one_hot = np.eye(p, dtype=np.float32)
        inputs, answers = np.concatenate([one_hot[first], one_hot[second]], axis=1), one_hot[(first + second) % p]
        train, test = np.split(random.permutation(p * p), [round(self.share * p * p)])
        return {"train": (inputs[train], answers[train]), "test": (inputs[test], answers[test])}


def train_squares(
    task: Squares, scale: float, reads: np.ndarray, runs: int, key: int, *, centred: bool = False
) -> dict:
    """Losses and accuracies of both parts and the mean squared weight, (run, read); `centred`: from an output of zero.

    The function moves at the same speed at every output `scale` alpha; the weights move by 1/alpha.
    """
    import jax
    import jax.numpy as jnp
    import optax

    rate = np.float32(task.learning_rate / scale**2)

    def output(weights, x):
        return np.float32(scale) * jnp.square(x @ weights[0]) @ weights[1] / task.width

    @jax.jit
    def run(start, parts, reads):
        def loss(weights, name):
            x, y = parts[name]
            less = output(start, x) if centred else 0.0
            return jnp.mean(jnp.square(output(weights, x) - less - y))

        def read(weights):
            squares, size = sum(jnp.sum(jnp.square(w)) for w in weights), sum(w.size for w in weights)
            seen = {"weight_norm": squares / size}
            for name, (x, y) in parts.items():
                less = output(start, x) if centred else 0.0
                right = jnp.argmax(output(weights, x) - less, axis=1) == jnp.argmax(y, axis=1)
                seen |= {f"{name}_loss": loss(weights, name), f"{name}_accuracy": jnp.mean(right.astype(jnp.float32))}
            return seen

        return followed(lambda weights: loss(weights, "train") / 2, read, start, reads, optax.sgd(rate))

    found = []
    for number in range(runs):
        random = np.random.default_rng([key, number])
        parts = task.pairs(random)
        sizes = ((2 * task.modulus, task.width), (task.width, task.modulus))
        start = [jnp.asarray(random.standard_normal(size), jnp.float32) for size in sizes]
        found.append(jax.tree.map(lambda each: np.asarray(each, float), run(start, parts, np.asarray(reads))))
    return {name: np.stack([each[name] for each in found]) for name in found[0]}
