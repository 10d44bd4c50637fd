"""Grokking tickets (Minegishi et al. 2023) in the paper's own setting: do masked networks generalize sooner?

Addition mod 67, 40 % of the pairs, an embedding of 500 numbers, 48 ReLU units, cross-entropy, AdamW at 1e-3 with decay
1, full batch. A dense network is trained until it generalizes; the mask keeps the largest 60 % of the weights of every
layer there; theta_0 times the mask is trained again with the mask held. Beside it a random mask of the same share, the
mask of the largest weights at the start, and a dense network whose layers have the norms of the masked start. Times are
those of the first record at an accuracy of 0.95 on the training pairs and 0.90 on the others.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.report import publish

P, EMBEDDING, HIDDEN, SHARE, RATE, DECAY, KEEP = 67, 500, 48, 0.4, 1e-3, 1.0, 0.6
STEPS, EVERY, SEEDS = 12_000, 50, 5
TRAIN_LEVEL, TEST_LEVEL, GENERAL = 0.95, 0.90, 0.95


def start(seed: int) -> dict[str, np.ndarray]:
    """theta_0: uniform in +-1/sqrt(inputs) of a layer, normal embeddings."""
    random = np.random.default_rng([seed, 0])
    return {
        "embedding": random.standard_normal((P, EMBEDDING)).astype(np.float32),
        "first": (random.uniform(-1, 1, (EMBEDDING, HIDDEN)) / np.sqrt(EMBEDDING)).astype(np.float32),
        "second": (random.uniform(-1, 1, (HIDDEN, P)) / np.sqrt(HIDDEN)).astype(np.float32),
    }


def pairs(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """(training pairs, the others)."""
    order = np.random.default_rng([seed, 1]).permutation(P * P)
    every = np.stack([order // P, order % P], axis=1)
    count = round(SHARE * P * P)
    return every[:count], every[count:]


def largest(weights: dict[str, np.ndarray], keep: float) -> dict[str, np.ndarray]:
    """The mask of the largest `keep` of every layer, as 0 and 1."""
    masks = {}
    for name, values in weights.items():
        size = np.abs(values).ravel()
        level = np.sort(size)[::-1][round(keep * size.size) - 1]
        masks[name] = (np.abs(values) >= level).astype(np.float32)
    return masks


def shuffled(mask: dict[str, np.ndarray], seed: int) -> dict[str, np.ndarray]:
    """As many ones a layer, anywhere."""
    random = np.random.default_rng([seed, 2])
    return {name: random.permutation(values.ravel()).reshape(values.shape) for name, values in mask.items()}


def train(starts: list, masks: list, seeds: list[int], steps: int = STEPS) -> dict[str, Any]:
    """Networks side by side: accuracies (network, record), and weights where each generalizes (or at the end)."""
    import jax
    import jax.numpy as jnp
    import optax

    seen, unseen = (np.stack([pairs(seed)[i] for seed in seeds]) for i in range(2))
    stack = lambda trees: {k: jnp.asarray(np.stack([t[k] for t in trees])) for k in trees[0]}  # noqa: E731
    mask = stack(masks)
    weights = jax.tree_util.tree_map(jnp.multiply, stack(starts), mask)
    optimizer = optax.adamw(RATE, weight_decay=DECAY)

    def scores(w, pairs):
        inner = w["embedding"] @ w["first"]
        return jax.nn.relu(inner[pairs[:, 0]] + inner[pairs[:, 1]]) @ w["second"]

    def loss(w, pairs):
        labels = (pairs[:, 0] + pairs[:, 1]) % P
        return optax.softmax_cross_entropy_with_integer_labels(scores(w, pairs), labels).mean()

    def accuracy(w, pairs):
        return jnp.mean(jnp.argmax(scores(w, pairs), axis=1) == (pairs[:, 0] + pairs[:, 1]) % P)

    def step(carry, _):
        w, state, m, own = carry
        slope = jax.tree_util.tree_map(jnp.multiply, jax.grad(loss)(w, own), m)
        update, state = optimizer.update(slope, state, w)
        # What is masked stays zero to the last bit, whatever moments and decay do.
        w = jax.tree_util.tree_map(lambda a, b, c: (a + b) * c, w, update, m)
        return (w, state, m, own), None

    @jax.jit
    def record(w, state):
        def one(w, state, m, own, other):
            (w, state, _, _), _ = jax.lax.scan(step, (w, state, m, own), None, length=EVERY)
            return w, state, accuracy(w, own), accuracy(w, other)

        return jax.vmap(one)(w, state, mask, seen, unseen)

    state = jax.vmap(optimizer.init)(weights)
    found: dict[str, Any] = {"train": [], "test": [], "general": [None] * len(seeds)}
    for _ in range(0, steps, EVERY):
        weights, state, train_accuracy, test_accuracy = record(weights, state)
        found["train"].append(np.asarray(train_accuracy))
        found["test"].append(np.asarray(test_accuracy))
        for i, told in enumerate(found["test"][-1]):
            if found["general"][i] is None and told >= GENERAL:
                found["general"][i] = {name: np.asarray(values[i]) for name, values in weights.items()}
    last = [{name: np.asarray(values[i]) for name, values in weights.items()} for i in range(len(seeds))]
    found["general"] = [one if one is not None else end for one, end in zip(found["general"], last, strict=True)]
    return found | {"train": np.array(found["train"]).T, "test": np.array(found["test"]).T, "last": last}


def first(accuracies: np.ndarray, level: float) -> float:
    """The step of the first record at `level`; inf where there is none."""
    at = np.flatnonzero(accuracies >= level)
    return float((at[0] + 1) * EVERY) if at.size else float("inf")


def rows(quick: bool) -> list[dict[str, Any]]:
    """One row a network and seed."""
    seeds = list(range(2 if quick else SEEDS))
    steps = 200 if quick else STEPS
    begin = [start(seed) for seed in seeds]
    whole = [{name: np.ones_like(values) for name, values in one.items()} for one in begin]
    dense = train(begin, whole, seeds, steps)
    tickets = [largest(one, KEEP) for one in dense["general"]]
    scaled = [
        {n: v * np.linalg.norm(v * ticket[n]) / np.linalg.norm(v) for n, v in one.items()}
        for one, ticket in zip(begin, tickets, strict=True)
    ]
    others = {
        "ticket": (begin, tickets),
        "random mask": (begin, [shuffled(ticket, seed) for ticket, seed in zip(tickets, seeds, strict=True)]),
        "mask of the start": (begin, [largest(one, KEEP) for one in begin]),
        "dense of that norm": (scaled, whole),
    }
    trained = {"dense": dense} | {name: train(*given, seeds, steps) for name, given in others.items()}
    return [
        {
            "network": name,
            "seed": seed,
            "train step": first(found["train"][i], TRAIN_LEVEL),
            "test step": first(found["test"][i], TEST_LEVEL),
            "test accuracy": float(found["test"][i, -1]),
        }
        for name, found in trained.items()
        for i, seed in enumerate(seeds)
    ]


def main(out: Path, *, quick: bool) -> None:
    publish("tickets", "grokking tickets: steps to train and test accuracy", rows(quick), out)
