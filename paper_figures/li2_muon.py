"""Muon against Adam, over the width: less than the toy model promises.

Caption: Modular addition; Adam (blue) and Muon on the hidden layer (orange) after the same number of steps. Left: train
(dashed) and test loss against the number of hidden nodes; medians over runs, bands their range. Middle: irreps that are
represented at the end (their share of the hidden layer's squared norm is at least half of an equal one). Right: nodes
that must be drawn until every one of L modes is seen, in the toy model of Theorem 8, exact: independent nodes (T_0) and
with learned modes suppressed by one half (T_a), against the tail index of the initial sizes. In training Muon finds no
more irreps than Adam at equal width.

The toy model draws nodes one by one and knows no width, loss or time of a network, so that no line of it can be laid on
the runs: only its order, Muon before Adam, is looked for in them, and not found.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim

PAPER = "Tian 2025"
FIGURES = ("8",)
STATES = {}
WING = "li2"


@dataclass(frozen=True)
class Parameters:
    order: int = 31  # M of Z_M
    share: float = 0.6  # of all pairs
    widths: tuple[int, ...] = (16, 32, 64, 128)  # K
    decay: float = 2e-4
    rate: float = 0.02  # of Muon; Adam takes 0.005
    last: int = 600  # steps
    runs: int = 4
    tails: int = 12
    key: int = 0


SIZES = {
    "quick": {"order": 17, "share": 0.8, "widths": (24,), "last": 300, "runs": 2, "tails": 4},
    "full": {"order": 71, "widths": (32, 64, 128, 256, 512), "last": 3000, "runs": 8},
}


def steps(parameters):
    widths = {f"width {k}": lambda k=k: _train(parameters, k) for k in parameters.widths}
    return {**widths, "discovery": lambda: _discovery(parameters)}


def _train(parameters, width):
    import jax

    from grok_theory import Adam, Muon, li2

    task = li2.GroupTask(
        li2.groups.cyclic(parameters.order),
        train_fraction=parameters.share,
        weight_decay=parameters.decay,
        centering="classes",
    )
    result = {}
    for name, dynamics in (("adam", Adam(0.005)), ("muon", Muon(parameters.rate))):
        found = li2.simulate(
            task,
            [parameters.last],
            width=width,
            runs=parameters.runs,
            key=jax.random.key(parameters.key),
            dynamics=dynamics,
        )
        share = found.fields["irrep_share"].values[:, -1]
        result |= {f"{name} {which}": found[f"{which}_loss"][:, -1] for which in ("train", "test")}
        result[f"{name} irreps"] = np.sum(share > 0.5 / share.shape[1], axis=1)
    return result


def _discovery(parameters):
    from grok_theory import li2

    tails = np.linspace(0.5, 4.0, parameters.tails)
    strengths = np.linspace(0.3, 1.0, (parameters.order - 1) // 2)
    found = [li2.feature_discovery_times(strengths, t) for t in tails]
    return {"tail": tails, "sgd": np.array([f.sgd for f in found]), "muon": np.array([f.muon for f in found])}


def draw(parameters, data):
    import matplotlib.pyplot as plt

    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(7.0, 2.5), layout="constrained")
    widths = np.array(parameters.widths)
    for i, (name, words) in enumerate((("adam", "Adam"), ("muon", "Muon"))):
        for which, style in (("train", "--"), ("test", "-")):
            values = np.array([data[f"width {k}"][f"{name} {which}"] for k in widths])
            left.plot(widths, np.median(values, axis=1), "os"[i] + style, color=f"C{i}", label=f"{words}, {which}")
            left.fill_between(widths, values.min(axis=1), values.max(axis=1), color=f"C{i}", alpha=0.12, linewidth=0)
        irreps = np.array([data[f"width {k}"][f"{name} irreps"] for k in widths])
        middle.plot(widths, irreps.mean(axis=1), "os"[i] + "-", color=f"C{i}", label=words)
        middle.fill_between(widths, irreps.min(axis=1), irreps.max(axis=1), color=f"C{i}", alpha=0.12, linewidth=0)
    total = (parameters.order - 1) // 2
    for ax in (left, middle):
        ax.set_xscale("log")
        ax.set_xticks(widths, [f"{k}" for k in widths])
        ax.minorticks_off()
    middle.axhline(total, color="0.6", linewidth=0.7, linestyle="--")
    left.set(xlabel="hidden nodes $K$", ylabel="loss", yscale="log", title="a  Loss")
    left.legend(fontsize=6)
    middle.set(xlabel="hidden nodes $K$", ylabel="irreps", ylim=(0, total + 1), title="b  Irreps found")
    d = data["discovery"]
    right.plot(d["tail"], d["sgd"], color="C0", label="$T_0$")
    right.plot(d["tail"], d["muon"], color="C1", label="$T_a$, halved")
    right.set(xlabel="tail index", ylabel="nodes to see all", yscale="log", title="c  Theorem 8, exact")
    right.legend()
    return figure


def claims(parameters, data):
    rows = [
        (k, *(np.median(data[f"width {k}"][f"{n} {w}"]) for w in ("train", "test") for n in ("adam", "muon")))
        for k in parameters.widths
    ]
    shown = "; ".join(f"K = {k}: train {a:.3g}, {m:.3g}, test {b:.3g}, {n:.3g}" for k, a, m, b, n in rows)
    d = data["discovery"]
    more = np.mean(
        [data[f"width {k}"]["muon irreps"].mean() - data[f"width {k}"]["adam irreps"].mean() for k, *_ in rows]
    )
    return [
        Claim(
            "Muon finds as many irreps as Adam, to within one",
            abs(more) < 1,
            f"{more:+.2f} on average; losses (Adam, Muon): {shown}",
        ),
        Claim(
            "The toy model promises a factor of 3 or more at the largest tail, which no trained network shows",
            d["sgd"][-1] > 3 * d["muon"][-1] and more < 1,
            f"T_0 / T_a up to {np.max(d['sgd'] / d['muon']):.3g}",
        ),
    ]
