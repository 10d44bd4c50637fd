"""Learning rate and samples: which runs generalise, and which memorise.

Caption: Share of runs on Z_M that generalise (test accuracy above .9 at the end; full) and that memorise (training
accuracy above .99, test below .1; open, dashed) against the number of training pairs, for several learning rates of
Adam, all trained for the same time, rate times steps; bars: 95 % binomial intervals of the former. Dotted: the 2.7482 M
ln(M) pairs of the paper's code. Near the threshold a small rate generalises where a large one memorises.

Reduced against the paper: Z_23 and Z_31 for Z_23, Z_71 and Z_127, K = 128 for 1024, 3 runs for 15.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np

from paper_figures.figure import Claim

PAPER = "Tian 2025"
FIGURES = ("6",)
STATES = {}
WING = "li2"
CONSTANT = 2.7482  # of the paper's code


@dataclass(frozen=True)
class Parameters:
    orders: tuple[int, ...] = (23, 31)  # M of Z_M
    shares: tuple[float, ...] = (0.27, 0.34, 0.42, 0.6)  # of all pairs
    rates: tuple[float, ...] = (0.002, 0.005, 0.02)
    width: int = 128
    decay: float = 1e-3
    time: float = 4.0  # rate times steps
    runs: int = 3
    key: int = 0


SIZES = {
    "full": {
        "orders": (23, 71, 127),
        "shares": (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5),
        "rates": (0.001, 0.002, 0.005),
        "width": 1024,
        "decay": 2e-4,
        "time": 8.0,
        "runs": 15,
    }
}


def steps(parameters):
    return {
        f"Z_{order} rate {rate:g}": lambda order=order, rate=rate: _train(parameters, order, rate)
        for order in parameters.orders
        for rate in parameters.rates
    }


def _train(parameters, order, rate):
    from grok_theory import li2
    from paper_figures.table_networks import Network, final_accuracies, squares, uniform

    table, wide, last = li2.groups.cyclic(order).table, parameters.width, round(parameters.time / rate)
    start = partial(uniform, hidden=(2 * order, wide), readout=(wide, order))
    how = {"runs": parameters.runs, "key": parameters.key, "rate": rate, "decay": parameters.decay}
    pairs = np.array([round(share * order**2) for share in parameters.shares])
    return {"pairs": pairs, **final_accuracies(Network(squares), start, table, parameters.shares, last, **how)}


def _kinds(d):
    """(generalising, memorising) runs, (shares, runs) of booleans."""
    return d["test"] > 0.9, (d["train"] > 0.99) & (d["test"] < 0.1)


def draw(parameters, data):
    import matplotlib.pyplot as plt
    from scipy.stats import binomtest

    count = len(parameters.orders)
    figure, axes = plt.subplots(1, count, figsize=(3.5 * count, 2.8), sharey=True, layout="constrained", squeeze=False)
    for ax, order, letter in zip(axes[0], parameters.orders, "abc", strict=False):
        for i, rate in enumerate(parameters.rates):
            d = data[f"Z_{order} rate {rate:g}"]
            for kind, line, face in zip(_kinds(d), ("-", "--"), (f"C{i}", "white"), strict=True):
                counts = kind.sum(axis=1)
                ends = [binomtest(int(c), parameters.runs).proportion_ci(0.95, "exact") for c in counts]
                share = counts / parameters.runs
                at, label = d["pairs"] * (1 + 0.015 * (i - 1)), f"{rate:g}" if line == "-" else None
                ax.plot(at, share, "os^Dv"[i] + line, color=f"C{i}", markerfacecolor=face, markersize=3.5, label=label)
                if line == "-":
                    ax.vlines(at, [e.low for e in ends], [e.high for e in ends], color=f"C{i}", lw=0.6, alpha=0.6)
        ax.axvline(CONSTANT * order * np.log(order), color="0.5", linestyle=":", linewidth=0.9)
        ax.set(xlabel="training pairs", ylim=(-0.05, 1.05), title=f"{letter}  $Z_{{{order}}}$")
    axes[0][0].set_ylabel("share of runs")
    axes[0][-1].legend(title="learning rate", fontsize=6)
    return figure


def claims(parameters, data):
    from scipy.stats import fisher_exact

    slow, fast = parameters.rates[0], parameters.rates[-1]
    ends, pooled = [], np.zeros((2, 2), int)
    for order in parameters.orders:
        for rate in parameters.rates:
            good = _kinds(data[f"Z_{order} rate {rate:g}"])[0].mean(axis=1)
            ends.append((order, rate, good[0], good[-1]))
        good = np.array([_kinds(data[f"Z_{order} rate {rate:g}"])[0] for rate in parameters.rates])
        # Near the threshold: where, over all rates together, some runs generalise and some do not.
        near = ~good.all(axis=(0, 2)) & good.any(axis=(0, 2))
        pooled += [[good[i, near].sum(), np.sum(~good[i, near])] for i in (0, -1)]
    chance = fisher_exact(pooled, alternative="greater").pvalue
    return [
        Claim(
            "No run generalises at the least share, and every one does at the most, at every rate",
            all(low == 0 and high == 1 for *_, low, high in ends),
            ", ".join(f"Z_{m} at {r:g}: {low:.2f} to {high:.2f}" for m, r, low, high in ends),
        ),
        Claim(
            f"Near the threshold more runs generalise at the rate {slow:g} than at {fast:g} (Fisher's exact test, 1 %)",
            chance < 0.01,
            f"{pooled[0, 0]} and {pooled[1, 0]} of {pooled[0].sum()}, p = {chance:.2g}",
        ),
    ]
