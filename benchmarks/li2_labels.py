"""The companion on corrupted labels: accuracy law, phases against weight decay, pruning (docs/li2_companion.md).

Phases at two sizes: p = 31 with 80 % of the pairs, and p = 53 with half of them and more noise, as Doshi et al. train
(with both centrings; theirs is neither). One row a decay, its cells one number a run.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jax
import numpy as np

from benchmarks.report import Headline, publish
from grok_theory import AdamW, li2

# modulus, share of pairs, label noise, steps, runs, decays of AdamW
SMALL = (31, 0.8, 0.2, 800, 2, (0.0, 1.0, 3.0, 6.0, 10.0, 20.0))
PAPER = (53, 0.5, 0.35, 1500, 3, (0.0, 2.0, 5.0, 8.0, 10.0, 12.0, 15.0, 20.0))
QUICK = (11, 0.8, 0.2, 100, 2, (0.0, 6.0))
PRUNED = ((6.0, (0, 120)), (3.0, (0, 160, 224)))  # decay, numbers of neurons out
WIDTH = 256


def main(out: Path, *, quick: bool = False) -> None:
    publish("li2_labels_law", "li2: accuracy of the exact network, law and drawn", _law(quick), out)
    small, paper = (QUICK, QUICK) if quick else (SMALL, PAPER)
    publish("li2_labels_pruning", "li2: neurons taken out", _pruning(small, 64 if quick else WIDTH, quick), out)
    publish("li2_labels_phases", "li2: phases, p = 31", _phases(small, 64 if quick else WIDTH), out)
    for centering in ("classes", "samples"):
        rows = _phases(paper, 64 if quick else WIDTH, centering)
        publish(
            f"li2_labels_paper_{centering}", f"li2: phases, p = 53 as in the paper, centred over {centering}", rows, out
        )


def _law(quick: bool) -> list[dict[str, Any]]:
    sizes = ((11, 10), (11, 20)) if quick else ((11, 10), (11, 20), (11, 40), (23, 22), (23, 44), (53, 52))
    rows, drawn = [], 20
    for modulus, width in sizes:
        place = np.arange(modulus)
        right = (place[:, None] + place) % modulus
        shares = []
        for i in range(drawn):
            network = li2.companion.exact_network(modulus, width, key=jax.random.fold_in(jax.random.key(0), i))
            shares.append(np.mean(network.outputs().argmax(axis=-1) == right))
        law = li2.companion.exact_network_accuracy(modulus, width)
        rows.append(
            {
                "p, N": f"{modulus}, {width}",
                "law": law,
                "drawn": float(np.mean(shares)),
                "law - drawn": float(law - np.mean(shares)),
                "standard error": float(np.std(shares, ddof=1) / np.sqrt(drawn)),
            }
        )
    return rows


def _trained(setting: tuple, decay: float, width: int, runs: int, centering: str = "classes") -> Any:
    modulus, share, noise, last, _, _ = setting
    task = li2.GroupTask(
        li2.groups.cyclic(modulus), train_fraction=share, weight_decay=decay, label_noise=noise, centering=centering
    )
    return li2.simulate(
        task,
        [last],
        width=width,
        runs=runs,
        key=jax.random.key(0),
        dynamics=AdamW(0.01, (0.9, 0.98)),
        initial=li2.training.Gaussian((16 * width) ** (-2 / 3)),
    )


def _phases(setting: tuple, width: int, centering: str = "classes") -> list[dict[str, Any]]:
    rows = []
    for decay in setting[-1]:
        found = _trained(setting, decay, width, setting[4], centering)
        ends = {name: found[f"{name}_accuracy"][:, -1] for name in ("train", "test", "corrupted", "corrected")}
        ratios, dead = [], []
        for run in range(found.runs):
            network = li2.companion.network_of_run(found, run)
            size = np.linalg.norm(network.left, axis=1) + np.linalg.norm(network.right, axis=1)
            alive = size > 1e-2 * size.max()
            ratios.append(np.median(network.participation()[alive]))
            dead.append(int(np.sum(~alive)))
        phases = [li2.companion.phase(a, b, setting[2]).value for a, b in zip(ends["train"], ends["test"], strict=True)]
        cells = {name: " ".join(f"{value:.2f}" for value in values) for name, values in ends.items()}
        ratio, gone = " ".join(f"{r:.2f}" for r in ratios), " ".join(map(str, dead))
        rows.append({"decay": decay, **cells, "median ratio": ratio, "dead": gone, "phase": ", ".join(phases)})
    return rows


def _pruning(setting: tuple, width: int, quick: bool) -> list[dict[str, Any]]:
    rows = []
    for decay, counts in ((6.0, (0, 30)),) if quick else PRUNED:
        found = _trained(setting, decay, width, 1)
        network = li2.companion.network_of_run(found)
        # The pairs and labels of run 0, as simulate kept them.
        own = li2.GroupTask(
            li2.groups.cyclic(setting[0]),
            centering="classes",
            train_pairs=found.stats["train_pairs"][0],
            train_labels=found.stats["train_labels"][0],
        )
        for order in (li2.companion.LOWEST_FIRST, li2.companion.RANDOM, li2.companion.HIGHEST_FIRST):
            curve = li2.companion.prune_curve(network, own, list(counts), order=order, key=jax.random.key(1))
            for i, count in enumerate(counts):
                names = ("train", "test", "corrupted", "corrected")
                ends = {name: float(getattr(curve, f"{name}_accuracy")[i]) for name in names}
                rows.append({"decay": decay, "order": order, "out": count, **ends})
    return rows


HEADLINES = (
    Headline(
        "li2: accuracy law of the exact network, law minus drawn",
        "li2_labels_law",
        lambda rows: "{law - drawn:.3f} at p, N = {p, N}".format(**max(rows, key=lambda r: abs(r["law - drawn"]))),
    ),
)
