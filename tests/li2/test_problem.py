"""GroupTask: what it refuses, what it derives, and its splits."""

import dataclasses

import jax
import numpy as np
import pytest

from grok_theory import BadValue
from grok_theory.li2 import GroupTask, energy
from grok_theory.li2.groups import cyclic


def test_derived_numbers_of_the_papers_setting():
    task = GroupTask(cyclic(23), train_fraction=0.8, weight_decay=5e-5)
    assert task.samples == 423
    assert task.ridge == pytest.approx(423 * 5e-5 / 2)
    assert not task.is_drawn
    assert GroupTask(cyclic(23)).is_drawn
    assert not GroupTask(cyclic(23), label_noise=0.1).is_drawn


def test_a_split_is_reproducible_without_repeats_and_with_the_asked_noise():
    task = GroupTask(cyclic(13), train_fraction=0.5, label_noise=0.4)
    drawn, again = task.split(jax.random.key(3)), task.split(jax.random.key(3))
    assert drawn == again
    assert drawn.samples == task.samples == 84
    assert len({tuple(p) for p in drawn.train_pairs.tolist()}) == 84
    first, second = drawn.train_pairs.T
    wrong = np.sum(task.group.table[first, second] != drawn.train_labels)
    assert 0 < wrong <= round(0.4 * 84)
    np.testing.assert_array_equal(dataclasses.replace(drawn, weight_decay=1.0).train_pairs, drawn.train_pairs)


def test_all_pairs_in_another_order_are_the_full_table():
    group = cyclic(5)
    pairs = np.random.default_rng(0).permutation([(a, b) for a in range(5) for b in range(5)])
    assert GroupTask(group, train_pairs=pairs).is_full_table
    labels = group.table[pairs[:, 0], pairs[:, 1]].copy()
    assert GroupTask(group, train_pairs=pairs, train_labels=labels).is_full_table
    labels[3] = (labels[3] + 1) % 5
    assert not GroupTask(group, train_pairs=pairs, train_labels=labels).is_full_table


def test_a_task_is_a_pytree_with_numbers_as_leaves():
    task = GroupTask(cyclic(5), train_fraction=0.5).split(jax.random.key(0))
    leaves, structure = jax.tree_util.tree_flatten(task)
    assert jax.tree_util.tree_unflatten(structure, leaves) == task
    assert float(jax.grad(lambda t: t.ridge, allow_int=True)(task).weight_decay) == pytest.approx(task.samples / 2)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"group": cyclic(1)}, "group has order 1, but it must have at least 2"),
        ({"activation": "sqare"}, r"activation is 'sqare'.*Did you mean 'square'"),
        ({"train_fraction": 0.0}, r"train_fraction is 0\.0, but it must be in \(0, 1\].*Pass the share"),
        ({"train_fraction": 1.5}, r"train_fraction is 1\.5"),
        ({"train_fraction": float("nan")}, "train_fraction is nan"),
        ({"train_fraction": 1e-6}, "must leave at least one of the 49 pairs"),
        ({"weight_decay": -1.0}, "weight_decay is -1.0, but it must be zero or positive, and finite.*for example 2e-4"),
        ({"weight_decay": float("inf")}, "weight_decay is inf"),
        ({"label_noise": 1.1}, r"label_noise is 1\.1, but it must be in \[0, 1\]"),
        ({"centering": "sample"}, "centering is 'sample'.*Did you mean 'samples'"),
        ({"train_labels": [1]}, "train_labels is given, but train_pairs is None"),
        ({"train_pairs": np.array([1, 2])}, r"train_pairs has shape \(2,\)"),
        ({"train_pairs": np.zeros((0, 2), int)}, r"train_pairs has shape \(0, 2\)"),
        (
            {"train_pairs": np.array([[0, 7]])},
            r"train_pairs\[0, 1\] is 7, but it must be an element index 0\.\.6.*split",
        ),
        ({"train_pairs": np.array([[0, -1]])}, r"train_pairs\[0, 1\] is -1"),
        ({"train_pairs": np.array([[0.0, 1.0]])}, "train_pairs has type float64, but it must hold integers"),
        ({"train_pairs": np.array([[2, 3], [1, 1], [2, 3]])}, r"train_pairs holds \(2, 3\) more than once"),
        ({"train_pairs": np.array([[2, 3]]), "train_labels": np.array([9])}, r"train_labels\[0\] is 9"),
        ({"train_pairs": np.array([[2, 3]]), "train_labels": np.array([1, 2])}, r"train_labels has shape \(2,\)"),
        (
            {"train_pairs": np.array([[2, 3]]), "label_noise": 0.5},
            "label_noise is 0.5 with train_pairs but no train_labels",
        ),
        ({"train_pairs": np.array([[2, 3]]), "train_fraction": 0.5}, "means 24 pairs, but train_pairs has 1"),
    ],
)
def test_bad_fields(fields, said):
    with pytest.raises(BadValue, match=said):
        GroupTask(**{"group": cyclic(7)} | fields)


def test_what_needs_pairs_says_so():
    with pytest.raises(BadValue, match=r"energy needs the training pairs, but train_pairs is None.*task.split\(key\)"):
        energy(GroupTask(cyclic(7), train_fraction=0.5), np.ones(14))
    with pytest.raises(BadValue, match="energy needs the training noisy labels"):
        energy(GroupTask(cyclic(7), label_noise=0.5), np.ones(14))
