"""Rows of the page on units that a factor of two or of P can hide in: a user's loop against the theory it names."""

import numpy as np
import pytest

import grok_theory as gt
from grok_theory import linear


@pytest.mark.parametrize("decay_is", ["of SGD", "in the loss"])
def test_mean_loss_with_either_kind_of_decay(decay_is):
    """`MSELoss` with SGD's `weight_decay`, and Keras with `l2`: the least-squares fit at the end, to rounding."""
    rng = np.random.default_rng(0)
    dim, samples, decay, rate = 6, 9, 0.3, 0.02
    x, y, w = rng.standard_normal((samples, dim)), rng.standard_normal(samples), np.zeros(dim)
    for _ in range(4000):
        w -= rate * (2 * x.T @ (x @ w - y) / samples + (decay if decay_is == "of SGD" else 2 * decay) * w)
    there = linear.mean_loss(samples) * linear.unit_inputs(dim)
    here = there.back(weight_decay=decay / 2 if decay_is == "of SGD" else decay)["weight_decay"]
    inputs = x / np.sqrt(dim)  # of variance 1/N
    ours = np.linalg.solve(inputs.T @ inputs + here * np.eye(dim), inputs.T @ y)
    np.testing.assert_allclose(w, there.to(weights=ours)["weights"], rtol=1e-10, atol=0)


@pytest.mark.parametrize(("loss", "tau", "decay"), [("mean", 2.0, 0.5), ("halved sum", 30.0, 1 / 30)])
def test_a_diagonal_network_on_inputs_of_variance_one(loss, tau, decay):
    """Steps so small that they are the flow: `.mean()` and `.sum() / 2`, each with SGD's decay."""
    rng = np.random.default_rng(1)
    samples, dim, start, typed = 30, 40, 0.7, 0.02 if loss == "mean" else 0.3
    rate = 1e-3 if loss == "mean" else 1e-3 / 15
    x, teacher = rng.standard_normal((samples, dim)), np.zeros(dim)
    teacher[:4] = 1.0
    y = x @ teacher
    u, v, steps, seen = np.full(dim, start), np.full(dim, start), [0, 300, 1500, 4000], []
    for k in range(steps[-1] + 1):
        residual = x @ (u * u - v * v) - y
        if k in steps:
            seen.append(np.mean((u * u - v * v - teacher) ** 2))
        slope = x.T @ residual * (2 / samples if loss == "mean" else 1.0)
        u, v = u - rate * (2 * slope * u + typed * u), v - rate * (-2 * slope * v + typed * v)
    root = np.sqrt(samples)
    network = linear.DiagonalNetwork(x / root, y / root, start, decay * typed, teacher)
    told = gt.linear.solve(network, np.array(steps) * rate * tau)["weight_error"]
    np.testing.assert_allclose(seen, told, rtol=2e-2, atol=0)
