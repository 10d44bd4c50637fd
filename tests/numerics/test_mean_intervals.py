"""Intervals of a mean: Student's where it is exact, and right for log-normal runs at any spread and number."""

import chance
import numpy as np
import pytest
from scipy import integrate, special, stats

from grok_theory.numerics import mean_intervals


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
    """The mixture's distribution function at both quantiles, by scipy's adaptive rule in the chi-squared quantile."""
    quantiles = mean_intervals._lognormal_offsets(np.array([spread]), count, tail)
    for sign, (value,) in zip((1, -1), quantiles, strict=True):

        def given(p, value=value, sign=sign):
            u = stats.chi2.ppf(p, count - 1)
            centre = spread**2 * (count - 1) / (2 * u)
            width = spread * np.sqrt((count - 1) / (count * u))
            return special.ndtr(sign * (value - centre) / width)

        points = [1e-9, 1e-7, 1e-5, 1e-3, 0.1, 0.9, 1 - 1e-3, 1 - 1e-5]
        reached, _ = integrate.quad(given, 0, 1, points=points, limit=2000, epsabs=1e-13, epsrel=1e-9)
        assert reached == pytest.approx(tail, rel=2e-5)


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


def test_many_times_are_interpolated_to_the_accuracy_of_few():
    spreads = np.geomspace(1e-3, 1.5, 200)
    exact = mean_intervals._quantiles(spreads, 8, 2.5e-5)
    for found, wanted in zip(mean_intervals._lognormal_offsets(spreads, 8, 2.5e-5), exact, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-5)


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
    assert planned(0.0, spread, count, 0.005) == pytest.approx(student * deviation, rel=1e-12)
    # Relative errors of the mean itself, where they are the larger ones.
    assert planned(9.0, spread, count, 0.005) == pytest.approx(student * 9 / np.sqrt(count), rel=1e-12)
