"""Which nodes represent the table: structured maxima, complex pairs, the mirrored ansatz and its exact residual."""

import jax
import numpy as np
import pytest

from grok_theory import BadValue, TooLarge
from grok_theory.li2 import (
    GroupTask,
    energy,
    local_maxima,
    mirrored_features,
    mirrored_residual,
    random_features,
    reconstruction,
    structured_features,
)
from grok_theory.li2.groups import cyclic, irrep_share

WIDTHS = {"Z_7": 18, "Z_8": 20, "S_3": 18, "A_4": 60, "Q_8": 38}
MORE = {"Z_12": 32, "Z_13": 36, "F_21": 168, "SL(2,3)": 140, "Dic_3": 56, "Z_2^3": 14}


@pytest.mark.parametrize(
    ("name", "width"), [*WIDTHS.items(), *(pytest.param(*pair, marks=pytest.mark.slow) for pair in MORE.items())]
)
def test_structured_features_are_exact_and_at_maxima(groups, name, width):
    task = GroupTask(groups[name])
    nodes, table = structured_features(task.group), local_maxima(task)
    assert nodes.shape == (width, 2 * task.group.order)
    assert reconstruction(task, nodes).residual < 1e-12
    shares = irrep_share(task.group, nodes)
    np.testing.assert_allclose(shares.max(axis=1), 1.0, rtol=1e-12)
    np.testing.assert_allclose(energy(task, nodes), table.energy[shares.argmax(axis=1)], rtol=1e-12)


def test_residual_and_readout_by_scipys_least_squares():
    task = GroupTask(cyclic(5), "tanh", train_fraction=0.6).split(jax.random.key(1))
    hidden = np.random.default_rng(0).normal(size=(4, 10))
    first, second = task.train_pairs.T
    features = np.tanh(hidden[:, first] + hidden[:, 5 + second]).T
    targets = np.eye(5)[(first + second) % 5]
    features, targets = features - features.mean(axis=0), targets - targets.mean(axis=0)
    readout = np.linalg.pinv(features) @ targets
    found = reconstruction(task, hidden)
    np.testing.assert_allclose(found.readout, readout, atol=1e-12)
    np.testing.assert_allclose(found.residual, np.linalg.norm(targets - features @ readout) / np.linalg.norm(targets))
    assert (found.width, found.rank) == (4, 4)


def test_one_of_six_nodes_of_a_frequency_is_redundant_and_two_are_not():
    task = GroupTask(cyclic(7))
    nodes = structured_features(task.group).reshape(3, 6, 14)
    assert reconstruction(task, nodes[:, :5].reshape(-1, 14)).residual < 1e-13
    pair_gone = np.concatenate([nodes[0, :4], nodes[1], nodes[2]])
    assert reconstruction(task, pair_gone).residual == pytest.approx(0.365, abs=0.01)


@pytest.mark.parametrize("order", [7, 8])
def test_complex_pairs_of_an_abelian_group(order):
    """[u; +-u], u = e^{2 pi i k a / M}: K = 2 (M - 1)."""
    u = np.exp(2j * np.pi * np.outer(np.arange(1, order), np.arange(order)) / order)
    nodes = np.concatenate([np.hstack([u, u]), np.hstack([u, -u])])
    found = reconstruction(GroupTask(cyclic(order)), nodes)
    assert found.residual < 1e-12
    assert found.width == 2 * (order - 1)
    assert np.iscomplexobj(found.readout)


PAIRS = {"S_3": 12, "Q_8": 16, "Z_2^3": 4}
MORE_PAIRS = {"Z_7": 8, "Z_8": 8, "A_4": 80, "F_21": 350}


@pytest.mark.parametrize(
    ("name", "pairs"), [*PAIRS.items(), *(pytest.param(*pair, marks=pytest.mark.slow) for pair in MORE_PAIRS.items())]
)
def test_the_mirrored_ansatz_keeps_its_residual(groups, name, pairs, key):
    """sqrt((M - I) / (2 (M - 1))), attained with enough nodes and never beaten, whatever the even activation."""
    group = groups[name]
    found = reconstruction(GroupTask(group), mirrored_features(group, pairs=pairs, key=key)).residual
    assert found == pytest.approx(mirrored_residual(group), abs=1e-6)
    few = reconstruction(GroupTask(group), mirrored_features(group, pairs=1, key=key)).residual
    assert few >= mirrored_residual(group) - 1e-9


def test_mirrored_residual_in_closed_form(groups):
    assert mirrored_residual(cyclic(13)) == pytest.approx(1 / np.sqrt(2))
    assert mirrored_residual(groups["Z_2^3"]) == 0.0
    assert mirrored_residual(groups["S_3"]) == pytest.approx(np.sqrt(2 / 10))


def _singular_values_on_the_target(group, nodes):
    """Of the centred features (one-hot product by hand), those of directions in which the centred target lies."""
    order = group.order
    first, second = np.divmod(np.arange(order**2), order)
    inputs = np.zeros((order**2, 2 * order))
    inputs[np.arange(order**2), first] = inputs[np.arange(order**2), order + second] = 1
    features, targets = (inputs @ nodes.T) ** 2, np.eye(order)[group.table[first, second]]
    features, targets = features - features.mean(axis=0), targets - targets.mean(axis=0)
    left = np.linalg.svd(targets, full_matrices=False)[0][:, : order - 1]
    return np.linalg.svd(left.T @ features, compute_uv=False)


@pytest.mark.parametrize("order", [7, 11])
def test_full_sets_of_unit_nodes_see_every_direction_of_the_target_alike(order):
    """s^2 = 3/2 for structured maxima, 2 for complex pairs, at every odd M: a ridge eta leaves eta/(eta + s^2)."""
    group = cyclic(order)
    structured = structured_features(group)
    np.testing.assert_allclose(np.linalg.norm(structured, axis=1), 1.0, rtol=1e-13)
    np.testing.assert_allclose(_singular_values_on_the_target(group, structured) ** 2, 1.5, rtol=1e-12)
    u = np.exp(2j * np.pi * np.outer(np.arange(1, order), np.arange(order)) / order) / np.sqrt(2 * order)
    pairs = np.concatenate([np.hstack([u, u]), np.hstack([u, -u])])
    np.testing.assert_allclose(_singular_values_on_the_target(group, pairs) ** 2, 2.0, rtol=1e-12)


def test_a_share_of_the_frequencies_leaves_the_square_root_of_the_rest():
    """Structured nodes of j of (M - 1)/2 frequencies: sqrt(1 - 2j/(M - 1)); mirrored ones half of that share."""
    task = GroupTask(cyclic(7))
    nodes = structured_features(task.group)
    mirrored = mirrored_features(task.group, pairs=3, key=jax.random.key(0))
    for j in (1, 2):
        assert reconstruction(task, nodes[: 6 * j]).residual == pytest.approx(np.sqrt(1 - j / 3), abs=1e-12)
        assert reconstruction(task, mirrored[: 6 * j]).residual == pytest.approx(np.sqrt(1 - j / 6), abs=1e-9)


def test_eight_random_maxima_a_frequency_are_exact_and_seven_are_not():
    group, key = cyclic(7), jax.random.key(3)
    nodes = np.stack([random_features(group, r, count=8, key=jax.random.fold_in(key, r)) for r in range(3)], axis=1)
    assert reconstruction(GroupTask(group), nodes.reshape(24, 14)).residual < 1e-9
    assert reconstruction(GroupTask(group), nodes[:7].reshape(21, 14)).residual > 0.01


def test_bad_inputs(key):
    task = GroupTask(cyclic(7))
    with pytest.raises(BadValue, match=r"hidden has shape \(14,\), but it must have shape \(K, 2M\) = \(any, 14\)"):
        reconstruction(task, np.ones(14))
    with pytest.raises(BadValue, match=r"hidden.*nan, but it must be finite"):
        reconstruction(task, np.full((1, 14), np.nan))
    with pytest.raises(BadValue, match="hidden is complex, but activation 'relu' is for real numbers"):
        reconstruction(GroupTask(cyclic(7), "relu"), np.ones((1, 14)) + 0j)
    with pytest.raises(BadValue, match="pairs is 0, but it must be an integer of at least 1"):
        mirrored_features(cyclic(7), pairs=0, key=key)
    with pytest.raises(BadValue, match="must be a Group of at least 2"):
        mirrored_residual(cyclic(1))
    with pytest.raises(BadValue, match="must have at least 2 elements"):
        structured_features(cyclic(1))
    with pytest.raises(TooLarge, match="The least-squares problem of 10000 pairs and 100000000 nodes"):
        reconstruction(GroupTask(cyclic(100)), np.broadcast_to(np.zeros(200, np.float16), (10**8, 200)))
