"""Handwritten digits: the delay goes when the output scale is small.

Caption: Networks with three hidden ReLU layers on scikit-learn's digits, output multiplied by alpha, trained by AdamW
(rate 2e-3, decay .01) on squared error from a start of large weights. Left: train (dashed) and test accuracy (solid).
Right: the steps at which both pass .35 (points: runs; lines: medians): the lazier the network, the later its test
accuracy after its train accuracy; the laziest is still rising at the last step. The paper has 1000 images of MNIST,
widths 200, batches of 200, rate 1e-3 and a start of 150 times the usual one; scikit-learn's digits of 8 x 8 pixels
stand for MNIST, batches are the whole training set, and the start is 8 times the usual one, for which smaller alpha do
the same. Float32.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from paper_figures import networks
from paper_figures.figure import Claim

PAPER = "Kumar, Bordelon, Gershman & Pehlevan 2023"
FIGURES = ("6a",)
STATES = {"6a": "S: scikit-learn's digits stand for MNIST, full batches, a start less large"}
WING = "lazy_rich"


@dataclass(frozen=True)
class Parameters:
    scales: tuple[float, ...] = (3e-4, 3e-3, 3e-2)  # alpha
    samples: int = 200  # training images
    held_out: int = 600  # test images
    width: int = 64  # of the three hidden layers
    start: float = 8.0  # factor on the usual starting weights
    learning_rate: float = 2e-3  # of AdamW
    decay: float = 0.01
    steps: int = 12_000
    reads: int = 40
    level: float = 0.35  # accuracy that is asked for (ours): all come to it within the record
    runs: int = 1
    key: int = 0  # number of the random generator


SIZES = {
    "full": {
        "scales": (0.001, 0.01, 0.05, 0.5),
        "samples": 1000,
        "width": 200,
        "steps": 50_000,
        "runs": 3,
        "learning_rate": 1e-3,
    }
}


def _reads(parameters):
    return networks.log_reads(parameters.steps, parameters.reads)


def steps(parameters):
    return {f"alpha={scale:g}": lambda scale=scale: _train(parameters, scale) for scale in parameters.scales}


def _train(parameters, scale):
    import jax
    import jax.numpy as jnp
    import optax
    from sklearn.datasets import load_digits

    p = parameters
    images, digits = load_digits(return_X_y=True)
    images = (images - images.mean()) / np.sqrt(np.mean(np.sum((images - images.mean()) ** 2, axis=1)))
    images, targets = images.astype(np.float32), np.eye(10, dtype=np.float32)[digits]

    def output(weights, x):
        for w in weights[:-1]:
            x = jax.nn.relu(x @ w)
        return scale * x @ weights[-1]

    @jax.jit
    def run(start, parts, reads):
        def loss(weights, name="train"):
            x, y = parts[name]
            return jnp.mean(jnp.square(output(weights, x) - y))

        def read(weights):
            seen = {"norm": jnp.sqrt(sum(jnp.sum(w**2) for w in weights))}
            for name, (x, y) in parts.items():
                right = jnp.argmax(output(weights, x), axis=1) == jnp.argmax(y, axis=1)
                seen |= {f"{name}_accuracy": jnp.mean(right.astype(jnp.float32)), f"{name}_loss": loss(weights, name)}
            return seen

        return networks.followed(loss, read, start, reads, optax.adamw(p.learning_rate, weight_decay=p.decay))

    sizes, found = (64, p.width, p.width, p.width, 10), []
    for number in range(p.runs):
        random = np.random.default_rng([p.key, number])
        order = random.permutation(digits.size)
        train, test = order[: p.samples], order[p.samples :][: p.held_out]
        parts = {name: (images[part], targets[part]) for name, part in (("train", train), ("test", test))}
        start = [
            (p.start * np.sqrt((2.0 if j < 3 else 1.0) / i) * random.standard_normal((i, o))).astype(np.float32)
            for j, (i, o) in enumerate(pairwise(sizes))
        ]
        found.append(run(start, parts, _reads(p)))
    return {name: np.stack([np.asarray(each[name], float) for each in found]) for name in found[0]}


def _times(parameters, data):
    """(alpha, run) steps from which on both accuracies are above the level; inf: not within the record."""
    reads, found = _reads(parameters).astype(float), {"train": [], "test": []}
    for scale in parameters.scales:
        for name, rows in found.items():
            rows.append(networks.reach_time(reads, data[f"alpha={scale:g}"][f"{name}_accuracy"], parameters.level))
    return {name: np.array(rows) for name, rows in found.items()}


def draw(parameters, data):
    import matplotlib.pyplot as plt

    figure, (curves, times) = plt.subplots(1, 2, figsize=(7, 2.6))
    reads = _reads(parameters)
    for color, scale in zip(("C0", "C2", "C1", "C3"), parameters.scales, strict=False):
        step = data[f"alpha={scale:g}"]
        curves.plot(reads, step["test_accuracy"].mean(0), color=color, label=f"$\\alpha$ = {scale:g}")
        curves.plot(reads, step["train_accuracy"].mean(0), color=color, ls="--", lw=0.8)
    curves.set(xscale="log", xlabel="step", ylabel="accuracy", ylim=(0, 1.03), xlim=(1, None))
    curves.legend(loc="upper left")
    curves.set_title(f"{parameters.samples} digits, three layers of {parameters.width}")
    for (name, rows), color in zip(_times(parameters, data).items(), ("C0", "C1"), strict=True):
        times.plot(parameters.scales, rows, "o", color=color, ms=3.5)
        times.plot(parameters.scales, np.median(rows, axis=1), color=color, label=name)
    times.set(
        xscale="log", yscale="log", xlabel=r"output scale $\alpha$", ylabel=f"step of accuracy {parameters.level:g}"
    )
    times.legend()
    return figure


def claims(parameters, data):
    steps = [data[f"alpha={scale:g}"] for scale in parameters.scales]
    final = [step["test_accuracy"].mean(0)[-1] for step in steps]
    fitted = min(step["train_accuracy"].mean(0)[-1] for step in steps)
    times = {name: np.median(rows, axis=1) for name, rows in _times(parameters, data).items()}
    delay = times["test"] - times["train"]
    listed = zip(parameters.scales, times["train"], times["test"], final, strict=True)
    return [
        Claim("Every network fits its training images", fitted > 0.98, f"least train accuracy {fitted:.3f}"),
        Claim(
            "The delay of the test accuracy grows with alpha: at the smallest it is below a third of the time to "
            "fit, at the largest above it",
            bool(np.all(np.diff(delay) > 0)) and delay[0] < times["train"][0] / 3 and delay[-1] > times["train"][-1],
            "; ".join(f"alpha = {a:g}: {r:.0f} and {s:.0f} steps, end {f:.3f}" for a, r, s, f in listed),
        ),
    ]
