"""Sympy text equals the function; LaTeX is of the kind that the pages can draw."""

import pytest
import sympy

from grok_theory.formulas import Draw, latex_of, register
from grok_theory.formulas.expressions import expression_of

WITH_TEXT = [f for f in register().values() if f.expression]


def middle(part, shift):
    """One argument inside its range, off every special value; what is no number is drawn as its first example."""
    if isinstance(part, Draw):
        return int(part.text.partition(",")[0])
    value = (part.low * part.high) ** 0.5 if part.low > 0 else 0.3 * part.low + 0.7 * part.high
    return round(value) if part.whole else value * 1.0371 * shift


@pytest.mark.parametrize("formula", WITH_TEXT, ids=lambda f: f.name)
def test_the_expression_is_the_function(formula):
    for shift in (0.7, 1.0, 1.3):
        arguments = {name: middle(part, shift) for name, part in formula.domain.items()}
        value = expression_of(formula).subs({sympy.Symbol(n, positive=True): v for n, v in arguments.items()})
        assert float(formula(*arguments.values())) == pytest.approx(float(value.evalf(20)), rel=1e-9, abs=0)


@pytest.mark.parametrize("formula", list(register().values()), ids=lambda f: f.name)
def test_latex_can_be_drawn(formula):
    from matplotlib.mathtext import MathTextParser

    MathTextParser("path").parse(f"${latex_of(formula)}$")
