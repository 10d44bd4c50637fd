"""Optima on the exact curve against reference values, and 'there is none' as an answer."""

import jax
import numpy as np
import pytest

import grok_theory as gt
from grok_theory import best_of_k as bk
from grok_theory.best_of_k.closed_forms import hard_prompt_exponent, hard_prompt_law

COMPUTES_LONG = True  # exact curves in every step of a search
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


def slopes(problem, curve, floor, ks):
    """Exact d ln|curve - floor|/d ln k; a central difference."""
    near = np.concatenate([ks * np.exp(-0.01), ks * np.exp(0.01)])
    excess = np.abs(np.asarray(bk.solve(problem, near, temperature=0.0)[curve]) - floor)
    return np.diff(np.log(excess).reshape(2, -1), axis=0)[0] / 0.02


def test_local_exponents_of_hard_populations():
    """-1/q + (1/q - 3)/(x^2 + 1), the slope of the law; what is left falls as x^-4 (about 3 orders)."""
    ks = np.array([1e4, 1e6, 1e9])
    for q in (0.6, 0.8, 1.0, 1.5):
        predicted = [hard_prompt_exponent(q, k) for k in ks]
        edge = np.array([x for _, x in predicted])
        left = np.abs(slopes(bk.Posterior(q, q, q), "judged_error", 0.0, ks) + [e for e, _ in predicted])
        assert np.all(left * edge**4 < 11), (q, left * edge**4)  # 0.1 % to 1.2 % of the exponent at k = 1e9
        if q >= 1:
            assert np.all(-np.diff(np.log(left)) / np.diff(np.log(edge)) > 2.5)
        assert bk.decay_exponent(bk.Posterior(q, q, q)) == 1 / q


def test_local_exponent_is_the_slope_of_the_law():
    for q, k in ((0.6, 1e5), (1.5, 1e8)):
        up, down = (np.log(hard_prompt_law(q, k * np.exp(h))) for h in (1e-4, -1e-4))
        assert abs((up - down) / 2e-4 + hard_prompt_exponent(q, k)[0]) < 1e-7


def test_easy_populations_decay_as_the_inverse_square():
    """d ln/d ln k of 1/((k+1)(k+2)) to 2e-5 at k = 1e5; what is left falls with k (no logarithms below q = 1/2)."""
    ks = np.array([1e3, 1e5])
    law = ks / (ks + 1) + ks / (ks + 2)
    left = np.abs(slopes(bk.Posterior(0.2, 0.2, 0.2), "judged_error", 0.0, ks) + law)
    assert left[1] < 2e-5, left
    assert left[1] < left[0] / 30, left
    assert bk.decay_exponent(bk.Posterior(0.2, 0.2, 0.2)) == 2.0


@pytest.mark.parametrize(("q", "v", "c"), [(1.0, 0.8, 0.5), (1.0, 1.2, 0.9), (1.0, 0.8, 0.85), (2.0, 1.2, 1.5)])
def test_the_spread_of_the_judges_gap_sets_the_exponent(q, v, c):
    """A judge that is not the teacher: the excess over v_D decays with s^2/v_R up to 1/(x^2 + 1): conjectured."""
    ks = np.array([1e4, 1e6, 1e9])
    edge = np.array([hard_prompt_exponent(v, k)[1] for k in ks])
    gap = np.abs(slopes(bk.Posterior(q, v, c), "error", q + v - 2 * c, ks) + 1 / v) * (edge**2 + 1)
    assert np.all(gap < [0.8, 0.6, 0.45]), gap  # the coefficient of 1/(x^2 + 1) falls slowly
    assert bk.decay_exponent(bk.Posterior(q, v, c)) == 1 / v


def test_exponents_without_a_mean_over_prompts():
    assert bk.decay_exponent(bk.Posterior(0.3, 0.0, 0.0)) == 2.0
    assert bk.decay_exponent(bk.Prompt(3.0, 3.0)) == 2.0


def test_what_is_noted_of_a_curve_is_said_of_its_optimum():
    """Gaps of 1e4 spreads leave eleven digits: `solve` notes it, and what is found on that curve carries it."""
    problem = bk.Prompt(1e4, 1e4)
    kept = bk.solve(problem, [4.0, INF], temperature=0.0)
    best = bk.optimal_samples(problem, temperature=0.0)
    assert (kept.status.name, best.status.name) == ("noted", "noted")
    assert kept.status.text in str(best)
    with pytest.warns(UserWarning, match=r"samples_needed: the estimated error of a curve exceeds"):
        bk.samples_needed(problem, 9.999e7, temperature=0.0)
    easy = bk.optimal_samples(bk.Prompt(1.5, 3.0), temperature=0.0)
    at = bk.solve(bk.Prompt(1.5, 3.0), [easy.value], temperature=0.0)
    assert easy.status.name == "good"
    assert abs(easy.error - at["error"][0]) <= easy.numerical_error + at.numerical_error["error"][0]


def test_bad_values():
    with pytest.raises(gt.BadValue, match=r"samples is 0\.5.*\[1, inf\]"):
        bk.optimal_temperature(bk.Prompt(0.1, 0.1), samples=0.5)
    with pytest.raises(gt.BadValue, match=r"temperature is traced.*without jit"):
        jax.jit(lambda t: bk.optimal_samples(bk.Prompt(0.1, 0.1), temperature=t).value)(1.0)
