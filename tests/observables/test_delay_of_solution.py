"""The differentiable delay: the digits of the one that reads records, and nan where the times do not show it."""

import jax.numpy as jnp
import numpy as np

from grok_theory.dynamics import GradientFlow
from grok_theory.observables import grokking_delay, solution_delay
from grok_theory.results import Solution

TIMES = np.linspace(0.5, 40, 80)
TRAIN, TEST = np.exp(-TIMES / 3), 1 / (1 + np.exp((TIMES - 20) / 2))


def delay(train, test):
    curves = {"train_loss": jnp.asarray(train), "test_loss": jnp.asarray(test)}
    solution = Solution(None, TIMES, curves, "tau", GradientFlow(), None)
    return float(solution_delay(solution, train_threshold=0.1, test_threshold=0.2))


def test_the_digits_of_records():
    expected = grokking_delay(TIMES, TRAIN, TEST, train_threshold=0.1, test_threshold=0.2)
    np.testing.assert_allclose(delay(TRAIN, TEST), expected.delay, rtol=1e-13, atol=0)


def test_a_nan_may_hide_an_earlier_crossing():
    for index, seen in ((10, False), (60, True)):  # before and after both cross, at 6.9 and 22.8
        gap = np.where(np.arange(80) == index, np.nan, 0.0)
        for pair in ((TRAIN + gap, TEST), (TRAIN, TEST + gap)):
            assert np.isfinite(delay(*pair)) == seen


def test_a_loss_below_its_threshold_at_the_first_time_crossed_before():
    assert np.isnan(delay(TRAIN * 0.1, TEST))
    assert np.isnan(delay(TRAIN, TEST * 0.1))
    assert np.isnan(delay(TRAIN, TEST + 1))
