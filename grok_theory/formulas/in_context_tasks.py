"""Register: memory against rule. Oracles of urns are exact fractions or integrals over the urn."""

from __future__ import annotations

from functools import partial
from math import comb

from ..in_context import regression_forms, urn_forms
from .formula import Formula, Range
from .many_digits import DIGITS, over_spectrum

OURS = "setting of Wurgaft et al., arXiv 2506.17859; derived here"
SYMBOLS = Range(2, 9, (2.0, 4.0), "V", whole=True)
LAW = {"context_per_dim": Range(0.05, 20.0, (1.0,), "a"), "noise": Range(0.05, 5.0, (0.5, 1.0), "s")}


def _count_odds(seen: int, symbols: int, count: int):
    """P(n) of a symbol among `seen` of an urn ~ Dirichlet(1), as a fraction: the other symbols share the rest."""
    from fractions import Fraction

    return Fraction(comb(seen - count + symbols - 2, symbols - 2), comb(seen + symbols - 1, symbols - 1))


def _rule_loss(seen: int, symbols: int):
    import mpmath as mp

    loss = mp.mpf(0)
    for count in range(seen + 1):
        odds = _count_odds(seen, symbols, count)
        p = mp.mpf(count + 1) / (seen + symbols)
        loss -= symbols * mp.mpf(odds.numerator) / odds.denominator * p * mp.log(p)
    return loss


def _oracle(symbols: int):
    """-V E theta ln theta by quadrature over the law of one theta, (V - 1)(1 - theta)^(V - 2)."""
    import mpmath as mp

    density = lambda t: (symbols - 1) * (1 - t) ** (symbols - 2)  # noqa: E731
    return -symbols * mp.quad(lambda t: density(t) * t * mp.log(t) if t > 0 else mp.mpf(0), [0, 0.01, 1])


@partial(
    Formula,
    name="in_context.urn_oracle_loss",
    says="mean entropy of an urn: loss of who knows the task",
    function=urn_forms.urn_oracle_loss,
    domain={"symbols": SYMBOLS},
    symbol="H",
    expression="harmonic(symbols) - 1",
    source="Dirichlet integral; derived here",
    status="ours",
    by="30-digit quadrature over the probability of one symbol",
    rtol=1e-13,
)
def _urn_oracle_loss(symbols: int) -> float:
    import mpmath as mp

    with mp.workdps(DIGITS):
        return float(_oracle(symbols))


@partial(
    Formula,
    name="in_context.urn_rule_loss",
    says="expected loss of the rule on the next symbol of an urn",
    function=urn_forms.urn_rule_loss,
    domain={"seen": Range(0, 80, whole=True, symbol="t"), "symbols": SYMBOLS},
    symbol="L_G(t)",
    latex=r"-V \sum_n P(n) \, p \ln p, \quad p = (n+1)/(t+V), \quad P(n) = \binom{t-n+V-2}{V-2} / \binom{t+V-1}{V-1}",
    source=OURS,
    status="ours",
    by="exact fractions, logarithms in 30 digits",
    rtol=1e-11,
)
def _urn_rule_loss(seen: int, symbols: int) -> float:
    import mpmath as mp

    with mp.workdps(DIGITS):
        return float(_rule_loss(seen, symbols))


@partial(
    Formula,
    name="in_context.urn_information",
    says="what a context tells about its urn",
    function=urn_forms.urn_information,
    domain={"context": Range(1, 40, whole=True, symbol="C"), "symbols": SYMBOLS},
    symbol="I(C)",
    latex=r"-C (H_V - 1) - \ln \frac{\Gamma(V)}{\Gamma(C+V)} - V \, E \ln n!",
    source=OURS,
    status="ours",
    by="chain rule: sum over the symbols of the rule's loss above the oracle's, 30 digits",
    rtol=1e-10,
)
def _urn_information(context: int, symbols: int) -> float:
    import mpmath as mp

    with mp.workdps(DIGITS):
        oracle = _oracle(symbols)
        return float(sum((_rule_loss(t, symbols) - oracle for t in range(context)), mp.mpf(0)))


@partial(
    Formula,
    name="in_context.two_task_gap",
    says="loss of the rule above memory's over a context, two urns of two symbols",
    function=urn_forms.two_task_gap,
    domain={"context": Range(1, 12, (8.0,), "C", whole=True)},
    symbol=r"C \Delta L(D = 2)",
    latex=r"E \ln \frac{p(x \mid \theta) + p(x \mid \theta')}{2 \, p_G(x)}",
    source=OURS,
    status="ours",
    by="double integral over both urns by Gauss-Legendre's rule in panels that shrink towards the edges",
    rtol=1e-9,
)
def _two_task_gap(context: int) -> float:
    import numpy as np

    x, w = np.polynomial.legendre.leggauss(24)
    edges = np.concatenate([[0.0], 0.5 * 4.0 ** -np.arange(14, -1, -1)])
    edges = np.concatenate([edges, 1 - edges[-2::-1]])
    middle, half = (edges[1:] + edges[:-1]) / 2, np.diff(edges) / 2
    t = (middle[:, None] + half[:, None] * x).ravel()
    weight = (half[:, None] * w).ravel()
    gap = 0.0
    for n in range(context + 1):
        p = t**n * (1 - t) ** (context - n)
        both = (p[:, None] + p[None, :]) / 2
        rule = 1 / ((context + 1) * comb(context, n))
        gap += comb(context, n) * (weight @ (both * np.log(both / rule)) @ weight)
    return float(gap)


def _resolvent_mean(a: float, noise: float, function):
    """Mean of function(r/s2) over the eigenvalues r of X^T X, X of C = a d rows N(0, I/d), d -> inf; 30 digits."""
    import mpmath as mp

    k, variance = mp.mpf(a), mp.mpf(noise) ** 2
    (bulk,) = over_spectrum(k, [lambda r: function(r / variance)], scale=1 / variance)
    return bulk + max(mp.mpf(0), 1 - k) * function(mp.mpf(0))


@partial(
    Formula,
    name="in_context.regression_eta",
    says="share of w that ridge regression does not know after a context",
    function=regression_forms.regression_eta,
    domain=LAW,
    symbol=r"\eta",
    expression="(1 - noise**2 - context_per_dim + sqrt((noise**2 + context_per_dim - 1)**2 + 4*noise**2))/2",
    source=OURS,
    status="ours",
    by="30-digit quadrature of the Marchenko-Pastur law",
    rtol=1e-12,
)
def _regression_eta(a: float, noise: float) -> float:
    import mpmath as mp

    with mp.workdps(DIGITS):
        return float(_resolvent_mean(a, noise, lambda r: 1 / (1 + r)))


@partial(
    Formula,
    name="in_context.regression_information",
    says="what a context tells about a regression, a dimension",
    function=regression_forms.regression_information,
    domain=LAW,
    symbol="I/d",
    latex=r"\frac{1}{2} \left[ a \ln(1 + \eta/s^2) - \ln \eta + \eta - 1 \right]",
    source=OURS,
    status="ours",
    by="30-digit quadrature of ln(1 + r/s2)/2 over the Marchenko-Pastur law",
    rtol=1e-10,
)
def _regression_information(a: float, noise: float) -> float:
    import mpmath as mp

    with mp.workdps(DIGITS):
        return float(_resolvent_mean(a, noise, lambda r: mp.log(1 + r) / 2))
