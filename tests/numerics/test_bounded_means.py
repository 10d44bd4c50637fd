"""Intervals of right and wrong: inside their range, exact for these two, and right for what lies between them."""

import chance
import numpy as np
import pytest
from scipy import stats

from grok_theory.numerics.bounded_means import bounded_mean, not_excluded

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
    assert float(low) == pytest.approx(exact.low, rel=1e-9, abs=0)
    assert float(high) == pytest.approx(exact.high, rel=1e-9, abs=0)


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
    small = bounded_mean(values / 64, 0.01, (0.0, 1 / 64))
    np.testing.assert_allclose(small, np.array(one) / 64, rtol=1e-12, atol=0)


def test_one_number_says_next_to_nothing():
    assert bounded_mean(np.array([1.0]), 0.025, (0.0, 1.0)) == (pytest.approx(0.025), 1.0)


@pytest.mark.parametrize(("least", "greatest"), [(0.0, 1.0), (-2.0, 4.0), (0.0, 1 / 64)])
def test_one_number_has_the_interval_of_as_large_a_share_of_a_success(least, greatest):
    """The middle of the range counts as half a success of one: quantiles of beta(1/2, 3/2) and beta(3/2, 1/2)."""
    shares = np.array([stats.beta.ppf(0.025, 0.5, 1.5), stats.beta.ppf(0.975, 1.5, 0.5)])
    for interval in (bounded_mean, not_excluded):
        found = interval(np.array([(least + greatest) / 2]), 0.025, (least, greatest))
        np.testing.assert_allclose(found, least + (greatest - least) * shares, rtol=1e-12, atol=0)


@pytest.mark.parametrize("count", [2, 3, 20])
def test_equal_numbers_leave_only_the_share_that_was_not_drawn(count):
    """A share 1 - tail^(1/P) of the law may be at either end; in a range that is a point there is nothing else."""
    values, share = np.tile([0.25, 3.0, 1.0], (count, 1)), 1 - 0.025 ** (1 / count)
    least, greatest = np.array([0.0, 3.0, -2.0]), np.array([1.0, 3.0, 4.0])
    wanted = (1 - share) * values[0] + share * np.array([least, greatest])
    np.testing.assert_allclose(not_excluded(values, 0.025, (least, greatest)), wanted, rtol=1e-12, atol=0)
    for at in range(3):
        found = bounded_mean(values[:, at], 0.025, (least[at], greatest[at]))
        np.testing.assert_allclose(found, wanted[:, at], rtol=1e-12, atol=0)


def test_a_skewed_law_has_the_farther_of_students_end_and_the_narrowed_exact_one():
    """100 numbers with mean .9 whose spread is a third of that of 90 right and 10 wrong, which is .3. Towards the near
    end of the range Student's end is the farther one, towards the far end that of the share which was not drawn."""
    values = np.repeat([0.8, 1.0], 50)
    exact = stats.binomtest(90, 100).proportion_ci(0.95, method="exact")
    student = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    narrowed = values.std(ddof=1) / 0.3
    low, high = 0.025 ** (1 / 100) * 0.9, 0.9 + narrowed * (exact.high - 0.9)
    assert low < min(student.low, 0.9 - narrowed * (0.9 - exact.low))
    assert high < student.high
    np.testing.assert_allclose(not_excluded(values, 0.025, (0.0, 1.0)), (low, high), rtol=1e-12, atol=0)
    np.testing.assert_allclose(bounded_mean(values, 0.025, (0.0, 1.0)), (low, student.high), rtol=1e-12, atol=0)
    np.testing.assert_allclose(not_excluded(1 - values, 0.025, (0.0, 1.0)), (1 - high, 1 - low), rtol=1e-12, atol=0)
    turned = bounded_mean(1 - values, 0.025, (0.0, 1.0))
    np.testing.assert_allclose(turned, (1 - student.high, 1 - low), rtol=1e-12, atol=0)


@pytest.mark.parametrize(("number", "within"), [(0.1, (0.0, 0.1)), (0.7, (0.7, 1.7))])
def test_equal_numbers_at_an_end_whose_mean_is_rounded_beyond_it(number, within):
    """Three times .1 is more than .3, and three times .7 less than 2.1: the share on the other end is what is open."""
    values, share = np.full(3, number), 1 - 0.025 ** (1 / 3)
    assert not within[0] <= values.mean() <= within[1]
    wanted = (within[0], number + share) if number == within[0] else ((1 - share) * number, number)
    for interval in (bounded_mean, not_excluded):
        np.testing.assert_allclose(interval(values, 0.025, within), wanted, rtol=1e-12, atol=0)
