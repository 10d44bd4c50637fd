"""Grokking without weight decay: softmax collapses, and two remedies.

Caption: Modular addition trained by cross-entropy in float32 without weight decay; means over runs, bands their range.
Left: test accuracy with softmax (blue), with StableMax (orange), with softmax and gradients freed of their part along
the weights (green), and with softmax and weight decay (pink, dashed). Training accuracy is 1 early in all. Right:
share of training samples whose rounded probability is exactly 1, so that they teach nothing any more.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim

PAPER = "Prieto, Barsbey, Mediano & Birdal 2025"
WING = "li2"
WORDS = {"softmax": "softmax", "stablemax": "StableMax", "orthogonal": "orthogonal gradient", "decay": "weight decay"}


@dataclass(frozen=True)
class Parameters:
    order: int = 23  # M of Z_M
    share: float = 0.6  # of all pairs
    width: int = 128
    rate: float = 0.01  # of Adam
    decay: float = 2e-4  # coupled, of the last curve
    last: int = 2000  # steps
    looks: int = 30
    runs: int = 3
    key: int = 0


SIZES = {
    "quick": {"order": 17, "share": 0.7, "width": 64, "last": 600, "looks": 12, "runs": 1},
    "full": {"order": 71, "share": 0.4, "width": 512, "last": 10000, "looks": 60, "runs": 6},
}


def steps(parameters):
    return {name: lambda name=name: _train(parameters, name) for name in WORDS}


def _train(parameters, name):
    import jax

    from grok_theory import li2

    decay = parameters.decay if name == "decay" else 0.0
    task = li2.GroupTask(
        li2.cyclic(parameters.order), train_fraction=parameters.share, weight_decay=decay, centering="classes"
    )
    optimizer = li2.Adam(parameters.rate)
    marks = np.unique(np.rint(np.geomspace(2, parameters.last, parameters.looks)).astype(int))
    found = li2.simulate(
        task,
        np.concatenate([[0], marks]),
        width=parameters.width,
        runs=parameters.runs,
        key=jax.random.key(parameters.key),
        optimizer=li2.OrthogonalGradient(optimizer) if name == "orthogonal" else optimizer,
        loss=li2.StableMaxCrossEntropy() if name == "stablemax" else li2.CrossEntropy(),
    )
    names = ("train_accuracy", "test_accuracy", "softmax_collapse", "feature_purity")
    return {"step": found.x, **{n: found[n] for n in names}}


def draw(parameters, data):
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(7.0, 2.6), layout="constrained")
    for i, (name, words) in enumerate(WORDS.items()):
        d = data[name]
        for ax, curve in ((left, "test_accuracy"), (right, "softmax_collapse")):
            style = "--" if name == "decay" else "-"
            ax.plot(d["step"][1:], d[curve].mean(axis=0)[1:], style, color=f"C{i}", label=words)
            low, high = d[curve].min(axis=0)[1:], d[curve].max(axis=0)[1:]
            ax.fill_between(d["step"][1:], low, high, color=f"C{i}", alpha=0.15, linewidth=0)
    left.set(xlabel="step", ylabel="test accuracy", xscale="log", ylim=(-0.03, 1.03), title="a  Generalisation")
    right.set(xlabel="step", ylabel="share of samples", xscale="log", ylim=(-0.03, 1.03), title="b  Softmax collapse")
    left.legend()
    return figure


def claims(parameters, data):
    test = {name: data[name]["test_accuracy"][:, -1].mean() for name in WORDS}
    collapse = {name: data[name]["softmax_collapse"][:, -1].mean() for name in WORDS}
    shown = ", ".join(f"{WORDS[n]} {v:.2f}" for n, v in test.items())
    gone = ", ".join(f"{WORDS[n]} {v:.2f}" for n, v in collapse.items())
    fitted = min(d["train_accuracy"][:, -1].min() for d in data.values())
    return [
        Claim("Every network fits its training pairs", fitted > 0.98, f"least training accuracy {fitted:.3f}"),
        Claim("Softmax without decay collapses; the others do not", collapse["softmax"] > 0.3 > max(
            collapse["stablemax"], collapse["decay"]), gone),
        Claim("Both remedies generalise better", min(test["stablemax"], test["orthogonal"]) > test["softmax"] + 0.1,
              shown),
    ]  # fmt: skip
