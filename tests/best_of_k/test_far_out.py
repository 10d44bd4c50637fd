"""Far from the judged region the exact curve is right or refused, its printed error holds, and searches look at it.

Oracle: the definition in mpmath (T = 0), and a quadrature of its own with nodes for every v
(`benchmarks/numerical_error_best_of_k.py`), itself held against mpmath here.
"""

import jax
import mpmath
import numpy as np
import pytest

import grok_theory as gt
from benchmarks import numerical_error_best_of_k as truth
from grok_theory import best_of_k as bk
from grok_theory.best_of_k.evaluation import Search

COMPUTES_LONG = True  # two quadratures of thousands of nodes in every solve


def closest_of(gap, k):
    """E min |u|^2 over k answers u ~ N(gap, 1), 30 digits."""
    with mpmath.workdps(30):
        gap, k = mpmath.mpf(gap), mpmath.mpf(k)

        def integrand(r):
            outside = (mpmath.erfc((r - gap) / mpmath.sqrt(2)) + mpmath.erfc((r + gap) / mpmath.sqrt(2))) / 2
            return k * r**2 * (mpmath.npdf(r - gap) + mpmath.npdf(r + gap)) * outside ** (k - 1)

        low = max(gap - 14, mpmath.mpf(0))
        return float(mpmath.quad(integrand, mpmath.linspace(low, gap + 10, 40), maxdegree=5))


@pytest.mark.parametrize(("gap", "k"), [(30.0, 1e6), (1000.0, 1e12), (200.0, 3.5)])
def test_gaps_of_hundreds_of_spreads(gap, k):
    kept = bk.solve(bk.Prompt(gap, gap), [k], temperature=0.0)
    expected = closest_of(gap, k)
    assert abs(kept["error"][0] - expected) <= kept.numerical_error["error"][0] <= 1e-10 * expected
    np.testing.assert_allclose(truth.cold(gap, np.array([k]), gap, 0.0)[1], expected, rtol=1e-12, atol=0)


def test_the_oracle_at_a_temperature_is_the_definition():
    """Two answers: the softmax over both, by a trapezoid rule in the plane (spectral: 1e-13 at this step)."""
    gap, heat = 3.0, 0.7
    z = np.arange(-9.5, 9.5, 0.02)
    x, y = gap + z[:, None], gap + z[None, :]
    weight = np.exp(-(z**2) / 2) * 0.02 / np.sqrt(2 * np.pi)
    share = 1 / (1 + np.exp(np.clip((x**2 - y**2) / heat, -700, 700)))
    expected = weight @ (share * x**2 + (1 - share) * y**2) @ weight
    np.testing.assert_allclose(truth.warm(gap, heat, np.array([2.0]), gap, 0.0)[1], expected, rtol=1e-12, atol=0)


@pytest.mark.slow
def test_random_prompts_far_out():
    """Sixty prompts, gaps to 1e3 spreads, T to 1e12, k to 1e12: none unrefused beyond its printed error."""
    rng = np.random.default_rng(11)
    for _ in range(60):
        problem, k, temperature = truth.random_prompt(rng)
        solution = bk.solve(problem, k, temperature=temperature, throw=False)
        assert truth.of_one(solution, truth.truth_of_prompt(problem, k, temperature)) <= 1, problem


def test_a_few_prompts_far_out():
    rng = np.random.default_rng(12)
    for _ in range(12):
        problem, k, temperature = truth.random_prompt(rng)
        solution = bk.solve(problem, k, temperature=temperature, throw=False)
        assert truth.of_one(solution, truth.truth_of_prompt(problem, k, temperature)) <= 1, problem


def test_populations_far_wider_than_a_spread():
    problem, k = bk.Posterior(170.0, 9e3, 470.0), np.array([1.0, 30.0, 1e6])
    solution = bk.solve(problem, k, temperature=0.0, throw=False)
    assert truth.of_one(solution, truth.truth_of_population(problem, k, 0.0)) <= 1


def test_crossovers_of_a_wide_population():
    """At large k the mean over prompts changes over within 1/(2 ln k)^(1/2) spreads; an oracle with panels as wide as
    that was 5e-12 off where solve prints 5e-13. Oracle here: prompts by a trapezoid rule (spectral), each by `cold`."""
    variance, step = 5.92170081, 0.05
    k = np.array([494.4, 1.57220436e8])
    gaps = np.arange(0.0, np.sqrt(2 * (45 + min(2.0, 1 / variance) * np.log(k[-1])) * variance), step)
    weights = 2 * step * np.exp(-(gaps**2) / 2 / variance) / np.sqrt(2 * np.pi * variance)
    weights[0] /= 2
    expected = sum(weight * truth.cold(gap, k, gap, 0.0)[1] for gap, weight in zip(gaps, weights))
    problem = bk.Posterior(variance, variance, variance)
    np.testing.assert_allclose(truth.truth_of_population(problem, k, 0.0)["error"], expected, rtol=2e-14, atol=0)
    kept = bk.solve(problem, k, temperature=0.0)
    assert np.all(np.abs(np.asarray(kept["error"]) - expected) <= np.asarray(kept.numerical_error["error"]))


@pytest.mark.parametrize(
    "problem", [bk.Prompt(1e-200, 1e-200, 1e-200), bk.Prompt(1e200, 1e200), bk.Prompt(0.3, 0.3, 1e180)]
)
def test_squares_that_underflow_or_overflow_are_refused(problem):
    with pytest.raises(gt.SolveFailed, match=r"cannot vouch for a curve.*squares in \[1e-280, 1e280\]"):
        bk.solve(problem, [4.0], temperature=0.0)


def test_searches_refuse_where_solve_does():
    """Where the squares of a problem underflow there is no best anything."""
    problem = bk.Prompt(1e-200, 2e-200, 1e-200)
    for search in (
        lambda: bk.optimal_samples(problem, temperature=1e-3),
        lambda: bk.optimal_temperature(problem, samples=8),
        lambda: bk.optimal_reward(problem, samples=8, temperature=1.0),
        lambda: bk.samples_needed(problem, 0.1, temperature=0.0),
    ):
        with pytest.raises(gt.SolveFailed, match="cannot vouch for a curve"):
            search()


@pytest.mark.parametrize("method", [bk.LargeK(), bk.HighTemperature(2), bk.HighTemperature(3)])
def test_a_limit_prints_its_distance_from_the_exact_curve(method):
    problem, k = bk.Prompt(0.4, 1.5), np.array([2.0, 30.0, 1e4])
    for temperature in (0.5, 40.0):
        solution = bk.solve(problem, k, temperature=temperature, method=method, throw=False)
        exact = truth.truth_of_prompt(problem, k, temperature)
        assert truth.of_one(solution, exact) <= 1
        away = max(
            np.max(np.abs(np.asarray(solution[name]) - exact[name]) / np.abs(exact[name]))
            for name in ("error", "judged_error")
        )
        assert away < 0.01 or solution.status.name != "good"


def test_a_squared_error_is_never_below_zero():
    """The series in 1/t is -23 here; traced or not, no such error is returned."""
    problem = bk.Prompt(3.0, 3.0)

    def error(temperature):
        made = bk.solve(problem, [50.0], temperature=temperature, method=bk.HighTemperature(1), throw=False)
        return made["error"][0], made.status.level

    for value, level in (error(1.0), jax.jit(error)(1.0)):
        assert not value < 0
        assert level > 0


def test_one_answer_is_exact_to_the_last_digits():
    for problem in (bk.Prompt(1e-6, 900.0), bk.Prompt(-700.0, 1e-8)):
        kept = bk.solve(problem, [1.0], temperature=0.3)
        np.testing.assert_allclose(kept["error"], [problem.teacher_gap**2 + 1], rtol=1e-15, atol=0)
        np.testing.assert_allclose(kept["bias"], [problem.teacher_gap], rtol=1e-9, atol=0)
        assert float(Search().errors(problem, kept.x, 0.3)[0][0]) == float(kept["error"][0])
