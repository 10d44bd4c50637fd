"""Fits of gap(N) = a + b / N^p with one thing imposed: exact on exact gaps, calibrated on noisy ones."""

import chance
import numpy as np
import pytest

from grok_theory import SizeLaw
from grok_theory.errors import BadValue
from grok_theory.results import Dynamics, Ensemble, Solution

FLOW = Dynamics("gradient flow")
SIZES = np.array([100.0, 200.0, 400.0, 800.0])


def test_exact_gaps_give_back_their_law():
    law = SizeLaw(SIZES, 0.02 + 3 / SIZES, np.full(4, 1e-3))
    assert law.intercept().value == pytest.approx(0.02, abs=1e-14)
    assert law.intercept().p_value == pytest.approx(1)
    law = SizeLaw(SIZES, -2 * SIZES**-0.67, np.full(4, 1e-6))
    assert law.power().value == pytest.approx(0.67, abs=1e-7)
    assert "imposed" in str(law.power())


@pytest.mark.statistical
def test_the_standard_errors_are_right(rng, plausible):
    """400 fits: exactly standard normal scores, and p-values below 0.1 in one of ten. Planted: errors a third off."""
    errors = 0.1 / SIZES**0.5
    scores = [
        (SizeLaw(SIZES, 0.01 + 2 / SIZES + errors * rng.standard_normal(4), errors).intercept()) for _ in range(400)
    ]
    z = np.array([(fit.value - 0.01) / fit.standard_error for fit in scores])
    plausible(chance.normal(z.mean() * 20), of=3)
    plausible(chance.variance(z.var(ddof=1), 400), of=3)
    plausible(chance.binomial(sum(fit.p_value < 0.1 for fit in scores), 400, 0.1), of=3)


def test_measured_from_ensembles():
    times = np.array([1.0, 2.0])
    theory = Solution(FLOW, times, {"test_loss": np.array([2.0, 4.0])}, x_name="times", dynamics=FLOW, method=None)
    ensembles = {
        size: Ensemble(FLOW, times, {"test_loss": np.array([[2.0, 4 + 8 / size], [2.0, 4 + 16 / size]])}, "times", FLOW)
        for size in SIZES
    }
    law = SizeLaw.measure(theory, ensembles, "test_loss", 2.0)
    np.testing.assert_allclose(law.gaps, 3 / SIZES, rtol=1e-12)
    np.testing.assert_allclose(law.errors, 1 / SIZES, rtol=1e-12)
    with pytest.raises(BadValue, match=r"x is 1\.7, .* The nearest is 2"):
        SizeLaw.measure(theory, ensembles, "test_loss", 1.7)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([1.0, 2.0], [1.0, 1.0], [1.0, 1.0]), "three different sizes"),
        (([1.0, 2.0, 2.0], [1.0] * 3, [1.0] * 3), "three different sizes"),
        (([1.0, 2.0, 3.0], [1.0] * 2, [1.0] * 3), "gaps has shape"),
        (([1.0, 2.0, 3.0], [1.0] * 3, [1.0, 0.0, 1.0]), r"errors\[1\] is 0"),
        (([1.0, -2.0, 3.0], [1.0] * 3, [1.0] * 3), r"sizes\[1\] is -2"),
    ],
)
def test_refused(arguments, message):
    with pytest.raises(BadValue, match=message):
        SizeLaw(*arguments)


def test_a_power_needs_gaps_clear_of_zero():
    with pytest.raises(BadValue, match="exceed two standard errors"):
        SizeLaw(SIZES, 1 / SIZES, np.full(4, 0.01)).power()
