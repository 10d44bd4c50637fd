"""Stage III: repulsion by its definition, and what learned irreps leave of the energy against a projection."""

import dataclasses

import jax
import numpy as np
import pytest

from grok_theory import BadValue
from grok_theory.li2 import (
    GroupTask,
    energy_by_irrep,
    local_maxima,
    reconstruction,
    repulsion,
    structured_features,
)
from grok_theory.li2.groups import cyclic


@pytest.mark.parametrize("seed", [0, 1])
def test_repulsion_by_its_definition(seed):
    """630 pairs in all: beta = f_j^T Q f_l with Q built for each pair; coupling from scipy's inverse; signs
    opposite.
    """
    task = GroupTask(cyclic(7), train_fraction=0.7, weight_decay=0.05).split(jax.random.key(seed))
    hidden = np.random.default_rng(seed).normal(size=(18, 14))
    first, second = task.train_pairs.T
    f = (hidden[:, first] + hidden[:, 7 + second]).T ** 2
    f = f - f.mean(axis=0)
    found, n = repulsion(task, hidden), len(f)
    for j in range(18):
        for l in range(j + 1, 18):
            rest = np.delete(f, [j, l], axis=1)
            q = np.eye(n) - rest @ np.linalg.solve(rest.T @ rest + task.ridge * np.eye(16), rest.T)
            alpha, beta, gamma = (
                task.ridge + f[:, j] @ q @ f[:, j],
                f[:, j] @ q @ f[:, l],
                task.ridge + f[:, l] @ q @ f[:, l],
            )
            np.testing.assert_allclose(found.similarity[j, l], beta, rtol=1e-7, atol=1e-9)
            np.testing.assert_allclose(found.coupling[j, l], -beta / (alpha * gamma - beta**2), rtol=1e-7, atol=1e-12)
    off = ~np.eye(18, dtype=bool)
    assert (np.sign(found.coupling)[off] == -np.sign(found.similarity)[off]).all()
    assert np.isnan(np.diagonal(found.similarity)).all()


@pytest.mark.parametrize("name", ["S_3", "A_4", "F_21"])
def test_learned_irreps_leave_the_energy(groups, name):
    """Theorem 7: represent an irrep exactly, project the target on what is left, and take the energy of that target."""
    group = groups[name]
    task, order = GroupTask(group), group.order
    nodes = structured_features(group)
    parts = np.asarray([np.argmax(row) for row in _shares(group, nodes)])
    table = local_maxima(task)
    first, second = np.indices((order, order)).reshape(2, -1)
    targets = np.eye(order)[group.table.ravel()] - 1 / order
    w = np.random.default_rng(0).normal(size=2 * order)
    activity = (w[first] + w[order + second]) ** 2
    for row in range(len(table)):
        learned = nodes[parts == row]
        features = (learned[:, first] + learned[:, order + second]).T ** 2
        features -= features.mean(axis=0)
        left = targets - features @ np.linalg.lstsq(features, targets, rcond=1e-10)[0]
        expected = 0.5 * np.sum((left.T @ activity) ** 2)
        missing = np.delete(energy_by_irrep(task, w), row).sum()
        np.testing.assert_allclose(missing, expected, rtol=1e-11)


def _shares(group, nodes):
    from grok_theory.li2.groups import irrep_share

    return irrep_share(group, nodes)


def test_bad_inputs():
    task = GroupTask(cyclic(7))
    with pytest.raises(BadValue, match=r"ridge is 0\.0, but it must be positive.*weight_decay"):
        repulsion(dataclasses.replace(task, weight_decay=0.0), np.ones((2, 14)))
    with pytest.raises(BadValue, match=r"hidden has shape \(1, 14\), but it must be \(K, 2M\) with K >= 2"):
        repulsion(task, np.ones((1, 14)))
    with pytest.raises(BadValue, match="energy_by_irrep holds for the full table"):
        energy_by_irrep(GroupTask(cyclic(7), train_fraction=0.5), np.ones(14))
    assert reconstruction(task, structured_features(task.group)).residual < 1e-13
