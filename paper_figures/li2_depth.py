"""Two, three and four layers of ReLU on modular addition: deeper networks fit as fast and generalise later.

Caption: ReLU networks of two, three and four layers on Z_M, 80 % of the pairs, Adam with coupled decay, torch's start.
a: test (solid) and training accuracy (dashed), means over runs, bands their range. b: steps until each passes .9, every
run a point. c: Fourier spectrum of the bottom layer: the share of a node's power in its strongest frequencies, mean
over the nodes that are alive. d: a node of the bottom layer of each, the one of median purity, over the elements: a
wave, distorted where there are more layers above it. More than two layers wait longer between fitting and generalising;
from three to four the wait does not grow here.

Sizes and rates of the paper's figure are not known; these are ours.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np

from paper_figures.figure import Claim
from paper_figures.verdicts import ratio_interval

PAPER = "Tian 2025"
FIGURES = ("9",)
STATES = {"9": "P: with torch's start four layers do not wait longer than three; the paper's sizes are not known"}
WING = "li2"
SHOWN = 6  # strongest frequencies


@dataclass(frozen=True)
class Parameters:
    order: int = 31  # M of Z_M
    share: float = 0.8  # of all pairs
    depths: tuple[int, ...] = (2, 3, 4)
    width: int = 128
    rate: float = 0.005
    decay: float = 1e-3
    last: int = 1000  # steps
    looks: int = 44
    runs: int = 4
    key: int = 0


SIZES = {"full": {"order": 71, "width": 512, "last": 2000, "runs": 8}}


def steps(parameters):
    return {f"{depth} layers": lambda depth=depth: _train(parameters, depth) for depth in parameters.depths}


def _train(parameters, depth):
    from grok_theory import li2
    from grok_theory.observables import crossing_time
    from paper_figures.table_networks import of_depth, train_runs, uniform

    order, wide = parameters.order, parameters.width
    looks = np.unique(np.rint(np.geomspace(1, parameters.last, parameters.looks)).astype(int))
    upper = {f"upper{number}": (wide, wide) for number in range(depth - 2)}
    start = partial(uniform, hidden=(2 * order, wide), **upper, readout=(wide, order))
    how = {"runs": parameters.runs, "key": parameters.key, "rate": parameters.rate, "decay": parameters.decay}
    table = li2.groups.cyclic(order).table
    curves, layers = train_runs(of_depth(depth), start, table, parameters.share, looks, **how)
    spectra, nodes = [], []
    for hidden in layers["hidden"]:
        bottom = hidden.T.reshape(wide, 2, order)
        # A node adds one number for each of its two elements: only what differs between elements is a feature.
        power = np.sum(np.abs(np.fft.rfft(bottom)[..., 1:]) ** 2, axis=1)
        alive = power.sum(axis=1) > 1e-4 * power.sum(axis=1).max()
        share = -np.sort(-power[alive] / power[alive].sum(axis=1, keepdims=True), axis=1)
        spectra.append(share[:, :SHOWN].mean(axis=0))
        middle = np.argsort(share[:, 0])[len(share) // 2]
        nodes.append(bottom[alive][middle, 0] - bottom[alive][middle, 0].mean())
    curves = {name: curves[name] for name in ("train_accuracy", "test_accuracy")}
    times = {
        f"{which} time": crossing_time(looks, curves[f"{which}_accuracy"], 0.9, rising=True).time
        for which in ("train", "test")
    }
    return {"step": looks, "spectrum": np.array(spectra), "node": nodes[0], **curves, **times}


def draw(parameters, data):
    import matplotlib.pyplot as plt

    from paper_figures.table_networks import draw_accuracies

    figure, axes = plt.subplots(2, 2, figsize=(7.0, 4.6), layout="constrained")
    (accuracy, times), (spectrum, node) = axes
    for i, depth in enumerate(parameters.depths):
        d, color = data[f"{depth} layers"], f"C{i}"
        draw_accuracies(accuracy, d["step"], d, color, f"{depth} layers")
        for which, look in (("train", "o"), ("test", "s")):
            face = color if which == "test" else "white"
            times.plot(
                np.full(parameters.runs, depth), d[f"{which} time"], look, color=color, markerfacecolor=face, ms=4
            )
        rank = np.arange(1, d["spectrum"].shape[1] + 1)
        spectrum.plot(rank, d["spectrum"].mean(axis=0), "os^"[i] + "-", color=color, label=f"{depth} layers")
        wave = d["node"] / np.abs(d["node"]).max()
        node.plot(wave - 2.2 * i, ".-", color=color, linewidth=0.8, markersize=3)
    times.plot([], [], "o", color="0.4", markerfacecolor="white", label="training")
    times.plot([], [], "s", color="0.4", label="test")
    accuracy.set(xscale="log", xlabel="step", ylabel="accuracy", ylim=(-0.03, 1.03), title="a  Accuracy")
    accuracy.legend(fontsize=6)
    times.set(yscale="log", xlabel="layers", ylabel="steps to .9", xticks=parameters.depths, title="b  Times")
    times.set_yticks([20, 50, 100, 200, 500], ["20", "50", "100", "200", "500"])
    times.tick_params(axis="y", which="minor", labelleft=False)
    times.legend(fontsize=6, loc="upper left")
    spectrum.set(xlabel="rank of the frequency in its node", ylabel="share of the power", ylim=(0, 1))
    spectrum.set(title="c  Spectrum of the bottom layer")
    spectrum.legend(fontsize=6)
    node.set(xlabel="group element", ylabel="weight (drawn apart)", yticks=[], title="d  A bottom node of each")
    return figure


def claims(parameters, data):
    two, deeper = data["2 layers"], {depth: data[f"{depth} layers"] for depth in parameters.depths if depth > 2}
    slower = {depth: ratio_interval(d["test time"] / two["test time"]) for depth, d in deeper.items()}
    delay = lambda d: d["test time"] - d["train time"]  # noqa: E731
    longer = {depth: ratio_interval(delay(d) / delay(two)) for depth, d in deeper.items()}
    said = lambda found: "; ".join(f"{n} layers: {f:.2f} ({a:.2f} to {b:.2f})" for n, (f, a, b) in found.items())  # noqa: E731
    purest = {depth: data[f"{depth} layers"]["spectrum"][:, 0] for depth in parameters.depths}
    random = 2 / (parameters.order - 1)  # share of one frequency among equals
    return [
        Claim(
            "More than two layers generalise later (95 %)",
            all(low > 1 for _, low, _ in slower.values()),
            f"time over that of two layers: {said(slower)}",
        ),
        Claim(
            "The effect is more pronounced: the steps from fitting to generalising grow (95 %)",
            all(low > 1 for _, low, _ in longer.values()),
            f"those steps over those of two layers: {said(longer)}",
        ),
        Claim(
            "Bottom nodes are Fourier features, distorted more with more than two layers",
            all(purest[2].mean() > share.mean() > 3 * random for depth, share in purest.items() if depth > 2),
            "share of the strongest frequency "
            + ", ".join(f"{depth} layers: {share.mean():.2f}" for depth, share in purest.items())
            + f"; equal shares {random:.2f}",
        ),
    ]
