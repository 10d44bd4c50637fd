"""The features of trained networks beside the predicted maxima: which irrep, how pure, how high, and foretold or not.

The prediction for a node is where ascent of its energy from its own start ends, every node by itself: the picture of
stage II. It is held against chance, which is what matching the predicted rows with those of other nodes gives.
"""

from __future__ import annotations

import dataclasses

import jax.numpy as jnp
import numpy as np

from ...checks import check_between, check_integer, check_non_negative, require_float64
from ...errors import BadValue
from ...numerics.bounded_means import bounded_mean
from ...pytrees import record
from ...results import Ensemble
from ..ascent import climb
from ..feature_energy import energy, energy_function
from ..groups.fourier import irrep_share
from ..groups.group import Group
from ..groups.real_representations import real_irreps
from ..problem import GroupTask

TOLERANCE = 1e-6  # of the ascent; which irrep a node ends in is decided long before


@record(static=("group", "confidence"))
class TrainedFeatures:
    """Nodes (run, K) of trained networks and of the theory that starts where they start.

    Parameters
    ----------
    group : Group
        The group of the task.
    row : ndarray
        (run, K), the real irrep (row of `local_maxima`) that holds most of the trained node.
    purity : ndarray
        (run, K), its share; 0 for a dead node.
    energy_ratio : ndarray
        (run, K), energy on the full table of the trained node, scaled to unit length, over E* of its row (square
        activation; nan for others).
    alive : ndarray
        (run, K), whether its length is not negligible; only these are counted below.
    predicted, predicted_full : ndarray
        (run, K), row in which ascent from the start of the node ends, on the energy of the run's own training pairs and
        on that of the full table.
    rate, rate_full : ndarray
        (run,) share of the alive nodes whose row was predicted.
    chance, chance_full : ndarray
        (run,) that share if the predictions were dealt to the nodes at random, sum over rows of (share predicted)(share
        found).
    found : ndarray
        (run, irreps) whether a row holds at least one alive node with purity above one half.
    confidence : float
        Of the intervals over runs.
    """

    group: Group
    row: np.ndarray
    purity: np.ndarray
    energy_ratio: np.ndarray
    alive: np.ndarray
    predicted: np.ndarray
    predicted_full: np.ndarray
    rate: np.ndarray
    rate_full: np.ndarray
    chance: np.ndarray
    chance_full: np.ndarray
    found: np.ndarray
    confidence: float

    def interval(self, name: str) -> tuple[float, float, float]:
        """Mean over the runs of a share, and its interval in [0, 1].

        Parameters
        ----------
        name : str
            "rate", "rate_full", "chance" or "chance_full".

        Returns
        -------
        tuple[float, float, float]
            Mean, and the ends of its interval at `confidence` (nan for one run).
        """
        values = np.asarray(getattr(self, name), float)
        if len(values) == 1:
            return float(values[0]), np.nan, np.nan
        low, high = bounded_mean(values, (1 - self.confidence) / 2, (0.0, 1.0))
        return float(values.mean()), float(low), float(high)

    def __str__(self) -> str:
        median = np.median(self.purity[self.alive])
        ratio = np.median(self.energy_ratio[self.alive])
        lines = [
            f"Features of {len(self.row)} trained networks on {self.group.name}: median purity {median:.4f}, median "
            f"energy / E* {ratio:.4f}, {self.found.sum(axis=1).mean():.1f} of {self.found.shape[1]} irreps found"
        ]
        for name, words in (("rate", "own training pairs"), ("rate_full", "full table")):
            mean, low, high = self.interval(name)
            chance = self.interval(name.replace("rate", "chance"))[0]
            lines.append(
                f"  ascent on the {words}: {100 * mean:.1f} % of the nodes predicted ({100 * self.confidence:g} % "
                f"interval {100 * low:.1f} to {100 * high:.1f}), chance {100 * chance:.1f} %"
            )
        return "\n".join(lines)


def trained_features(
    ensemble: Ensemble, *, negligible: float = 1e-2, most_iterations: int = 800, confidence: float = 0.95
) -> TrainedFeatures:
    """Hold the hidden nodes at the end of `simulate` against the maxima of the energy.

    Parameters
    ----------
    ensemble : Ensemble
        What `simulate` returned, with its hidden layers in `stats`.
    negligible : float, default 0.01
        A node shorter than this times the longest of its run is dead.
    most_iterations : int, default 800
        Of the ascent; near the sample threshold it is slow, and what it has reached counts.
    confidence : float, default 0.95
        Of the intervals over runs.

    Returns
    -------
    TrainedFeatures
        Rows, purities and energies of the trained nodes beside the rows foretold; print it.

    Raises
    ------
    BadValue
        For an argument out of its range, named with what is allowed; for an ensemble without hidden layers, or one that
        has failed.
    Float64Required
        Where JAX computes in float32.
    """
    require_float64("trained_features")
    check_non_negative("negligible", negligible, "Pass the relative length below which a node is dead.")
    check_integer("most_iterations", most_iterations, 1, "Pass how many iterations the ascent may make.")
    check_between("confidence", confidence, 0, 1, "Pass 0.95.", include_low=False, include_high=False)
    if not isinstance(ensemble, Ensemble) or not {"hidden", "hidden_start", "train_pairs"} <= set(ensemble.stats):
        raise BadValue("ensemble holds no hidden layers in stats, but trained_features needs them. Pass simulate(...).")
    if ensemble.status.name == "failed":
        raise BadValue(f"ensemble has failed, and only what is trusted can be judged. It says: {ensemble.status.text}")
    task: GroupTask = ensemble.problem
    hidden, start = np.asarray(ensemble.stats["hidden"]), np.asarray(ensemble.stats["hidden_start"])
    length = np.linalg.norm(hidden, axis=2)
    if not np.isfinite(length).all() or not (length.max(axis=1) > 0).all():
        raise BadValue("ensemble holds a run whose hidden layer is not finite or all zero. Simulate it anew.")
    alive = length > float(negligible) * length.max(axis=1, keepdims=True)
    unit = hidden / np.where(alive, length, np.inf)[..., None]
    share = irrep_share(task.group, np.where(alive[..., None], unit, 1.0))
    row, purity = share.argmax(axis=2), np.where(alive, share.max(axis=2), 0.0)
    whole = dataclasses.replace(task, train_fraction=1.0, train_pairs=None, train_labels=None, label_noise=0.0)
    on_table = _ends(whole, start.reshape(-1, start.shape[2]), most_iterations).reshape(row.shape)
    pairs, labels = ensemble.stats["train_pairs"], ensemble.stats["train_labels"]
    own = np.stack(
        [_ends(_fixed(task, p, h), nodes, most_iterations) for p, h, nodes in zip(pairs, labels, start, strict=True)]
    )
    rows = len(real_irreps(task.group))
    scores = [[_score(p[a], r[a], rows) for p, r, a in zip(q, row, alive, strict=True)] for q in (own, on_table)]
    (rate, chance), (rate_full, chance_full) = (np.array(s).T for s in scores)
    pure = alive & (purity > 0.5)
    return TrainedFeatures(
        group=task.group,
        row=row,
        purity=purity,
        energy_ratio=_energy_ratio(whole, unit, row),
        alive=alive,
        predicted=own,
        predicted_full=on_table,
        rate=rate,
        rate_full=rate_full,
        chance=chance,
        chance_full=chance_full,
        found=np.array([np.bincount(r[p], minlength=rows) > 0 for r, p in zip(row, pure, strict=True)]),
        confidence=float(confidence),
    )


def _score(predicted: np.ndarray, found: np.ndarray, rows: int) -> tuple[float, float]:
    """Share of nodes rightly predicted, and that share for predictions dealt at random."""
    dealt = np.bincount(predicted, minlength=rows) @ np.bincount(found, minlength=rows) / len(found) ** 2
    return float(np.mean(predicted == found)), float(dealt)


def _ends(task: GroupTask, start: np.ndarray, most_iterations: int) -> np.ndarray:
    """The row in which ascent of the task's energy from each starting node ends."""
    weights, *_ = climb(energy_function(task), jnp.asarray(start), TOLERANCE, int(most_iterations))
    return irrep_share(task.group, weights).argmax(axis=1)


def _energy_ratio(task: GroupTask, unit: np.ndarray, row: np.ndarray) -> np.ndarray:
    if task.activation != "square":
        return np.full(row.shape, np.nan)
    highest = task.group.order / (2 * np.array([r.real_degree for r in real_irreps(task.group)]))
    return np.asarray(energy(task, unit)) / highest[row]


def _fixed(task: GroupTask, pairs: np.ndarray, labels: np.ndarray) -> GroupTask:
    fraction = len(pairs) / task.group.order**2
    return dataclasses.replace(task, train_fraction=fraction, train_pairs=pairs, train_labels=labels)
