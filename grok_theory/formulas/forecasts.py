"""Register: the closed pieces of a forecast of the delay, each beside its definition in whole numbers or 30 digits."""

from __future__ import annotations

from fractions import Fraction
from functools import partial

import numpy as np

from .. import observables
from .formula import Formula, Range, seeds

SHARE = Range(0.0, 1.0, (0.0, 1.0))


@partial(
    Formula,
    name="observables.accuracy_progress",
    says="how far an accuracy has come from chance",
    function=observables.accuracy_progress,
    domain={"accuracy": SHARE, "chance": Range(0.0, 0.9, (0.0, 0.5), "c")},
    symbol="p",
    latex=r"\max\left(\frac{a - c}{1 - c}, 0\right)",
    source="ours",
    status="ours",
    by="exact fractions",
    # A difference of two close numbers: relative to the way from chance.
    rtol=1e-12,
)
def _accuracy_progress(accuracy: float, chance: float) -> float:
    way = Fraction(accuracy) - Fraction(chance)
    return float(max(way / (1 - Fraction(chance)), 0))


def _losses(seed: int) -> tuple[np.ndarray, float]:
    draws = np.random.default_rng(seed)
    return np.exp(draws.normal(size=8)), float(np.exp(draws.normal() - 2))


@partial(
    Formula,
    name="observables.loss_progress",
    says="how far a loss has come, in logs, from its largest value to the goal",
    function=observables.loss_progress,
    domain={"losses": seeds("8 drawn losses and a goal")},
    call=lambda seed: observables.loss_progress(*_losses(seed)).tolist(),
    symbol="p",
    latex=r"\ln(L^*/L) / \ln(L^*/L_\mathrm{goal})",
    source="ours",
    status="ours",
    by="the definition value by value, 30 digits",
    rtol=1e-11,
)
def _loss_progress(seed: int) -> list[float]:
    import mpmath as mp

    losses, goal = _losses(seed)
    with mp.workdps(30):
        values, end = [mp.mpf(float(v)) for v in losses], mp.mpf(goal)
        top = max(values)
        found = []
        for i, value in enumerate(values):
            if top <= end:
                found.append(1.0)
            elif top not in values[: i + 1]:
                found.append(0.0)
            else:
                found.append(float(min(mp.log(top / value) / mp.log(top / end), 1)))
        return found


def _risen(seed: int) -> tuple[np.ndarray, np.ndarray, float]:
    """Progress that rises on the whole, at times that grow apart."""
    draws = np.random.default_rng(seed)
    x = np.cumsum(draws.random(14) + 0.1) ** 1.3
    shares = np.clip(np.linspace(0.02, 0.6, 14) + 0.02 * draws.normal(size=14), 0.006, 0.99)
    return x, shares, float(draws.uniform(0.7, 1.0))


def _line(seed: int) -> list[float]:
    found = observables.logit_line(*_risen(seed))
    return [found.slope, found.level, found.remaining]


@partial(
    Formula,
    name="observables.logit_line",
    says="slope and level of the logit of progress, and ln(time of the goal / now)",
    function=observables.logit_line,
    domain={"record": seeds("14 drawn times, a progress that rises, and a goal")},
    call=_line,
    symbol="y",
    latex=r"\ln\left(1 + \frac{\max(\mathrm{logit}\, g - \ell, 0)}{b\, x_k}\right)",
    source="ours",
    status="ours",
    by="normal equations in 30 digits",
    rtol=1e-9,
)
def _logit_line(seed: int) -> list[float]:
    """Row i is the last at or below half of the last progress, at most the fifth from the end."""
    import mpmath as mp

    x, shares, goal = _risen(seed)
    with mp.workdps(30):
        times, p = [mp.mpf(float(v)) for v in x], [mp.mpf(float(v)) for v in shares]
        logit = lambda s: mp.log(s / (1 - s))  # noqa: E731
        cut = lambda s: min(max(s, mp.mpf(0.005)), mp.mpf(0.995))  # noqa: E731
        last = len(p) - 1
        first = min(max([i for i in range(last) if p[i] <= p[last] / 2], default=0), last - 4)
        rows = range(first, last + 1)
        a, n = mp.matrix(2, 2), len(rows)
        a[0, 0], a[0, 1] = n, sum(times[i] for i in rows)
        a[1, 0], a[1, 1] = a[0, 1], sum(times[i] ** 2 for i in rows)
        right = mp.matrix([sum(logit(cut(p[i])) for i in rows), sum(times[i] * logit(cut(p[i])) for i in rows)])
        slope = mp.lu_solve(a, right)[1]
        level = logit(cut((p[last] + p[last - 1] + p[last - 2]) / 3))
        ahead = mp.log(1 + max(logit(cut(mp.mpf(goal))) - level, 0) / (slope * times[last]))
        return [float(slope), float(level), float(min(max(ahead, mp.mpf("0.03")), 3))]


def _by_the_default_table(sibling: float, faster: float, later: float) -> float:
    clock = observables.default_table().clock
    assert clock is not None
    return clock.delay([observables.Sibling(sibling, 10.0, 1e-3 * faster)], 10.0 * later, 1e-3)


@partial(
    Formula,
    name="observables.Clock",
    says="the delay of a run from a sibling with another decay",
    function=observables.Clock,
    domain={
        "sibling": Range(1.0, 1e5, (), r"T_s"),
        "faster": Range(0.05, 20.0, (1.0,), r"\gamma_s/\gamma"),
        "later": Range(0.05, 20.0, (1.0,), r"t_\mathrm{mem}/t_{\mathrm{mem},s}"),
    },
    call=_by_the_default_table,
    symbol="T",
    latex=r"T_s (\gamma_s/\gamma)^{0.8} (t_\mathrm{mem}/t_{\mathrm{mem},s})^{0.2}",
    source="ours, measured on 414 runs",
    status="ours",
    by="30 digits",
    rtol=1e-12,
    note="A law of measurements: its intervals stand in the table of forecasts.",
)
def _clock(sibling: float, faster: float, later: float) -> float:
    import mpmath as mp

    with mp.workdps(30):
        return float(mp.mpf(sibling) * mp.mpf(faster) ** (mp.mpf(4) / 5) * mp.mpf(later) ** (mp.mpf(1) / 5))
