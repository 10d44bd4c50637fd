"""Modular addition with a plain network: grokking without weight decay.

Caption: Full-batch gradient descent of a two-layer network of squares on addition modulo p, mean squared error, no
weight decay, no momentum. The training pairs are fitted long before the others are answered. Right: the squared norm
of the weights does not fall. p is the paper's; width, share of training pairs, learning rate and scale of the start
are this package's choices. Float32.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim

PAPER = "Kumar, Bordelon, Gershman & Pehlevan 2023"
FIGURES = ("2a", "2b", "16")
STATES = {
    "2a": "P: another share of pairs, width and rate",
    "2b": "P: another share of pairs, width and rate",
    "16": "P: one setting, no panel of its own",
}
WING = "lazy_rich"


@dataclass(frozen=True)
class Parameters:
    modulus: int = 23  # p
    share: float = 0.8  # of all pairs trained on (ours)
    width: int = 128  # N (ours)
    learning_rate: float = 0.1  # times N on every weight (ours)
    steps: int = 4000
    reads: int = 40
    key: int = 0  # number of the random generator


SIZES = {"quick": {"width": 96, "learning_rate": 0.2, "steps": 2000}, "full": {"width": 512, "steps": 20_000}}


def steps(parameters):
    return {"training": lambda: _train(parameters)}


def _train(parameters):
    import jax
    import jax.numpy as jnp

    from grok_theory.numerics.training import trained

    p, width = parameters.modulus, parameters.width
    random = np.random.default_rng(parameters.key)
    first, second = np.divmod(np.arange(p * p), p)
    one_hot = np.eye(p, dtype=np.float32)
    inputs, targets = np.concatenate([one_hot[first], one_hot[second]], axis=1), one_hot[(first + second) % p]
    order = random.permutation(p * p)
    train, test = np.split(order, [round(parameters.share * p * p)])
    start = [random.standard_normal(size).astype(np.float32) for size in ((2 * p, width), (width, p))]

    def output(weights, x):
        return jnp.square(x @ weights[0]) @ weights[1] / width

    def loss(weights, x, y):
        return jnp.mean(jnp.sum(jnp.square(output(weights, x) - y), axis=1))

    rate = np.float32(parameters.learning_rate * width)

    @jax.jit
    def run(weights, parts, steps):
        def step(weights):
            return [w - rate * g for w, g in zip(weights, jax.grad(loss)(weights, *parts["train"]), strict=True)]

        def read(weights):
            squares, size = sum(jnp.sum(jnp.square(w)) for w in weights), sum(w.size for w in weights)
            seen = {"weight_norm": squares / size}
            for name, (x, y) in parts.items():
                right = jnp.argmax(output(weights, x), axis=1) == jnp.argmax(y, axis=1)
                seen |= {f"{name}_loss": loss(weights, x, y), f"{name}_accuracy": jnp.mean(right.astype(jnp.float32))}
            return seen

        return trained(step, weights, steps, read)[1]

    read_at = np.arange(parameters.reads + 1) * (parameters.steps // parameters.reads)
    parts = {"train": (inputs[train], targets[train]), "test": (inputs[test], targets[test])}
    seen = run([jnp.asarray(w) for w in start], parts, read_at)
    return {"step": read_at.astype(float)} | {name: np.asarray(values, float) for name, values in seen.items()}


def draw(parameters, data):
    import matplotlib.pyplot as plt

    step = data["training"]
    figure, (accuracy, loss, norm) = plt.subplots(1, 3, figsize=(7, 2.2))
    for ax, name in ((accuracy, "accuracy"), (loss, "loss")):
        ax.plot(step["step"], step[f"train_{name}"], color="C0", label="train")
        ax.plot(step["step"], step[f"test_{name}"], color="C1", label="test")
        ax.set(xlabel="step", ylabel=name)
    loss.set(yscale="log", ylabel="squared error")
    accuracy.legend(loc="center right")
    accuracy.set_title(f"p = {parameters.modulus}, N = {parameters.width} (ours)")
    norm.plot(step["step"], step["weight_norm"], color="C2")
    norm.set(xlabel="step", ylabel="mean squared weight", ylim=(0, None))
    return figure


def claims(parameters, data):
    step = data["training"]
    fitted = step["step"][np.argmax(step["train_accuracy"] > 0.99)]
    answered = step["step"][np.argmax(step["test_accuracy"] > 0.9)]
    norm = step["weight_norm"]
    norms = [norm[np.argmax(step[name] > level)] for name, level in (("train_accuracy", 0.99), ("test_accuracy", 0.9))]
    return [
        Claim(
            "Without weight decay the network answers 90 % of the unseen pairs, at least twice as late as it fits",
            step["test_accuracy"].max() > 0.9 and answered >= 2 * fitted,
            f"fits at step {fitted:.0f}, answers at step {answered:.0f}, at the end {step['test_accuracy'][-1]:.3f}",
        ),
        Claim(
            "The weight norm is no smaller when it answers than when it had fitted",
            norms[1] >= 0.99 * norms[0],
            f"{norms[0]:.3f} when fitted and {norms[1]:.3f} when answering",
        ),
    ]
