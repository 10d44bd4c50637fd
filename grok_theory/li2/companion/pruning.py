"""Take neurons out one by one and watch the accuracies: memorizing neurons have many frequencies, generalizing few."""

from __future__ import annotations

from collections.abc import Sequence

import jax
import numpy as np

from ...checks import check_choice, check_key
from ...errors import BadValue
from ...pytrees import record
from ..problem import GroupTask
from .network import ModularNetwork

LOWEST_FIRST = "lowest_first"
HIGHEST_FIRST = "highest_first"
RANDOM = "random"


@record(static=("order",))
class PruneCurve:
    """Accuracies with that many neurons taken out.

    Parameters
    ----------
    order : str
        Which go first: "lowest_first", "highest_first" or "random".
    counts : ndarray
        (T,) integers, how many are taken out.
    train_accuracy : ndarray
        (T,), against the labels trained on.
    test_accuracy : ndarray
        (T,), on the other pairs (nan if none).
    corrupted_accuracy : ndarray
        (T,), wrong labels reproduced (nan where no label is wrong).
    corrected_accuracy : ndarray
        (T,), wrong labels predicted right (nan where no label is wrong).
    participation : ndarray
        (N,) inverse participation ratio of the neurons in the order in which they go.
    """

    order: str
    counts: np.ndarray
    train_accuracy: np.ndarray
    test_accuracy: np.ndarray
    corrupted_accuracy: np.ndarray
    corrected_accuracy: np.ndarray
    participation: np.ndarray


def prune_curve(
    network: ModularNetwork,
    task: GroupTask,
    counts: Sequence[int] | np.ndarray,
    *,
    order: str = LOWEST_FIRST,
    key: jax.Array | None = None,
) -> PruneCurve:
    """Take out neurons in the order of their inverse participation ratio, or at random, and read the accuracies.

    The bias is kept as it is.

    Parameters
    ----------
    network : ModularNetwork
        From `network_of_run`, `exact_network`, or your own weights.
    task : GroupTask
        On cyclic(p), with the pairs and labels the network was trained on.
    counts : Sequence[int] or ndarray
        How many are taken out, (T,) in 0..N.
    order : str, default 'lowest_first'
        `LOWEST_FIRST`, `HIGHEST_FIRST`, or `RANDOM`, the control, which needs `key`.
    key : Array, optional
        Typed JAX key of a random order.

    Returns
    -------
    PruneCurve
        Four accuracies at each count.

    Raises
    ------
    BadValue
        For an argument out of its range, named with what is allowed; for a task of another modulus, or whose pairs were
        not drawn.
    """
    check_choice("order", order, (LOWEST_FIRST, HIGHEST_FIRST, RANDOM), "Pass one of the three names.")
    if not isinstance(network, ModularNetwork) or not isinstance(task, GroupTask):
        raise BadValue(f"network is {type(network).__name__}, task {type(task).__name__}, but prune_curve takes "
                       "a ModularNetwork and a GroupTask. Make the first by network_of_run(ensemble, 0).")  # fmt: skip
    if task.group.order != network.modulus:
        raise BadValue(
            f"task is on {task.group.order} elements, but the network adds modulo {network.modulus}. Pass its own task."
        )
    counts = np.asarray(counts)
    if counts.dtype.kind not in "iu" or counts.ndim != 1 or not ((counts >= 0) & (counts <= network.width)).all():
        raise BadValue(f"counts is {counts}, but it must be a list of integers in 0..{network.width}. Pass for example "
                       f"range(0, {network.width + 1}, 8).")  # fmt: skip
    participation = network.participation()
    if order == RANDOM:
        if key is None:
            raise BadValue("key is None, but a random order needs one. Pass jax.random.key(0).")
        check_key(key)
        sequence = np.asarray(jax.random.permutation(key, network.width))
    else:
        # Stable, so that equal ratios go in the order of the neurons.
        sequence = np.argsort(participation if order == LOWEST_FIRST else -participation, kind="stable")
    said = _decisions(network, sequence, counts)
    pairs, labels = (np.asarray(a) for a in task.pairs_and_labels("prune_curve"))
    products = task.group.table[pairs[:, 0], pairs[:, 1]]
    unseen = np.ones((network.modulus, network.modulus), bool)
    unseen[pairs[:, 0], pairs[:, 1]] = False
    on_train, wrong = said[:, pairs[:, 0], pairs[:, 1]], labels != products
    return PruneCurve(
        order=order,
        counts=counts,
        train_accuracy=_share(on_train == labels),
        test_accuracy=_share(said[:, unseen] == task.group.table[unseen]),
        corrupted_accuracy=_share((on_train == labels)[:, wrong]),
        corrected_accuracy=_share((on_train == products)[:, wrong]),
        participation=participation[sequence],
    )


def _share(right: np.ndarray) -> np.ndarray:
    return right.mean(axis=1) if right.shape[1] else np.full(len(right), np.nan)


def _decisions(network: ModularNetwork, sequence: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """(counts, p, p): the class decided for every pair with the first `count` neurons of `sequence` gone."""
    activity, output = network.activity()[..., sequence], np.asarray(network.output)[:, sequence]
    return np.stack([(activity[..., c:] @ output[:, c:].T + network.bias).argmax(axis=-1) for c in counts])
