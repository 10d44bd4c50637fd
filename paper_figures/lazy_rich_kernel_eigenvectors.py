"""Labels along the kernel's eigenvectors: the first is learned at once, the 70th late, the hundredth never.

Caption: A committee of two neurons learns the j-th eigenvector of the tangent kernel of its start on 200 points, half
of which train. Left three: train (dashed) and test loss (solid) over their starts, mean of the draws and one standard
error, for the paper's j = 1, 70 and 100; grey: descent with the kernel of the start, by `kernels.gradient_descent`.
The first falls together; the 70th groks; the hundredth is fitted and never generalizes. Right: test loss at the end
against the index, of the network (points, one standard error) and of its kernel (line).

All values are those of the authors' code: labels of unit norm, rate N/2, centred. At them the delay is the kernel's
own: the weights move by a twentieth to a fifth of their norm, and descent with the kernel of the start does the same.
With as many samples as dimensions the directions in which the samples hardly vary are fitted last, and the 70th
eigenvector needs them. Float32.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures import eigenvector_labels, networks, verdicts
from paper_figures.figure import Claim

PAPER = "Kumar, Bordelon, Gershman & Pehlevan 2023"
FIGURES = ("5",)
STATES = {}
WING = "lazy_rich"


@dataclass(frozen=True)
class Parameters:
    dim: int = 100  # D
    samples: int = 100  # P; as many are held out
    width: int = 2  # N
    output_scale: float = 1.0  # alpha
    curvature: float = 0.25  # eps
    shown: tuple[int, ...] = (1, 70, 100)  # j, as in the paper: 1 is the largest eigenvalue
    others: tuple[int, ...] = (5, 75, 150)  # j of the right panel, of the authors' code
    learning_rate: float = 0.5  # times N / alpha^2
    steps: int = 25_000
    reads: int = 50
    runs: int = 8  # draws of inputs and start (the paper: 1)
    margin: float = 0.1  # of the test loss of kernel descent, of its greatest value
    margin_train: float = 0.02  # of its train loss, of its start
    key: int = 0


SIZES = {"full": {"others": (5, 20, 40, 60, 75, 90, 125, 150), "runs": 40}}


def _reads(parameters):
    return networks.log_reads(parameters.steps, parameters.reads)


def _indices(parameters):
    return sorted({*parameters.shown, *parameters.others})


def steps(parameters):
    return {f"j={index}": lambda index=index: _draws(parameters, index) for index in _indices(parameters)}


def _draws(parameters, index):
    p, reads = parameters, _reads(parameters)
    found = eigenvector_labels.learned(p, p.samples, index, reads)
    return found | eigenvector_labels.judged_by_kernel(found, reads, p.margin, p.margin_train)


def draw(parameters, data):
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, len(parameters.shown) + 1, figsize=(7, 2.4))
    reads = _reads(parameters)
    for ax, index in zip(axes, parameters.shown, strict=False):
        step = data[f"j={index}"]
        for name, color, style in (("train_loss", "C0", "--"), ("test_loss", "C1", "-")):
            mean, error = step[name].mean(0), step[name].std(0, ddof=1) / np.sqrt(parameters.runs)
            ax.plot(reads, mean, color=color, ls=style, label=name.split("_")[0])
            ax.fill_between(reads, mean - error, mean + error, color=color, alpha=0.25, lw=0)
            label = "kernel" if style == "-" else None
            ax.plot(reads, step[f"kernel {name}"].mean(0), color="0.25", ls=":", lw=1, label=label)
        ax.set(xscale="log", xlabel="step", ylim=(0, None), xlim=(1, None), title=f"j = {index}")
        ax.set_xticks([1, 1e2, 1e4])
    axes[0].set_ylabel("loss / its start")
    axes[0].legend(loc="upper right")
    indices = _indices(parameters)
    ends = np.array([data[f"j={index}"]["test_loss"][:, -1] for index in indices])
    kernel = np.array([data[f"j={index}"]["kernel test_loss"][:, -1] for index in indices])
    ax = axes[-1]
    ax.plot(indices, kernel.mean(1), color="0.25", ls=":", lw=1, label="kernel")
    error = ends.std(1, ddof=1) / np.sqrt(parameters.runs)
    ax.errorbar(indices, ends.mean(1), error, fmt="o", color="C1", ms=3.5, label="network")
    ax.axhline(1, color="0.7", lw=0.6)
    ax.set(yscale="log", xlabel="index j", ylabel="test loss at the end / start")
    ax.legend(loc="lower right")
    return figure


def claims(parameters, data):
    reads = _reads(parameters)
    steps = {index: data[f"j={index}"] for index in _indices(parameters)}
    first, middle, last = parameters.shown
    delay = {index: eigenvector_labels.delays(reads, steps[index]) for index in parameters.shown}
    ratio = {index: np.median(delay[index].delay / delay[index].train_time) for index in parameters.shown}
    listed = "; ".join(
        f"j = {j}: {np.median(d.train_time):.3g} and {np.median(np.where(d.censored, np.inf, d.test_time)):.3g}"
        + (f" ({np.sum(d.censored)} of {parameters.runs} never)" if np.any(d.censored) else "")
        for j, d in delay.items()
    )
    ends = {j: step["test_loss"][:, -1] for j, step in steps.items()}
    fitted = max(float(steps[j]["train_loss"][:, -1].max()) for j in parameters.shown)
    made = [
        Claim(
            f"j = {first} together, j = {middle} groks: the delay is below the time to fit for the first and more "
            "than ten times it for the other, whose test loss is still at its start where its train loss has halved",
            ratio[first] < 1 and ratio[middle] > 10 and _at_fit(reads, steps[middle], delay[middle]) > 0.9,
            f"median delay over time to fit {ratio[first]:.2g} and {ratio[middle]:.3g}; train and test loss halve "
            f"at step {listed}; test loss where the train loss has: "
            f"{_at_fit(reads, steps[middle], delay[middle]):.2f}",
        ),
        Claim(
            f"j = {last} never generalizes, though all three are fitted: its test loss ends above its start in every "
            f"draw; j = {first} ends below 5 %, j = {middle} below a half in the mean",
            ends[last].min() > 1 and fitted < 0.01 and ends[first].mean() < 0.05 and ends[middle].mean() < 0.5,
            "test loss at the end over its start: "
            + ", ".join(f"{j}: {e.mean():.2g} ({e.min():.2g} to {e.max():.2g})" for j, e in ends.items())
            + f"; largest train loss {fitted:.1g}",
        ),
    ]
    for index in parameters.shown:
        for name, size in (
            ("test", f"{parameters.margin:.0%} of its greatest"),
            ("train", f"{parameters.margin_train:g} of its start"),
        ):
            text = f"j = {index}: the {name} loss is that of descent with the kernel of the start, to {size}"
            made.append(verdicts.verdict_claim(text, steps[index], f"{name}_loss"))
    return made


def _at_fit(reads, step, delay):
    """Test loss over its start where the train loss has halved, mean of the draws."""
    pairs = zip(delay.train_time, step["test_loss"], strict=True)
    return float(np.mean([np.interp(time, reads, curve) for time, curve in pairs]))
