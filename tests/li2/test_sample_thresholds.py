"""Sample thresholds: reference numbers, independence of runs and levels, the interval, the scaling fit."""

import inspect

import chance
import jax
import numpy as np
import pytest
from scipy.optimize import isotonic_regression

from grok_theory import BadValue, TooLarge
from grok_theory.li2 import CrossTerm, FullEnergy, sample_threshold, threshold_scaling
from grok_theory.li2.groups import cyclic
from grok_theory.li2.sample_thresholds import _isotonic, half_success


@pytest.mark.statistical(rate=1e-8)
def test_z11(key):
    """32 subsets: success below .35 at 4 and above .8 at 9 pairs per element (of 1024 subsets 2.5 % and all, so that
    12 of 32 at 4 happen once in 1e10). Planted: samples not centred."""
    found = sample_threshold(cyclic(11), [4.0, 6.0, 7.0, 9.0], subsets=32, key=key)
    assert found.success[0] < 0.35
    assert found.success[-1] > 0.8
    low, high = found.half_success_interval
    assert low < found.half_success < high
    assert "half success at n/M" in str(found)
    # Fewer subsets and fewer levels: the same draws.
    few = sample_threshold(cyclic(11), [4.0, 6.0, 7.0, 9.0], subsets=8, key=key)
    assert few.success[1] * 8 <= found.success[1] * 32


@pytest.mark.slow
@pytest.mark.statistical(rate=1e-8)
def test_z23_and_the_cross_term(key):
    """Thresholds 13.0 and 6.3, known to .2 by 32 subsets: the bounds are six of these away. Planted: the cross term's
    energy in the full one's place."""
    full = sample_threshold(cyclic(23), [9.5, 11.5, 12.5, 14.0, 16.0], subsets=32, key=key)
    cross = sample_threshold(cyclic(23), [4.0, 6.0, 8.0, 10.0, 12.0], subsets=32, key=key, method=CrossTerm())
    assert 11.0 < full.half_success < 14.5
    assert 5.0 < cross.half_success < 8.0
    np.testing.assert_allclose(full.standard_error, np.sqrt(full.success * (1 - full.success) / 32))


def test_the_full_table_keeps_every_feature(groups, key):
    group = groups["Q_8"]
    found = sample_threshold(group, [group.order], subsets=8, key=key, method=CrossTerm(iterations=60))
    assert found.success[0] == 1.0


def test_isotonic_fit_against_scipy():
    rates = np.random.default_rng(0).uniform(size=(20, 7))
    np.testing.assert_allclose(_isotonic(rates), [isotonic_regression(r).x for r in rates], atol=1e-14)


def test_half_success_interpolates_and_covers():
    levels = np.array([1.0, 2.0, 3.0, 4.0])
    value, interval = half_success(levels, np.array([0, 5, 15, 20]), 20, 0.95)
    assert value == pytest.approx(2.5)
    assert interval[0] < 2.5 < interval[1]
    assert half_success(levels, np.array([0, 10, 10, 20]), 20, 0.95)[0] == pytest.approx(2.5)
    none, interval = half_success(levels, np.array([0, 0, 1, 2]), 20, 0.95)
    assert np.isnan(none)
    assert np.isnan(interval).all()


@pytest.mark.statistical
def test_the_interval_covers_as_often_as_it_says(rng, plausible):
    """100 logistic curves, 24 subsets: the 90 % interval holds the true point (in 89.5 % of 4000). Planted: the 60 %
    interval."""
    levels = np.linspace(4, 9, 6)
    rates = 1 / (1 + np.exp(-(levels - 6.3) * 1.5))
    intervals = [half_success(levels, rng.binomial(24, rates), 24, 0.9)[1] for _ in range(100)]
    plausible(chance.binomial(sum(low < 6.3 < high for low, high in intervals), 100, 0.9))


def test_scaling_fits_recover_planted_laws():
    orders = np.array([11, 17, 23, 31, 47, 67])
    power = threshold_scaling(orders, 0.9 * orders**0.8, 0.01 * orders**0.8)
    assert power.exponent == pytest.approx(0.8)
    assert power.prefactor == pytest.approx(0.9)
    assert power.power_misfit < 1e-12 < power.log_misfit
    log = threshold_scaling(orders, 5.5 * np.log(orders) - 10.8, np.full(6, 0.1))
    assert log.slope == pytest.approx(5.5)
    assert log.intercept == pytest.approx(-10.8)
    # The error of the slope against NumPy's covariance.
    noisy = 5.5 * np.log(orders) - 10.8 + np.array([1, -1, 1, -1, 1, -1]) * 0.05
    covariance = np.polyfit(np.log(orders), noisy, 1, w=np.full(6, 10.0), cov="unscaled")[1]
    assert threshold_scaling(orders, noisy, np.full(6, 0.1)).slope_error == pytest.approx(np.sqrt(covariance[0, 0]))


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ({"pairs_per_element": [0.0]}, r"pairs_per_element\[0\] is 0.0, but it must be positive"),
        ({"pairs_per_element": [12.0]}, r"pairs_per_element\[0\] is 12.0, but it must be in .*M = 11"),
        ({"pairs_per_element": [5.0, 4.0]}, "pairs_per_element is .*but it must increase"),
        ({"pairs_per_element": []}, r"pairs_per_element has shape \(0,\), but it must have shape \(any,\)"),
        ({"pairs_per_element": [[5.0, 6.0]]}, r"pairs_per_element has shape \(1, 2\)"),
        ({"pairs_per_element": ["five"]}, "pairs_per_element is .*but it must be a real number or an array of them"),
        ({"pairs_per_element": [5.0, 5.01]}, r"pairs_per_element\[1\] is 5.01, but that is the same whole number of"),
        # One pair is its own mean: centred, it pulls nowhere.
        ({"pairs_per_element": [0.1, 5.0]}, r"pairs_per_element\[0\] is 0.1, but 1 pairs have no energy to ascend"),
        ({"group": cyclic(1)}, r"group is Group\(Z_1, order=1\), but it must be a Group of at least 2 elements"),
        ({"subsets": 0}, "subsets is 0, but it must be an integer of at least 1"),
        ({"method": "full"}, r"method is 'full', but it must be FullEnergy\(\) or CrossTerm\(\)"),
        ({"method": FullEnergy(iterations=0)}, "method.iterations is 0"),
        ({"method": FullEnergy(centering="sample")}, "method.centering is 'sample'.*Did you mean 'samples'"),
        ({"row": 5}, "row is 5, but it must be an integer from 0 to 4"),
        ({"confidence": 1.0}, r"confidence is 1.0, but it must be in \(0, 1\)"),
        ({"key": 0}, "key is 0, but it must be one typed JAX key"),
    ],
)
def test_bad_inputs(call, said):
    arguments = {"group": cyclic(11), "pairs_per_element": [5.0], "subsets": 8, "key": jax.random.key(0)} | call
    with pytest.raises(BadValue, match=said):
        inspect.unwrap(sample_threshold)(**arguments)


def test_a_group_whose_levels_do_not_fit_into_memory(monkeypatch):
    # Eight subsets, forty numbers for each of M^2 pairs: 125 MiB for 100 levels at M = 64.
    monkeypatch.setattr("grok_theory.checks.free_for_arrays", lambda: 2.0**26)
    with pytest.raises(TooLarge, match=r"Eight subsets of Z_64 at 100 levels needs 0\.122 GiB.* Pass fewer levels"):
        sample_threshold(cyclic(64), np.linspace(1, 60, 100), subsets=8, key=jax.random.key(0))


def test_the_half_point_is_that_of_whole_pairs():
    """n / M is rounded to whole pairs before it is interpolated: 5.04 and 8.05 of 11 elements are 55 and 89 pairs."""
    asked = sample_threshold(cyclic(11), [3.04, 9.05], subsets=8, key=jax.random.key(0))
    whole = sample_threshold(cyclic(11), np.array([33, 100]) / 11, subsets=8, key=jax.random.key(0))
    np.testing.assert_array_equal(asked.pairs_per_element, np.array([33, 100]) / 11)
    assert np.isfinite(whole.half_success)
    np.testing.assert_allclose(asked.half_success, whole.half_success, rtol=1e-14, atol=0)


def test_bad_fits():
    with pytest.raises(BadValue, match=r"half_success has shape \(1,\), but it must have shape \(2,\)"):
        threshold_scaling([11, 23], [6.0], [0.3, 0.3])
    with pytest.raises(BadValue, match=r"half_success\[1\] is nan.*Leave out groups"):
        threshold_scaling([11, 23], [6.0, np.nan], [0.3, 0.3])
    with pytest.raises(BadValue, match="at least two different"):
        threshold_scaling([11, 11], [6.0, 6.1], [0.3, 0.3])
