"""Influence and leave-one-out along training: reference values, finite differences, refits."""

import jax.numpy as jnp
import numpy as np
import pytest
import scipy.linalg
from hypothesis import given, settings
from hypothesis import strategies as st

from grok_theory import BadValue, bounds
from grok_theory.kernels import flow_influence, flow_leave_one_out, gradient_flow, leave_one_out

REFERENCE = [
    (4, 6, 0.3, 1.0, [-0.224256634, -0.03903731249, 0.007631264253, -0.0784497303],
     [0.9848572702, 0.5969223548, -0.1781670953, -0.8581806042]),
    (6, 3, 0.7, 5.0, [-0.04520013742, 0.04311152401, 0.1048335167, -0.1984339455, 0.02266304482, 0.0561151211],
     [0.6637611998, -0.5629248122, -0.8598698038, -1.024130055, 0.1688246487, -0.2791701699]),
]  # fmt: skip


@pytest.mark.parametrize(("n", "d", "seed", "time", "influence", "left_out"), REFERENCE)
def test_reference_values(n, d, seed, time, influence, left_out):
    i, j = np.arange(1.0, n + 1)[:, None], np.arange(1.0, d + 1)
    x, new, y = np.cos(1.3 * i * j + seed) / np.sqrt(d), np.sin(j + seed) / np.sqrt(d), np.sin(i[:, 0] + seed)
    ours = flow_influence(x @ x.T, y, (x @ new)[None], [time])
    np.testing.assert_allclose(ours[0, 0], influence, rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(flow_leave_one_out(x @ x.T, y, [time])[0], left_out, rtol=1e-8, atol=1e-9)


def machine(seed, twins):
    """Five samples; with `twins` two inputs are the same, of rank three: equal and null eigenvalues."""
    draws = np.random.default_rng(seed)
    x = draws.normal(size=(5, 3 if twins else 6))
    x[1] = x[0] if twins else x[1]
    return x @ x.T, draws.normal(size=5), draws.normal(size=(2, x.shape[1])) @ x.T


@given(st.integers(0, 2**31), st.booleans(), st.sampled_from([0.01, 0.3, 2.0]))
@settings(max_examples=25)
def test_influence_is_the_slope_in_the_weights(seed, twins, time):
    kernel, y, cross = machine(seed, twins)

    def predicted(weights):
        # df/dt = k_x W (y - f), with e^(-K W t) by scaling and squaring.
        generator = np.block(
            [[-kernel @ np.diag(weights), np.zeros((5, 2))], [-cross @ np.diag(weights), np.zeros((2, 2))]]
        )
        state = scipy.linalg.expm(generator * time) @ np.concatenate([y, np.zeros(2)])
        return -(state[5:] - 0)

    step, slopes = 1e-5, []
    for i in range(5):
        bump = np.eye(5)[i] * step
        slopes.append(-(predicted(1 + bump) - predicted(1 - bump)) / (2 * step))
    ours = flow_influence(kernel, y, cross, [time])[0]
    expected = -np.array(slopes).T
    np.testing.assert_allclose(ours, expected, rtol=1e-6, atol=1e-8 * np.abs(expected).max() + 1e-9)
    # All weights up is a faster time: the sum is t df/dt.
    h = 1e-5 * time
    ends = gradient_flow(kernel, y, cross, [time - h, time + h])[1]
    np.testing.assert_allclose(ours.sum(1), time * (ends[1] - ends[0]) / (2 * h), rtol=1e-6, atol=1e-8)


@given(st.integers(0, 2**31), st.booleans())
@settings(max_examples=15)
def test_units(seed, twins):
    kernel, y, cross = machine(seed, twins)
    np.testing.assert_allclose(
        flow_influence(3 * kernel, 5 * y, 3 * cross, [0.7 / 3]),
        5 * flow_influence(kernel, y, cross, [0.7]),
        rtol=1e-7,
        atol=1e-9,
    )
    np.testing.assert_allclose(
        flow_leave_one_out(3 * kernel, 5 * y, [0.7 / 3]), 5 * flow_leave_one_out(kernel, y, [0.7]), rtol=1e-7, atol=1e-9
    )


@pytest.mark.parametrize("twins", [False, True])
def test_left_out_is_the_flow_without_the_sample(twins):
    kernel, y, _ = machine(4, twins)
    times = [0.0, 0.2, 3.0]
    ours = flow_leave_one_out(kernel, y, times)
    for i in range(5):
        rest = np.delete(np.arange(5), i)
        other = gradient_flow(kernel[np.ix_(rest, rest)], y[rest], kernel[i, rest][None], times)[1][:, 0]
        np.testing.assert_allclose(ours[:, i], y[i] - other, rtol=1e-10, atol=1e-12)


def test_the_end_is_the_interpolator_without_the_sample():
    kernel, y, _ = machine(5, False)
    ends = flow_leave_one_out(kernel, y, [1e9])[0]
    np.testing.assert_allclose(ends, leave_one_out(kernel, y, ridge=0.0).residuals, rtol=1e-8, atol=0)


def test_one_sample_has_nobody_to_learn_from():
    np.testing.assert_allclose(flow_leave_one_out([[2.0]], [3.0], [0.0, 5.0]), [[3.0], [3.0]], rtol=1e-15, atol=0)


@pytest.mark.slow
def test_stopping_by_leave_one_out_is_near_the_best():
    """60 samples in 40 dimensions, 20 draws: the mean test loss at the chosen times is within 10 % of the best."""
    draws, chosen, best, times = np.random.default_rng(0), [], [], np.geomspace(0.1, 100, 30)
    for _ in range(20):
        x, teacher = draws.normal(size=(60, 40)) / np.sqrt(40), draws.normal(size=40)
        y = x @ teacher + 0.7 * draws.normal(size=60)
        estimate = np.mean(np.square(flow_leave_one_out(x @ x.T, y, times)), axis=1)
        directions = np.eye(40) / np.sqrt(40)
        weights = np.asarray(gradient_flow(x @ x.T, y, directions @ x.T, times)[1]) * np.sqrt(40)
        test = 0.49 + np.mean((weights - teacher) ** 2, axis=1)
        chosen.append(test[np.argmin(estimate)])
        best.append(test.min())
    assert np.mean(chosen) < 1.1 * np.mean(best)


def test_the_estimate_along_training():
    kernel, y, _ = machine(6, False)
    bound = bounds.leave_one_out_estimate(kernel, y, times=[0.1, 1.0])
    train = np.mean(np.square(y[None] - gradient_flow(kernel, y, kernel, [0.1, 1.0])[0]), axis=1)
    left_out = np.mean(np.square(flow_leave_one_out(kernel, y, [0.1, 1.0])), axis=1)
    np.testing.assert_allclose(bound.value, left_out - train, rtol=1e-12, atol=0)
    for given_ in ({}, {"ridge": 1.0, "times": jnp.ones(1)}):
        with pytest.raises(BadValue, match="exactly one"):
            bounds.leave_one_out_estimate(kernel, y, **given_)


def test_bad_values():
    with pytest.raises(BadValue, match=r"times\[0\] is -1"):
        flow_influence(np.eye(2), np.ones(2), np.ones((1, 2)), [-1.0])
    with pytest.raises(BadValue, match="y has shape"):
        flow_leave_one_out(np.eye(2), np.ones(3), [1.0])
