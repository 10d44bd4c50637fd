"""The sympy text of a formula: as an expression, as numbers, as LaTeX for people."""

from __future__ import annotations

from typing import Any

from .formula import Formula, Range, oracles_or_sentence


def expression_of(formula: Formula) -> Any:
    """The sympy expression in positive symbols named as the domain's arguments; None where the register has none."""
    if not formula.expression:
        return None
    import sympy

    names: dict[str, Any] = {name: sympy.Symbol(name, positive=True) for name in formula.domain}
    names["beta_function"] = sympy.beta
    return sympy.sympify(formula.expression, locals=names)


def latex_of(formula: Formula) -> str:
    r"""Symbol = right-hand side, in LaTeX without environments; the pieces of a piecewise form by semicolons.

    Parameters
    ----------
    formula : Formula
        An entry of the register.

    Returns
    -------
    str
        LaTeX for math mode; nothing on the right where the entry has no such form.

    Examples
    --------
    >>> from grok_theory.formulas import register
    >>> print(latex_of(register()["in_context.transience_threshold"]))
    \kappa^* = \frac{1}{\left(\sqrt{c/c'} + 1\right)^{2}}
    """
    right = formula.latex or _from_sympy(formula)
    return f"{formula.symbol} = {right}" if formula.symbol else right


def _from_sympy(formula: Formula) -> str:
    oracles_or_sentence()
    import sympy

    expression = expression_of(formula)
    if expression is None:
        return ""
    symbols = {
        sympy.Symbol(name, positive=True): (part.symbol if isinstance(part, Range) else "") or rf"\mathrm{{{name}}}"
        for name, part in formula.domain.items()
    }

    def written(part: Any) -> str:
        return sympy.latex(part, symbol_names=symbols, ln_notation=True)

    if not isinstance(expression, sympy.Piecewise):
        return written(expression)
    pieces = []
    branches: Any = expression.args  # sympy's own types call them Basic
    for value, condition in branches:
        when = r"\mathrm{else}" if condition == sympy.true else written(condition)
        pieces.append(rf"{written(value)} \;\; ({when})")
    return r"; \;\; ".join(pieces)
