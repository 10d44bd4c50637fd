"""Where networks generalise, over group order and share of pairs.

Caption: Mean test accuracy at the end of training (Adam, weight decay, usual start) over the group order M and the
share of all pairs that is trained on. Left cyclic, right dihedral groups. Dashed: the law c ln(M)/M with the constant
2.75 of the paper's code. Circles: half point of the empirical energy, pairs at which half of the population maxima of
cyclic groups stay maxima (docs/li2.md). Networks generalise well below the circles: the energy of single nodes at this
sample size does not set the threshold of training.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim

PAPER = "Tian 2025"
WING = "li2"
CONSTANT = 2.75  # of the paper's code
# Pairs per element at which half of the maxima of the full energy survive, from sample_threshold (docs/li2.md).
HALF_POINTS = {11: 6.4, 17: 10.0, 23: 13.0, 31: 16.8, 47: 24.0, 67: 31.2, 97: 40.8}


@dataclass(frozen=True)
class Parameters:
    cyclic: tuple[int, ...] = (17, 23, 31)  # M
    dihedral: tuple[int, ...] = (10, 22)  # M, even
    shares: tuple[float, ...] = (0.3, 0.45, 0.6, 0.8)
    width: int = 96
    decay: float = 1e-3
    last: int = 1000  # steps
    runs: int = 2
    key: int = 0


SIZES = {
    "quick": {"cyclic": (17,), "dihedral": (), "shares": (0.3, 0.8), "width": 48, "last": 400, "runs": 1},
    "full": {
        "cyclic": (11, 17, 23, 31, 47, 67),
        "dihedral": (10, 18, 26, 38, 58),
        "shares": (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9),
        "width": 512,
        "last": 3000,
        "runs": 4,
    },
}


def steps(parameters):
    cells = {}
    for family in ("cyclic", "dihedral"):
        for order in getattr(parameters, family):
            cells[f"{family} {order}"] = lambda f=family, m=order: _column(parameters, f, m)
    return cells


def _column(parameters, family, order):
    import jax

    from grok_theory import li2

    group = li2.cyclic(order) if family == "cyclic" else li2.dihedral(order // 2)
    ends = []
    for share in parameters.shares:
        task = li2.GroupTask(group, train_fraction=share, weight_decay=parameters.decay, centering="classes")
        found = li2.simulate(
            task, [parameters.last], width=parameters.width, runs=parameters.runs, key=jax.random.key(parameters.key)
        )
        ends.append([found["train_accuracy"][:, -1], found["test_accuracy"][:, -1]])
    train, test = np.moveaxis(np.array(ends), 1, 0)
    return {"share": np.array(parameters.shares), "train": train, "test": test}


def draw(parameters, data):
    import matplotlib.pyplot as plt

    from grok_theory import plot

    figure, axes = plt.subplots(1, 2, figsize=(7.0, 2.9), layout="constrained")
    for ax, family, title in zip(axes, ("cyclic", "dihedral"), ("a  Cyclic groups", "b  Dihedral groups"), strict=True):
        orders = getattr(parameters, family)
        if not orders:
            ax.set_visible(False)
            continue
        table = np.array([data[f"{family} {m}"]["test"].mean(axis=1) for m in orders])
        if len(orders) > 1:
            plot.heatmap(np.array(orders, float), np.array(parameters.shares), table.T, ax=ax, label="test accuracy")
        else:
            ax.plot(np.full(len(parameters.shares), orders[0]), parameters.shares, "s")
        line = np.linspace(orders[0], orders[-1], 50)
        ax.plot(line, CONSTANT * np.log(line) / line, "--", color="white", linewidth=1.6)
        ax.plot(line, CONSTANT * np.log(line) / line, "--", color="black", linewidth=0.8)
        known = [m for m in orders if family == "cyclic" and m in HALF_POINTS]
        ax.plot(known, [HALF_POINTS[m] / m for m in known], "o", color="white", markeredgecolor="black")
        ax.set(xlabel="group order $M$", ylabel="share of pairs", title=title)
        ax.set(ylim=(parameters.shares[0] - 0.07, parameters.shares[-1] + 0.09))
    return figure


def claims(parameters, data):
    first, last = (
        np.mean([d["test"][i].mean() for name, d in data.items() if name.startswith("cyclic")]) for i in (0, -1)
    )
    fitted = min(d["train"].min() for d in data.values())
    below = [
        (m, d["share"][i], d["test"][i].mean())
        for m in parameters.cyclic
        for d in [data[f"cyclic {m}"]]
        for i in range(len(d["share"]))
        if m > 13 and d["share"][i] < 0.85 * HALF_POINTS[m] / m and d["test"][i].mean() > 0.9
    ]
    found = [
        Claim("Every network fits its training pairs", fitted > 0.99, f"least training accuracy {fitted:.3f}"),
        Claim("More pairs generalise better", last > first + 0.3, f"{first:.2f} at the least, {last:.2f} at the most"),
    ]
    if len(parameters.cyclic) > 1:
        shown = "; ".join(f"M = {m}, {100 * s:.0f} %: {t:.2f}" for m, s, t in below)
        found.append(Claim("Some networks generalise below the energy's half point", len(below) > 0, shown))
    return found
