"""Where one run more would lie."""

import chance
import numpy as np
import pytest

from grok_theory.numerics.single_run import band_of_one_run


def test_two_runs_by_hand():
    """Runs at 1 and 3: mean 2, spread sqrt 2, Student's t with one degree is Cauchy: tan(pi (1/2 - tail))."""
    low, high = band_of_one_run(np.array([[1.0], [3.0]]), 0.05, in_logs=False)
    half = np.tan(np.pi * 0.45) * np.sqrt(2) * np.sqrt(1.5)
    assert (low[0], high[0]) == pytest.approx((2 - half, 2 + half), rel=1e-12, abs=0)
    low, high = band_of_one_run(np.exp([[1.0], [3.0]]), 0.05, in_logs=True)
    assert np.log([low[0], high[0]]) == pytest.approx([2 - half, 2 + half], rel=1e-12, abs=0)


@pytest.mark.statistical
@pytest.mark.parametrize("runs", [2, 5, 8])
def test_one_run_more_is_inside_as_often_as_said(runs, rng, plausible):
    """4000 draws of log-normal runs, nominal 5 % on each side. Planted: the band of the mean, which misses far more."""
    drawn = np.exp(0.5 * rng.standard_normal((runs + 1, 4000)))
    low, high = band_of_one_run(drawn[:-1], 0.05, in_logs=True)
    missed = np.array([(drawn[-1] < low).sum(), (drawn[-1] > high).sum()])
    plausible(chance.binomial(missed, 4000, (0.05, 0.05)))
    if runs > 2:
        mean = np.log(drawn[:-1]).mean(0)
        narrow = (np.log(high) - mean) / np.sqrt(runs + 1)  # of the mean: s / sqrt n instead of s sqrt(1 + 1/n)
        assert (np.log(drawn[-1]) > mean + narrow).sum() > 2 * missed[1]
