"""The lazy end against kernels written out in NumPy and the matrix exponential of scipy."""

import jax
import numpy as np
import pytest
from scipy.linalg import expm

from grok_theory.kernels import Activation
from grok_theory.lazy_rich import MeanFieldNetwork, Particles, TangentLimit, solve


def kernels_by_hand(activation, inner, norms, other):
    """Phi and E[phi' phi'] from K_x, entry by entry (Cho & Saul for relu)."""
    a, b = np.meshgrid(norms, other, indexing="ij")
    if activation == "linear":
        return inner, np.ones_like(inner)
    if activation == "erf":
        both = (1 + 2 * a) * (1 + 2 * b)
        return 2 / np.pi * np.arcsin(2 * inner / np.sqrt(both)), 4 / np.pi / np.sqrt(both - 4 * inner**2)
    angle = np.arccos(np.clip(inner / np.sqrt(a * b), -1, 1))
    dual = np.sqrt(a * b) * (np.sin(angle) + (np.pi - angle) * np.cos(angle)) / (2 * np.pi)
    return dual, (np.pi - angle) / (2 * np.pi)


@pytest.mark.parametrize("activation", ["erf", "linear", "relu"])
def test_against_the_matrix_exponential(network, times, activation):
    problem = network(0.3, activation)
    solution = solve(problem, times, method=TangentLimit())
    z, fresh = (np.asarray(part) / np.sqrt(2) for part in (problem.inputs, problem.test_inputs))
    every = np.vstack([z, fresh])
    inner = every @ z.T
    features, slopes = kernels_by_hand(activation, inner, np.sum(every**2, 1), np.sum(z**2, 1))
    kernel = features + inner * slopes
    train, test = kernel[:4], kernel[4:]
    for i, time in enumerate(times):
        left = expm(-2 / 4 * train * time) @ problem.targets
        learned = np.linalg.lstsq(train, problem.targets - left, rcond=None)[0]
        assert solution["train_loss"][i] == pytest.approx(np.mean(left**2), rel=1e-11, abs=0)
        assert solution["test_loss"][i] == pytest.approx(
            np.mean((problem.test_targets - test @ learned) ** 2), rel=1e-9, abs=0
        )
        moved = 0.3 * np.sqrt(learned @ train @ learned)
        assert solution["distance"][i] == pytest.approx(moved, rel=1e-9, abs=0)
    np.testing.assert_allclose(solution["kernel_movement"], 0, atol=0)
    assert solution.status.name == "noted"


def test_corrections_are_of_second_order_in_richness(network, times):
    """Same particles at every richness, so that their own error cancels; and the limit itself within their band."""
    method = Particles(count=1024, scrambles=2, tolerance=1e-7)
    reference = solve(network(1e-3, "erf"), times, method=method)
    gaps = []
    for richness in (0.4, 0.2, 0.1):
        solution = solve(network(richness, "erf"), times, method=method)
        # Where the correction is largest: early for the train loss, late for the test loss.
        gaps.append(
            [abs(solution[name][at] - reference[name][at]) for name, at in (("train_loss", 0), ("test_loss", 2))]
        )
    orders = np.diff(np.log(gaps), axis=0) / np.log(0.5)
    np.testing.assert_allclose(orders, 2.0, atol=0.15)
    limit = solve(network(1e-3, "erf"), times, method=TangentLimit())
    for name in ("train_loss", "test_loss"):
        gap = np.abs(np.asarray(limit[name]) - np.asarray(reference[name]))
        assert np.all(gap <= np.asarray(reference.numerical_error[name]) + 1e-4), name
    np.testing.assert_allclose(reference["distance"], limit["distance"], rtol=1e-2)


@pytest.mark.slow
def test_quadrature_is_said_in_the_error(network, times):
    few, many = (
        solve(network(1.0, Activation(jax.numpy.tanh, nodes=n)), times, method=TangentLimit()) for n in (16, 96)
    )
    for name in ("train_loss", "test_loss"):
        gap = np.abs(np.asarray(few[name]) - np.asarray(many[name]))
        assert np.all(gap <= np.asarray(few.numerical_error[name]))
    assert np.max(few.numerical_error["test_loss"]) > 1e-8


@pytest.mark.slow
def test_several_outputs_are_several_problems_and_gradients_pass(network, times):
    one = network(0.1, "erf")
    both = np.stack([one.targets, one.targets**2], 1), np.stack([one.test_targets, one.test_targets**2], 1)
    two = solve(network(0.1, "erf", targets=both[0], test_targets=both[1]), times, method=TangentLimit())
    single = [
        solve(network(0.1, "erf", targets=both[0][:, i], test_targets=both[1][:, i]), times, method=TangentLimit())
        for i in range(2)
    ]
    np.testing.assert_allclose(two["test_loss"], single[0]["test_loss"] + single[1]["test_loss"], rtol=1e-11)
    np.testing.assert_allclose(np.square(two["distance"]), sum(np.square(s["distance"]) for s in single), rtol=1e-9)

    def loss(targets):
        problem = MeanFieldNetwork(one.inputs, targets, 0.1, "erf", one.test_inputs, one.test_targets)
        return solve(problem, times, method=TangentLimit())["test_loss"][1]

    slope, step = jax.grad(loss)(one.targets), 1e-5 * np.eye(4)[1]
    difference = (loss(one.targets + step) - loss(one.targets - step)) / 2e-5
    assert float(slope[1]) == pytest.approx(float(difference), rel=1e-6, abs=0)
