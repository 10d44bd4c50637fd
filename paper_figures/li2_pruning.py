"""Prune the neurons with many frequencies and the network forgets the wrong labels, not the rule.

Caption: A network trained on addition modulo p with corrupted labels, in coexistence: it fits the wrong labels and
generalises. Neurons are taken out in the order of their inverse participation ratio, lowest first (left), highest
first (middle), and at random, the control (right). Dashed: the share of labels that are right. Lowest first, wrong
labels are forgotten, and many of those samples predicted right, while the test accuracy stays; highest first it is
the other way round.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim

PAPER = "Doshi, Das, He & Gromov 2023"
FIGURES = ()
STATES = {}
WING = "li2"
COMPUTES_LONG = True
ORDERS = ("lowest_first", "highest_first", "random")


@dataclass(frozen=True)
class Parameters:
    modulus: int = 31  # p
    share: float = 0.8  # of all pairs
    noise: float = 0.2  # share of labels redrawn
    decay: float = 6.0  # of AdamW
    width: int = 256
    rate: float = 0.01
    last: int = 800  # steps
    points: int = 33
    key: int = 0


SIZES = {"full": {"modulus": 97, "share": 0.5, "noise": 0.35, "decay": 1.0, "width": 512, "last": 4000, "points": 65}}


def steps(parameters):
    return {"prune": lambda: _prune(parameters)}


def _prune(parameters):
    import jax

    from grok_theory import AdamW, li2

    task = li2.GroupTask(
        li2.groups.cyclic(parameters.modulus),
        train_fraction=parameters.share,
        weight_decay=parameters.decay,
        label_noise=parameters.noise,
        centering="classes",
    )
    key = jax.random.key(parameters.key)
    initial = li2.training.Gaussian((16 * parameters.width) ** (-2 / 3))
    found = li2.simulate(
        task,
        [parameters.last],
        width=parameters.width,
        runs=1,
        key=key,
        dynamics=AdamW(parameters.rate, (0.9, 0.98)),
        initial=initial,
    )
    network = li2.companion.network_of_run(found)
    own = li2.training.start_of_run(task, width=parameters.width, key=key, initial=initial).task
    counts = np.unique(np.linspace(0, parameters.width, parameters.points).astype(int))
    wrong = np.mean(np.asarray(own.train_labels) != task.group.table[tuple(np.asarray(own.train_pairs).T)])
    result = {"counts": counts, "right": np.array(1 - wrong), "participation": np.sort(network.participation())}
    for order in ORDERS:
        curve = li2.companion.prune_curve(network, own, counts, order=order, key=jax.random.key(parameters.key + 1))
        result |= {
            f"{order} {name}": getattr(curve, f"{name}_accuracy")
            for name in ("train", "test", "corrupted", "corrected")
        }
    return result


def draw(parameters, data):
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 3, figsize=(7.0, 2.4), sharey=True, layout="constrained")
    d = data["prune"]
    for ax, order, title in zip(axes, ORDERS, ("a  Lowest first", "b  Highest first", "c  At random"), strict=True):
        for i, name in enumerate(("train", "test", "corrupted", "corrected")):
            ax.plot(d["counts"] / parameters.width, d[f"{order} {name}"], color=f"C{i}", label=name)
        ax.axhline(d["right"], color="0.6", linewidth=0.7, linestyle="--")
        ax.set(xlabel="share of neurons out", title=title, ylim=(-0.03, 1.03))
    axes[0].set_ylabel("accuracy")
    axes[2].legend(fontsize=6)
    return figure


def claims(parameters, data):
    d = data["prune"]
    low, control = d["lowest_first corrupted"], d["random test"]
    gone = int(np.argmax(low < 1 / 3))  # where two thirds of the wrong labels are forgotten
    kept = d["lowest_first test"][gone]
    rule = d["highest_first test"]
    half = int(np.argmax(rule < rule[0] / 2))
    start = f"train {d['lowest_first train'][0]:.2f}, test {d['lowest_first test'][0]:.2f}"
    out = f"with {d['counts'][gone]} of {parameters.width} neurons out"
    return [
        Claim("The network fits its labels and generalises before pruning", d["lowest_first train"][0] > 0.85, start),
        Claim(
            "Lowest first: when two thirds of the wrong labels are forgotten the test accuracy is kept",
            low[gone] < 1 / 3 and kept > d["lowest_first test"][0] - 0.1,
            f"test {kept:.2f} {out}, corrected {d['lowest_first corrected'][gone]:.2f}",
        ),
        Claim(
            "As many at random: the wrong labels are still there, and less of the rule is left",
            control[gone] < kept and d["random corrupted"][gone] > low[gone] + 0.3,
            f"test {control[gone]:.2f}, corrupted {d['random corrupted'][gone]:.2f} against {low[gone]:.2f}, {out}",
        ),
        Claim(
            "Highest first: when half of the rule is gone the wrong labels are still there",
            rule[half] < rule[0] / 2 and d["highest_first corrupted"][half] > d["highest_first corrupted"][0] - 0.1,
            f"test {rule[half]:.2f}, corrupted {d['highest_first corrupted'][half]:.2f} with {d['counts'][half]} out",
        ),
    ]
