"""Fits of gap(N) = a + b / N^p with one thing imposed: exact on exact gaps, calibrated on noisy ones."""

import dataclasses

import chance
import numpy as np
import pytest
from scipy import stats

from grok_theory import SizeLaw
from grok_theory.dynamics import GradientFlow
from grok_theory.errors import BadValue
from grok_theory.results import Ensemble, Solution
from grok_theory.status import Status

FLOW = GradientFlow()
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


def measured(values, **more):
    times = np.linspace(1.0, 2.0, np.shape(values)[1])
    theory = Solution(FLOW, times, {"test_loss": np.ones(times.size)}, x_name="times", dynamics=FLOW, method=None)
    ensembles = {
        size: Ensemble(FLOW, times, {"test_loss": values * (1 + 1 / size)}, "times", FLOW, **more) for size in SIZES
    }
    return theory, ensembles


def test_failed_runs_and_remarks_are_said_and_failed_results_refused():
    values = np.array([[1.0, 1.0], [1.0, 1.2], [1.0, np.nan], [1.0, 0.8]])
    theory, ensembles = measured(values, status=Status(1, noted="short runs"))
    law = SizeLaw.measure(theory, ensembles, "test_loss", 2.0)
    np.testing.assert_allclose(law.gaps, 1 / SIZES, rtol=1e-12, atol=0)
    np.testing.assert_allclose(law.errors, 0.2 / np.sqrt(3) * (1 + 1 / SIZES), rtol=1e-12, atol=0)
    for text in (law.text, str(law.intercept())):
        assert "1 of 4 runs at size 100 failed and are left out" in text
        assert "runs at size 800: short runs" in text
    with pytest.raises(BadValue, match=r"has 1 run that did not fail at times = 2"):
        SizeLaw.measure(*measured(np.array([[1.0, 1.0], [1.0, np.inf]])), "test_loss", 2.0)
    with pytest.raises(BadValue, match=r"ensemble has failed.*Mend it"):
        SizeLaw.measure(*measured(values, status=Status(2, failed="Mend it.")), "test_loss", 2.0)
    with pytest.raises(BadValue, match=r"x in times, but the solution has times .s."):
        SizeLaw.measure(dataclasses.replace(theory, x_unit="s"), ensembles, "test_loss", 2.0)
    with pytest.raises(BadValue, match="solution has no size 200"):
        SizeLaw.measure({100.0: theory}, ensembles, "test_loss", 2.0)
    with pytest.raises(BadValue, match=r"gaps\[1\] is nan"):
        SizeLaw(SIZES, [1.0, np.nan, 1.0, 1.0], np.ones(4))


def test_sizes_in_other_units_are_refused_with_the_conversion():
    theory, ensembles = measured(np.array([[1.0, 1.0], [1.0, 1.2]]))
    theories = dict.fromkeys(SIZES, theory)
    theories[200] = dataclasses.replace(theory, x_name="step")
    ensembles[200] = dataclasses.replace(ensembles[200], x_name="step")
    with pytest.raises(BadValue, match=r"ensembles\[200\] has x in step, but the ensembles\[100\] has times,.*Convert"):
        SizeLaw.measure(theories, ensembles, "test_loss", 2.0)


def test_errors_hold_runs_that_jump_later():
    values = np.where(np.linspace(1.1, 1.7, 9)[:, None] > np.linspace(1.0, 2.0, 20), 30.0, 1.0)
    law = SizeLaw.measure(*measured(values), "test_loss", 2.0)
    # No run has stayed: no spread, but the share that nine runs leave open at one standard deviation.
    share = 1 - stats.norm.sf(1.0) ** (1 / 9)
    np.testing.assert_allclose(law.errors, 29 * share * (1 + 1 / SIZES), rtol=1e-9, atol=0)


def test_the_errors_hold_the_theorys_own():
    """A theory that is off by 3 % of itself finds no gap at infinite size beyond its own error."""
    values = np.array([[1.0, 1.001], [1.0, 0.999]])
    theory, ensembles = measured(values)
    silent = SizeLaw.measure(theory, ensembles, "test_loss", 2.0)
    assert silent.text == "the theory's own error is unknown and taken as zero at size 100, 200, 400, 800"
    stated = dataclasses.replace(theory, numerical_error={"test_loss": np.array([0.0, 0.03])})
    law = SizeLaw.measure(stated, ensembles, "test_loss", 2.0)
    assert law.text == ""
    expected = np.sqrt((0.001 * (1 + 1 / SIZES)) ** 2 + (0.03 / 2.5758293035489) ** 2)
    np.testing.assert_allclose(law.errors, expected, rtol=1e-12, atol=0)
    off = dataclasses.replace(stated, curves={"test_loss": np.full(2, 1.03)})
    found = SizeLaw.measure(off, ensembles, "test_loss", 2.0).intercept()
    assert abs(found.value) < 3 * found.standard_error
    alone = SizeLaw.measure(dataclasses.replace(off, numerical_error={}), ensembles, "test_loss", 2.0).intercept()
    assert abs(alone.value) > 10 * alone.standard_error
    with pytest.raises(BadValue, match=r"errors\[0\] is inf"):
        SizeLaw.measure(
            dataclasses.replace(theory, numerical_error={"test_loss": np.full(2, np.inf)}), ensembles, "test_loss", 2.0
        )
