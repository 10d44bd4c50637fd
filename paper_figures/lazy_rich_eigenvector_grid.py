"""Samples against eigenvector: where labels along the kernel's modes are learned together, late, or never.

Caption: The committee of the figure of the kernel's eigenvectors, for growing numbers of training samples P (rows) and
indices j of the eigenvector (columns): train (dashed) and test loss (solid) over their starts, mean of the draws;
dotted: descent with the kernel of the start, by `kernels.gradient_descent`. In each panel: the median delay over the
time to fit, by the halves of both losses. The delay grows with j and falls with P: a band of cells that grok lies
between those that fall together and those that never generalize. D, N, eps, rate and labels are those of the authors'
code for the figure of one P; its values of P and j for this one are not known, and these are ours. Float32.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures import eigenvector_labels, networks
from paper_figures.figure import Claim

PAPER = "Kumar, Bordelon, Gershman & Pehlevan 2023"
FIGURES = ("19",)
STATES = {}
WING = "lazy_rich"


@dataclass(frozen=True)
class Parameters:
    dim: int = 100  # D
    samples: tuple[int, ...] = (60, 100, 200, 400)  # P (ours); as many are held out
    indices: tuple[int, ...] = (1, 30, 70, 100)  # j (ours); 1 is the largest eigenvalue of 2 P
    width: int = 2  # N
    output_scale: float = 1.0  # alpha
    curvature: float = 0.25  # eps
    learning_rate: float = 0.5  # times N / alpha^2
    steps: int = 25_000
    reads: int = 40
    runs: int = 8  # draws of inputs and start
    margin: float = 0.1  # of the test loss of kernel descent, of its greatest value
    margin_train: float = 0.02  # of its train loss, of its start
    key: int = 0


SIZES = {"full": {"samples": (60, 80, 100, 140, 200, 400), "indices": (1, 30, 50, 70, 85, 100), "runs": 24}}


def _reads(parameters):
    return networks.log_reads(parameters.steps, parameters.reads)


def _cells(parameters):
    return [(samples, index) for samples in parameters.samples for index in parameters.indices]


def steps(parameters):
    return {f"P={p} j={j}": lambda p=p, j=j: _draws(parameters, p, j) for p, j in _cells(parameters)}


def _draws(parameters, samples, index):
    reads = _reads(parameters)
    found = eigenvector_labels.learned(parameters, samples, index, reads)
    return found | eigenvector_labels.judged_by_kernel(found, reads, parameters.margin, parameters.margin_train)


def _ratios(parameters, data, whose=""):
    """(P, j) median delay over the time to fit; inf where half of the draws or more never generalize."""
    found = []
    for samples, index in _cells(parameters):
        delay = eigenvector_labels.delays(_reads(parameters), data[f"P={samples} j={index}"], whose)
        found.append(np.median(np.where(delay.censored, np.inf, delay.delay / delay.train_time)))
    return np.reshape(found, (len(parameters.samples), len(parameters.indices)))


def draw(parameters, data):
    import matplotlib.pyplot as plt

    shape = len(parameters.samples), len(parameters.indices)
    figure, axes = plt.subplots(*shape, figsize=(7, 1.35 * shape[0] + 0.4), sharex=True, sharey="row")
    reads, ratios = _reads(parameters), _ratios(parameters, data)
    for ax, ratio, (samples, index) in zip(axes.ravel(), ratios.ravel(), _cells(parameters), strict=True):
        step = data[f"P={samples} j={index}"]
        for name, color, style in (("train_loss", "C0", "--"), ("test_loss", "C1", "-")):
            ax.plot(reads, step[name].mean(0), color=color, ls=style, label=name.split("_")[0])
            label = "kernel" if style == "-" else None
            ax.plot(reads, step[f"kernel {name}"].mean(0), color="0.25", ls=":", lw=1, label=label)
        ax.set(xscale="log", xlim=(1, None), ylim=(0, 2))
        ax.set_xticks([1, 1e2, 1e4])
        word = f"delay {ratio:.2g} x" if np.isfinite(ratio) else "never"
        ax.text(0.97, 0.88, word, ha="right", bbox={"color": "white", "pad": 1}, transform=ax.transAxes, fontsize=7)
    for ax, index in zip(axes[0], parameters.indices, strict=True):
        ax.set_title(f"j = {index}")
    for row, samples in zip(axes, parameters.samples, strict=True):
        row[0].set_ylabel(f"P = {samples}")
    for ax in axes[-1]:
        ax.set_xlabel("step")
    figure.supylabel("loss / its start", fontsize=8)
    axes[-1, -1].legend(loc="center right")
    return figure


def claims(parameters, data):
    ratios = np.minimum(_ratios(parameters, data), 1e9)
    listed = "; ".join(
        f"P = {p}: " + ", ".join("never" if r == 1e9 else f"{r:.3g}" for r in row)
        for p, row in zip(parameters.samples, ratios, strict=True)
    )
    kernel = np.minimum(_ratios(parameters, data, "kernel "), 1e9)
    cells = [data[f"P={samples} j={index}"] for samples, index in _cells(parameters)]
    learned = [cell for cell, ratio in zip(cells, ratios.ravel(), strict=True) if ratio < 1e9]
    verdicts = [str(cell[f"verdict {name}"]) for cell in learned for name in eigenvector_labels.LOSSES]
    gaps = [np.abs(cell["gap test_loss"][1:3]).max() / cell["gap test_loss"][3] for cell in learned]
    return [
        Claim(
            "The delay over the time to fit grows with j at every P and falls with P at every j, up to a tenth",
            bool(np.all(ratios[:, 1:] > 0.9 * ratios[:, :-1]) and np.all(ratios[1:] < 1.1 * ratios[:-1]))
            and bool(np.all(ratios[:, -1] > 2 * ratios[:, 0])),
            f"median delay over time to fit, along j: {listed}",
        ),
        Claim(
            "All three fates are there: together (a delay below the time to fit), late (above five times it) and never",
            bool(np.any(ratios < 1) and np.any((ratios > 5) & (ratios < 1e9)) and np.any(ratios == 1e9)),
            f"{np.sum(ratios < 1)} together, {np.sum((ratios > 5) & (ratios < 1e9))} late, {np.sum(ratios == 1e9)} "
            f"never, of {ratios.size}",
        ),
        Claim(
            "More samples: fewer modes are never learned, and with the most all fall together",
            bool(np.all(np.diff((ratios == 1e9).sum(1)) <= 0)) and ratios[0].max() == 1e9 and ratios[-1].max() < 1,
            ", ".join(
                f"P = {p}: {n} of {ratios.shape[1]} never"
                for p, n in zip(parameters.samples, (ratios == 1e9).sum(1), strict=True)
            ),
        ),
        Claim(
            "Descent with the kernel of the start has the same fate in every cell, and its delay is the same to 5 %",
            bool(np.all((kernel == 1e9) == (ratios == 1e9)) and np.abs(np.log(kernel / ratios)).max() < np.log(1.05)),
            f"largest ratio of the two {np.exp(np.abs(np.log(kernel / ratios)).max()):.3f}",
        ),
        Claim(
            "Where the network generalizes its losses are those of that descent: test loss to "
            f"{parameters.margin:.0%} of its greatest, train loss to {parameters.margin_train:g} of its start",
            set(verdicts) == {"agrees"},
            f"compare: {verdicts.count('agrees')} of {len(verdicts)} agree, {parameters.runs} draws a cell; the "
            f"interval that comes nearest reaches {max(gaps):.0%} of the margin of the test loss",
        ),
    ]
