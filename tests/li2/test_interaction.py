"""Stage III: repulsion by its definition, the missing-feature energy against a projection, Muon's column by its
polar factor.
"""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.linalg
from hypothesis import given
from hypothesis import strategies as st

from grok_theory import BadValue
from grok_theory.li2 import (
    GroupTask,
    cyclic,
    energy,
    local_maxima,
    missing_feature_energy,
    muon_column,
    reconstruction,
    repulsion,
    structured_features,
)


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
def test_missing_feature_energy_against_a_projection(groups, name):
    """Represent some irreps exactly, project the target on what is left, and take the energy of that target."""
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
        np.testing.assert_allclose(missing_feature_energy(task, w, [row]), expected, rtol=1e-11)


def _shares(group, nodes):
    from grok_theory.li2 import irrep_share

    return irrep_share(group, nodes)


@given(st.integers(0, 10**6))
def test_nothing_and_everything_learned(groups, seed):
    task = GroupTask(groups["A_4"])
    w = np.random.default_rng(seed).normal(size=(2, 24))
    np.testing.assert_allclose(missing_feature_energy(task, w, []), energy(task, w), rtol=1e-14)
    assert float(jnp.abs(missing_feature_energy(task, w, [0, 1])).max()) == 0.0
    parts = missing_feature_energy(task, w, [0]) + missing_feature_energy(task, w, [1])
    np.testing.assert_allclose(parts, energy(task, w), rtol=1e-13)


@given(st.integers(0, 10**6))
def test_muon_column(seed):
    """exact against scipy's polar factor; the first-order form is off by at most 0.5 ||v_par||^2."""
    draws = np.random.default_rng(seed)
    q = np.linalg.qr(draws.normal(size=(9, 4)))[0]
    v = draws.normal(size=9)
    found = muon_column(q, v)
    np.testing.assert_allclose(found.exact, scipy.linalg.polar(np.column_stack([q, v]))[0][:, -1], atol=1e-10)
    along, across = q @ (q.T @ v), v - q @ (q.T @ v)
    for size in (1e-2, 1e-3):
        small = muon_column(q, size * along / np.linalg.norm(along) + across)
        assert float(jnp.linalg.norm(small.exact - small.first_order)) < 0.51 * size**2


def test_bad_inputs():
    task = GroupTask(cyclic(7))
    w = np.ones(14)
    with pytest.raises(BadValue, match=r"learned\[0\] is 3, but it must be a row 0\.\.2 of local_maxima"):
        missing_feature_energy(task, w, [3])
    with pytest.raises(BadValue, match=r"learned\[1\] is 1, which is there already"):
        missing_feature_energy(task, w, [1, 1])
    with pytest.raises(BadValue, match=r"learned\[0\] is 0\.5"):
        missing_feature_energy(task, w, [0.5])
    with pytest.raises(BadValue, match="energy_by_irrep holds for the full table"):
        missing_feature_energy(GroupTask(cyclic(7), train_fraction=0.5), w, [0])
    with pytest.raises(BadValue, match=r"ridge is 0\.0, but it must be positive.*weight_decay"):
        repulsion(dataclasses.replace(task, weight_decay=0.0), np.ones((2, 14)))
    with pytest.raises(BadValue, match=r"hidden has shape \(1, 14\), but it must be \(K, 2M\) with K >= 2"):
        repulsion(task, np.ones((1, 14)))
    with pytest.raises(BadValue, match=r"columns are orthonormal to .* only"):
        muon_column(np.ones((3, 2)), np.ones(3))
    with pytest.raises(BadValue, match=r"columns has shape \(2, 2\), but it must be \(n, m\) with m < n"):
        muon_column(np.eye(2), np.ones(2))
    assert reconstruction(task, structured_features(task.group)).residual < 1e-13
