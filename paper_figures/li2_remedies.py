"""Grokking without weight decay: two remedies, and a monitor that clears softmax.

Caption: Modular addition in float32 without weight decay; means over runs, bands their range. Left, cross-entropy:
softmax, StableMax, softmax with gradients freed of their part along the weights, and softmax with weight decay. Middle,
squared loss: as usual and with such gradients, which generalise at once. Right: training loss of the cross-entropies;
dotted, 2^-24, below which softmax rounds to 1 in float32 and stops teaching. The monitor counts no collapsed sample in
any of these runs: what holds softmax back here is not the end of its precision.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim

PAPER = "Prieto, Barsbey, Mediano & Birdal 2025"
FIGURES = ()
STATES = {}
WING = "li2"
WORDS = {
    "softmax": "softmax",
    "stablemax": "StableMax",
    "softmax orthogonal": "softmax, orthogonal",
    "softmax decay": "softmax, decay",
    "squared": "as usual",
    "squared orthogonal": "orthogonal",
}


@dataclass(frozen=True)
class Parameters:
    order: int = 23  # M of Z_M
    share: float = 0.6  # of all pairs
    width: int = 128
    rate: float = 0.01  # of Adam
    decay: float = 2e-4  # coupled, of the one curve that has it
    last: int = 2000  # steps
    looks: int = 24
    runs: int = 3
    variants: tuple[str, ...] = tuple(WORDS)
    key: int = 0


SIZES = {"full": {"order": 71, "share": 0.4, "width": 512, "last": 10000, "looks": 60, "runs": 6}}


def steps(parameters):
    return {name: lambda name=name: _train(parameters, name) for name in parameters.variants}


def _train(parameters, name):
    import jax

    from grok_theory import Adam, li2

    kind, *extra = name.split()
    decay = parameters.decay if "decay" in extra else 0.0
    task = li2.GroupTask(
        li2.groups.cyclic(parameters.order), train_fraction=parameters.share, weight_decay=decay, centering="classes"
    )
    dynamics = Adam(parameters.rate)
    losses = {
        "softmax": li2.training.CrossEntropy(),
        "stablemax": li2.training.StableMaxCrossEntropy(),
        "squared": li2.training.SquaredLoss(),
    }
    marks = np.unique(np.rint(np.geomspace(2, parameters.last, parameters.looks)).astype(int))
    found = li2.simulate(
        task,
        marks,
        width=parameters.width,
        runs=parameters.runs,
        key=jax.random.key(parameters.key),
        dynamics=li2.training.OrthogonalGradient(dynamics) if "orthogonal" in extra else dynamics,
        loss=losses[kind],
    )
    names = ("train_accuracy", "test_accuracy", "softmax_collapse", "train_loss")
    return {"step": found.x, **{n: found[n] for n in names if n in found.curves}}


def draw(parameters, data):
    import matplotlib.pyplot as plt

    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(7.0, 2.6), layout="constrained")
    for i, name in enumerate(WORDS):
        if name not in data:
            continue
        squared = name.startswith("squared")
        _curve(middle if squared else left, data[name], "test_accuracy", f"C{i}", WORDS[name])
        if not squared:
            _curve(right, data[name], "train_loss", f"C{i}", WORDS[name])
    left.set(xlabel="step", ylabel="test accuracy", ylim=(-0.03, 1.03), title="a  Cross-entropy")
    middle.set(xlabel="step", ylim=(-0.03, 1.03), title="b  Squared loss")
    right.axhline(2.0**-24, color="black", linewidth=0.8, linestyle=":")
    right.set(xlabel="step", ylabel="training loss", yscale="log", title="c  Distance from collapse")
    for ax in (left, middle, right):
        ax.set(xscale="log")
    left.legend(fontsize=6)
    middle.legend(fontsize=6)
    return figure


def _curve(ax, d, curve, color, words):
    ax.plot(d["step"], d[curve].mean(axis=0), color=color, label=words)
    ax.fill_between(d["step"], d[curve].min(axis=0), d[curve].max(axis=0), color=color, alpha=0.15, linewidth=0)


def claims(parameters, data):
    test = {name: d["test_accuracy"][:, -1].mean() for name, d in data.items()}
    shown = ", ".join(f"{name} {value:.2f}" for name, value in test.items())
    collapse = {name: d["softmax_collapse"].max() for name, d in data.items() if "softmax_collapse" in d}
    lowest = min(d["train_loss"].min() for name, d in data.items() if name in collapse)
    found = [
        Claim(
            "Squared loss: the orthogonal gradient generalises without weight decay",
            test["squared orthogonal"] > max(0.9, test["squared"] + 0.1),
            shown,
        ),
        Claim(
            "No sample has collapsed in float32",
            max(collapse.values()) == 0,
            f"largest share {max(collapse.values()):.3f}, lowest training loss {lowest:.1e} against 6e-8",
        ),
    ]
    if "stablemax" in data:
        text = "Cross-entropy: StableMax generalises better than softmax, neither as well as weight decay"
        found.append(Claim(text, test["softmax"] + 0.1 < test["stablemax"] < test["softmax decay"], shown))
    return found
