"""Predictions on given data against an ODE solver, iteration, linear algebra; leave-one-out against refits."""

import jax
import jax.numpy as jnp
import mpmath as mp
import numpy as np
import pytest
import scipy.linalg
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from grok_theory import BadValue
from grok_theory.kernels import gradient_descent, gradient_flow, kernel_ridge, leave_one_out, leave_one_out_influence

GENERATOR = np.random.default_rng(3)
FEATURES = GENERATOR.standard_normal((14, 20))
K, Y, CROSS = FEATURES @ FEATURES.T, GENERATOR.standard_normal(14), GENERATOR.standard_normal((5, 20)) @ FEATURES.T
LOW_RANK = FEATURES[:, :6] @ FEATURES[:, :6].T
TIMES = np.array([0.0, 1e-3, 0.02, 0.3, 4.0])


@pytest.mark.parametrize("kernel", [K, LOW_RANK], ids=["full rank", "rank 6"])
def test_flow_against_an_ode_solver(kernel):
    start, start_test = GENERATOR.standard_normal(14), GENERATOR.standard_normal(5)

    def slope(_, f):
        residual = Y - f[:14]
        return np.concatenate([kernel @ residual, CROSS @ residual])

    path = solve_ivp(
        slope, (0, 4), np.concatenate([start, start_test]), t_eval=TIMES, rtol=1e-12, atol=1e-12, method="DOP853"
    )
    train, test = gradient_flow(kernel, Y, CROSS, TIMES, initial_train=start, initial_test=start_test)
    np.testing.assert_allclose(np.concatenate([train, test], 1), path.y.T, atol=1e-10 * np.abs(path.y).max())


@pytest.mark.parametrize("step_size", [0.01, 1.0 / 40, 1.9])
def test_descent_against_the_literal_iteration(step_size):
    step_size = step_size / np.linalg.eigvalsh(K).max() if step_size > 1 else step_size
    f, f_test, seen = np.zeros(14), np.zeros(5), []
    for _ in range(61):
        seen.append(np.concatenate([f, f_test]))
        residual = Y - f
        f, f_test = f + step_size * K @ residual, f_test + step_size * CROSS @ residual
    seen = np.array(seen)[[0, 1, 2, 7, 60]]
    train, test = gradient_descent(K, Y, CROSS, np.array([0, 1, 2, 7, 60]), step_size=step_size)
    scale = np.abs(seen).max(1, keepdims=True) + 1
    assert (np.abs(np.concatenate([train, test], 1) - seen) / scale).max() < 1e-11


def test_small_steps_are_flow():
    flow = gradient_flow(K, Y, CROSS, np.array([0.1]))[1]
    descent = gradient_descent(K, Y, CROSS, np.array([10**6]), step_size=1e-7)[1]
    np.testing.assert_allclose(descent, flow, rtol=1e-4)


@pytest.mark.parametrize("ridge", [0.0, 1e-3, 5.0])
def test_ridge_against_plain_algebra(ridge):
    with mp.workdps(50):
        dual = mp.lu_solve(mp.matrix(K.tolist()) + mp.mpf(ridge) * mp.eye(14), mp.matrix(Y.tolist()))
        exact = np.array([float(f) for f in mp.matrix(CROSS.tolist()) * dual])
    ours = np.asarray(kernel_ridge(K, Y, CROSS, ridge=ridge))
    # Of the largest: one of the five predictions is a cancellation of ten thousand to one.
    assert np.abs(ours - exact).max() < 2e-14 * np.abs(exact).max()
    weights = scipy.linalg.lstsq(np.vstack([FEATURES, np.sqrt(ridge) * np.eye(20)]), np.concatenate([Y, np.zeros(20)]))[
        0
    ]
    features = scipy.linalg.lstsq(FEATURES, CROSS.T)[0].T
    np.testing.assert_allclose(ours, features @ weights, rtol=1e-9)


def test_least_norm_without_a_ridge():
    exact = CROSS @ np.linalg.pinv(LOW_RANK, rcond=1e-12) @ Y
    np.testing.assert_allclose(kernel_ridge(LOW_RANK, Y, CROSS), exact, rtol=1e-9)


def test_flow_ends_at_the_interpolator():
    np.testing.assert_allclose(gradient_flow(K, Y, CROSS, np.array([1e9]))[1][0], kernel_ridge(K, Y, CROSS), rtol=1e-11)


def refits(kernel, y, ridge):
    """n machines, each without one sample, by dense least squares."""
    residuals, influence = [], []
    full = CROSS @ np.linalg.pinv(kernel + ridge * np.eye(y.size), rcond=1e-12) @ y
    for i in range(y.size):
        keep = np.delete(np.arange(y.size), i)
        dual = np.linalg.pinv(kernel[np.ix_(keep, keep)] + ridge * np.eye(keep.size), rcond=1e-12) @ y[keep]
        residuals.append(y[i] - kernel[i, keep] @ dual)
        influence.append(CROSS[:, keep] @ dual - full)
    return np.array(residuals), np.array(influence).T


@pytest.mark.parametrize("ridge", [0.0, 1e-12, 1e-6, 0.1, 100.0])
def test_leave_one_out_against_refits(ridge):
    residuals, influence = refits(K, Y, ridge)
    ours = leave_one_out(K, Y, ridge=ridge)
    error = np.abs(ours.residuals - residuals).max() / np.abs(residuals).max()
    print(f"ridge {ridge:g}: leave-one-out against refits {error:.1e}")
    assert error < 1e-10
    assert float(ours.loss) == pytest.approx(np.mean(residuals**2), rel=1e-9, abs=0)
    hat = K @ np.linalg.inv(K + ridge * np.eye(14))
    np.testing.assert_allclose(ours.leverage, np.diag(hat), rtol=1e-9)
    np.testing.assert_allclose(leave_one_out_influence(K, Y, CROSS, ridge=ridge), influence, rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize("kind", ["low rank", "a sample of its own"])
def test_leave_one_out_without_full_rank(kind):
    kernel = LOW_RANK.copy()
    if kind != "low rank":  # sample 0 has a direction that no other has: the null space does not touch it
        kernel = np.pad(LOW_RANK[1:, 1:], ((1, 0), (1, 0)))
        kernel[0, 0] = 2.0
    ours = leave_one_out(kernel, Y, ridge=0.0)
    np.testing.assert_allclose(ours.residuals, refits(kernel, Y, 0.0)[0], rtol=1e-8)
    assert ours.null_modes == (8 if kind == "low rank" else 7)


@given(st.integers(0, 2**31), st.floats(-6, 3))
def test_leave_one_out_properties(seed, power):
    """Leverages in [0, 1] that sum to the effective dimension; loss never below the train loss."""
    features = np.random.default_rng(seed).standard_normal((14, 20))
    kernel, ridge = features @ features.T, 10.0**power
    result = leave_one_out(kernel, Y, ridge=ridge)
    values = np.linalg.eigvalsh(kernel)
    assert np.all((np.asarray(result.leverage) >= 0) & (np.asarray(result.leverage) <= 1 + 1e-14))
    assert float(jnp.sum(result.leverage)) == pytest.approx(np.sum(values / (values + ridge)), rel=1e-11, abs=0)
    train = Y - kernel @ np.linalg.solve(kernel + ridge * np.eye(14), Y)
    assert float(result.loss) >= np.mean(train**2)


def test_gradients_and_jit():
    def loss(r):
        return leave_one_out(K, Y, ridge=r).loss

    quotient = (loss(0.1 + 1e-6) - loss(0.1 - 1e-6)) / 2e-6
    assert float(jax.grad(loss)(0.1)) == pytest.approx(float(quotient), rel=1e-7, abs=0)

    def ridge(r):
        return jnp.sum(kernel_ridge(K, Y, CROSS, ridge=r))

    assert float(jax.jit(ridge)(0.1)) == pytest.approx(float(ridge(0.1)), rel=1e-12, abs=0)
    assert jnp.isfinite(jax.grad(ridge)(0.1))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: kernel_ridge(K[:, :3], Y, CROSS), ["kernel_train has shape (14, 3)", "square", "Pass"]),
        (
            lambda: kernel_ridge(K + np.triu(K, 1), Y, CROSS),
            ["kernel_train differs from its transpose", "symmetric", "Pass"],
        ),
        (lambda: kernel_ridge(K, Y[:3], CROSS), ["y has shape (3,)", "(14,)", "one target"]),
        (lambda: kernel_ridge(K, Y, CROSS[:, :2]), ["kernel_test has shape (5, 2)", "(any, 14)", "column"]),
        (lambda: kernel_ridge(K, Y, CROSS, ridge=-1.0), ["ridge is -1.0", "zero or positive", "least norm"]),
        (lambda: kernel_ridge(K, Y, CROSS, ridge=np.nan), ["ridge is nan", "zero or positive", "least norm"]),
        (lambda: gradient_flow(K, Y, CROSS, -TIMES), ["times[1] is -0.001", "zero or positive", "Pass"]),
        (
            lambda: gradient_flow(K, Y, CROSS, TIMES, initial_train=np.ones(3)),
            ["initial_train has shape (3,)", "(14,)", "start"],
        ),
        (lambda: gradient_descent(K, Y, CROSS, np.array([1.5]), step_size=0.1), ["steps[0] is 1.5", "whole", "Round"]),
        (lambda: gradient_descent(K, Y, CROSS, np.array([1]), step_size=0.0), ["step_size is 0.0", "positive", "Pass"]),
        (lambda: leave_one_out(K, Y, ridge=-1.0), ["ridge is -1.0", "zero or positive", "Pass"]),
        (lambda: leave_one_out(np.where(K > 9, np.nan, K), Y, ridge=1.0), ["is nan", "finite", "Drop"]),
        (lambda: leave_one_out_influence(LOW_RANK, Y, CROSS, ridge=0.0), ["ridge is 0.0", "rank 6", "Pass"]),
    ],
)
def test_bad_values(make, words):
    with pytest.raises(BadValue) as caught:
        make()
    for word in words:
        assert word in str(caught.value)
