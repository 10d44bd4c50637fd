"""Two, three and four layers of ReLU on modular addition: deeper networks generalise later.

Caption: ReLU networks of two, three and four layers on Z_M, 90 % of the pairs, Adam with coupled decay, He's start. a:
test (solid) and training accuracy (dashed), means over runs, bands their range. b: steps until each passes .9, every
run a point (triangles: not within the record). c: Fourier spectrum of the bottom layer: the share of a node's power in
its strongest frequencies, mean over the nodes that are alive. d: a node of the bottom layer of each, the one of median
purity, over the elements: a wave, distorted where there are more layers above it. Every further layer makes the wait
between fitting and generalising longer.

Sizes and rates of the paper's figure are not known; these are ours. The start matters: from torch's, whose variance is
a sixth of He's, three layers mostly wait longer than four.
"""

from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import numpy as np

from paper_figures.figure import Claim
from paper_figures.verdicts import ratio_interval

PAPER = "Tian 2025"
FIGURES = ("9",)
WING = "li2"
SHOWN = 6  # strongest frequencies


@dataclass(frozen=True)
class Parameters:
    order: int = 31  # M of Z_M
    share: float = 0.9  # of all pairs
    depths: tuple[int, ...] = (2, 3, 4)
    width: int = 64
    start: float = 6.0  # variance of the weights over that of torch's start, 1/(3 fan in); 6: He's
    rate: float = 0.005
    decay: float = 1.5e-3
    last: int = 2600  # steps
    looks: int = 36
    runs: int = 4
    key: int = 0


SIZES = {"full": {"width": 128, "last": 4000, "looks": 60, "runs": 8}}


def steps(parameters):
    return {f"{depth} layers": lambda depth=depth: _train(parameters, depth) for depth in parameters.depths}


def _start(variance, key, **shapes):
    from paper_figures.table_networks import uniform

    return {name: np.float32(np.sqrt(variance)) * layer for name, layer in uniform(key, **shapes).items()}


def _train(parameters, depth):
    from grok_theory import li2
    from grok_theory.observables import crossing_time
    from paper_figures.table_networks import of_depth, train_runs

    order, wide = parameters.order, parameters.width
    looks = np.unique(np.rint(np.geomspace(1, parameters.last, parameters.looks)).astype(int))
    upper = {f"upper{number}": (wide, wide) for number in range(depth - 2)}
    start = partial(_start, parameters.start, hidden=(2 * order, wide), **upper, readout=(wide, order))
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
            missing = int(np.isnan(d[f"{which} time"]).sum())
            times.plot(np.full(missing, depth), np.full(missing, parameters.last), "^", color=color, ms=4)
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
    times.set_yticks([50, 100, 200, 500, 1000, 2000], ["50", "100", "200", "500", "1000", "2000"])
    times.tick_params(axis="y", which="minor", labelleft=False)
    times.legend(fontsize=6, loc="upper left")
    spectrum.set(xlabel="rank of the frequency in its node", ylabel="share of the power", ylim=(0, 1))
    spectrum.set(title="c  Spectrum of the bottom layer")
    spectrum.legend(fontsize=6)
    node.set(xlabel="group element", ylabel="weight (drawn apart)", yticks=[], title="d  A bottom node of each")
    return figure


def claims(parameters, data):
    time, wait, purest = {}, {}, {}
    for depth in parameters.depths:
        d = data[f"{depth} layers"]
        # A run that has not generalised at the end counts as if it just had.
        test = np.where(np.isnan(d["test time"]), parameters.last, d["test time"])
        time[depth], wait[depth], purest[depth] = test, test - d["train time"], d["spectrum"][:, 0]
    further = list(pairwise(parameters.depths))
    slower = {pair: ratio_interval(time[pair[1]] / time[pair[0]]) for pair in further}
    longer = {pair: ratio_interval(wait[pair[1]] / wait[pair[0]]) for pair in further}
    said = lambda found: "; ".join(  # noqa: E731
        f"{deep} layers over {less}: {f:.2f} ({low:.2f} to {top:.2f})" for (less, deep), (f, low, top) in found.items()
    )
    random = 2 / (parameters.order - 1)  # share of one frequency among equals
    return [
        Claim(
            "Deeper is slower: with every further layer the test accuracy passes .9 later (95 %)",
            all(low > 1 for _, low, _ in slower.values()),
            f"ratio of times: {said(slower)}",
        ),
        Claim(
            "Deeper is more pronounced: every further layer lengthens the steps from fitting to generalising (95 %)",
            all(low > 1 for _, low, _ in longer.values()),
            f"ratio of those steps: {said(longer)}",
        ),
        Claim(
            "Bottom nodes are Fourier features, distorted more with more than two layers",
            all(purest[2].mean() > share.mean() > 3 * random for depth, share in purest.items() if depth > 2),
            "share of the strongest frequency "
            + ", ".join(f"{depth} layers: {share.mean():.2f}" for depth, share in purest.items())
            + f"; equal shares {random:.2f}",
        ),
    ]
