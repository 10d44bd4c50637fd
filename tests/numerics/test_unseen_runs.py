"""Shares that draws do not exclude, and what a mean may be for them."""

from fractions import Fraction

import numpy as np
import pytest
from scipy import stats

from grok_theory.numerics.level_shares import shares, unseen_share
from grok_theory.numerics.mean_intervals import errors_of_mean, interval_of_mean, student
from grok_theory.numerics.two_levels import Levels
from grok_theory.numerics.unseen_runs import reach_of_the_mean, said, widened

LEVELS = Levels(1.0, 100.0, 10.0)


@pytest.mark.parametrize("count", [1, 3, 8, 100])
def test_the_share_no_draw_shows_is_just_not_excluded(count):
    share = Fraction(unseen_share(count, 0.005))
    assert float((1 - share) ** count) == pytest.approx(0.005, rel=1e-12)


@pytest.mark.parametrize(("seen", "count"), [(0, 8), (3, 8), (8, 8), (1, 100)])
def test_shares_are_those_at_which_what_was_seen_is_just_not_excluded(seen, count):
    low, high = (float(end) for end in shares(seen, count, 0.005))
    if seen > 0:
        assert stats.binom.sf(seen - 1, count, low) == pytest.approx(0.005, rel=1e-9)
    if seen < count:
        assert stats.binom.cdf(seen, count, high) == pytest.approx(0.005, rel=1e-9)
    assert (low == 0, high == 1) == (seen == 0, seen == count)


def test_runs_that_all_lie_on_one_level_leave_the_share_on_the_other_open():
    runs = np.array([[1.0, 100.0], [1.1, 101.0], [0.9, 99.0], [1.0, 100.0]])
    low, high = student(runs, 0.005)
    least, most = widened(LEVELS, runs, low, high, 0.005)
    share, mean = 1 - 0.005 ** (1 / 4), runs.mean(0)
    # What is seen beyond a level is possible too.
    np.testing.assert_allclose(most[0], (1 - share) * mean[0] + share * 100, rtol=1e-12, atol=0)
    np.testing.assert_allclose(least[1], (1 - share) * mean[1] + share * 1, rtol=1e-12, atol=0)
    assert (least[0], most[1]) == (low[0], high[1])


def test_a_share_that_is_seen_is_bounded_by_the_exact_interval():
    runs = np.repeat([1.0, 100.0], [28, 2])[:, None]
    plain = student(runs, 0.005)
    least, most = widened(LEVELS, runs, *plain, 0.005)
    exact = stats.binomtest(2, 30).proportion_ci(0.99, method="exact")
    # Nothing varies on a level, so the mean is the share's.
    assert most[0] == pytest.approx(1 + 99 * exact.high, rel=1e-12)
    assert least[0] == pytest.approx(min(plain[0][0], 1 + 99 * exact.low), rel=1e-12)
    assert most[0] > plain[1][0]


def test_in_logs_nothing_changes_where_nothing_is_wider():
    runs = np.exp(0.1 * np.random.default_rng(0).standard_normal((9, 6)))
    bare = interval_of_mean(runs, 0.005, in_logs=True)
    led = interval_of_mean(runs, 0.005, in_logs=True, levels=LEVELS)
    np.testing.assert_array_equal(bare[0], led[0])
    share = 1 - 0.005 ** (1 / 9)
    np.testing.assert_allclose(np.exp(led[1]), (1 - share) * runs.mean(0) + share * 100, rtol=1e-12, atol=0)


def test_the_reach_of_the_mean_at_a_planned_number_of_runs():
    runs = np.ones((5, 2))
    for count in (10, 1000):
        share = 1 - 0.005 ** (1 / count)
        planned = reach_of_the_mean(LEVELS, runs, count, True, 0.005)
        assert planned == pytest.approx(np.log(1 + 99 * share), rel=1e-12)


def test_the_sentence_names_levels_place_and_share():
    text = said(LEVELS, np.ones((8, 3)), np.array([1.0, 2.0, 3.0]), "time", 0.005, "agrees")
    for part in ("levels of about 1 and 100", "0 of 8 runs lie on the upper one", "0.48", "'agrees'"):
        assert part in text


def test_standard_errors_hold_runs_that_were_not_drawn():
    x = np.linspace(0, 1, 30)
    runs = np.where(x < np.linspace(0.1, 0.8, 12)[:, None], 50.0, 1.0)
    below, above = errors_of_mean(runs)
    plain = runs.std(0, ddof=1) / np.sqrt(12)
    # At the end all have arrived: no spread at all, but a share that 12 runs leave open at 68 %.
    share = 1 - stats.norm.sf(1) ** (1 / 12)
    np.testing.assert_allclose(above[-1], 49 * share, rtol=1e-9, atol=0)
    assert (plain[-1], below[-1]) == (0, 0)
    smooth = np.exp(-x) * (1 + 0.01 * np.arange(12))[:, None]
    for error in errors_of_mean(smooth):
        np.testing.assert_array_equal(error, smooth.std(0, ddof=1) / np.sqrt(12))
