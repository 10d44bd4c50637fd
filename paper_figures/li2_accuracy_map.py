"""Where networks generalise, over group order and share of pairs, for four families of groups.

Caption: Mean test accuracy at the end of training (Adam, weight decay, usual start) over the share of all pairs that is
trained on, one column a group: cyclic; products of cyclic groups, where no element has a high order; dihedral, with
irreps of degree 2; Frobenius groups (affine maps modulo a prime), with irreps of degree 3 and more. Dashes: the law
2.7482 ln(M)/M of the paper's code, M the order of the group: the share at which a cyclic or dihedral group passes one
half lies near it, a Frobenius group may need far more. Circles: half point of the empirical energy, pairs at which half
of the population maxima of cyclic groups stay maxima (docs/li2_evidence.md). Networks generalise well below the
circles: the energy of single nodes at this sample size does not set the threshold of training.

Reduced against the paper: fewer and smaller groups, K = 96 for 2048, a ten times greater rate, 2 runs for 20.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np

from paper_figures.figure import Claim
from paper_figures.li2_groups import group_of

PAPER = "Tian 2025"
FIGURES = ("5",)
STATES = {}
WING = "li2"
CONSTANT = 2.7482  # of the paper's code
# Pairs per element at which half of the maxima of the full energy survive: sample_threshold, docs/li2_evidence.md.
HALF_POINTS = {11: 6.2, 17: 9.8, 23: 13.0, 31: 16.8, 47: 23.9, 67: 30.8, 97: 40.4}
TITLES = {"cyclic": "a  Cyclic", "product": "b  Products", "dihedral": "c  Dihedral", "frobenius": "d  Frobenius"}


@dataclass(frozen=True)
class Parameters:
    cyclic: tuple[str, ...] = ("Z_17", "Z_23", "Z_31")
    product: tuple[str, ...] = ("Z_4xZ_4", "Z_5xZ_5")
    dihedral: tuple[str, ...] = ("D_9", "D_13")
    frobenius: tuple[str, ...] = ("F_20", "F_21")
    shares: tuple[float, ...] = (0.2, 0.3, 0.4, 0.5, 0.6, 0.8)
    width: int = 96
    rate: float = 0.005  # of Adam
    decay: float = 1e-3
    last: int = 1000  # steps
    runs: int = 2
    key: int = 0


SIZES = {
    "full": {
        "cyclic": ("Z_11", "Z_17", "Z_23", "Z_31", "Z_47", "Z_67"),
        "product": ("Z_4xZ_4", "Z_5xZ_5", "Z_2^5", "Z_6xZ_6", "Z_7xZ_7", "Z_2^6"),
        "dihedral": ("D_5", "D_9", "D_13", "D_19", "D_29"),
        "frobenius": ("F_20", "F_21", "F_39", "F_42", "F_55", "F_57"),
        "shares": (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9),
        "width": 2048,
        "rate": 5e-4,
        "decay": 2e-4,
        "last": 10000,
        "runs": 20,
    },
}


def steps(parameters):
    names = [name for family in TITLES for name in getattr(parameters, family)]
    return {name: lambda name=name: _column(parameters, name) for name in names}


def _column(parameters, name):
    from paper_figures.table_networks import Network, final_accuracies, squares, uniform

    group = group_of(name)
    order, wide, shares = group.order, parameters.width, parameters.shares
    start = partial(uniform, hidden=(2 * order, wide), readout=(wide, order))
    how = {"runs": parameters.runs, "key": parameters.key, "rate": parameters.rate, "decay": parameters.decay}
    ends = final_accuracies(Network(squares), start, group.table, shares, parameters.last, **how)
    return {"order": np.array(order), "share": np.array(shares), **ends}


def _law(order):
    return CONSTANT * np.log(order) / order


def draw(parameters, data):
    import matplotlib.pyplot as plt
    from matplotlib.patheffects import withStroke

    shares, counts = np.array(parameters.shares), [len(getattr(parameters, family)) for family in TITLES]
    figure, axes = plt.subplots(
        1, len(TITLES), figsize=(7.0, 2.9), sharey=True, layout="constrained", width_ratios=counts
    )
    middle = (shares[1:] + shares[:-1]) / 2
    edges = np.concatenate([[shares[0] - 0.07], middle, [shares[-1] + 0.09]])
    for ax, (family, title) in zip(axes, TITLES.items(), strict=True):
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
        ax.set(title=title, ylim=(edges[0], edges[-1]), yticks=shares)
        ax.tick_params(length=0)
    axes[0].set_ylabel("share of pairs")
    figure.colorbar(cells, ax=axes, label="test accuracy", shrink=0.9, pad=0.02)
    return figure


def _word(name):
    import re

    return re.sub(r"([A-Z])_(\d+)(\^\d)?", r"$\1_{\2}\3$", name).replace("x", r"$\times$")


def _half_point(d):
    """The share at which the mean test accuracy passes one half, and how much further it passes .9 (nan: not)."""
    mean = d["test"].mean(axis=1)

    def passes(level):
        above = np.flatnonzero(mean >= level)
        if not above.size or above[0] == 0:
            return np.nan
        i = above[0]
        return d["share"][i - 1] + (level - mean[i - 1]) / (mean[i] - mean[i - 1]) * (d["share"][i] - d["share"][i - 1])

    return passes(0.5), passes(0.9) - passes(0.1)


def claims(parameters, data):
    fitted = min(d["train"].min() for d in data.values())
    points = {name: _half_point(d) for name, d in data.items()}
    ratio = {name: points[name][0] / _law(int(data[name]["order"])) for name in points}
    near = [name for name in (*parameters.cyclic, *parameters.dihedral) if name in data]
    sharp = {name: points[name][1] for name in parameters.cyclic}
    below = [
        (name, d["share"][i], d["test"][i].mean())
        for name in parameters.cyclic
        for d in [data[name]]
        for i in range(len(d["share"]))
        if 13 < (m := int(d["order"])) in HALF_POINTS
        if d["share"][i] < 0.85 * HALF_POINTS[m] / m and d["test"][i].mean() > 0.9
    ]
    d = data["F_21"]
    high = [i for i, share in enumerate(parameters.shares) if 1.9 * _law(21) < share < 0.85]
    highest = max(d["test"][i].mean() for i in high)
    return [
        Claim("Every network fits its training pairs", fitted > 0.99, f"least training accuracy {fitted:.3f}"),
        Claim(
            "The transition is sharp: cyclic groups go from .1 to .9 test accuracy within a share of .3",
            all(width < 0.3 for width in sharp.values()),
            ", ".join(f"{name} within {width:.2f}" for name, width in sharp.items()),
        ),
        Claim(
            f"Cyclic and dihedral groups pass one half within a factor 1.6 of the law {CONSTANT} ln(M)/M",
            all(1 / 1.6 < ratio[name] < 1.6 for name in near),
            "share over law: " + ", ".join(f"{name} {ratio[name]:.2f}" for name in near),
        ),
        Claim(
            "Some networks generalise below the energy's half point",
            len(below) > 0,
            "; ".join(f"{name}, {100 * s:.0f} %: {t:.2f}" for name, s, t in below),
        ),
        Claim(
            "F_21 does not generalise with twice the pairs of the law",
            highest < 0.5,
            f"law {100 * _law(21):.0f} %; up to {100 * d['share'][high[-1]]:.0f} %: {highest:.2f}",
        ),
    ]
