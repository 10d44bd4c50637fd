"""Intervals of a mean: Student's where it is exact, and right for log-normal runs at any spread and number."""

import chance
import numpy as np
import pytest
from scipy import integrate, optimize, special, stats

from grok_theory.numerics import mean_intervals
from grok_theory.numerics.two_levels import Levels


def missed(value, sign, spread, count):
    """The pivot's chance beyond `value`, by scipy's adaptive rule in the chi-squared quantile."""

    def given(p):
        u = stats.chi2.ppf(p, count - 1)
        centre = spread**2 * (count - 1) / (2 * u)
        return special.ndtr(sign * (value - centre) / (spread * np.sqrt((count - 1) / (count * u))))

    points = [1e-9, 1e-7, 1e-5, 1e-3, 0.1, 0.9, 1 - 1e-3, 1 - 1e-5]
    return integrate.quad(given, 0, 1, points=points, limit=2000, epsabs=1e-13, epsrel=1e-9)[0]


def test_student_against_scipy():
    runs = np.random.default_rng(0).standard_normal((7, 3))
    low, high = mean_intervals.student(runs, 0.01)
    for t in range(3):
        interval = stats.ttest_1samp(runs[:, t], 0).confidence_interval(0.98)
        np.testing.assert_allclose((low[t], high[t]), interval, rtol=1e-12)
    assert np.isinf(mean_intervals.student(runs[:1], 0.01)).all()


@pytest.mark.parametrize("count", [8, 64, 5000])
@pytest.mark.parametrize("spread", [1e-3, 0.3, 1.5])
@pytest.mark.parametrize("tail", [0.005, 2.5e-5])
def test_the_lognormal_quantiles_against_adaptive_quadrature(count, spread, tail):
    quantiles = mean_intervals._lognormal_offsets(np.array([spread]), count, tail)
    for sign, (value,) in zip((1, -1), quantiles, strict=True):
        assert missed(value, sign, spread, count) == pytest.approx(tail, rel=2e-5, abs=0)


def test_two_runs_have_both_intervals_and_one_has_any():
    """Runs at 1 and 9: their mean is 5, that of their logs log 3. The t law of one degree of freedom is Cauchy's."""
    runs, tail = np.array([[1.0], [9.0]]), 0.1
    half, logs = np.tan(np.pi * (0.5 - tail)) * 4, np.log([1.0, 9.0])
    np.testing.assert_allclose(mean_intervals.student(runs, tail), [[5 - half], [5 + half]], rtol=1e-12, atol=0)
    upper = optimize.brentq(lambda value: missed(value, -1, logs.std(ddof=1), 2) - tail, 1.0, 1e3, rtol=1e-10)
    lower = optimize.brentq(lambda value: missed(value, 1, logs.std(ddof=1), 2) - tail, -20.0, 1.0, rtol=1e-10)
    low, high = mean_intervals.log_of_mean(runs, tail)
    assert low[0] == pytest.approx(min(np.log(5) - half / 5, np.log(3) + lower), rel=1e-12, abs=0)
    assert high[0] == pytest.approx(
        max(np.log(5) + half / 5, np.log(3) + upper), rel=0.02, abs=0
    )  # 78: nothing is known
    for interval in (mean_intervals.student, mean_intervals.log_of_mean):
        assert interval(runs[:1], tail) == (-np.inf, np.inf)


def test_small_spreads_give_students_interval():
    runs = 3 + 1e-6 * np.random.default_rng(0).standard_normal((9, 4))
    low, high = mean_intervals.log_of_mean(runs, 0.005)
    least, greatest = mean_intervals.student(runs, 0.005)
    np.testing.assert_allclose(low, np.log(least), rtol=1e-10)
    np.testing.assert_allclose(high, np.log(greatest), rtol=1e-10)


def test_equal_runs_have_no_width_and_one_run_has_any():
    low, high = mean_intervals.log_of_mean(np.full((5, 2), 2.0), 0.005)
    np.testing.assert_allclose(low, np.log(2), rtol=1e-15)
    np.testing.assert_allclose(high, np.log(2), rtol=1e-15)
    assert np.isinf(mean_intervals.log_of_mean(np.ones((1, 2)), 0.005)).all()


def test_a_run_that_is_not_positive_leaves_the_delta_method():
    runs = np.array([[1.0, 1.0], [2.0, -0.5], [3.0, 2.0]])
    low, high = mean_intervals.log_of_mean(runs, 0.05)
    half = stats.t.isf(0.05, 2) * runs[:, 1].std(ddof=1) / np.sqrt(3) / runs[:, 1].mean()
    np.testing.assert_allclose((low[1], high[1]), np.log(runs[:, 1].mean()) + np.array([-half, half]), rtol=1e-12)


@pytest.mark.statistical
@pytest.mark.parametrize("spread", [0.1, 0.8])
def test_coverage_of_lognormal_means(spread, rng, plausible):
    """3000 draws of 8 runs: misses on either side at nominal 1 %; the hull may only miss less. Planted: Student's."""
    runs = np.exp(spread * rng.standard_normal((8, 3000)) - spread**2 / 2)
    low, high = mean_intervals.log_of_mean(runs, 0.01)
    missed = np.array([(low > 0).sum(), (high < 0).sum()])
    plausible(chance.binomial(missed, 3000, (0.0, 0.01)))
    # Student's alone misses the upper side several times too often: what the second interval is for.
    if spread > 0.5:
        student_high = np.log(runs.mean(0)) + stats.t.isf(0.01, 7) * runs.std(0, ddof=1) / runs.mean(0) / np.sqrt(8)
        assert (student_high < 0).sum() > 60


@pytest.mark.parametrize(("least", "greatest"), [(1e-3, 1.5), (1e-6, 1e-3)])
def test_many_times_are_interpolated_to_the_accuracy_of_few(least, greatest):
    spreads = np.geomspace(least, greatest, 200)
    exact = mean_intervals._quantiles(spreads, 8, 2.5e-5)
    for found, wanted in zip(mean_intervals._lognormal_offsets(spreads, 8, 2.5e-5), exact, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-5)


def test_many_times_with_some_that_do_not_spread_are_interpolated_too():
    spreads = np.r_[np.zeros(50), np.geomspace(1e-3, 1.5, 200)]
    exact = mean_intervals._quantiles(spreads[50:], 8, 2.5e-5)
    for found, wanted in zip(mean_intervals._lognormal_offsets(spreads, 8, 2.5e-5), exact, strict=True):
        np.testing.assert_array_equal(found[:50], 0.0)
        np.testing.assert_allclose(found[50:], wanted, rtol=1e-5)


@pytest.mark.parametrize(
    ("spreads", "each"),
    [
        (np.geomspace(0.3, 0.9, 32), True),
        (np.geomspace(0.3, 0.9, 33), False),
        (np.geomspace(0.3, 0.3027, 3000), False),
        (np.geomspace(0.3, 0.3002, 3000), True),
        (np.full(3000, 0.3), True),
    ],
)
def test_more_than_32_times_whose_spreads_differ_cost_as_32(spreads, each, monkeypatch):
    asked = []

    def quantiles(spread, count, tail):
        asked.append(spread)
        return spread, spread

    monkeypatch.setattr(mean_intervals, "_quantiles", quantiles)
    for found in mean_intervals._lognormal_offsets(spreads, 8, 0.005):
        np.testing.assert_allclose(found, spreads, rtol=1e-12, atol=0)
    (asked,) = asked
    assert asked.size == (spreads.size if each else 32)
    assert np.array_equal(asked, spreads) == each


@pytest.mark.parametrize(("spread", "count"), [(0.02, 16), (0.8, 64)])
def test_the_planned_half_width_is_about_that_of_runs_with_these_spreads(spread, count):
    # Runs at the quantiles of a log-normal law: their spreads are its own, with no luck in them.
    runs = np.exp(spread * special.ndtri((np.arange(count) + 0.5) / count))
    low, high = mean_intervals.log_of_mean(runs[:, None], 0.005)
    planned = mean_intervals.half_width_of_log_mean(
        runs.std(ddof=1) / runs.mean(), float(np.log(runs).std(ddof=1)), count, 0.005
    )
    assert 0.85 < planned / ((high - low)[0] / 2) < 1.15


@pytest.mark.parametrize("count", [3, 8])
def test_the_planned_half_width_is_students_with_the_variance_of_the_estimator(count):
    # Mean and variance of normal logs are independent, and the log of the mean is estimated by m + s^2/2.
    spread, student = 1.5, stats.t.isf(0.005, count - 1)
    centre, half_square = stats.norm(scale=spread / np.sqrt(count)), stats.chi2(count - 1, scale=1 / (count - 1))
    deviation = np.sqrt(centre.var() + half_square.var() * (spread**2 / 2) ** 2)
    planned = mean_intervals.half_width_of_log_mean
    assert planned(0.0, spread, count, 0.005) == pytest.approx(student * deviation, rel=1e-12, abs=0)
    # Relative errors of the mean itself, where they are the larger ones.
    assert planned(9.0, spread, count, 0.005) == pytest.approx(student * 9 / np.sqrt(count), rel=1e-12, abs=0)


@pytest.mark.parametrize("level", [1.0, 0.1, -1.0])
def test_two_equal_runs_leave_open_what_lies_on_another_level(level):
    """Of two runs a share of 1 - sqrt(tail) is not excluded; a mean that may be negative has any log below."""
    runs, levels, share = np.full((2, 3), 3.0), Levels(level, 100.0, 10.0), 1 - np.sqrt(0.005)
    low, high = (1 - share) * 3 + share * level, (1 - share) * 3 + share * 100
    found = mean_intervals.interval_of_mean(runs, 0.005, in_logs=False, levels=levels)
    np.testing.assert_allclose(found, np.tile([[low], [high]], 3), rtol=1e-12, atol=0)
    found = mean_intervals.interval_of_mean(runs, 0.005, in_logs=True, levels=levels)
    ends = np.array([[np.log(low) if low > 0 else -np.inf], [np.log(high)]])
    np.testing.assert_allclose(found, np.tile(ends, 3), rtol=1e-12, atol=0)


def test_no_levels_or_levels_that_leave_nothing_open_change_no_bit():
    runs = np.exp(np.random.default_rng(0).standard_normal((9, 6)))
    plain = mean_intervals.interval_of_mean(runs, 0.005, in_logs=False)
    np.testing.assert_array_equal(plain, mean_intervals.student(runs, 0.005))
    for levels in (None, Levels(1.0, 1.0, 1.0)):  # in logs the interval of few runs is wide
        found = mean_intervals.interval_of_mean(runs, 0.005, in_logs=True, levels=levels)
        np.testing.assert_array_equal(found, mean_intervals.log_of_mean(runs, 0.005))


def test_standard_errors_of_runs_on_two_levels_hold_the_exact_interval_of_their_share():
    """Twelve runs fall from 50 to 1, one after the other. What Clopper and Pearson's interval (68 %) goes beyond
    Student's is added in squares."""
    runs = np.where(np.linspace(0, 1, 30) < np.linspace(0.1, 0.8, 12)[:, None], 50.0, 1.0)
    tail = stats.norm.sf(1.0)
    wanted = []
    for values in runs.T:
        error = stats.sem(values)
        share = stats.binomtest(int(np.sum(values > 1)), 12).proportion_ci(1 - 2 * tail, method="exact")
        half = stats.t.isf(tail, 11) * error
        beyond = values.mean() - half - (1 + 49 * share.low), 1 + 49 * share.high - values.mean() - half
        wanted.append(np.hypot(error, np.maximum(beyond, 0.0)))
    np.testing.assert_allclose(mean_intervals.errors_of_mean(runs), np.transpose(wanted), rtol=1e-9, atol=1e-12)


def test_standard_errors_are_students_where_nothing_jumps():
    runs = np.exp(-np.linspace(0, 1, 30)) * (1 + 0.01 * np.arange(12))[:, None]
    for error in mean_intervals.errors_of_mean(runs):
        np.testing.assert_allclose(error, stats.sem(runs, axis=0), rtol=1e-12, atol=0)


def test_seven_runs_that_jump_together_leave_the_other_level_open_and_eight_do_not():
    """Of a law with half of its jumps there S runs are alike with 2^(1-S): 1/64 for seven, less than 1 % for eight."""
    course = np.where(np.arange(40) < 20, 2.0, 1.0)
    share = 1 - stats.norm.sf(1.0) ** (1 / 7)
    errors = mean_intervals.errors_of_mean(np.tile(course, (7, 1)))
    wanted = np.where(course > 1, share, 0.0), np.where(course > 1, 0.0, share)
    np.testing.assert_allclose(errors, wanted, rtol=1e-12, atol=1e-15)
    np.testing.assert_array_equal(mean_intervals.errors_of_mean(np.tile(course, (8, 1))), 0.0)


def test_positive_runs_part_in_logs_below_one_too():
    """Four runs decay at rates 8 to 8.4: by 5 % of the way apart in logs, by 2 % (max of x 0.4 e^(-8 x)) in the unit.
    At the start all are 1, and a share 1 - tail^(1/4) may be where the lowest ends."""
    runs = np.exp(-np.linspace(8, 8.4, 4)[:, None] * np.linspace(0, 1, 40))
    share = 1 - stats.norm.sf(1.0) ** (1 / 4)
    below, above = mean_intervals.errors_of_mean(runs)
    assert (below[0], above[0]) == (pytest.approx(share * (1 - np.exp(-8.4)), rel=1e-12, abs=0), 0.0)
