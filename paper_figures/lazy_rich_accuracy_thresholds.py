"""Accuracy makes the delay: one training of a deep tanh student, read with five thresholds.

Caption: A student 5-100-100-5 of tanh units learns a teacher of the same shape from 100 samples; a sample counts as
right where its squared error, mean over the outputs, is below a threshold. Left: train (dashed) and test accuracy
(solid) of the same runs for the paper's five thresholds, mean of the runs. Middle: their loss, which knows of no
threshold. Right: steps to an accuracy of one half (points: runs; lines: medians), against the threshold: at the
coarsest both come together, at the finest the test accuracy is tens of times later.

Start (torch's, the student's times 2), AdamW with rate 3e-4 and decay 0.05, sizes and thresholds are those of the
authors' code. No theory here is of three trained layers on a teacher; the same question of the solved committee, with
theory, is the next figure. Float32.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures import networks
from paper_figures.figure import Claim

PAPER = "Kumar, Bordelon, Gershman & Pehlevan 2023"
FIGURES = ("17",)
STATES = {}
WING = "lazy_rich"


@dataclass(frozen=True)
class Parameters:
    sizes: tuple[int, ...] = (5, 100, 100, 5)
    samples: int = 100  # of each set
    thresholds: tuple[float, ...] = (1e-4, 5e-4, 5e-3, 1e-2, 1e-1)
    gain: float = 2.0  # of the student's start
    learning_rate: float = 3e-4
    decay: float = 0.05
    level: float = 0.5  # accuracy that is asked for
    steps: int = 60_000
    reads: int = 70
    runs: int = 3
    key: int = 0


SIZES = {"full": {"steps": 100_000, "runs": 12}}


def _reads(parameters):
    return networks.log_reads(parameters.steps, parameters.reads)


def steps(parameters):
    return {f"run {number}": lambda number=number: _train(parameters, number) for number in range(parameters.runs)}


def _start(parameters, random, gain):
    """Weights and biases of every layer: even within one over the root of its inputs, as torch starts them."""
    layers = []
    for inputs, outputs in zip(parameters.sizes[:-1], parameters.sizes[1:], strict=True):
        reach = gain / np.sqrt(inputs)
        shapes = (inputs, outputs), (outputs,)
        layers.append(tuple(random.uniform(-reach, reach, shape).astype(np.float32) for shape in shapes))
    return layers


def _output(layers, x):
    import jax.numpy as jnp

    for weights, biases in layers[:-1]:
        x = jnp.tanh(x @ weights + biases)
    return x @ layers[-1][0] + layers[-1][1]


def _train(parameters, number):
    """Loss (read) and accuracy (threshold, read) on both sets."""
    import jax
    import jax.numpy as jnp
    import optax

    p, random, parts = parameters, np.random.default_rng([parameters.key, number]), {}
    teacher = _start(p, random, 1.0)
    for name in ("train", "test"):
        x = random.standard_normal((p.samples, p.sizes[0])).astype(np.float32)
        parts[name] = (x, np.asarray(_output(teacher, x)))
    levels = jnp.asarray(p.thresholds, jnp.float32)

    def errors(layers, part):
        x, y = part
        return jnp.mean(jnp.square(_output(layers, x) - y), axis=1)

    @jax.jit
    def run(start, parts, reads):
        def read(layers):
            each = {name: errors(layers, part) for name, part in parts.items()}
            right = {f"{name} accuracy": jnp.mean(e[None] < levels[:, None], axis=1) for name, e in each.items()}
            return right | {f"{name} loss": jnp.mean(e) for name, e in each.items()}

        optimizer = optax.adamw(p.learning_rate, weight_decay=p.decay)
        return networks.followed(lambda layers: jnp.mean(errors(layers, parts["train"])), read, start, reads, optimizer)

    found = run(_start(p, random, p.gain), parts, _reads(p))
    return {name: np.asarray(values, float).T for name, values in found.items()}


def _gathered(parameters, data, name):
    return np.stack([data[f"run {number}"][name] for number in range(parameters.runs)])


def _times(parameters, data):
    """{train, test: (threshold, run)} steps at which the accuracy is for good at the level; inf: not seen."""
    reads = _reads(parameters).astype(float)
    return {
        name: networks.reach_time(
            reads, _gathered(parameters, data, f"{name} accuracy").reshape(-1, len(reads)), parameters.level
        )
        .reshape(parameters.runs, -1)
        .T
        for name in ("train", "test")
    }


def draw(parameters, data):
    import matplotlib as mpl
    import matplotlib.pyplot as plt

    figure, (accuracies, losses, times) = plt.subplots(1, 3, figsize=(7, 2.5), width_ratios=(1.3, 1, 1))
    reads = _reads(parameters)
    colors = mpl.colormaps["cividis"](np.linspace(0, 0.92, len(parameters.thresholds)))
    for number, (threshold, color) in enumerate(zip(parameters.thresholds, colors, strict=True)):
        for name, style, width in (("test", "-", 1.3), ("train", "--", 0.9)):
            curve = _gathered(parameters, data, f"{name} accuracy")[:, number].mean(0)
            label = f"{threshold:g}" if name == "test" else None
            accuracies.plot(reads, curve, style, color=color, lw=width, label=label)
    accuracies.set(xscale="log", xlabel="step", ylabel="accuracy", xlim=(1, None), ylim=(0, 1.03))
    accuracies.legend(title="threshold", fontsize=6, title_fontsize=6, loc="center left")
    for name, color in (("train", "C0"), ("test", "C1")):
        rows = _gathered(parameters, data, f"{name} loss")
        losses.plot(reads, rows.mean(0), color=color, ls="--" if name == "train" else "-", label=name)
        losses.fill_between(reads, rows.min(0), rows.max(0), color=color, alpha=0.2, lw=0)
        found = _times(parameters, data)[name]
        times.plot(
            parameters.thresholds, np.where(np.isfinite(found), found, np.nan), "o", color=color, ms=3, mfc="white"
        )
        times.plot(parameters.thresholds, np.median(found, axis=1), color=color, label=name)
    losses.set(xscale="log", yscale="log", xlabel="step", ylabel="mean squared error", xlim=(1, None))
    losses.legend(loc="lower left")
    times.set(xscale="log", yscale="log", xlabel="threshold", ylabel=f"step of accuracy {parameters.level:g}")
    times.legend()
    return figure


def claims(parameters, data):
    times = {name: np.median(rows, axis=1) for name, rows in _times(parameters, data).items()}
    ratios = (times["test"] - times["train"]) / times["train"]
    listed = "; ".join(
        f"{t:g}: {a:.3g} and {b:.3g}"
        for t, a, b in zip(parameters.thresholds, times["train"], times["test"], strict=True)
    )
    loss = {name: _gathered(parameters, data, f"{name} loss").mean(0) for name in ("train", "test")}
    left = {name: networks.fall_time(_reads(parameters).astype(float), curve, 0.1) for name, curve in loss.items()}
    return [
        Claim(
            "The delay is the threshold's: of the same runs the test accuracy comes with the training accuracy, within "
            "half of its time, at the coarsest threshold, and more than ten times later at the finest",
            bool(ratios[-1] < 0.5 and ratios[0] > 10),
            f"median steps to an accuracy of {parameters.level:g}, threshold: {listed}",
        ),
        Claim(
            "The finer the threshold, the longer the delay over the time to fit, to the last step but one; there it is "
            "no shorter, to a quarter",
            bool(np.all(np.diff(ratios[1:]) < 0) and ratios[0] > 0.75 * ratios[1]),
            ", ".join(f"{t:g}: {r:.3g}" for t, r in zip(parameters.thresholds, ratios, strict=True)),
        ),
        Claim(
            "Most of the loss does not wait: that of the test set has fallen to a tenth within twice the time of the "
            "training loss, and it never rises by more than a tenth",
            bool(left["test"] < 2 * left["train"])
            and bool(np.all(loss["test"][1:] < 1.1 * np.minimum.accumulate(loss["test"])[:-1])),
            f"steps to a tenth of the loss: train {left['train']:.3g}, test {left['test']:.3g}",
        ),
    ]
