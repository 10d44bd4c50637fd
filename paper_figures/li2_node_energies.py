"""Energies of hidden nodes: those of a network that memorises stand much higher.

Caption: Histogram of the energy of the trained hidden nodes on their own training pairs, scaled to unit length, in
units of the highest maximum of the full table at this density of pairs, (n/M^2)^2 M/4, for three learning rates of Adam
trained for the same time, rate times steps, all runs together; the legend has the mean test accuracy. Nodes of networks
that generalise lie near 1 (dashed: what a feature of the full table reaches on average); nodes that memorise lie beyond
what any of them reaches.

Reduced against the paper: Z_31 for Z_127 and its 3225 pairs, K = 128.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim

PAPER = "Tian 2025"
FIGURES = ("7",)
STATES = {}
WING = "li2"


@dataclass(frozen=True)
class Parameters:
    order: int = 31  # M of Z_M
    share: float = 0.3  # of all pairs
    rates: tuple[float, ...] = (0.002, 0.005, 0.02)  # of Adam
    width: int = 128
    decay: float = 1e-3
    time: float = 6.0  # rate times steps
    runs: int = 3
    key: int = 0


SIZES = {
    "full": {
        "order": 127,
        "share": 0.2,
        "rates": (0.001, 0.002, 0.005),
        "width": 1024,
        "decay": 2e-4,
        "time": 8.0,
        "runs": 1,
    }
}


def steps(parameters):
    return {f"rate {rate:g}": lambda rate=rate: _train(parameters, rate) for rate in parameters.rates}


def _train(parameters, rate):
    from grok_theory import li2
    from paper_figures.table_networks import Network, split, squares, train, uniform

    order, wide = parameters.order, parameters.width
    group, last = li2.groups.cyclic(order), np.array([round(parameters.time / rate)])
    test, heights = [], []
    for run in range(parameters.runs):
        key = 1000 * parameters.key + run
        samples = split(group.table, parameters.share, key)
        start = uniform(key, hidden=(2 * order, wide), readout=(wide, order))
        curves, layers = train(Network(squares), start, samples, last, rate=rate, decay=parameters.decay)
        test.append(curves["test_accuracy"][-1])
        pairs = np.stack([samples[0].first, samples[0].second], axis=1)
        own = li2.GroupTask(group, train_pairs=pairs, centering="classes")
        nodes = layers["hidden"].T
        length = np.linalg.norm(nodes, axis=1, keepdims=True)
        # A node that decayed to nothing has no energy worth a unit vector.
        alive = length[:, 0] > 0.01 * length.max()
        energy = np.asarray(li2.energy(own, nodes / np.maximum(length, 1e-12)))
        heights.append(np.where(alive, energy, np.nan))
    unit = (len(pairs) / order**2) ** 2 * order / 4
    return {"test": np.array(test), "height": np.array(heights) / unit}


def draw(parameters, data):
    import matplotlib.pyplot as plt

    figure, ax = plt.subplots(figsize=(3.6, 2.8), layout="constrained")
    top = max(np.nanmax(d["height"]) for d in data.values())
    bins = np.linspace(0, 1.02 * top, 46)
    for i, rate in enumerate(parameters.rates):
        d = data[f"rate {rate:g}"]
        values = d["height"][np.isfinite(d["height"])]
        weights = np.full(values.size, 1 / values.size)
        words = f"{rate:g}: test {d['test'].mean():.2f}"
        ax.hist(values, bins, weights=weights, color=f"C{i}", alpha=0.45, label=words)
        ax.hist(values, bins, weights=weights, color=f"C{i}", histtype="step", linewidth=1)
    ax.axvline(1.0, color="0.5", linestyle="--", linewidth=0.8)
    ax.set(xlabel="energy of a node / highest of the full table", ylabel="share of the nodes")
    ax.legend(title="learning rate")
    return figure


def claims(parameters, data):
    slow, fast = (data[f"rate {rate:g}"] for rate in (parameters.rates[0], parameters.rates[-1]))
    middle = [np.nanmedian(d["height"], axis=1) for d in (slow, fast)]
    return [
        Claim(
            "The smallest rate generalises, the largest does not",
            slow["test"].mean() > 0.9 > 0.5 > fast["test"].mean(),
            f"mean test accuracies {slow['test'].mean():.2f} and {fast['test'].mean():.2f}",
        ),
        Claim(
            "Nodes that memorise stand at least 1.3 times as high, in every run",
            middle[1].min() > 1.3 * middle[0].max(),
            f"medians by run {np.round(middle[0], 2).tolist()} and {np.round(middle[1], 2).tolist()}",
        ),
    ]
