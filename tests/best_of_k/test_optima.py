"""Optima on the exact curve against the spec's values, and 'there is none' as an answer."""

import jax
import numpy as np
import pytest

import grok_theory as gt
from grok_theory import best_of_k as bk

INF = float("inf")


@pytest.mark.parametrize(
    ("t", "teacher", "reward", "best"), [(5, 0.2, 2.0, 157.58), (10, 0.2, 4.0, 3.34088), (1, 0.2, 1.0, INF)]
)
def test_best_number_of_samples(t, teacher, reward, best):
    found = bk.optimal_samples(bk.Prompt(teacher, reward), temperature=2 * t)
    assert found.interior == np.isfinite(best)
    assert found.value == best or abs(found.value / best - 1) < 1e-4
    if found.interior:
        around = bk.solve(bk.Prompt(teacher, reward), found.value * np.array([0.9, 1.0, 1.1]), temperature=2 * t)[
            "error"
        ]
        assert around[1] <= min(around[0], around[2])
        np.testing.assert_allclose(around[1], found.error, rtol=1e-9)


def test_boundaries_are_named():
    right = bk.optimal_samples(bk.Prompt(0.3, 0.3), temperature=2.0)
    assert (right.value, right.interior) == (INF, False)
    assert "never stop helping" in right.text
    wrong = bk.optimal_samples(bk.Prompt(1.0, -1.0), temperature=2.0)
    assert (wrong.value, wrong.interior) == (1.0, False)
    assert "Do not select" in wrong.text
    far = bk.optimal_samples(bk.Prompt(0.2, 2.0), temperature=10.0, max_samples=20.0)
    assert (far.value, far.interior) == (20.0, False)
    assert "Raise max_samples" in far.text
    assert "nothing is selected" in bk.optimal_samples(bk.Prompt(0.2, 2.0), temperature=INF).text


def test_best_temperature():
    found = bk.optimal_temperature(bk.Prompt(0.3, 2.0), samples=20)
    assert abs(found.value / 2 - 2.4444) < 5e-5
    assert bk.optimal_temperature(bk.Prompt(0.3, 0.3), samples=16).value == 0.0
    assert bk.optimal_temperature(bk.Prompt(1.0, -1.0), samples=16).value == INF
    assert "nothing to select" in bk.optimal_temperature(bk.Prompt(0.3, 0.3), samples=1).text


def test_best_temperature_of_infinitely_many_is_the_minimum_of_the_limit():
    for problem in (bk.Prompt(0.3, 2.0, 1.4), bk.Posterior(0.3, 1.2, 0.5, 0.8)):
        found = bk.optimal_temperature(problem, samples=INF)
        around = [bk.solve(problem, [INF], temperature=found.value * x)["error"][0] for x in (0.999, 1.0, 1.001)]
        assert found.interior
        assert around[1] < min(around[0], around[2])


@pytest.mark.slow
def test_best_temperature_of_a_population():
    """Spec: .47367 at k = 1e6 against .47368 at k = inf (in t; 2 C2/C1 - 3)."""
    problem = bk.Posterior(0.3, 1.4, 0.40)
    limit = bk.optimal_temperature(problem, samples=INF)
    found = bk.optimal_temperature(problem, samples=1e6)
    assert abs(found.value / limit.value - 1) < 1e-3


def test_best_judge():
    overshoot = [bk.optimal_reward(bk.Prompt(0.5, 0.5), samples=k, temperature=4.0).value for k in (10, 1e3, INF)]
    np.testing.assert_allclose(overshoot, [2.3229, 2.0026, 2.0], atol=5e-5)
    np.testing.assert_allclose(
        bk.optimal_reward(bk.Prompt(0.5, 0.5, 1.5), samples=INF, temperature=4.0).error, 2.25 * (8 / 9) / (17 / 9)
    )
    # At T = 0 the joint optimum is the teacher.
    assert abs(bk.optimal_reward(bk.Prompt(0.5, 0.5), samples=10, temperature=0.0).value) < 1e-6
    assert "the mean answer is the truth" in bk.optimal_reward(bk.Prompt(0.0, 1.0), samples=10, temperature=1.0).text
    with pytest.raises(gt.BadValue, match="optimal_reward needs the teacher as judge"):
        bk.optimal_reward(bk.Posterior(0.3, 0.5, 0.2), samples=4, temperature=1.0)


def test_decay_exponent_is_the_slope_of_the_exact_curve():
    """Approach is logarithmic: slope at k = 1e8 against min(2, 1/q) to 12 %."""
    for q in (0.2, 0.8, 1.5):
        error = np.asarray(bk.solve(bk.Posterior(q, q, q), [5e7, 2e8], temperature=0.0)["error"])
        slope = -np.diff(np.log(error))[0] / np.log(4)
        assert abs(slope / bk.decay_exponent(bk.Posterior(q, q, q)) - 1) < 0.12
    assert bk.decay_exponent(bk.Posterior(0.3, 0.0, 0.0)) == 2.0
    assert bk.decay_exponent(bk.Prompt(3.0, 3.0)) == 2.0


def test_bad_values():
    with pytest.raises(gt.BadValue, match=r"samples is 0\.5.*\[1, inf\]"):
        bk.optimal_temperature(bk.Prompt(0.1, 0.1), samples=0.5)
    with pytest.raises(gt.BadValue, match=r"temperature is traced.*without jit"):
        jax.jit(lambda t: bk.optimal_samples(bk.Prompt(0.1, 0.1), temperature=t).value)(1.0)
