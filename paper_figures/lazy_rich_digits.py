"""Handwritten digits: the lazier the network, the worse it generalizes.

Caption: Test (solid) and train accuracy (dashed) of a network with two hidden ReLU layers on 100 of scikit-learn's
digits, its centred output multiplied by alpha, learning rate divided by alpha^2. All weights are trained by full-batch
gradient descent on squared error, without weight decay. All fit the training images; what they make of the others
falls with alpha, and the test accuracy goes on rising after the training images are fitted. Widths, sample size and
learning rate are this package's choices. Float32.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim

PAPER = "Kumar, Bordelon, Gershman & Pehlevan 2023"
FIGURES = ("6a",)
STATES = {"6a": "S: two layers and plain descent on the digits of scikit-learn"}
WING = "lazy_rich"


@dataclass(frozen=True)
class Parameters:
    scales: tuple[float, ...] = (0.1, 1.0, 10.0)  # alpha
    samples: int = 100  # training images (ours)
    held_out: int = 600  # test images
    width: int = 128  # of both hidden layers (ours)
    learning_rate: float = 0.01  # times 1 / alpha^2 (ours)
    steps: int = 3000
    reads: int = 40  # times read, evenly in the logarithm
    runs: int = 3
    key: int = 0  # number of the random generator


SIZES = {
    "quick": {"width": 64, "steps": 1000, "reads": 20, "runs": 1},
    "full": {"width": 256, "steps": 10_000, "runs": 10},
}


def _steps_read(parameters):
    return np.unique(np.append(0, np.geomspace(1, parameters.steps, parameters.reads).astype(int)))


def steps(parameters):
    return {f"alpha={scale:g}": lambda scale=scale: _train(parameters, scale) for scale in parameters.scales}


def _train(parameters, scale):
    import jax
    import jax.numpy as jnp
    from sklearn.datasets import load_digits

    from grok_theory.numerics.training import trained

    images, digits = load_digits(return_X_y=True)
    images = (images - images.mean()) / np.sqrt(np.mean(np.sum((images - images.mean()) ** 2, axis=1)))
    images, targets = images.astype(np.float32), (np.eye(10)[digits] - 0.1).astype(np.float32)
    width = parameters.width

    def plain(weights, x):
        hidden = jax.nn.relu(jax.nn.relu(x @ weights[0]) @ weights[1])
        return hidden @ weights[2]

    def loss(weights, start, x, y):
        return jnp.mean(jnp.sum(jnp.square(scale * (plain(weights, x) - plain(start, x)) - y), axis=1))

    rate = np.float32(parameters.learning_rate / scale**2)

    def accuracy(weights, start, x, labels):
        return jnp.mean((jnp.argmax(plain(weights, x) - plain(start, x), axis=1) == labels).astype(jnp.float32))

    @jax.jit
    def run_of(start, x, y, parts, steps):
        def step(weights):
            return [w - rate * g for w, g in zip(weights, jax.grad(loss)(weights, start, x, y), strict=True)]

        def read(weights):
            return jnp.stack([accuracy(weights, start, seen, labels) for seen, labels in parts])

        return trained(step, start, steps, read)[1]

    reads, found = _steps_read(parameters), []
    for run in range(parameters.runs):
        random = np.random.default_rng([parameters.key, run])
        order = random.permutation(digits.size)
        train, test = order[: parameters.samples], order[parameters.samples :][: parameters.held_out]
        sizes = ((64, width, 1.0), (width, width, np.sqrt(2 / width)), (width, 10, np.sqrt(1 / width)))
        start = [jnp.asarray(s * random.standard_normal((i, o)), jnp.float32) for i, o, s in sizes]
        parts = [(images[part], digits[part]) for part in (train, test)]
        found.append(np.asarray(run_of(start, images[train], targets[train], parts, np.asarray(reads))))
    found = np.array(found)
    return {"train": found[:, :, 0], "test": found[:, :, 1]}


def draw(parameters, data):
    import matplotlib.pyplot as plt

    figure, ax = plt.subplots(figsize=(3.4, 2.5))
    reads = _steps_read(parameters)[1:]
    for color, scale in zip(("C0", "C2", "C1", "C3"), parameters.scales):
        step = data[f"alpha={scale:g}"]
        ax.plot(reads, step["test"].mean(0)[1:], color=color, label=f"$\\alpha$ = {scale:g}")
        ax.plot(reads, step["train"].mean(0)[1:], color=color, ls="--", lw=0.8)
    ax.set(xscale="log", xlabel="step", ylabel="accuracy", ylim=(0, 1.03))
    ax.legend(loc="lower right")
    ax.set_title(f"{parameters.samples} digits, width {parameters.width} (ours)")
    return figure


def claims(parameters, data):
    steps = [data[f"alpha={scale:g}"] for scale in parameters.scales]
    final = [step["test"].mean(0)[-1] for step in steps]
    fitted = min(step["train"].mean(0)[-1] for step in steps)
    return [
        Claim("Every network fits its training images", fitted > 0.98, f"least train accuracy {fitted:.3f}"),
        Claim(
            "The final test accuracy falls with alpha",
            np.all(np.diff(final) < 0),
            ", ".join(f"{a:g}: {f:.3f}" for a, f in zip(parameters.scales, final, strict=True)),
        ),
    ]
