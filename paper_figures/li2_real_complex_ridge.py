"""Modular addition with real weights, complex weights, and a readout that is solved for at every step.

Caption: Accuracy on Z_M, 80 % of the pairs trained on, K = 256 square nodes, Adam with rate .005 and decay 5e-5: test
(solid) and training (dashed), means over runs from the same splits, bands their range. Blue: real weights. Orange:
both layers complex, the squared loss that of the complex outputs, the class that of the greatest real part. Green: real
weights below a readout that is the ridge solution of the training pairs at every step, with the ridge of the decay.
Last panel: steps until the test accuracy passes .95, every run a point, geometric means joined. A solved readout is
slow for the small group and the fastest for larger ones; complex weights gain a little.

Reduced against the paper: Z_127 is left out, and three runs stand for five.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np

from paper_figures.figure import Claim
from paper_figures.verdicts import ratio_interval

PAPER = "Tian 2025"
FIGURES = ("10", "11", "12", "13")
STATES = {}
WING = "li2"
KINDS = {"real": "real", "complex": "complex", "ridge": "readout solved"}


@dataclass(frozen=True)
class Parameters:
    orders: tuple[int, ...] = (23, 41, 89)  # M of Z_M
    last: tuple[int, ...] = (400, 100, 40)  # steps, of each M
    share: float = 0.8  # of all pairs
    width: int = 256
    rate: float = 0.005
    decay: float = 5e-5
    looks: int = 14
    runs: int = 3
    key: int = 0


SIZES = {"full": {"orders": (23, 41, 89, 127), "last": (500, 300, 150, 100), "runs": 5, "looks": 60}}


def steps(parameters):
    return {
        f"{kind} Z_{order}": lambda kind=kind, order=order, last=last: _train(parameters, kind, order, last)
        for order, last in zip(parameters.orders, parameters.last, strict=True)
        for kind in KINDS
    }


def _start(key, *, parameters, kind, order):
    from paper_figures.table_networks import uniform

    shapes = {"hidden": (2 * order, parameters.width), "readout": (parameters.width, order)}
    layers = uniform(key, **shapes)
    if kind == "ridge":
        return {"hidden": layers["hidden"]}
    if kind == "complex":
        other = uniform(key + 10**6, **shapes)
        layers |= {"imaginary": other["hidden"], "imaginary readout": other["readout"]}
    return layers


def _train(parameters, kind, order, last):
    from grok_theory import li2
    from grok_theory.observables import crossing_time
    from paper_figures.table_networks import Network, squares, train_runs

    looks = np.unique(np.rint(np.geomspace(1, last, parameters.looks)).astype(int))
    # The mean loss has its decay beside it as decay/2 times the squared weights.
    network = Network(squares, ridge=parameters.decay / 2 if kind == "ridge" else None)
    start, table = partial(_start, parameters=parameters, kind=kind, order=order), li2.groups.cyclic(order).table
    how = {"runs": parameters.runs, "key": parameters.key, "rate": parameters.rate, "decay": parameters.decay}
    curves, _ = train_runs(network, start, table, parameters.share, looks, **how)
    return {"step": looks, "time": crossing_time(looks, curves["test_accuracy"], 0.95, rising=True).time, **curves}


def draw(parameters, data):
    import matplotlib.pyplot as plt

    from paper_figures.table_networks import draw_accuracies

    count = len(parameters.orders)
    figure, axes = plt.subplots(1, count + 1, figsize=(1.75 * (count + 1), 2.5), layout="constrained")
    for ax, order, letter in zip(axes, parameters.orders, "abcd", strict=False):
        for i, (kind, words) in enumerate(KINDS.items()):
            d = data[f"{kind} Z_{order}"]
            draw_accuracies(ax, d["step"], d, f"C{i}", words)
        ax.set(xscale="log", xlabel="step", ylim=(-0.03, 1.03), title=f"{letter}  $Z_{{{order}}}$")
    axes[0].set(ylabel="accuracy")
    axes[-1].legend(*axes[0].get_legend_handles_labels(), loc="upper right", fontsize=6)
    for i, kind in enumerate(KINDS):
        times = np.array([data[f"{kind} Z_{order}"]["time"] for order in parameters.orders])
        axes[-1].plot(np.repeat(parameters.orders, parameters.runs), times.ravel(), "os^"[i], color=f"C{i}", ms=3)
        axes[-1].plot(parameters.orders, np.exp(np.log(times).mean(axis=1)), color=f"C{i}")
    axes[-1].set(xscale="log", yscale="log", xlabel="group order $M$", ylabel="steps to generalise")
    axes[-1].set_xticks(parameters.orders, [f"{m}" for m in parameters.orders])
    axes[-1].set_yticks([20, 50, 100, 200], ["20", "50", "100", "200"])
    axes[-1].minorticks_off()
    axes[-1].set(title=f"{'abcde'[count]}  Time")
    return figure


def _factor(data, kind, order):
    """(time of the kind over that of real weights, ends of its 95 % interval): run by run, for splits are shared."""
    return ratio_interval(data[f"{kind} Z_{order}"]["time"] / data[f"real Z_{order}"]["time"])


def claims(parameters, data):
    small, large = parameters.orders[0], parameters.orders[1:]
    ridge = {order: _factor(data, "ridge", order) for order in parameters.orders}
    pure = {order: _factor(data, "complex", order) for order in parameters.orders}
    said = lambda found: "; ".join(f"Z_{m}: {f:.2f} ({a:.2f} to {b:.2f})" for m, (f, a, b) in found.items())  # noqa: E731
    least = min(d["test_accuracy"][:, -1].min() for d in data.values())
    return [
        Claim("All three generalise on every group", least > 0.99, f"least test accuracy at the end {least:.3f}"),
        Claim(
            f"Solving for the readout is slower on Z_{small} and faster on the larger groups (95 %)",
            ridge[small][1] > 1 and all(ridge[order][2] < 1 for order in large),
            f"time over that of real weights: {said(ridge)}",
        ),
        Claim(
            "Complex weights generalise sooner on the larger groups (95 %)",
            all(pure[order][2] < 1 for order in large),
            f"time over that of real weights: {said(pure)}",
        ),
    ]
