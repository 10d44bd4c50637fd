"""The three stages in real training: features form at once, and weight decay does the rest.

Caption: Modular addition, full batch, Adam, with weight decay (blue) and without (orange); lines are means over runs,
bands their range. a, b: accuracy and loss, training dashed and test solid: fitted at once, generalised only with decay.
c: size of the gradient G_F that the hidden nodes see: a peak while features form, then a plateau that weight decay
keeps alive. d: how far one step turns each layer, 1 - cosine: first the read-out (solid), from the peak of G_F on both
alike (hidden layer dashed). e: mean off-diagonal over mean diagonal of the two Gram matrices of the centred nodes,
over nodes (solid) and over samples (dotted): small at the start, where Lemma 1 needs it. f: stage I by gradient descent
instead of Adam, train loss and G_F over their starts: theory with a resting hidden layer (lines), the same layer held
in a real run (points), and a run that trains both layers (thin): it follows stage I, then leaves.

Reduced against the paper: Z_31 and K = 256 stand for Z_71 and K = 2048, decay is stronger, 3 runs stand for 15.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np

from paper_figures.figure import Claim
from paper_figures.verdicts import judged, verdict_claim

PAPER = "Tian 2025"
FIGURES = ("3",)
STATES = {}
WING = "li2"


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
    descent: int = 2000  # steps of descent in stage I
    key: int = 0


SIZES = {
    "full": {"order": 71, "share": 0.4, "width": 2048, "decay": 2e-4, "last": 4000, "runs": 15},
}


def steps(parameters):
    trained = {name: lambda d=d: _train(parameters, d) for name, d in (("decay", parameters.decay), ("none", 0.0))}
    return {**trained, "stage": lambda: _stage(parameters)}


def _watch(layers, later, nodes, residual, samples):
    """Size of G_F, how far one step turns each layer, and how much nodes and samples overlap."""
    import jax.numpy as jnp

    def turned(name):
        old, new = layers[name].ravel(), later[name].ravel()
        # The chord between unit vectors: a difference of cosines would lose every digit in float32.
        return 0.5 * jnp.sum((old / jnp.linalg.norm(old) - new / jnp.linalg.norm(new)) ** 2)

    def overlap(gram):
        size, diagonal = jnp.sum(jnp.abs(gram)), jnp.trace(gram)
        return (size - diagonal) / (len(gram) - 1) / diagonal

    centred = nodes - nodes.mean(axis=0, keepdims=True)
    return {
        "gradient_norm": jnp.linalg.norm(residual @ layers["readout"].T),
        "readout_turn": turned("readout"),
        "hidden_turn": turned("hidden"),
        "node_overlap": overlap(centred.T @ centred),
        "sample_overlap": overlap(centred @ centred.T),
    }


def _train(parameters, decay):
    from grok_theory import li2
    from paper_figures.table_networks import Network, squares, train_runs, uniform

    order, wide = parameters.order, parameters.width
    looks = np.unique(np.concatenate([[0], np.rint(np.geomspace(1, parameters.last, parameters.looks))]).astype(int))
    start = partial(uniform, hidden=(2 * order, wide), readout=(wide, order))
    how = {"runs": parameters.runs, "key": parameters.key, "rate": parameters.rate, "decay": decay, "watch": _watch}
    table = li2.groups.cyclic(order).table
    return {"step": looks, **train_runs(Network(squares), start, table, parameters.share, looks, **how)[0]}


def _stage(parameters):
    """Stage I of the theory, a run that holds the hidden layer and one that trains it, by descent from one start."""
    import jax

    from grok_theory import GradientDescent, Relative, li2

    task = li2.GroupTask(
        li2.groups.cyclic(parameters.order),
        train_fraction=parameters.share,
        weight_decay=parameters.decay,
        centering="classes",
    )
    start = {"width": parameters.width, "key": jax.random.key(parameters.key)}
    # A fortieth of the largest stable rate, for what the hidden layer learns makes the loss steeper.
    rate = 0.05 * task.samples / li2.solve(task, [0.0], **start).stats["largest_rate"]
    looks = np.unique(np.rint(np.geomspace(1, parameters.descent, 24)).astype(int))
    looks = np.concatenate([[0], looks])
    theory = li2.solve(task, looks, dynamics=GradientDescent(rate), **start)
    result = {"step": looks}
    for name, both in (("held", False), ("both", True)):
        runs = li2.simulate(task, looks, dynamics=GradientDescent(rate), runs=1, train_hidden=both, **start)
        result |= {f"{name} {curve}": runs[curve][0] for curve in ("train_loss", "gradient_norm")}
        if not both:
            margin = {"train_loss": Relative(0.01), "gradient_norm": Relative(0.02)}
            result |= judged(theory, runs, margin=margin)
    return result | {f"theory {curve}": theory[curve] for curve in ("train_loss", "gradient_norm")}


def draw(parameters, data):
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(2, 3, figsize=(7.2, 4.6), layout="constrained")
    (accuracy, loss, gradient), (turn, overlap, stage) = axes
    for color, name, words in (("C0", "decay", f"decay {parameters.decay:g}"), ("C1", "none", "no decay")):
        d = data[name]
        for ax, quantity in ((accuracy, "accuracy"), (loss, "loss")):
            _line(ax, d, f"test_{quantity}", color, label=words)
            _line(ax, d, f"train_{quantity}", color, linestyle="--")
        _line(gradient, d, "gradient_norm", color)
        _line(turn, d, "readout_turn", color)
        _line(turn, d, "hidden_turn", color, linestyle="--")
        _line(overlap, d, "node_overlap", color)
        _line(overlap, d, "sample_overlap", color, linestyle=":")
    accuracy.set(ylabel="accuracy", ylim=(-0.03, 1.03), title="a  Accuracy")
    accuracy.legend(loc="center right", fontsize=6)
    loss.set(yscale="log", ylabel="loss", title="b  Loss")
    gradient.set(ylabel=r"$\|G_F\|$", yscale="log", title="c  Gradient of the nodes")
    turn.set(ylabel="1 - cosine of a step", yscale="log", title="d  Read-out, hidden (dashed)")
    overlap.set(ylabel="off-diagonal / diagonal", title="e  Nodes, samples (dotted)")
    for ax in (accuracy, loss, gradient, turn, overlap):
        ax.set(xscale="log", xlabel="step", xlim=(1, parameters.last))
    d = data["stage"]
    for color, curve, words in (("C2", "train_loss", "train loss"), ("C3", "gradient_norm", r"$\|G_F\|$")):
        unit = d[f"theory {curve}"][0]
        stage.plot(d["step"][1:], d[f"theory {curve}"][1:] / unit, color=color, label=f"{words}, stage I")
        stage.plot(d["step"][1:], d[f"held {curve}"][1:] / unit, "o", color=color, markersize=2.5)
        stage.plot(d["step"][1:], d[f"both {curve}"][1:] / unit, color=color, linewidth=0.6)
    stage.set(xscale="log", yscale="log", xlabel="step of descent", ylabel="over its start", title="f  Stage I")
    stage.legend(fontsize=6)
    return figure


def _line(ax, d, name, color, **style):
    values = d[name]
    ax.plot(d["step"][1:], values.mean(axis=0)[1:], color=color, **style)
    if len(values) > 1:
        low, high = values.min(axis=0)[1:], values.max(axis=0)[1:]
        ax.fill_between(d["step"][1:], low, high, color=color, alpha=0.15, linewidth=0)


def claims(parameters, data):
    with_decay, without, stage = data["decay"], data["none"], data["stage"]
    late = with_decay["step"] > 0.2 * parameters.last
    kept = with_decay["gradient_norm"][:, late].mean(axis=1) / without["gradient_norm"][:, late].mean(axis=1)
    test = with_decay["test_accuracy"][:, -1], without["test_accuracy"][:, -1]
    peak = with_decay["step"][with_decay["gradient_norm"].argmax(axis=1)]
    # How much more the read-out turns in a step than the hidden layer: in the first five steps, and at the peak.
    more = with_decay["readout_turn"] / with_decay["hidden_turn"]
    first = more[:, with_decay["step"] < 5].min()
    then = max(np.interp(at, with_decay["step"], run) for at, run in zip(peak, more, strict=True))
    gram = {name: with_decay[f"{name}_overlap"][:, 0].max() for name in ("node", "sample")}
    left = np.abs(stage["both train_loss"] / stage["theory train_loss"] - 1)
    out = int(np.argmax(left > 0.05))
    return [
        Claim(
            "Weight decay raises the test accuracy at the end",
            test[0].mean() > test[1].mean() + 0.1,
            f"{test[0].mean():.2f} and {test[1].mean():.2f}",
        ),
        Claim(
            "Late in training weight decay keeps G_F at twice its size without, in every run",
            kept.min() > 2,
            f"least {kept.min():.3g} times",
        ),
        Claim("G_F peaks early", np.max(peak) < 0.2 * parameters.last, f"at steps {peak.astype(int).tolist()}"),
        Claim(
            "The read-out turns first: over 1.5 times as far as the hidden layer in each of five steps, then no more",
            first > 1.5 and then < 1.2,
            f"{first:.1f} times or more in the first five steps, {then:.2f} times at the peak of G_F",
        ),
        Claim(
            "At the start the off-diagonals of both Gram matrices are within 8 % of the diagonal",
            max(gram.values()) < 0.08,
            f"nodes {gram['node']:.3f}, samples {gram['sample']:.3f}",
        ),
        verdict_claim("Stage I, hidden layer held: the train loss is the theory's", stage, "train_loss"),
        verdict_claim("Stage I, hidden layer held: so is the size of G_F", stage, "gradient_norm"),
        Claim(
            "With both layers trained by descent, the first ten steps are stage I within 5 %, and the end is not",
            stage["step"][out] > 10 and left[-1] > 0.5,
            f"train loss leaves it by 5 % at step {stage['step'][out]:.0f}, at the end by {left[-1]:.0%}",
        ),
    ]
