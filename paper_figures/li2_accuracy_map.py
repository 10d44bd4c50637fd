"""Where networks generalise, over group order and share of pairs, for four families of groups.

Caption: Mean test accuracy at the end of training (Adam, weight decay, usual start) over the share of all pairs that is
trained on, one column a group: cyclic; products of cyclic groups, where no element has a high order; dihedral, with
irreps of degree 2; Frobenius groups (affine maps modulo a prime), with irreps of degree 3 and more. Dashes: the law
c ln(M)/M with the constant 2.75 of the paper's code, M the order of the group: Frobenius groups need more, some much
more. Circles: half point of the empirical energy, pairs at which half of the population maxima of cyclic groups stay
maxima (docs/li2_evidence.md). Networks generalise well below the circles: the energy of single nodes at this sample
size does not set the threshold of training.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim
from paper_figures.li2_groups import group_of

PAPER = "Tian 2025"
FIGURES = ("5",)
STATES = {"5": "P: few orders and shares by default"}
WING = "li2"
CONSTANT = 2.75  # of the paper's code
# Pairs per element at which half of the maxima of the full energy survive: sample_threshold, docs/li2_evidence.md.
HALF_POINTS = {11: 6.2, 17: 9.8, 23: 13.0, 31: 16.8, 47: 23.9, 67: 30.8, 97: 40.4}
TITLES = {"cyclic": "a  Cyclic", "product": "b  Products", "dihedral": "c  Dihedral", "frobenius": "d  Frobenius"}


@dataclass(frozen=True)
class Parameters:
    cyclic: tuple[str, ...] = ("Z_17", "Z_31")
    product: tuple[str, ...] = ("Z_4xZ_4", "Z_5xZ_5")
    dihedral: tuple[str, ...] = ("D_5", "D_11")
    frobenius: tuple[str, ...] = ("F_20", "F_21")
    shares: tuple[float, ...] = (0.3, 0.45, 0.8)
    width: int = 96
    decay: float = 1e-3
    last: int = 1000  # steps
    runs: int = 2
    key: int = 0


SIZES = {
    "quick": {
        "cyclic": ("Z_17",),
        "product": (),
        "dihedral": (),
        "frobenius": (),
        "shares": (0.3, 0.8),
        "width": 48,
        "last": 400,
        "runs": 1,
    },
    "full": {
        "cyclic": ("Z_11", "Z_17", "Z_23", "Z_31", "Z_47", "Z_67"),
        "product": ("Z_4xZ_4", "Z_5xZ_5", "Z_2^5", "Z_6xZ_6", "Z_7xZ_7", "Z_2^6"),
        "dihedral": ("D_5", "D_9", "D_13", "D_19", "D_29"),
        "frobenius": ("F_20", "F_21", "F_39", "F_42", "F_55", "F_57"),
        "shares": (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9),
        "width": 512,
        "last": 3000,
        "runs": 4,
    },
}


def _shown(parameters):
    """Families that have groups at this size."""
    return [family for family in TITLES if getattr(parameters, family)]


def steps(parameters):
    names = [name for family in _shown(parameters) for name in getattr(parameters, family)]
    return {name: lambda name=name: _column(parameters, name) for name in names}


def _column(parameters, name):
    import jax

    from grok_theory import li2

    group, ends = group_of(name), []
    for share in parameters.shares:
        task = li2.GroupTask(group, train_fraction=share, weight_decay=parameters.decay, centering="classes")
        found = li2.simulate(
            task, [parameters.last], width=parameters.width, runs=parameters.runs, key=jax.random.key(parameters.key)
        )
        ends.append([found["train_accuracy"][:, -1], found["test_accuracy"][:, -1]])
    train, test = np.moveaxis(np.array(ends), 1, 0)
    return {"order": np.array(group.order), "share": np.array(parameters.shares), "train": train, "test": test}


def _law(order):
    return CONSTANT * np.log(order) / order


def draw(parameters, data):
    import matplotlib.pyplot as plt
    from matplotlib.patheffects import withStroke

    families, shares = _shown(parameters), np.array(parameters.shares)
    counts = [len(getattr(parameters, family)) for family in families]
    figure, axes = plt.subplots(
        1,
        len(families),
        figsize=(7.0 if len(families) > 1 else 3.4, 2.9),
        sharey=True,
        layout="constrained",
        width_ratios=counts,
        squeeze=False,
    )
    middle = (shares[1:] + shares[:-1]) / 2
    edges = np.concatenate([[shares[0] - 0.07], middle, [shares[-1] + 0.09]])
    for ax, family in zip(axes[0], families, strict=True):
        names = getattr(parameters, family)
        table = np.array([data[name]["test"].mean(axis=1) for name in names]).T
        cells = ax.pcolormesh(
            np.arange(len(names) + 1) - 0.5,
            edges,
            table,
            vmin=0,
            vmax=1,
            cmap="cividis",
            edgecolor="white",
            linewidth=0.4,
        )
        for i, name in enumerate(names):
            order = int(data[name]["order"])
            outline = [withStroke(linewidth=2.6, foreground="white")]
            ax.plot([i - 0.4, i + 0.4], 2 * [_law(order)], "--", color="black", linewidth=1.2, path_effects=outline)
            if family == "cyclic" and order in HALF_POINTS:
                ax.plot(i, HALF_POINTS[order] / order, "o", color="white", markeredgecolor="black", markersize=5)
        labels = [_word(name) + f"\n{int(data[name]['order'])}" for name in names]
        ax.set_xticks(np.arange(len(names)), labels, fontsize=6 if sum(counts) < 12 else 5)
        ax.set(title=TITLES[family], ylim=(edges[0], edges[-1]), yticks=shares)
        ax.tick_params(length=0)
    axes[0][0].set_ylabel("share of pairs")
    figure.colorbar(cells, ax=axes[0], label="test accuracy", shrink=0.9, pad=0.02)
    return figure


def _word(name):
    import re

    return re.sub(r"([A-Z])_(\d+)(\^\d)?", r"$\1_{\2}\3$", name).replace("x", r"$\times$")


def claims(parameters, data):
    first, last = (np.mean([data[name]["test"][i].mean() for name in parameters.cyclic]) for i in (0, -1))
    fitted = min(d["train"].min() for d in data.values())
    below = [
        (name, d["share"][i], d["test"][i].mean())
        for name in parameters.cyclic
        for d in [data[name]]
        for i in range(len(d["share"]))
        if 13 < (m := int(d["order"])) in HALF_POINTS
        if d["share"][i] < 0.85 * HALF_POINTS[m] / m and d["test"][i].mean() > 0.9
    ]
    found = [
        Claim("Every network fits its training pairs", fitted > 0.99, f"least training accuracy {fitted:.3f}"),
        Claim("More pairs generalise better", last > first + 0.3, f"{first:.2f} at the least, {last:.2f} at the most"),
    ]
    if len(parameters.cyclic) > 1:
        shown = "; ".join(f"{name}, {100 * s:.0f} %: {t:.2f}" for name, s, t in below)
        found.append(Claim("Some networks generalise below the energy's half point", len(below) > 0, shown))
    others = [name for f in ("cyclic", "product", "dihedral") for name in getattr(parameters, f)]
    most = {name: data[name]["test"][-1].mean() for name in others}
    found.append(
        Claim(
            f"At {100 * parameters.shares[-1]:.0f} % of the pairs every cyclic, product and dihedral group generalises",
            min(most.values()) > 0.9,
            ", ".join(f"{name} {value:.2f}" for name, value in most.items()),
        )
    )
    if "F_21" in parameters.frobenius:
        d = data["F_21"]
        high = [i for i, share in enumerate(parameters.shares) if 1.9 * _law(21) < share < 0.85]
        test = max(d["test"][i].mean() for i in high)
        shown = f"law {100 * _law(21):.0f} %; at {100 * d['share'][high[-1]]:.0f} %: {test:.2f}"
        found.append(Claim("F_21 does not generalise with twice the pairs of the law", test < 0.5, shown))
    return found
