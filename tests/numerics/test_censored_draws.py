"""One value more among draws of which some are only known to lie beyond an end."""

from functools import partial

import numpy as np
import pytest
from chance import binomial
from scipy import stats

from grok_theory.numerics.censored_draws import predicted_interval
from grok_theory.numerics.draws_past import times_past


def test_without_censoring_it_is_student_s_in_logs():
    values = np.exp(np.random.default_rng(0).normal(1.0, 0.3, 20))
    low, median, high = predicted_interval(values, values, 0.9)
    logs = np.log(values)
    half = stats.t.ppf(0.95, 19) * logs.std(ddof=1) * np.sqrt(1 + 1 / 20)
    np.testing.assert_allclose(
        [low, median, high], np.exp(logs.mean() + half * np.array([-1, 0, 1])), rtol=1e-12, atol=0
    )


def test_negative_values_are_taken_as_they_are():
    values = np.random.default_rng(1).normal(0.1, 1.0, 30)
    low, median, high = predicted_interval(values, values, 0.8)
    half = stats.t.ppf(0.9, 29) * values.std(ddof=1) * np.sqrt(1 + 1 / 30)
    np.testing.assert_allclose([low, median, high], values.mean() + half * np.array([-1, 0, 1]), rtol=1e-12, atol=0)


@pytest.mark.parametrize("late", [0, 1, 2, 3, 10, 40, 47, 48])
def test_never_a_finite_end_from_those_alone_that_were_seen(late):
    seen = np.exp(np.random.default_rng(2).normal(0, 0.1, 48 - late))
    low = np.concatenate([seen, np.full(late, 5.0)])
    high = np.concatenate([seen, np.full(late, np.inf)])
    found = predicted_interval(low, high, 0.9)
    assert np.isinf(found[2]) == (late / 48 > 0.05)
    assert (found[0] == 5.0) == (late >= 47)
    assert np.isinf(found[1]) == (late >= 24)
    assert found[0] <= found[1] <= found[2]


def test_few_censored_draws_widen_the_end():
    """A censored normal law by its likelihood, maximised by brute force."""
    seen = np.random.default_rng(3).normal(0, 1, 46)
    low = np.exp(np.concatenate([seen, [2.5, 2.5]]))
    high = np.concatenate([np.exp(seen), [np.inf, np.inf]])
    mean, deviation = np.meshgrid(np.linspace(-0.5, 0.6, 441), np.linspace(0.7, 1.6, 361), indexing="ij")
    fit = sum(stats.norm.logpdf(v, mean, deviation) for v in seen) + 2 * stats.norm.logsf(2.5, mean, deviation)
    at = np.unravel_index(np.argmax(fit), fit.shape)
    half = stats.t.ppf(0.95, 47) * deviation[at] * np.sqrt(48 / 47) * np.sqrt(1 + 1 / 48)
    found = np.log(predicted_interval(low, high, 0.9))
    np.testing.assert_allclose(found, mean[at] + half * np.array([-1, 0, 1]), rtol=0, atol=0.02)


@pytest.mark.statistical
def test_it_holds_one_draw_more(key_number, plausible):
    """Students' and order statistics, with and without an end at which a tenth is cut; would notice a missing 1/n."""
    rng, inside, count = np.random.default_rng(key_number), 0, 3000
    for i in range(count):
        n = (8, 48, 300)[i % 3]
        values = np.exp(rng.normal(0, 0.5, n + 1))
        end = np.inf if i % 2 else np.exp(0.5 * 1.28)
        low, high = np.where(values > end, end, values), np.where(values > end, np.inf, values)
        found = predicted_interval(low[:n], high[:n], 0.9)
        inside += found[0] <= values[n] <= found[2]
    plausible(binomial(inside, count, (0.88, 0.96)))


def test_times_between_points_and_beyond_the_ends():
    x = np.array([1.0, 2.0, 4.0, 5.0])
    falls = np.array([[4.0, 3.0, 1.0, 0.0], [4.0, 4.0, 4.0, 4.0], [1.0, 0.5, 0.2, 0.1], [4.0, 1.0, 4.0, 0.0]])
    low, high, _, _ = times_past(x, falls, np.full(4, 2.0), rising=False, last=False)
    np.testing.assert_allclose(low, [3.0, 5.0, 0.0, 1 + 2 / 3], rtol=1e-14, atol=0)
    np.testing.assert_allclose(high, [3.0, np.inf, 1.0, 1 + 2 / 3], rtol=1e-14, atol=0)
    last = times_past(x, falls, np.full(4, 2.0), rising=False, last=True).low
    np.testing.assert_allclose(last, [3.0, 5.0, 0.0, 4.5], rtol=1e-14, atol=0)
    rising = times_past(x, -falls, np.full(4, -2.0), rising=True, last=False).low
    np.testing.assert_allclose(rising, low, rtol=1e-14, atol=0)


CURVES = (
    lambda t, rate, centre, width: np.exp(-rate * t),
    lambda t, rate, centre, width: 1 / (1 + np.exp((t - centre) / width)),
    lambda t, rate, centre, width: -rate * np.log1p(t),
    lambda t, rate, centre, width: np.cos(np.pi * t / 10),
)


@pytest.mark.parametrize("grid", ["uneven", "even", "in logs"])
def test_a_curve_known_between_the_points_crosses_inside_the_ends(grid):
    """Exponentials, sigmoids, logarithms of powers and cosines, whose crossing is known in closed form."""
    rng = np.random.default_rng(5)
    for trial in range(1500):
        n = int(rng.integers(2, 60))
        x = {"even": np.linspace(0, 10, n), "in logs": np.geomspace(0.05, 10, n)}.get(
            grid, np.sort(rng.uniform(0, 10, n))
        )
        truth, rate, width = rng.uniform(0, 10), np.exp(rng.normal()), np.exp(rng.normal() - 1)
        # A sigmoid far from its step is its limit to the last digit: there is no crossing to know.
        centre = np.clip(rng.uniform(0, 10), truth - 6 * width, truth + 6 * width)
        curve = CURVES[trial % 4]
        values = partial(curve, rate=rate, centre=centre, width=width)
        found = times_past(x, values(x)[None], np.array([values(truth)]), rising=False, last=bool(trial % 8 // 4))
        assert found.first[0] <= truth * (1 + 1e-9)
        assert truth <= found.last[0] * (1 + 1e-9)
        assert found.first[0] <= found.low[0] <= found.high[0] <= found.last[0]


def test_a_fine_grid_tells_nearly_all_and_a_wide_cell_nothing():
    level = np.array([np.exp(-1.5)])
    fine = times_past(x := np.geomspace(0.1, 10, 40), np.exp(-x)[None], level, rising=False, last=False)
    assert fine.last[0] - fine.first[0] < 0.05
    for x in (np.array([0.0, 1.0, 10.0]), np.array([0.0, 10.0]), np.array([0.0, 1.0, 2.0])):
        wide = times_past(x, np.exp(-x)[None], level, rising=False, last=False)
        assert (wide.first[0], wide.last[0]) == tuple(x[np.searchsorted(x, 1.5) - 1 :][:2])
