# ruff: noqa: E501
"""Answers needed for an error, and their exchange for data, against scipy: quadrature of its own and a root finder."""

import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats
from scipy.optimize import brentq

import grok_theory as gt
from grok_theory import best_of_k as bk

COMPUTES_LONG = True  # exact curves in every step of a search
INF = float("inf")
R = np.geomspace(1e-9, 40.0, 6001)  # |answer - favourite|, for a trapezoid rule in ln r: spectral to 1e-12
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(60)


def best_of_k_error(gap, k):
    """E min_k |u|^2, u ~ N(gap, 1), as the integral of 2 r P(|u| > r)^k."""
    outside = stats.norm.sf(R - gap) + stats.norm.cdf(-R - gap)
    return np.trapezoid(2 * R**2 * outside**k, np.log(R))


def population_error(q, s2, k):
    """Gauss-Hermite mean over prompts: fine for q/s^2 below 0.3 and k below 100."""
    mean = sum(w * best_of_k_error(np.sqrt(q / s2) * x, k) for x, w in zip(NODES, WEIGHTS)) / WEIGHTS.sum()
    return s2 * mean


def test_answers_needed_by_a_prompt():
    errors = [2.0, 0.5, 0.01, 1e-7]
    found = bk.samples_needed(bk.Prompt(0.6, 0.6), errors, temperature=0.0)
    assert found[0] == 1.0
    for error, k in zip(errors[1:], found[1:]):
        expected = brentq(lambda x, e=error: best_of_k_error(0.6, np.exp(x)) / e - 1, 0.0, 12.0, xtol=1e-14)
        assert abs(k / np.exp(expected) - 1) < 1e-9
    assert bk.samples_needed(bk.Prompt(0.6, 0.6), 0.01, temperature=0.0).shape == ()


def test_an_error_below_the_limit_is_never_reached():
    """At T > 0 the error falls to s^2 t/(1+t) (judge = teacher, DT = 0); at T = 0 a wrong judge leaves D^2."""
    assert bk.samples_needed(bk.Prompt(0.0, 0.0), 0.49, temperature=2.0) == INF
    assert np.isfinite(bk.samples_needed(bk.Prompt(0.0, 0.0), 0.51, temperature=2.0))
    assert bk.samples_needed(bk.Prompt(0.5, 0.2), 0.08, temperature=0.0) == INF
    assert bk.samples_needed(bk.Prompt(0.3, 0.3), 1e-3, temperature=0.0, max_samples=10.0) == INF


def test_the_first_crossing_of_an_overshooting_judge():
    problem = bk.Prompt(0.2, 4.0)
    best = bk.optimal_samples(problem, temperature=20.0)
    k = float(bk.samples_needed(problem, best.error * 1.005, temperature=20.0))
    assert 1 < k < best.value
    error = bk.solve(problem, [k], temperature=20.0)["error"][0]
    assert abs(error / (best.error * 1.005) - 1) < 1e-9


DENSE = np.geomspace(1.0, 1e4, 1024)  # .9 % apart


@pytest.mark.parametrize("heated", [False, True])
def test_the_first_crossing_of_random_judges(heated):
    """Brute force on a dense grid of the curve, down to just above its least error: a dip may lie between any two k."""
    rng = np.random.default_rng(3)
    dips = 0
    for _ in range(20):
        temperature = 10 ** rng.uniform(-1.5, 1.0) if heated else 0.0
        problem = bk.Prompt(rng.uniform(0.2, 2.0), rng.choice([-1.0, 1.0, 1.0, 1.0]) * rng.uniform(0.3, 5.0))
        curve = bk.solve(problem, DENSE, temperature=temperature)["error"]
        targets = curve.min() + np.array([1e-6, 1e-3, 0.03, 0.5]) * (curve[0] - curve.min())
        found = bk.samples_needed(problem, targets, temperature=temperature)
        first = np.argmax(curve <= targets[:, None], axis=1)
        assert np.all(found <= DENSE[first] * (1 + 1e-9)), (problem, temperature, found)
        assert np.all(found >= DENSE[np.maximum(first - 1, 0)] * (1 - 1e-9)), (problem, temperature, found)
        dips += 0 < curve.argmin() < DENSE.size - 1
    assert dips >= 6


def test_the_least_error_itself_is_reached():
    """By the best k; an error below it is not."""
    for problem, temperature in ((bk.Prompt(1.5, 3.0), 0.0), (bk.Prompt(0.4, 2.0), 0.0), (bk.Prompt(0.2, 4.0), 20.0)):
        best = bk.optimal_samples(problem, temperature=temperature)
        above, at, below = bk.samples_needed(
            problem, best.error * np.array([1.01, 1.0, 1 - 1e-9]), temperature=temperature
        )
        assert 1 < above < best.value
        assert abs(at / best.value - 1) < 1e-5  # where the curve is flat to rounding
        assert below == INF
    # Two answers do for the error with two.
    error = bk.solve(bk.Prompt(0.4, 2.0), [2.0], temperature=0.0)["error"][0]
    assert abs(bk.samples_needed(bk.Prompt(0.4, 2.0), error, temperature=0.0) - 2) < 1e-8


def test_a_judge_that_overshoots_is_compared_at_equal_error():
    judge = bk.LinearJudge(2.0, 0.5, 1.0, reward_power=1.96, overlap=1.4)
    best = bk.optimal_samples(judge, temperature=0.0)
    found = bk.equal_error(judge, [2.0], error=best.error * 1.003, temperature=0.0)
    assert 1 < found.samples[0] < best.value
    error = bk.solve(judge, found.samples, temperature=0.0)["error"][0]
    assert abs(error / (best.error * 1.003) - 1) < 1e-9


def test_inference_against_data_at_equal_error():
    """Curve and exchange rate: scipy roots of a scipy quadrature at the posterior of each amount of data."""
    judge, ratios, target = bk.LinearJudge(1.0, 1.0, 0.7), np.array([1.5, 6.0]), 0.05

    def needed(ratio):
        p = bk.posterior(bk.LinearJudge(float(ratio), 1.0, 0.7))
        q, s2 = float(p.teacher_variance), float(p.spread) ** 2
        return brentq(lambda x: population_error(q, s2, np.exp(x)) / target - 1, 0.0, 5.0, xtol=1e-14)

    found = bk.equal_error(judge, ratios, error=target, temperature=0.0)
    np.testing.assert_allclose(found.samples, np.exp([needed(r) for r in ratios]), rtol=1e-8)
    step = 1e-3
    rates = [-(needed(r * np.exp(step)) - needed(r * np.exp(-step))) / (2 * step) for r in ratios]
    np.testing.assert_allclose(found.exchange_rate, rates, rtol=1e-5)
    assert np.all(np.diff(found.samples) < 0)  # more data need fewer answers
    assert "rate" in str(found)


BAD = [
    (lambda: bk.samples_needed(bk.Prompt(0.1, 0.1), 0.0, temperature=0.0), r"error is 0\.0.*positive.*mean squared error"),
    (lambda: bk.samples_needed(bk.Prompt(0.1, 0.1), [0.1, -1.0], temperature=0.0), r"error\[1\] is -1"),
    (lambda: bk.samples_needed(bk.Prompt(0.1, 0.1), 0.1, temperature=-1.0), r"temperature is -1"),
    (lambda: bk.samples_needed(bk.Prompt(0.1, 0.1), 0.1, temperature=0.0, max_samples=0.5), r"max_samples is 0\.5"),
    (lambda: bk.equal_error(bk.LinearJudge(1.0, 1.0, 1.0), [1.0, 0.0], error=0.1, temperature=0.0), r"examples_per_dim\[1\] is 0"),
    (lambda: bk.equal_error(bk.LinearJudge(1.0, 1.0, 1.0), 2.0, error=0.1, temperature=0.0), r"examples_per_dim has shape \(\)"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "message"), BAD)
def test_refusals(call, message):
    with pytest.raises(gt.BadValue, match=message):
        call()


def test_nothing_but_a_regression_has_data():
    import inspect

    with pytest.raises(gt.BadValue, match=r"judge is Prompt.*samples_needed"):
        inspect.unwrap(bk.equal_error)(bk.Prompt(0.1, 0.1), jnp.ones(1), error=0.1, temperature=0.0)
