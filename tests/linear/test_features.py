"""Random ReLU features: moments by sampling and by symmetry, the equivalent problem, and real networks."""

import chance
import jax
import numpy as np
import pytest

import grok_theory as gt
from grok_theory.linear import RandomFeatures, approximation_error, limits, ridge, simulate, solve
from grok_theory.linear.features import equivalent_problem, moments


@pytest.fixture(scope="module")
def problem():
    return RandomFeatures.draw(dim=12, width=8, samples=40, teacher_width=3, snr=4.0, key=jax.random.key(5))


def test_moments_by_sampling(problem):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((400_000, 12))
    hidden = np.maximum(x @ np.asarray(problem.features).T, 0)
    label = np.maximum(x @ np.asarray(problem.teacher).T, 0) @ np.asarray(problem.readout)
    found = moments(problem)
    assert np.allclose(found.covariance, hidden.T @ hidden / len(x), atol=0.01)
    assert np.allclose(found.overlap, hidden.T @ label / len(x), atol=0.01)
    assert np.isclose(found.power, np.mean(label**2), rtol=0.02, atol=0)
    assert np.isclose(problem.noise**2, found.power / 4.0, rtol=1e-12, atol=0)


def test_equivalent_problem_keeps_the_moments(problem):
    same, found = equivalent_problem(problem), moments(problem)
    assert np.isclose(np.sum(same.spectrum), np.trace(found.covariance), rtol=1e-13, atol=0)
    start = same.noise**2 + np.sum(same.spectrum * same.target**2)
    assert np.isclose(start, problem.noise**2 + found.power, rtol=1e-13, atol=0)
    assert np.isclose(solve(problem, [0.0, 1e6])["test_loss"][0], start, rtol=1e-13, atol=0)


def test_approximation_error(problem):
    found = moments(problem)
    best = np.linalg.solve(found.covariance, found.overlap)
    assert np.isclose(approximation_error(problem), found.power - found.overlap @ best, rtol=1e-9, atol=0)
    # A student that contains the teacher misses nothing.
    whole = RandomFeatures(np.concatenate([problem.features, problem.teacher]), problem.teacher, problem.readout, 40)
    assert abs(float(approximation_error(whole))) < 1e-12 * float(found.power)


def test_flow_ends_between_ridge_and_limit(problem):
    late, end = solve(problem, [0.0, 1e6])["test_loss"][1], limits(problem).test_loss
    assert np.isclose(late, end, rtol=1e-6, atol=0)
    assert np.isclose(ridge(problem, 1e-10).test_loss, end, rtol=1e-6, atol=0)


@pytest.mark.slow
@pytest.mark.statistical(keys=30)
@pytest.mark.parametrize("width", [60, 400])
def test_networks_follow_the_theory_at_the_sizes_of_the_spec(key, width, plausible):
    """200 runs, to 2 % in the test loss (1.6 % is the finite size's at width 400) and 1 % in the train loss until it is
    small. Planted: noise of the linear part alone, moments of centred features."""
    wide = RandomFeatures.draw(dim=50, width=width, samples=200, teacher_width=20, snr=5.0, key=jax.random.key(3))
    times = np.array([1e-3, 0.01, 0.1, 1.0, 10.0, 1e4])
    theory, runs = solve(wide, times), simulate(wide, times, runs=200, key=key)
    # A network wider than the samples fits them to the last digit: late, its train loss is no size to divide by.
    large = np.asarray(theory["train_loss"]) > 0.1 * (problem_power(wide) + float(wide.noise) ** 2)
    test = runs["test_loss"] / np.asarray(theory["test_loss"]) - 1
    train = runs["train_loss"][:, large] / np.asarray(theory["train_loss"])[large] - 1
    plausible(chance.student(chance.beyond(test.mean(0), 0.02) / (test.std(0, ddof=1) / np.sqrt(200)), 200), of=2)
    plausible(chance.student(chance.beyond(train.mean(0), 0.01) / (train.std(0, ddof=1) / np.sqrt(200)), 200), of=2)


def problem_power(problem):
    return float(moments(problem).power)


def test_a_small_network_runs(problem):
    runs = simulate(problem, [0.1, 1.0], runs=2, key=jax.random.key(1))
    assert runs["test_loss"].shape == (2, 2)
    assert np.all(runs["test_loss"] > float(problem.noise) ** 2)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"teacher": np.ones((2, 5))}, r"teacher has shape \(2, 5\)"),
        ({"readout": np.ones(3)}, r"readout has shape \(3,\)"),
        ({"samples": 0}, r"samples is 0"),
        ({"noise": -1.0}, r"noise is -1.0"),
        ({"features": np.full((2, 4), np.nan)}, r"features\[0, 0\] is nan"),
    ],
)
def test_bad_networks_are_refused_by_name(change, words):
    good = {"features": np.ones((2, 4)), "teacher": np.ones((2, 4)), "readout": np.ones(2), "samples": 5}
    with pytest.raises(gt.BadValue, match=words):
        RandomFeatures(**{**good, **change})
    with pytest.raises(gt.BadValue, match="width is 0"):
        RandomFeatures.draw(dim=3, width=0, samples=5, teacher_width=2, snr=1.0, key=jax.random.key(0))
