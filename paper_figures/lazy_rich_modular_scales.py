"""Modular addition from rich to lazy: the delay grows with the output scale, and loss and accuracy tell it differently.

Caption: The network of the figure of modular addition (p = 23, N = 100, 90 % of the pairs), its centred output
multiplied by alpha and its learning rate divided by alpha^2, so that functions move at one speed. Left: train
(dashed) and test accuracy. Middle: the epochs at which 99 % of the training pairs and 90 % of the others are known
(points: runs; lines: medians) and the same with losses, at .8 of their starting values: the lazier the network, the
later the training pairs are fitted, and by much more the others are answered. Right: test loss against test accuracy
along training: they fall and rise together only when the network is rich; before that the accuracy stands still while
the loss rises. Values of alpha are ours. Float32.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim
from paper_figures.modular_networks import Squares, train_squares
from paper_figures.networks import fall_time, reach_time

PAPER = "Kumar, Bordelon, Gershman & Pehlevan 2023"
FIGURES = ("2c", "16")
STATES = {}
WING = "lazy_rich"
FALLEN = 0.8  # of the starting loss, where losses are timed


@dataclass(frozen=True)
class Parameters:
    modulus: int = 23  # p
    share: float = 0.9  # of all pairs trained on
    width: int = 100  # N
    learning_rate: float = 100.0  # over alpha^2
    scales: tuple[float, ...] = (0.1, 0.2, 0.35, 0.6)  # alpha (ours)
    steps: int = 10_000
    reads: int = 60
    runs: int = 2
    key: int = 0  # number of the random generator


SIZES = {"full": {"scales": (0.1, 0.14, 0.2, 0.28, 0.4, 0.6), "steps": 20_000, "reads": 200, "runs": 10}}


def _read(parameters):
    return np.unique(np.append(0, np.geomspace(50, parameters.steps, parameters.reads)).astype(int))


def steps(parameters):
    return {f"alpha={scale:g}": lambda scale=scale: _train(parameters, scale) for scale in parameters.scales}


def _train(parameters, scale):
    task = Squares(parameters.modulus, parameters.share, parameters.width, parameters.learning_rate)
    return train_squares(task, scale, _read(parameters), parameters.runs, parameters.key, centred=True)


def _epochs(parameters, data):
    """(alpha, run) epochs at which pairs of both parts are known and losses have fallen; inf: never."""
    read = _read(parameters)
    found = {name: [] for name in ("fitted", "answered", "train loss", "test loss")}
    for scale in parameters.scales:
        step = data[f"alpha={scale:g}"]
        found["fitted"].append(reach_time(read, step["train_accuracy"], 0.99))
        found["answered"].append(reach_time(read, step["test_accuracy"], 0.9))
        for part in ("train", "test"):
            found[f"{part} loss"].append(fall_time(read, step[f"{part}_loss"], FALLEN))
    return {name: np.array(rows) for name, rows in found.items()}


def draw(parameters, data):
    import matplotlib as mpl
    import matplotlib.pyplot as plt

    figure, (curves, times, plane) = plt.subplots(1, 3, figsize=(7, 2.6))
    read = _read(parameters)
    colors = mpl.colormaps["cividis"](np.linspace(0, 0.92, len(parameters.scales)))
    for scale, color in zip(parameters.scales, colors, strict=True):
        step = data[f"alpha={scale:g}"]
        curves.plot(read[1:], step["test_accuracy"].mean(0)[1:], color=color, label=rf"$\alpha$ = {scale:g}")
        curves.plot(read[1:], step["train_accuracy"].mean(0)[1:], color=color, ls="--", lw=0.8)
        loss, accuracy = step["test_loss"][0], step["test_accuracy"][0]
        plane.plot(accuracy, loss / loss[0], color=color, marker=".", ms=2, lw=0.8)
    curves.set(xscale="log", xlabel="epoch", ylabel="accuracy", ylim=(0, 1.03))
    curves.legend(loc="lower right")
    for (name, values), (color, shape) in zip(
        _epochs(parameters, data).items(), (("C0", "s"), ("C1", "o"), ("C0", "x"), ("C1", "+")), strict=True
    ):
        shown = np.where(np.isfinite(values), values, np.nan)
        times.plot(parameters.scales, shown, shape, color=color, ms=3.5, mfc="none")
        style = "-" if name in ("fitted", "answered") else ":"
        times.plot(parameters.scales, np.median(shown, axis=1), color=color, ls=style, lw=0.9, label=name)
    times.set(xscale="log", yscale="log", xlabel=r"output scale $\alpha$", ylabel="epoch")
    times.set_xticks(parameters.scales, [f"{scale:g}" for scale in parameters.scales])
    times.minorticks_off()
    times.legend(loc="upper left")
    plane.set(xlabel="test accuracy", ylabel="test loss / its start", ylim=(0, None))
    return figure


def claims(parameters, data):
    epochs = _epochs(parameters, data)
    delay = np.median(epochs["answered"] - epochs["fitted"], axis=1)
    by_loss = np.median(epochs["test loss"] - epochs["train loss"], axis=1)
    still = []
    for scale in parameters.scales:
        step = data[f"alpha={scale:g}"]
        # How far the test loss has risen before a tenth of the unseen pairs is known.
        early = [row[: max(1, int(np.argmax(a > 0.1)))] for row, a in zip(step["test_loss"], step["test_accuracy"])]
        still.append(np.mean([row.max() / row[0] for row in early]))
    words = [
        ", ".join(f"{scale:g}: {value:.3g}" for scale, value in zip(parameters.scales, values, strict=True))
        for values in (delay, by_loss, still)
    ]
    return [
        Claim(
            "The delay between 99 % of the training pairs and 90 % of the others grows with alpha",
            bool(np.all(np.diff(np.minimum(delay, 1e9)) > 0)),
            f"alpha: epochs: {words[0]}",
        ),
        Claim(
            f"So does the delay between the losses, each at {FALLEN:g} of its start",
            bool(np.all(np.diff(np.minimum(by_loss, 1e9)) > 0)),
            f"alpha: epochs: {words[1]}",
        ),
        Claim(
            "Before a tenth of the unseen pairs is known, the test loss rises above its start, more the lazier the "
            "network",
            bool(np.all(np.diff(still) > 0) and still[-1] > 1.1),
            f"alpha: largest over first: {words[2]}",
        ),
    ]
