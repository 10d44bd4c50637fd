"""Intervals of right and wrong: inside their range, exact for these two, and right for what lies between them."""

import chance
import numpy as np
import pytest
from scipy import stats

from grok_theory.numerics.bounded_means import bounded_mean

LAWS = {
    "right or wrong, .05": (lambda rng, n: (rng.uniform(size=n) < 0.05).astype(float), 0.05),
    "right or wrong, .5": (lambda rng, n: (rng.uniform(size=n) < 0.5).astype(float), 0.5),
    "two humps": (lambda rng, n: rng.beta(0.1, 0.1, n), 0.5),
    "mostly solved": (lambda rng, n: np.where(rng.uniform(size=n) < 0.9, 1.0, rng.uniform(size=n)), 0.95),
    "one hump": (lambda rng, n: rng.beta(2, 5, n), 2 / 7),
    "rare": (lambda rng, n: rng.beta(0.05, 0.5, n), 0.05 / 0.55),
}


@pytest.mark.statistical
@pytest.mark.parametrize("count", [3, 10, 40])
@pytest.mark.parametrize("law", LAWS)
def test_coverage(law, count, rng, plausible):
    """4000 draws: each end misses in at most 2.5 %. Planted: Student's t, which misses "mostly solved" in 40 %."""
    draw, mean = LAWS[law]
    values = draw(rng, (count, 4000))
    low, high = bounded_mean(values, 0.025, (0.0, 1.0))
    assert np.all((low >= 0) & (high <= 1) & (low <= values.mean(0) + 1e-15) & (high >= values.mean(0) - 1e-15))
    missed = np.array([(low > mean + 1e-12).sum(), (high < mean - 1e-12).sum()])
    plausible(chance.binomial(missed, 4000, (0.0, 0.025)))


@pytest.mark.parametrize(("right", "count"), [(0, 5), (5, 5), (1, 30), (200, 1000)])
def test_right_and_wrong_have_the_exact_interval(right, count):
    values = np.repeat([1.0, 0.0], [right, count - right])
    low, high = bounded_mean(values, 0.025, (0.0, 1.0))
    exact = stats.binomtest(right, count).proportion_ci(0.95, method="exact")
    # Student's may be a little wider where it is not outside the exact one; never wider than that.
    assert float(low) == pytest.approx(exact.low, rel=1e-9)
    assert float(high) == pytest.approx(exact.high, rel=1e-9)


def test_many_numbers_with_one_hump_have_students_interval():
    values = 0.3 + 0.2 * np.sin(np.arange(3000.0))
    low, high = bounded_mean(values, 0.025, (0.0, 1.0))
    exact = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    np.testing.assert_allclose((low, high), exact, rtol=1e-3, atol=0)


def test_another_range_is_the_same_interval_stretched():
    values = np.random.default_rng(0).uniform(size=(9, 4))
    one = bounded_mean(values, 0.01, (0.0, 1.0))
    other = bounded_mean(6 * values - 2, 0.01, (-2.0, 4.0))
    np.testing.assert_allclose(other, 6 * np.array(one) - 2, rtol=1e-12, atol=0)


def test_one_number_says_next_to_nothing():
    assert bounded_mean(np.array([1.0]), 0.025, (0.0, 1.0)) == (pytest.approx(0.025), 1.0)
