"""Learning curves: reference numbers, exact limits, drawn data, batches and bad input."""

import re

import chance
import jax
import jax.numpy as jnp
import mpmath as mp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grok_theory import BadValue, SolveFailed
from grok_theory.kernels import KernelRegression, effective_regularization, simulate, solve

MODES = jnp.arange(1, 201.0)
POWER = {"eigenvalues": MODES**-1.3, "coefficients": 1 / MODES, "noise": 0.1**0.5}


@pytest.mark.parametrize(
    ("samples", "ridge", "loss"), [(40.0, 0.01, 0.229465), (40.0, 0.0, 0.230907), (100.0, 1e-3, 0.261140)]
)
def test_reference_numbers(samples, ridge, loss):
    assert float(solve(KernelRegression(**POWER, ridge=ridge), np.array([samples]))["test_loss"][0]) == pytest.approx(
        loss, abs=6e-7
    )


def test_more_samples_than_modes():
    solution = solve(KernelRegression(**POWER), np.array([250.0, 400.0]))
    np.testing.assert_allclose(solution["test_loss"], [0.1 * 250 / 50, 0.1 * 400 / 200], rtol=1e-13)
    np.testing.assert_allclose(solution["train_loss"], [0.1 * (1 - 200 / 250), 0.1 * 0.5], rtol=1e-13)
    np.testing.assert_array_equal(solution["kappa"], [0, 0])


def test_as_many_samples_as_modes():
    problem = KernelRegression(**POWER)
    with pytest.raises(SolveFailed, match=r"infinite where there are as many samples as modes.*Pass a positive ridge"):
        solve(problem, np.array([200.0]))
    solution = solve(problem, np.array([200.0]), throw=False)
    assert solution["test_loss"][0] == np.inf
    assert solution.status.name == "failed"


def test_few_samples_are_noted():
    assert solve(KernelRegression(**POWER), np.array([5.0])).status.name == "noted"


@given(st.floats(1, 180), st.floats(-8, 1), st.floats(0, 2))
def test_identities(samples, power, noise):
    """From kappa alone: df_1 + ridge/kappa = n, train/test = (ridge/(n kappa))^2, and the loss holds the noise."""
    problem = KernelRegression(MODES**-1.3, 1 / MODES, ridge=10.0**power, noise=noise)
    solution = solve(problem, np.array([samples]))
    kappa = float(solution["kappa"][0])
    assert float(solution["effective_dimension"][0]) + 10.0**power / kappa == pytest.approx(samples, rel=1e-12, abs=0)
    assert float(solution["train_loss"][0]) == pytest.approx(
        (10.0**power / samples / kappa) ** 2 * float(solution["test_loss"][0]), rel=1e-12, abs=0
    )
    assert float(solution["test_loss"][0]) >= noise**2
    # Another program: the last digit may be another.
    alone = float(effective_regularization(MODES**-1.3, samples, ridge=10.0**power))
    assert alone == pytest.approx(kappa, rel=1e-15, abs=0)


def test_multiplicities_are_repeated_modes():
    """A group of five modes with the group's total power is five modes that share it."""
    counts = jnp.full(20, 5.0)
    grouped = KernelRegression(MODES[:20] ** -1.3, 1 / MODES[:20], multiplicities=counts, ridge=0.01, noise=0.3)
    single = KernelRegression(
        jnp.repeat(MODES[:20] ** -1.3, 5), jnp.repeat(1 / MODES[:20] / 5**0.5, 5), ridge=0.01, noise=0.3
    )
    n = np.array([30.0])
    np.testing.assert_allclose(solve(grouped, n)["test_loss"], solve(single, n)["test_loss"], rtol=1e-13)


@pytest.mark.statistical
@pytest.mark.parametrize("ridge", [0.0, 0.02])
def test_drawn_data_agree(ridge, key, plausible):
    """64 training sets, Gaussian features: the mean is the theory's up to 6 % (corrections of order 1/n).
    Planted: noise left out, kappa of n/2 samples. A fit through all samples has a train loss of zero to rounding."""
    modes = jnp.arange(1, 61.0)
    problem = KernelRegression(modes**-1.3, 1 / modes, ridge=ridge, noise=0.3)
    samples = np.array([16.0, 32.0, 90.0])
    theory, runs = solve(problem, samples), simulate(problem, samples, runs=64, key=key)
    assert runs["test_loss"].shape == (64, 3)
    for name in ("test_loss", "train_loss"):
        values = np.asarray(runs[name])
        expected = np.asarray(theory[name])
        gap = chance.beyond(values.mean(0) - expected, 0.06 * expected + 1e-20)
        plausible(chance.student(gap / (values.std(0, ddof=1) / 8), 64), of=2)


def test_a_group_is_drawn_as_its_modes():
    """The first member carries the group's target, as the theory's group of equal modes does in any basis."""
    problem = KernelRegression(np.array([1.0, 0.2]), np.array([1.0, 0.5]), multiplicities=np.array([2, 1]), ridge=0.1)
    single = KernelRegression(np.array([1.0, 1.0, 0.2]), np.array([1.0, 0.0, 0.5]), ridge=0.1)
    grouped, alone = (simulate(p, np.array([5.0]), runs=2, key=jax.random.key(3)) for p in (problem, single))
    np.testing.assert_array_equal(grouped["test_loss"], alone["test_loss"])


def test_runs_do_not_depend_on_how_many():
    modes = jnp.arange(1, 61.0)
    problem = KernelRegression(modes**-1.3, 1 / modes, ridge=0.02, noise=0.3)
    few, many = (simulate(problem, np.array([16.0, 32.0, 90.0]), runs=n, key=jax.random.key(1)) for n in (3, 10))
    np.testing.assert_array_equal(few["test_loss"], many["test_loss"][:3])


def test_a_drawn_fit_is_kernel_ridge_on_that_draw():
    """The experiment's weights against the dual formula on the same features, drawn again from the same key."""
    from grok_theory.kernels import runs

    modes = jnp.arange(1, 31.0)
    key = jax.random.fold_in(jax.random.key(2), 0)
    arguments = (
        modes**-1.3,
        1 / modes,
        jnp.asarray(0.1),
        jnp.asarray(0.3),
        jnp.array([12.0]),
        jnp.asarray(1),
        jnp.zeros((20, 0)),
    )
    test, train, *_ = runs._one_run(key, *arguments)
    draw, draw_noise = jax.random.split(key)
    features = np.asarray(jax.random.normal(draw, (20, 30)))[:12]
    labels = features @ np.asarray(1 / modes) + 0.3 * np.asarray(jax.random.normal(draw_noise, (20,)))[:12]
    spectrum = np.asarray(modes**-1.3)
    gram = features * spectrum @ features.T
    dual = np.linalg.solve(gram + 0.1 * np.eye(12), labels)
    weights = spectrum * (features.T @ dual)
    assert float(test[0]) == pytest.approx(np.sum((weights - np.asarray(1 / modes)) ** 2) + 0.09, rel=1e-11, abs=0)
    assert float(train[0]) == pytest.approx(np.mean((labels - gram @ dual) ** 2), rel=1e-11, abs=0)


def test_batches_gradients_and_recompilation():
    samples = jnp.array([20.0, 120.0])

    def loss(r):
        return solve(KernelRegression(**POWER, ridge=r), samples)["test_loss"]

    ridges = jnp.array([1e-3, 0.1])
    batch = jax.jit(jax.vmap(loss))  # whole: operation by operation it is a hundred compilations
    np.testing.assert_allclose(batch(ridges), jnp.stack([loss(r) for r in ridges]), rtol=1e-13)
    gradient = jax.jit(jax.jacfwd(loss))(0.1)
    np.testing.assert_allclose(gradient, (loss(0.1 + 1e-6) - loss(0.1 - 1e-6)) / 2e-6, rtol=1e-6)
    bad = batch(jnp.array([0.1, -1.0]))
    assert jnp.isfinite(bad[0]).all()
    assert not jnp.isfinite(bad[1]).any()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: KernelRegression(np.array([1.0, 0.0]), np.ones(2)), ["eigenvalues[1] is 0.0", "positive", "Drop"]),
        (lambda: KernelRegression(np.array([1.0, np.nan]), np.ones(2)), ["eigenvalues[1] is nan", "positive", "Drop"]),
        (lambda: KernelRegression(np.ones(2), np.ones(3)), ["coefficients has shape (3,)", "(2,)", "one coefficient"]),
        (
            lambda: KernelRegression(np.ones(2), np.ones(2), multiplicities=np.ones(3)),
            ["multiplicities has shape (3,)", "(2,)", "one"],
        ),
        (lambda: KernelRegression(np.ones(2), np.ones(2), ridge=-1.0), ["ridge is -1.0", "zero or positive", "Pass"]),
        (lambda: KernelRegression(np.ones(2), np.ones(2), noise=np.nan), ["noise is nan", "zero or positive", "Pass"]),
        (lambda: solve(KernelRegression(**POWER), np.array([0.5])), ["samples[0] is 0.5", "[1, inf)", "Pass"]),
        (
            lambda: solve(KernelRegression(**POWER), np.array([9.0, 3.0])),
            ["samples[1] is 3.0", "must not be below", "Pass"],
        ),
        (lambda: effective_regularization(np.array([1.0, -1.0]), 3.0), ["eigenvalues[1] is -1.0", "positive", "Drop"]),
        (lambda: effective_regularization(np.ones(2), 0.5), ["samples is 0.5", "[1, inf)", "Pass"]),
        (
            lambda: simulate(KernelRegression(**POWER), np.array([10.5]), runs=2, key=jax.random.key(0)),
            ["samples[0] is 10.5", "whole", "Pass"],
        ),
        (
            lambda: simulate(KernelRegression(**POWER), np.array([10.0]), runs=0, key=jax.random.key(0)),
            ["runs is 0", "at least 1", "Pass"],
        ),
        (
            lambda: simulate(
                KernelRegression(np.ones(1), np.ones(1), multiplicities=np.array([1.5])),
                np.array([3.0]),
                runs=1,
                key=jax.random.key(0),
            ),
            ["multiplicities[0] is 1.5", "whole", "Round"],
        ),
    ],
)
def test_bad_values(make, words):
    with pytest.raises(BadValue) as caught:
        make()
    for word in words:
        assert word in str(caught.value)


def simulated(eigenvalues, ridge):
    eigenvalues = np.asarray(eigenvalues, float)
    problem = KernelRegression(eigenvalues, np.ones(eigenvalues.size), ridge=ridge, noise=0.1)
    runs = simulate(problem, np.array([1.0, 2.0, 3.0]), runs=1, key=jax.random.key(0))
    return problem, np.asarray(runs["test_loss"][0])


def fitted(problem, size):
    """The test loss of the same draw: (K + ridge)^-1 y with 120 digits, or the least norm of all that interpolate."""
    draw, noise = jax.random.split(jax.random.fold_in(jax.random.key(0), 0))
    features = np.asarray(jax.random.normal(draw, (3, problem.eigenvalues.size)))[:size]
    errors = problem.noise * np.asarray(jax.random.normal(noise, (3,)))[:size]
    with mp.workdps(120):
        x, l = mp.matrix(features.tolist()), mp.diag([mp.mpf(float(v)) for v in problem.eigenvalues])
        labels = x * mp.ones(x.cols, 1) + mp.matrix(errors.tolist())
        weights = l * x.T * mp.lu_solve(x * l * x.T + mp.mpf(problem.ridge) * mp.eye(size), labels)
        return float(sum((w - 1) ** 2 for w in weights) + mp.mpf(problem.noise) ** 2)


@pytest.mark.parametrize(
    ("eigenvalues", "ridge"),
    [
        ([1.0, 1e-8, 1e-16], 0.0),
        ([1.0, 1e-20, 1e-40, 1e-60], 1e-12),
        ([1e-40, 1e-40, 1.0], 1e-12),
        ([1.0, 0.5, 1e-33], 1e-10),
    ],
)
def test_drawn_sets_with_eigenvalues_of_many_orders(eigenvalues, ridge):
    problem, found = simulated(eigenvalues, ridge)
    np.testing.assert_allclose(found, [fitted(problem, size) for size in (1, 2, 3)], rtol=1e-6, atol=0)


@pytest.mark.parametrize(
    ("eigenvalues", "ridge"),
    [
        ([1.0, 1e-15, 1e-31], 0.0),
        ([1.0, 1e-15, 1e-31], 1e-30),
        ([1e-40, 1e-40, 1.0], 0.0),
        ([1.0, 0.5, 1e-33, 1e-34], 0.0),
    ],
)
def test_drawn_sets_that_rounding_would_decide_are_refused(eigenvalues, ridge):
    """Off by factors of 1.3 to 120, with status good, before."""
    with pytest.raises(
        BadValue, match=r"ridge is .* rounding would decide what is fitted\. Pass a ridge of at least"
    ) as said:
        simulated(eigenvalues, ridge)
    enough = float(re.search(r"at least ([0-9.e+-]+),", str(said.value))[1])
    problem, found = simulated(eigenvalues, 1.1 * enough)
    np.testing.assert_allclose(found, [fitted(problem, size) for size in (1, 2, 3)], rtol=1e-4, atol=0)
