"""Pruning a network that is half generalising, half memorising by construction, and its bookkeeping."""

import dataclasses

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grok_theory import BadValue
from grok_theory.li2 import GroupTask
from grok_theory.li2.companion import HIGHEST_FIRST, LOWEST_FIRST, RANDOM, ModularNetwork, exact_network, prune_curve
from grok_theory.li2.groups import cyclic

P, EXACT = 11, 300


@pytest.fixture(scope="module")
def planted():
    """Exact cosines, and one neuron a corrupted sample that fires on that pair only."""
    task = GroupTask(cyclic(P), train_fraction=0.8, label_noise=0.2).split(jax.random.key(4))
    good = exact_network(P, EXACT, key=jax.random.key(0))
    pairs, labels = np.asarray(task.train_pairs), np.asarray(task.train_labels)
    wrong = np.flatnonzero(labels != task.group.table[pairs[:, 0], pairs[:, 1]])
    left, right, output = (np.zeros((len(wrong), P)) for _ in range(3))
    for i, sample in enumerate(wrong):
        m, n = pairs[sample]
        # (U + V)^2 is 4 at (m, n), 1 on the rest of its row and column, which a second neuron's share takes back.
        left[i, m], right[i, n], output[i, labels[sample]] = 1.0, 1.0, 3.0
    layers = zip((good.left, good.right, good.output.T), (left, right, output), strict=True)
    left, right, output = (np.vstack(pair) for pair in layers)
    return task, ModularNetwork(left, right, output.T)


def test_lowest_first_takes_the_memory_and_keeps_the_rule(planted):
    task, network = planted
    count = network.width - EXACT
    found = prune_curve(network, task, [0, count])
    assert found.corrupted_accuracy[0] > 0.9
    assert found.corrupted_accuracy[1] < 0.1
    assert found.corrected_accuracy[1] > 0.9
    assert found.test_accuracy[1] == 1
    wrong = np.mean(np.asarray(task.train_labels) != task.group.table[tuple(np.asarray(task.train_pairs).T)])
    assert found.train_accuracy[1] == pytest.approx(1 - wrong)
    # The control: as many at random leave most of the memory.
    control = prune_curve(network, task, [0, count], order=RANDOM, key=jax.random.key(1))
    assert control.corrupted_accuracy[1] > 0.5
    assert (np.diff(found.participation) >= 0).all()
    highest = prune_curve(network, task, [EXACT], order=HIGHEST_FIRST)
    assert highest.test_accuracy[0] < 0.3


# Few counts: each compiles the ratios of its own size.
@given(count=st.sampled_from([0, 17, 250]), order=st.sampled_from([LOWEST_FIRST, HIGHEST_FIRST, RANDOM]))
def test_curves_are_those_of_the_smaller_network(planted, count, order):
    task, network = planted
    found = prune_curve(network, task, [count], order=order, key=jax.random.key(2))
    assert ((found.test_accuracy >= 0) & (found.test_accuracy <= 1)).all()
    np.testing.assert_allclose(np.sort(found.participation), np.sort(network.participation()))
    keep = {LOWEST_FIRST: np.argsort(network.participation(), kind="stable")[count:]}.get(order)
    if keep is not None:
        small = ModularNetwork(network.left[keep], network.right[keep], network.output[:, keep])
        again = prune_curve(small, task, [0])
        assert again.train_accuracy[0] == found.train_accuracy[0]
        assert again.test_accuracy[0] == found.test_accuracy[0]


def test_clean_labels_have_no_corrupted_accuracy(planted):
    _, network = planted
    found = prune_curve(network, GroupTask(cyclic(P)), [0])
    assert np.isnan(found.corrupted_accuracy[0])
    assert np.isnan(found.test_accuracy[0])


def test_what_is_refused(planted):
    task, network = planted
    for arguments, words in (
        ((network, task, [network.width + 1]), "counts"),
        ((network, task, [0.5]), "counts"),
        ((network, GroupTask(cyclic(7)), [0]), "modulo 11"),
        ((network, dataclasses.replace(task, train_pairs=None, train_labels=None), [0]), "split"),
    ):
        with pytest.raises(BadValue, match=words):
            prune_curve(*arguments)
    with pytest.raises(BadValue, match="key is None"):
        prune_curve(network, task, [0], order=RANDOM)
    with pytest.raises(BadValue, match="order"):
        prune_curve(network, task, [0], order="lowest")
