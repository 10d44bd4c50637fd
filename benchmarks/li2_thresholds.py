"""Where networks generalise, over groups and shares of pairs, and what rescues them without weight decay.

The accuracy map and the remedies of docs/li2_training.md.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jax
import numpy as np

from benchmarks.report import publish
from grok_theory import Adam, li2
from paper_figures.li2_groups import group_of

GROUPS = {
    "cyclic": ("Z_11", "Z_17", "Z_23", "Z_31"),
    "product": ("Z_4xZ_4", "Z_5xZ_5", "Z_2^5"),
    "dihedral": ("D_5", "D_8", "D_11"),
    "Frobenius": ("F_20", "F_21", "F_39"),
}
WIDE = ("D_11", "F_20", "F_21", "F_39")  # once more with four times as many nodes
SHARES = (0.3, 0.45, 0.6, 0.8)


def main(out: Path, *, quick: bool = False) -> None:
    publish("li2_thresholds_map", "li2: test accuracy over groups and shares of pairs", _map(quick), out)
    publish("li2_thresholds_remedies", "li2: without weight decay", _remedies(quick), out)


def _map(quick: bool) -> list[dict[str, Any]]:
    groups, shares = ({"cyclic": ("Z_11",)}, (0.3, 0.8)) if quick else (GROUPS, SHARES)
    width, last, runs = (32, 100, 1) if quick else (128, 1000, 2)
    columns = {(family, width): names for family, names in groups.items()}
    if not quick:
        columns["again", 4 * width] = WIDE
    rows = []
    for (family, nodes), names in columns.items():
        for name in names:
            group, least = group_of(name), 1.0
            row: dict[str, Any] = {"family": family, "group": name, "order": group.order, "K": nodes}
            for share in shares:
                task = li2.GroupTask(group, train_fraction=share, weight_decay=1e-3, centering="classes")
                found = li2.simulate(task, [last], width=nodes, runs=runs, key=jax.random.key(0))
                row[f"{100 * share:.0f} %"] = " ".join(f"{a:.2f}" for a in found["test_accuracy"][:, -1])
                least = min(least, float(found["train_accuracy"][:, -1].min()))
            row |= {"2.75 ln(M)/M": float(2.75 * np.log(group.order) / group.order), "least train accuracy": least}
            rows.append(row)
    return rows


def _remedies(quick: bool) -> list[dict[str, Any]]:
    order, width, last, runs = (11, 32, 60, 2) if quick else (23, 128, 2000, 3)
    plain = Adam(0.01)
    ways: dict[str, tuple[Any, Any, float]] = {
        "cross-entropy": (li2.training.CrossEntropy(), plain, 0.0),
        "cross-entropy, StableMax": (li2.training.StableMaxCrossEntropy(), plain, 0.0),
        "cross-entropy, orthogonal": (li2.training.CrossEntropy(), li2.training.OrthogonalGradient(plain), 0.0),
        "cross-entropy, decay 2e-4": (li2.training.CrossEntropy(), plain, 2e-4),
        "squared": (li2.training.SquaredLoss(), plain, 0.0),
        "squared, orthogonal": (li2.training.SquaredLoss(), li2.training.OrthogonalGradient(plain), 0.0),
        "squared, decay 2e-4": (li2.training.SquaredLoss(), plain, 2e-4),
    }
    looks = np.unique(np.rint(np.geomspace(5, last, 40)).astype(int))
    rows = []
    for name, (loss, dynamics, decay) in ways.items():
        task = li2.GroupTask(li2.groups.cyclic(order), train_fraction=0.6, weight_decay=decay, centering="classes")
        found = li2.simulate(task, looks, width=width, runs=runs, key=jax.random.key(0), dynamics=dynamics, loss=loss)
        test = found["test_accuracy"]
        first = [int(looks[np.argmax(run >= 0.95)]) if (run >= 0.95).any() else None for run in test]
        rows.append(
            {
                "way": name,
                "test accuracy": " ".join(f"{a:.2f}" for a in test[:, -1]),
                "mean": float(test[:, -1].mean()),
                "train accuracy": float(found["train_accuracy"][:, -1].mean()),
                "first step above .95": " ".join(map(str, first)),
                "collapsed": float(np.max(found["softmax_collapse"])) if "softmax_collapse" in found.curves else None,
                "lowest train loss": float(found["train_loss"].min()),
            }
        )
    return rows
