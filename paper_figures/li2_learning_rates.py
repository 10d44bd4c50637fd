"""Learning rate and samples: when networks generalise, and the energies of their nodes when they do not.

Caption: Left: share of runs that generalise (test accuracy above .9 at the end) against the number of training pairs,
for several learning rates of Adam, with 95 % binomial intervals. Right: energy of the trained hidden nodes, scaled to
unit length, on their own training pairs, in units of the highest maximum of the full table at the same density of
pairs, (n/M^2)^2 M/4: quartiles over nodes, at the fewest and the most pairs. A value above 1 is an energy that no
feature of the full table reaches: memorizing nodes.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim

PAPER = "Tian 2025"
FIGURES = ("6", "7")
STATES = {"6": "P: fewer groups, samples and seeds", "7": "P: quartiles instead of histograms"}
WING = "li2"


@dataclass(frozen=True)
class Parameters:
    order: int = 23  # M of Z_M
    shares: tuple[float, ...] = (0.25, 0.35, 0.45, 0.6)  # of all pairs
    rates: tuple[float, ...] = (0.001, 0.005, 0.02)
    width: int = 128
    decay: float = 1e-3
    last: int = 1200  # steps
    runs: int = 4
    key: int = 0


SIZES = {
    "quick": {"order": 17, "shares": (0.25, 0.75), "rates": (0.02,), "width": 48, "last": 300, "runs": 1},
    "full": {"order": 41, "shares": (0.15, 0.2, 0.25, 0.3, 0.4, 0.5), "width": 512, "last": 4000, "runs": 12},
}


def steps(parameters):
    return {f"share {s:g}": lambda s=s: _train(parameters, s) for s in parameters.shares}


def _train(parameters, share):
    import jax

    from grok_theory import Adam, li2

    group = li2.groups.cyclic(parameters.order)
    task = li2.GroupTask(group, train_fraction=share, weight_decay=parameters.decay, centering="classes")
    test, heights = [], []
    for rate in parameters.rates:
        found = li2.simulate(
            task,
            [parameters.last],
            width=parameters.width,
            runs=parameters.runs,
            key=jax.random.key(parameters.key),
            dynamics=Adam(rate),
        )
        test.append(found["test_accuracy"][:, -1])
        of_runs = []
        for run in range(parameters.runs):
            nodes = found.stats["hidden"][run]
            length = np.linalg.norm(nodes, axis=1, keepdims=True)
            own = li2.GroupTask(group, train_pairs=found.stats["train_pairs"][run], centering="classes")
            # A node that decayed to nothing has no energy worth a unit vector.
            alive = length[:, 0] > 0.01 * length.max()
            height = np.asarray(li2.energy(own, nodes / np.maximum(length, 1e-12)))
            of_runs.append(np.where(alive, height, np.nan))
        heights.append(np.array(of_runs) / (share**2 * parameters.order / 4))
    return {"test": np.array(test), "height": np.array(heights), "pairs": np.array(task.samples)}


def draw(parameters, data):
    import matplotlib.pyplot as plt
    from scipy.stats import binomtest

    figure, (left, right) = plt.subplots(1, 2, figsize=(7.0, 2.7), layout="constrained")
    pairs = np.array([data[f"share {s:g}"]["pairs"] for s in parameters.shares])
    for i, rate in enumerate(parameters.rates):
        counts = [int(np.sum(data[f"share {s:g}"]["test"][i] > 0.9)) for s in parameters.shares]
        ends = [binomtest(c, parameters.runs).proportion_ci(0.95, "exact") for c in counts]
        share = np.array(counts) / parameters.runs
        error = [share - [e.low for e in ends], [e.high for e in ends] - share]
        shift = 1 + 0.02 * (i - 1)  # side by side
        left.errorbar(pairs * shift, share, error, fmt="os^Dv"[i] + "-", color=f"C{i}", capsize=2, label=f"{rate:g}")
        for j, s in enumerate((parameters.shares[0], parameters.shares[-1])):
            quartiles = np.nanpercentile(data[f"share {s:g}"]["height"][i], [25, 50, 75])
            place = j * (len(parameters.rates) + 1) + i
            right.plot([place, place], quartiles[[0, 2]], color=f"C{i}", linewidth=4, alpha=0.4, solid_capstyle="butt")
            right.plot(place, quartiles[1], "os^Dv"[i], color=f"C{i}")
    left.set(xlabel="training pairs", ylabel="share of runs that generalise", ylim=(-0.05, 1.05))
    left.set(title="a  Which runs generalise")
    left.legend(title="learning rate")
    middle = (len(parameters.rates) - 1) / 2
    right.axhline(1.0, color="0.6", linewidth=0.7, linestyle="--")
    right.set_xticks([middle, middle + len(parameters.rates) + 1], [f"{pairs[0]} pairs", f"{pairs[-1]} pairs"])
    right.set(ylabel="energy / highest of the full table", ylim=(0, None), title="b  Energies of trained nodes")
    return figure


def claims(parameters, data):
    few, many = (data[f"share {s:g}"] for s in (parameters.shares[0], parameters.shares[-1]))
    medians = [np.nanmedian(d["height"], axis=(1, 2)) for d in (few, many)]
    shown = f"{np.round(medians[0], 2).tolist()} and {np.round(medians[1], 2).tolist()}"
    ends = f"test accuracy {few['test'].mean():.2f} and {many['test'].mean():.2f}"
    return [
        Claim("Many pairs generalise, few do not", many["test"].mean() > few["test"].mean() + 0.3, ends),
        Claim(
            "Nodes of networks that memorise stand higher on their own energy at every rate",
            bool(np.all(medians[0] > medians[1])),
            f"medians at the fewest and the most pairs: {shown}",
        ),
    ]
