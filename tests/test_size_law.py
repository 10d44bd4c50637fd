"""Fits of gap(N) = a + b / N^p with one thing imposed: exact on exact gaps, calibrated on noisy ones."""

import dataclasses
import re

import chance
import numpy as np
import pytest
from scipy import optimize, stats

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
        (([[1.0, 2.0], [3.0, 4.0]], [[1.0] * 2] * 2, [[1.0] * 2] * 2), "three different sizes"),
        (([1.0, 2.0, 3.0], [1.0] * 2, [1.0] * 3), "gaps has shape"),
        (([1.0, 2.0, 3.0], [1.0] * 3, [1.0] * 4), "gaps has shape"),
        (([1.0, 2.0, 3.0], [1.0] * 3, [1.0, 0.0, 1.0]), r"errors\[1\] is 0"),
        (([1.0, -2.0, 3.0], [1.0] * 3, [1.0] * 3), r"sizes\[1\] is -2"),
        ((np.ma.array([1.0, 2.0, 3.0], mask=[0, 0, 1]), [1.0] * 3, [1.0] * 3), "sizes has values that a mask hides"),
        (([1.0, 2.0, 3.0], np.ma.array([0.03, 0.015, 9.0], mask=[0, 0, 1]), [1.0] * 3), "gaps has values that a mask"),
        (([1.0, 2.0, 3.0], [1.0] * 3, np.ma.array([1.0] * 3, mask=[0, 0, 1])), "errors has values that a mask hides"),
    ],
)
def test_refused(arguments, message):
    with pytest.raises(BadValue, match=message):
        SizeLaw(*arguments)


def test_a_power_needs_gaps_clear_of_zero():
    with pytest.raises(BadValue, match="exceed two standard errors"):
        SizeLaw(SIZES, 1 / SIZES, np.full(4, 0.01)).power()
    # Gaps are told to three decimals, their errors to two.
    with pytest.raises(BadValue, match=re.escape("gaps are [0.123 0.123 0.123] ± [0.12 0.12 0.12], but")):
        SizeLaw(SIZES[:3], np.full(3, 0.12345), np.full(3, 0.12345)).power()


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


@pytest.mark.parametrize("sizes", [[50, 100, 200], [50, 100, 200, 200]])
@pytest.mark.parametrize("power", [0.5, 1.0, 2.0])
def test_the_intercept_is_the_weighted_line_in_the_power_of_one_over_the_size(sizes, power):
    """Against NumPy's weighted polynomial of first degree, in units of the largest size; three sizes are enough."""
    gaps, errors = np.array([0.05, 0.01, -0.02, 0.01])[: len(sizes)], np.array([0.01, 0.02, 0.015, 0.03])[: len(sizes)]
    at = (200 / np.array(sizes)) ** power
    (slope, height), covariance = np.polyfit(at, gaps, 1, w=1 / errors, cov="unscaled")
    squares = np.sum(((gaps - height - slope * at) / errors) ** 2)
    found = SizeLaw(np.array(sizes), gaps, errors).intercept(power)
    assert found.value == pytest.approx(height, rel=1e-13, abs=0)
    assert found.standard_error == pytest.approx(np.sqrt(covariance[1, 1]), rel=1e-13, abs=0)
    assert found.p_value == pytest.approx(stats.chi2.sf(squares, len(sizes) - 2), rel=1e-13, abs=0)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("count", [3, 4])
def test_the_power_is_the_least_squares_one(sign, count):
    """For each power the best height is known, so that the least sum of squares is found along one line; the error is
    that of linear propagation at it."""
    sizes, errors = SIZES[:count], np.array([0.02, 0.02, 0.01, 0.01])[:count]
    gaps = np.array([0.42, 0.18, 0.12, 0.04])[:count]

    def best(power):
        shape = sizes**-power / errors
        height = (gaps / errors) @ shape / (shape @ shape)
        return np.sum((gaps / errors - height * shape) ** 2), height

    least = optimize.minimize_scalar(lambda power: best(power)[0], (0.5, 1.5), tol=1e-12)
    height = best(least.x)[1]
    slopes = np.stack([sizes**-least.x, -height * sizes**-least.x * np.log(sizes)]) / errors
    found = SizeLaw(sizes, sign * gaps, errors).power()
    assert found.value == pytest.approx(least.x, rel=1e-6, abs=0)
    assert found.standard_error == pytest.approx(np.sqrt(np.linalg.inv(slopes @ slopes.T)[1, 1]), rel=1e-5, abs=0)
    assert found.p_value == pytest.approx(stats.chi2.sf(least.fun, count - 2), rel=1e-9, abs=0)


@pytest.mark.parametrize(("last", "clear"), [(0.021, True), (0.02, False), (0.019, False), (-0.021, False)])
def test_gaps_of_one_sign_are_clear_of_zero_beyond_two_standard_errors(last, clear):
    for sign in (1, -1):
        law = SizeLaw(SIZES, sign * np.array([0.2, 0.1, 0.05, last]), np.full(4, 0.01))
        if clear:
            assert law.power().value > 0
        else:
            with pytest.raises(BadValue, match="all have one sign and exceed two standard errors"):
                law.power()


@pytest.mark.parametrize(
    ("x", "asked", "solved"),
    [
        (0.0, 1e-9, True),
        (0.0, 1.5e-9, False),
        (1e6, 1e6 + 0.5e-3, True),
        (1e6, 1e6 + 1.5e-3, False),
        (1e6, 1e6 - 0.5e-3, True),
        (1e6, 1e6 - 1.5e-3, False),
    ],
)
def test_x_is_one_of_the_solved_values_to_nine_digits(x, asked, solved):
    times = np.array([x, x + 1.0])
    theory = Solution(FLOW, times, {"test_loss": np.ones(2)}, x_name="times", dynamics=FLOW, method=None)
    runs = Ensemble(FLOW, times, {"test_loss": np.array([[1.0, 2.0], [1.2, 2.0]])}, "times", FLOW)
    ensembles = dict.fromkeys(SIZES, runs)
    if solved:
        np.testing.assert_allclose(SizeLaw.measure(theory, ensembles, "test_loss", asked).gaps, 0.1, rtol=1e-12)
    else:
        with pytest.raises(BadValue, match="must be one of the solved values"):
            SizeLaw.measure(theory, ensembles, "test_loss", asked)


@pytest.mark.parametrize("wrong", [0.0, np.nan, np.inf])
def test_a_relative_gap_needs_a_theory_that_is_finite_and_not_zero(wrong):
    theory, ensembles = measured(np.array([[0.9, 1.0], [1.1, 1.2]]))
    theory = dataclasses.replace(theory, curves={"test_loss": np.array([1.0, wrong])})
    with pytest.raises(BadValue, match=f"is {wrong} at times = 2, .*finite number other than 0"):
        SizeLaw.measure(theory, ensembles, "test_loss", 2.0)
    assert SizeLaw.measure(theory, ensembles, "test_loss", 1.0).gaps[0] == pytest.approx(0.01, rel=1e-12, abs=0)


def test_a_theory_below_zero_has_gaps_relative_to_its_size():
    """Runs at -2 (1 + 1/N), -+ .2: gaps are 1/N, errors those of two runs, over 2."""
    theory, ensembles = measured(np.array([[-2.0, -1.8], [-2.0, -2.2]]))
    theory = dataclasses.replace(theory, curves={"test_loss": np.full(2, -2.0)})
    law = SizeLaw.measure(theory, ensembles, "test_loss", 2.0)
    np.testing.assert_allclose(law.gaps, 1 / SIZES, rtol=1e-11, atol=0)
    np.testing.assert_allclose(law.errors, 0.1 * (1 + 1 / SIZES), rtol=1e-12, atol=0)


def test_records_before_x_at_which_a_run_was_not_finite_shift_nothing():
    """Two runs of mean 1 at the third of four times, .1 about it; other times have other spreads."""
    values = np.array([[np.nan, 1.5, 0.9, 1.7], [1.0, 0.5, 1.1, 0.3]])
    theory, ensembles = measured(values)
    x = float(np.asarray(theory.x)[2])
    law = SizeLaw.measure(theory, ensembles, "test_loss", x)
    np.testing.assert_allclose(law.gaps, 1 / SIZES, rtol=1e-12, atol=0)
    np.testing.assert_allclose(law.errors, 0.1 * (1 + 1 / SIZES), rtol=1e-12, atol=0)
    with pytest.raises(BadValue, match=r"has 0 runs that did not fail at times = 2"):
        SizeLaw.measure(*measured(np.full((2, 2), np.nan)), "test_loss", 2.0)
