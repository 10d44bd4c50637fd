"""The three stages in real training: features form at once, and weight decay does the rest.

Caption: Modular addition, full batch, Adam, with weight decay (blue) and without (orange); lines are means over runs,
bands their range. Accuracies: training (dashed) is fitted at once, test accuracy follows only with decay. Size of the
gradient G_F that the hidden nodes see: a peak while features form, then a plateau that weight decay keeps alive.
Distance of both layers from their start, as a share of its largest value: under Adam they move together, and no stage
with a resting hidden layer comes first. Alignment of G_F with the direction of the
energy (solid): high while the read-out is young, lost when the network fits. Overlap of the nodes (dotted).
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim

PAPER = "Tian 2025"
FIGURES = ("3",)
STATES = {"3": "P: no step-to-step change, one Gram matrix, no losses"}
WING = "li2"
COMPUTES_LONG = True


@dataclass(frozen=True)
class Parameters:
    order: int = 31  # M of Z_M
    share: float = 0.45  # of all pairs
    width: int = 256
    decay: float = 1e-3  # of the runs that generalise
    rate: float = 0.005  # of Adam
    last: int = 2000  # steps
    looks: int = 32
    runs: int = 3
    key: int = 0


SIZES = {
    "quick": {"order": 23, "share": 0.45, "width": 96, "last": 1200, "looks": 14, "runs": 1},
    "full": {"order": 71, "share": 0.4, "width": 2048, "decay": 2e-4, "last": 4000, "runs": 5},
}
CURVES = (
    "train_accuracy",
    "test_accuracy",
    "gradient_norm",
    "hidden_change",
    "readout_change",
    "alignment",
    "off_diagonal",
)


def steps(parameters):
    return {"decay": lambda: _train(parameters, parameters.decay), "none": lambda: _train(parameters, 0.0)}


def _train(parameters, decay):
    import jax

    from grok_theory import Adam, li2

    task = li2.GroupTask(
        li2.groups.cyclic(parameters.order), train_fraction=parameters.share, weight_decay=decay, centering="classes"
    )
    marks = np.unique(np.rint(np.geomspace(1, parameters.last, parameters.looks)).astype(int))
    found = li2.simulate(
        task,
        np.concatenate([[0], marks]),
        width=parameters.width,
        runs=parameters.runs,
        key=jax.random.key(parameters.key),
        dynamics=Adam(parameters.rate),
    )
    return {"step": found.x, **{name: found[name] for name in CURVES}}


def draw(parameters, data):
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(2, 2, figsize=(7.0, 4.6), sharex=True)
    (accuracy, gradient), (movement, direction) = axes
    for color, name, words in (("C0", "decay", f"decay {parameters.decay:g}"), ("C1", "none", "no decay")):
        d = data[name]
        _line(accuracy, d, "test_accuracy", color, label=f"test, {words}")
        _line(accuracy, d, "train_accuracy", color, linestyle="--")
        _line(gradient, d, "gradient_norm", color, label=words)
        for layer, style in (("readout", "-"), ("hidden", "--")):
            change = d[f"{layer}_change"] / d[f"{layer}_change"].max(axis=1, keepdims=True)
            _line(movement, {"step": d["step"], "change": change}, "change", color, linestyle=style)
        _line(direction, d, "alignment", color)
        _line(direction, d, "off_diagonal", color, linestyle=":")
    accuracy.set(ylabel="accuracy", ylim=(-0.03, 1.03), title="a  Training (dashed) and test (solid)")
    accuracy.legend(loc="center right")
    gradient.set(ylabel=r"$\|G_F\|$", yscale="log", title="b  Gradient of the hidden layer")
    gradient.legend()
    movement.set(xlabel="step", ylabel="change / largest change", title="c  Read-out (solid), hidden (dashed)")
    direction.set(xlabel="step", ylabel="cosine, overlap", title="d  Alignment (solid), overlap (dotted)")
    for ax in axes.flat:
        ax.set(xscale="log", xlim=(1, parameters.last))
    return figure


def _line(ax, d, name, color, **style):
    values = d[name]
    ax.plot(d["step"][1:], values.mean(axis=0)[1:], color=color, **style)
    if len(values) > 1:
        low, high = values.min(axis=0)[1:], values.max(axis=0)[1:]
        ax.fill_between(d["step"][1:], low, high, color=color, alpha=0.15, linewidth=0)


def claims(parameters, data):
    with_decay, without = data["decay"], data["none"]
    late = with_decay["step"] > 0.2 * parameters.last
    kept = with_decay["gradient_norm"][:, late].mean() / max(without["gradient_norm"][:, late].mean(), 1e-12)
    half = {
        layer: np.median([d["step"][np.argmax(c >= 0.25 * c.max())] for d in data.values() for c in d[layer]])
        for layer in ("readout_change", "hidden_change")
    }
    test = with_decay["test_accuracy"][:, -1], without["test_accuracy"][:, -1]
    peak = with_decay["step"][with_decay["gradient_norm"].argmax(axis=1)]
    ends = f"{test[0].mean():.2f} and {test[1].mean():.2f}"
    return [
        Claim("Weight decay raises the test accuracy at the end", test[0].mean() > test[1].mean() + 0.1, ends),
        Claim("Late in training weight decay keeps G_F alive", kept > 2, f"{kept:.3g} times the size without"),
        Claim("G_F peaks early", np.max(peak) < 0.2 * parameters.last, f"at steps {peak.astype(int).tolist()}"),
        Claim(
            "No lazy stage under Adam: both layers have moved a quarter of their way at about the same step",
            0.4 < half["readout_change"] / half["hidden_change"] < 2.5,
            f"read-out at step {half['readout_change']:.0f}, hidden layer at step {half['hidden_change']:.0f}",
        ),
    ]
