"""The exact network against sums by hand and against its accuracy law; networks read from runs."""

import dataclasses

import jax
import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grok_theory import BadValue
from grok_theory.li2 import GroupTask, simulate
from grok_theory.li2.companion import (
    ModularNetwork,
    exact_network,
    exact_network_accuracy,
    inverse_participation_ratio,
    network_of_run,
)
from grok_theory.li2.groups import cyclic, symmetric
from grok_theory.status import Status


def accuracy(network):
    place = np.arange(network.modulus)
    return np.mean(network.outputs().argmax(axis=-1) == (place[:, None] + place) % network.modulus)


# Few sizes: each compiles its own draws.
@given(size=st.sampled_from([(3, 1), (7, 12), (11, 40)]), seed=st.integers(0, 99))
def test_outputs_are_the_printed_sums(size, seed):
    modulus, width = size
    network = exact_network(modulus, width, key=jax.random.key(seed))
    outputs = network.outputs()
    m, n, q = seed % modulus, (3 * seed + 1) % modulus, (seed + 2) % modulus
    by_hand = sum(network.output[q, k] * (network.left[k, m] + network.right[k, n]) ** 2 for k in range(width))
    assert outputs[m, n, q] == pytest.approx(by_hand, abs=1e-12)
    np.testing.assert_allclose(outputs.sum(axis=-1), 0, atol=1e-10)  # hence every wrong class has mean -1/(p-1)
    np.testing.assert_allclose(network.participation(), 1, rtol=1e-9)  # pure cosines


def test_the_right_class_is_one_on_average_and_the_rest_noise():
    """Amplitude (2/N)^{1/3}: means 1 and -1/(p-1), variance 4/N over the draws."""
    p, width = 11, 40
    outputs = np.array([exact_network(p, width, key=jax.random.key(i)).outputs() for i in range(200)])
    place = np.arange(p)
    right = outputs[:, place[:, None], place, (place[:, None] + place) % p]
    # Over the whole table even exactly, in every single network: the phases of the interference run through a circle.
    np.testing.assert_allclose(right.mean(axis=(1, 2)), 1, rtol=1e-9)
    wrong = (outputs.sum(axis=-1) - right) / (p - 1)
    np.testing.assert_allclose(wrong, -right / (p - 1), atol=1e-12)
    assert outputs.var(axis=0).mean() == pytest.approx(4 / width, rel=0.1, abs=0)


@pytest.mark.parametrize(("p", "width", "gap"), [(11, 10, 0.08), (11, 40, 0.04), (23, 22, 0.06), (53, 52, 0.06)])
def test_the_accuracy_law_is_an_approximation(p, width, gap):
    """Within the stated gap of twelve drawn networks: the interference is not independent."""
    drawn = np.array([accuracy(exact_network(p, width, key=jax.random.key(i))) for i in range(12)])
    assert abs(exact_network_accuracy(p, width) - drawn.mean()) < gap + 3 * drawn.std() / np.sqrt(12)


@pytest.mark.parametrize(("p", "width"), [(3, 1), (11, 20), (97, 96)])
def test_the_law_itself_to_all_digits(p, width):
    with mpmath.workdps(30):
        gap = mpmath.sqrt(width) / 2 * p / (p - 1)
        exact = mpmath.quad(lambda x: mpmath.npdf(x) * mpmath.ncdf(x + gap) ** (p - 1), [-14, -4, 0, 4, 14])
    assert exact_network_accuracy(p, width) == pytest.approx(float(exact), rel=1e-12, abs=0)


@given(width=st.integers(1, 500), p=st.sampled_from([3, 11, 53, 97]))
def test_the_law_rises_with_width_and_starts_above_chance(width, p):
    here, wider = exact_network_accuracy(p, width), exact_network_accuracy(p, width + 1)
    assert 1 / p < here <= wider + 1e-15 <= 1 + 1e-12


def test_wide_networks_are_exact():
    assert accuracy(exact_network(11, 400, key=jax.random.key(0))) == 1


def test_participation_conventions():
    cosine = np.cos(2 * np.pi * 2 * np.arange(11) / 11 + 0.3)
    assert float(inverse_participation_ratio(cosine)) == pytest.approx(1)
    assert float(inverse_participation_ratio(cosine, one_sided=False)) == pytest.approx(0.5)
    assert float(inverse_participation_ratio(np.zeros(11))) == 0
    dead = ModularNetwork(np.zeros((2, 5)), np.zeros((2, 5)), np.zeros((5, 2)))
    np.testing.assert_array_equal(dead.participation(), 0)


@pytest.mark.parametrize("centering", ["samples", "classes"])
def test_a_run_read_as_a_network_decides_the_same(centering):
    task = GroupTask(cyclic(7), train_fraction=0.7, centering=centering)
    runs = simulate(task, [0, 60], width=16, runs=2, key=jax.random.key(0))
    network = network_of_run(runs, 1)
    decided = network.outputs().argmax(axis=-1)
    first, second = runs.stats["train_pairs"][1].T
    right = np.mean(decided[first, second] == runs.stats["train_labels"][1])
    assert right == pytest.approx(runs["train_accuracy"][1, -1], abs=1e-6)
    assert network.participation().shape == (16,)
    # A run that diverged is no network; another of the same ensemble is.
    curves = {**runs.curves, "train_loss": np.where([[True], [False]], runs["train_loss"], np.nan)}
    lost = dataclasses.replace(runs, curves=curves, status=Status(2, failed="1 of 2 runs diverged."))
    np.testing.assert_array_equal(network_of_run(lost, 0).output, network_of_run(runs, 0).output)
    layers = runs.stats | {"readout": runs.stats["readout"] * np.array([1, np.inf])[:, None, None]}
    for ensemble in (lost, dataclasses.replace(runs, stats=layers)):
        with pytest.raises(BadValue, match="run is 1, but that run diverged"):
            network_of_run(ensemble, 1)
    with pytest.raises(BadValue, match=r"ensemble has failed, and no run of it says why\. It says: 1 of 2"):
        network_of_run(dataclasses.replace(runs, status=lost.status), 0)


def test_what_is_refused():
    key = jax.random.key(0)
    for make, words in (
        (lambda: exact_network(4, 8, key=key), "odd.*5"),
        (lambda: exact_network(7, 0, key=key), "width"),
        (lambda: exact_network_accuracy(2, 8), "modulus"),
        (lambda: ModularNetwork(np.ones((3, 5)), np.ones((3, 4)), np.ones((5, 3))), "right"),
        (lambda: network_of_run(None), "simulate"),
    ):
        with pytest.raises(BadValue, match=words):
            make()
    runs = simulate(GroupTask(symmetric(3)), [0], width=4, runs=1, key=key)
    with pytest.raises(BadValue, match="cyclic"):
        network_of_run(runs)
