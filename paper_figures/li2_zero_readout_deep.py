"""A zero readout in a network of three layers: many times fewer steps.

Caption: Three layers of ReLU with a residual path, h1 = relu(W1 x), h2 = h1 + relu(W2 h1), on modular addition with
Adam (rate .005, decay 1e-4): test (solid) and training accuracy (dashed) from torch's start (blue) and from the same
layers under a readout of zeros (orange), means over runs from the same splits, bands their range, one panel a share of
the pairs. Last panel: steps until the test accuracy passes .95; runs that do not get there stand at the top.

Reduced against the paper: K = 128 nodes for 2048, and a group small enough to train in seconds.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np

from paper_figures.figure import Claim

PAPER = "Tian 2025"
FIGURES = ("17",)
STATES = {}
WING = "li2"
STARTS = {"usual": "usual start", "zero": "zero readout"}


@dataclass(frozen=True)
class Parameters:
    order: int = 41  # M of Z_M
    shares: tuple[float, ...] = (0.8, 0.85, 0.9)  # of all pairs
    width: int = 128
    rate: float = 0.005
    decay: float = 1e-4
    last: int = 800  # steps
    looks: int = 32
    runs: int = 2
    key: int = 0


SIZES = {"full": {"order": 71, "shares": (0.4, 0.5, 0.6, 0.8), "width": 2048, "last": 2000, "runs": 3}}


def steps(parameters):
    return {
        f"{start} {share:g}": lambda start=start, share=share: _train(parameters, start, share)
        for share in parameters.shares
        for start in STARTS
    }


def _train(parameters, name, share):
    from grok_theory import li2
    from grok_theory.observables import crossing_time
    from paper_figures.table_networks import of_depth, train_runs, uniform, zero_readout

    order, wide = parameters.order, parameters.width
    looks = np.unique(np.rint(np.geomspace(1, parameters.last, parameters.looks)).astype(int))
    layers = {"usual": uniform, "zero": zero_readout}[name]
    start = partial(layers, hidden=(2 * order, wide), upper0=(wide, wide), readout=(wide, order))
    how = {"runs": parameters.runs, "key": parameters.key, "rate": parameters.rate, "decay": parameters.decay}
    table = li2.groups.cyclic(order).table
    curves, _ = train_runs(of_depth(3, residual=True), start, table, share, looks, **how)
    return {"step": looks, "time": crossing_time(looks, curves["test_accuracy"], 0.95, rising=True).time, **curves}


def draw(parameters, data):
    import matplotlib.pyplot as plt

    from paper_figures.table_networks import draw_accuracies

    count = len(parameters.shares)
    figure, axes = plt.subplots(1, count + 1, figsize=(1.75 * (count + 1), 2.5), layout="constrained")
    for ax, share, letter in zip(axes, parameters.shares, "abcd", strict=False):
        for i, (start, words) in enumerate(STARTS.items()):
            d = data[f"{start} {share:g}"]
            draw_accuracies(ax, d["step"], d, f"C{i}", words)
        ax.set(xscale="log", xlabel="step", ylim=(-0.03, 1.03), title=f"{letter}  {100 * share:.0f} % of pairs")
    axes[0].set(ylabel="accuracy")
    axes[0].legend(loc="upper left", fontsize=6)
    for i, start in enumerate(STARTS):
        times = np.array([data[f"{start} {share:g}"]["time"] for share in parameters.shares])
        there = np.isfinite(times)
        shares = np.array(parameters.shares) + 0.004 * (2 * i - 1)
        axes[-1].plot(np.repeat(shares, parameters.runs)[there.ravel()], times[there], "os"[i], color=f"C{i}", ms=3.5)
        middle = np.exp(np.mean(np.log(np.where(there, times, np.nan)), axis=1))
        axes[-1].plot(shares, middle, color=f"C{i}")
        for share, missing in zip(shares, np.sum(~there, axis=1), strict=True):
            if missing:
                axes[-1].plot(share, 1.2 * parameters.last, "os"[i], color=f"C{i}", fillstyle="none", ms=3.5)
    axes[-1].set(yscale="log", xlabel="share of pairs", ylabel="steps to generalise", xticks=parameters.shares)
    axes[-1].set_yticks([100, 200, 500, 1000], ["100", "200", "500", "1000"])
    axes[-1].tick_params(axis="y", which="minor", labelleft=False)
    axes[-1].set(title=f"{'abcde'[count]}  Time")
    return figure


def claims(parameters, data):
    rows = []
    for share in parameters.shares:
        usual, zero = (data[f"{start} {share:g}"]["time"] for start in STARTS)
        # A run that has not generalised at the end gets a lower bound of its time.
        rows.append(np.where(np.isnan(usual), parameters.last, usual) / zero)
    rows = np.array(rows)
    shown = "; ".join(
        f"{100 * share:.0f} %: " + ", ".join(f"{r:.1f}" for r in row)
        for share, row in zip(parameters.shares, rows, strict=True)
    )
    middle = np.exp(np.log(rows).mean(axis=1))
    least = min(data[f"zero {share:g}"]["test_accuracy"][:, -1].min() for share in parameters.shares)
    return [
        Claim("From a zero readout every run generalises", least > 0.95, f"least test accuracy {least:.3f}"),
        Claim(
            "From a zero readout every run generalises at least 1.5 times sooner",
            bool(np.all(rows > 1.5)),
            f"times fewer steps, by run: {shown}",
        ),
        Claim(
            "Most where data are scarce: the gain is largest at the least share",
            middle[0] == middle.max(),
            ", ".join(f"{100 * s:.0f} %: {m:.1f}" for s, m in zip(parameters.shares, middle, strict=True)),
        ),
    ]
