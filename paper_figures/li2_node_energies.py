"""Energies of hidden nodes: those that memorise stand much higher than features.

Caption: Left: energy of the trained hidden nodes on their own training pairs, scaled to unit length, in units of the
highest maximum of the full table at this density of pairs, (n/M^2)^2 M/4, for three learning rates of Adam trained for
the same time, rate times steps; the legend has the test accuracy. Features lie near 1 (dashed). Right: the same nodes
over their purity, the share in one frequency: the tail of high energies are nodes without a frequency, which hold
single pairs; one that sees a single pair of elements alone would reach about 2 over the share of pairs (dotted). A
large rate that memorises spreads its pairs over many middling nodes, a small one that generalises leaves some high.

Reduced against the paper: Z_41 for Z_127 and its 3225 pairs, K = 256. With the paper's pairs, a fifth, all three rates
generalise here; at full size a share of 0.13 and a largest rate of 0.01 part them.
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
    order: int = 41  # M of Z_M
    share: float = 0.25  # of all pairs
    rates: tuple[float, ...] = (0.001, 0.002, 0.005)  # of Adam
    width: int = 256
    decay: float = 2e-4
    time: float = 6.0  # rate times steps
    runs: int = 1
    key: int = 0


SIZES = {"full": {"order": 127, "share": 0.13, "rates": (0.001, 0.002, 0.01), "width": 1024}}


def steps(parameters):
    return {f"rate {rate:g}": lambda rate=rate: _train(parameters, rate) for rate in parameters.rates}


def _train(parameters, rate):
    from grok_theory import li2
    from paper_figures.table_networks import Network, split, squares, train, uniform

    order, wide = parameters.order, parameters.width
    group, last = li2.groups.cyclic(order), np.array([round(parameters.time / rate)])
    test, heights, purities = [], [], []
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
        power = np.sum(np.abs(np.fft.rfft(nodes.reshape(wide, 2, order))[..., 1:]) ** 2, axis=1)
        purities.append(power.max(axis=1) / np.maximum(power.sum(axis=1), 1e-300))
    unit = (len(pairs) / order**2) ** 2 * order / 4
    return {"test": np.array(test), "height": np.array(heights) / unit, "purity": np.array(purities)}


def draw(parameters, data):
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(7.0, 2.8), layout="constrained")
    top = max(np.nanmax(d["height"]) for d in data.values())
    bins = np.linspace(0, 1.02 * top, 46)
    for i, rate in enumerate(parameters.rates):
        d, color = data[f"rate {rate:g}"], f"C{i}"
        values = d["height"][np.isfinite(d["height"])]
        weights = np.full(values.size, 1 / values.size)
        left.hist(values, bins, weights=weights, color=color, alpha=0.3)
        label = f"{rate:g}: test {d['test'].mean():.2f}"
        left.hist(values, bins, weights=weights, color=color, histtype="step", linewidth=1, label=label)
        right.plot(d["purity"].ravel(), d["height"].ravel(), ".", color=color, markersize=3, alpha=0.6)
    left.axvline(1.0, color="0.5", linestyle="--", linewidth=0.8)
    right.axhline(1.0, color="0.5", linestyle="--", linewidth=0.8)
    right.axhline(2 / parameters.share, color="0.5", linestyle=":", linewidth=0.9)
    left.set(
        xlabel="energy / highest of the full table", ylabel="share of the nodes", title="a  Energies", yscale="log"
    )
    left.legend(title="learning rate")
    right.set(xlabel="purity of the node", ylabel="energy / highest of the full table", title="b  Which nodes are high")
    return figure


def claims(parameters, data):
    slow, fast = (data[f"rate {rate:g}"] for rate in (parameters.rates[0], parameters.rates[-1]))
    height, purity = (np.concatenate([d[name].ravel() for d in data.values()]) for name in ("height", "purity"))
    alive = np.isfinite(height)
    height, purity = height[alive], purity[alive]
    pure, high = height[purity >= 0.9], purity[height > 3]
    return [
        Claim(
            "The smallest rate generalises, the largest memorises",
            slow["test"].mean() > 0.9 and fast["test"].mean() < 0.1,
            f"mean test accuracies {slow['test'].mean():.2f} and {fast['test'].mean():.2f}",
        ),
        Claim(
            "Features, nodes of purity .9 and more, stand below 2.2",
            len(pure) > 20 and pure.max() < 2.2,
            f"{len(pure)} nodes" + (f", {pure.min():.2f} to {pure.max():.2f}" if len(pure) else ""),
        ),
        Claim(
            "Nodes above 3 memorise: none has a third of its power in one frequency",
            len(high) > 10 and high.max() < 1 / 3,
            f"{len(high)} nodes, the highest at {height.max():.2f}, purities up to {high.max(initial=0):.2f}",
        ),
        Claim(
            "The highest memorising node stands at least 2.5 times as high as the highest feature",
            len(pure) > 0 and height.max() > 2.5 * pure.max(),
            f"{height.max():.2f} against {pure.max(initial=0):.2f}",
        ),
    ]
