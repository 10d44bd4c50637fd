"""Every correction shows a number that differs from the printed one; the oracle sides with ours."""

import math

import pytest

from grok_theory.formulas import literature, removal_corrections


@pytest.mark.parametrize(
    "make",
    [literature._absolute_bisection, literature._angle, *removal_corrections.CORRECTIONS],
    ids=lambda f: f.__name__,
)
def test_corrections_that_are_no_closed_form(make):
    found = make()
    assert found.corrected == pytest.approx(found.oracle, rel=1e-12, abs=0)
    assert abs(found.printed / found.oracle - 1) > 1e-4


@pytest.mark.slow  # optima of best_of_k and li2's table compile for half a minute
def test_all_of_them():
    found = literature.corrections()
    assert len({(c.where, c.measure) for c in found}) == len(found) > 20
    for correction in found:
        assert math.isfinite(correction.printed), correction.where
        assert math.isfinite(correction.corrected), correction.where
        assert correction.printed != correction.corrected, correction.where
    assert {c.wing for c in found} == {"kernels", "observables", "linear", "lazy_rich", "li2", "best_of_k", "bounds"}
