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
    assert float((1 - share) ** count) == pytest.approx(0.005, rel=1e-12, abs=0)


@pytest.mark.parametrize(("seen", "count"), [(0, 8), (3, 8), (8, 8), (1, 100)])
def test_shares_are_those_at_which_what_was_seen_is_just_not_excluded(seen, count):
    low, high = (float(end) for end in shares(seen, count, 0.005))
    if seen > 0:
        assert stats.binom.sf(seen - 1, count, low) == pytest.approx(0.005, rel=1e-9, abs=0)
    if seen < count:
        assert stats.binom.cdf(seen, count, high) == pytest.approx(0.005, rel=1e-9, abs=0)
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
    assert most[0] == pytest.approx(1 + 99 * exact.high, rel=1e-12, abs=0)
    assert least[0] == pytest.approx(min(plain[0][0], 1 + 99 * exact.low), rel=1e-12, abs=0)
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
        assert planned == pytest.approx(np.log(1 + 99 * share), rel=1e-12, abs=0)


@pytest.mark.parametrize("unit", [1.0, 1e-3])
@pytest.mark.parametrize(("seen", "far"), [(1.0, 100.0), (100.0, 1.0), (0.5, 100.0), (120.0, 1.0)])
def test_the_reach_is_to_the_farther_end_in_logs_and_in_the_unit(seen, far, unit):
    """Runs on one level or beyond it, and a share that eight would not show on the other; no levels: no reach."""
    runs, levels, share = np.full((5, 2), seen * unit), Levels(unit, 100.0 * unit, 10.0 * unit), 1 - 0.005 ** (1 / 8)
    there = (1 - share) * seen + share * far
    assert reach_of_the_mean(levels, runs, 8, True, 0.005) == pytest.approx(abs(np.log(there / seen)), rel=1e-12, abs=0)
    assert reach_of_the_mean(levels, runs, 8, False, 0.005) == pytest.approx(unit * abs(there - seen), rel=1e-12, abs=0)
    for in_logs in (True, False):
        assert reach_of_the_mean(None, runs, 8, in_logs, 0.005) == 0.0


def test_a_mean_that_may_be_negative_has_no_reach_in_logs_but_in_its_unit():
    """Eight runs leave a share of .48 at -3: (1 - .48) 1 - .48 3 < 0."""
    levels, share = Levels(-3.0, 2.0, 0.0), 1 - 0.005 ** (1 / 8)
    assert reach_of_the_mean(levels, np.ones((5, 2)), 8, True, 0.005) == pytest.approx(4 * share, rel=1e-12, abs=0)


@pytest.mark.parametrize(
    "columns",
    [
        [[2.0] * 10, [42.0] * 3 + [2.0] * 7],
        [[2.0] * 10, [45.0] * 10],  # beyond the upper level: farther from the lower
        [[0.0] * 10, [42.0] * 10],
        [[42.0] * 2 + [2.0] * 8, [42.0] * 9 + [2.0]],
        [[42.0] * 2 + [2.0] * 8, [46.0] * 9 + [6.0]],
        [[11.0] * 10, [9.0] * 10],  # the middle level parts them
        [[12.0] * 10, [10.5] * 3 + [9.0] * 7],
    ],
)
def test_the_sentence_is_of_the_time_and_level_that_leave_the_mean_most_open(columns):
    """For every time and level: the share by Clopper and Pearson as scipy has it, times the way there."""
    runs, levels, x = np.transpose(columns), Levels(2.0, 42.0, 10.0), np.array([1.0, 2.0])
    open_ = []
    for at, values in enumerate(columns):
        above, mean = int(np.sum(np.array(values) > 10)), np.mean(values)
        share = stats.binomtest(above, 10).proportion_ci(0.99, method="exact")
        open_ += [
            (share.high * (42 - mean), at, above, "upper", share.high),
            ((1 - share.low) * (mean - 2), at, 10 - above, "lower", 1 - share.low),
        ]
    _, at, seen, level, share = max(open_)
    found = said(levels, runs, x, "time", 0.005, "agrees")
    assert found.startswith("runs go between levels of about 2 and 42 at times of their own; ")
    assert f"; at time = {at + 1} {seen} of 10 runs lie on the {level} one, " in found
    assert f"leaves a share of up to {share:.2g} of all runs there possible; " in found


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
