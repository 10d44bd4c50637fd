"""Register, wing 4: best of k answers with a judge. Gaps and errors in units of the spread, t = T/(2 s^2)."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from .. import best_of_k as wing
from ..best_of_k import closed_forms as forms
from ..best_of_k.problem import LinearJudge, Prompt
from .formula import Formula, Printed, Range
from .many_digits import DIGITS, gaussian_grid, integral, over_spectrum

PAPER = "Halder & Pehlevan, arXiv 2512.19905"
QUOTED = PAPER + " (known to us by quotation and from its public scripts)"
HEAT = Range(0.05, 50.0, (0.5, 1.0, 2.0), "t")
TEACHER = Range(-2.0, 2.0, (0.0, 0.5), "DT")
REWARD = Range(-2.0, 2.0, (0.0, 0.5, 1.0), "DR")


def _prompt(teacher: float, reward: float) -> forms.Gaps:
    return forms.second_moments(Prompt(float(teacher), float(reward)))


def _tilted(reward: float, t: Any, function: Any) -> Any:
    """int of `function(u)` times exp(-u^2/(2t)), u ~ N(DR, 1): the weights of a softmax over infinitely many."""
    import mpmath as mp

    with mp.workdps(DIGITS):
        reward, rate = mp.mpf(reward), 1 + 1 / mp.mpf(t)
        centre, width = reward / rate, 1 / mp.sqrt(rate)
        cuts = [centre + width * step for step in (-13, -8, -5, -3, -1.5, 0, 1.5, 3, 5, 8, 13)]
        return integral(lambda u: mp.npdf(u - reward) * mp.exp(-(u**2) / (2 * mp.mpf(t))) * function(u), cuts)


def _limit(teacher: float, reward: float, t: float) -> Any:
    judge = teacher - reward
    return _tilted(reward, t, lambda u: (u + judge) ** 2) / _tilted(reward, t, lambda u: 1)


@partial(
    Formula,
    name="best_of_k.many_samples_limit",
    says="error of infinitely many answers at temperature T",
    function=forms.many_samples_limit,
    domain={"teacher_gap": TEACHER, "reward_gap": REWARD, "t": HEAT},
    call=lambda teacher, reward, t: forms.many_samples_limit(_prompt(teacher, reward), t),
    symbol=r"\delta_\infty / s^2",
    expression="(teacher_gap - reward_gap/(1 + t))**2 + t/(1 + t)",
    source=PAPER,
    status="as printed",
    by="30-digit quadrature of the tilted Gaussian",
    rtol=1e-11,
)
def _many_samples_limit(teacher: float, reward: float, t: float) -> float:
    return float(_limit(teacher, reward, t))


@partial(
    Formula,
    name="best_of_k.many_samples_spread",
    says="number of answers beyond which the 1/k law holds: spread of the selection weights",
    function=forms.many_samples_spread,
    domain={"reward_gap": REWARD, "t": HEAT},
    call=lambda reward, t: forms.many_samples_spread(_prompt(0.0, reward), t),
    symbol=r"\varrho",
    expression="(1 + t)/sqrt(t*(t + 2))*exp(reward_gap**2/((1 + t)*(2 + t)))",
    source="ours",
    status="ours",
    by="30-digit quadrature of the tilted Gaussian",
    rtol=1e-11,
)
def _spread(reward: float, t: float) -> float:
    return float(_tilted(reward, t / 2, lambda u: 1) / _tilted(reward, t, lambda u: 1) ** 2)


@partial(
    Formula,
    name="best_of_k.many_samples_correction",
    says="coefficient of 1/k in the error of many answers",
    function=forms.many_samples_correction,
    domain={"teacher_gap": TEACHER, "reward_gap": REWARD, "t": HEAT},
    call=lambda teacher, reward, t: forms.many_samples_correction(_prompt(teacher, reward), t),
    symbol="a_1 / s^2",
    latex=r"\varrho \left[\delta_\infty(t) - \delta_\infty(t/2)\right]",
    source="ours",
    status="ours",
    by="30-digit quadrature of the tilted Gaussian",
    rtol=1e-9,
)
def _correction(teacher: float, reward: float, t: float) -> float:
    """Next order of a ratio of means over k draws: (f E w^2 - E w^2 f)/(E w)^2, f the limit; w^2 is w at t/2."""
    judge, total = teacher - reward, _tilted(reward, t, lambda u: 1)
    square, error = _tilted(reward, t / 2, lambda u: 1), _tilted(reward, t / 2, lambda u: (u + judge) ** 2)
    return float((_limit(teacher, reward, t) * square - error) / total**2)


def _softmax_mean(samples: int, teacher: float, reward: float, t: float, power: int) -> float:
    """E of (kept answer - truth)^power, 2 or 3 answers: Gauss-Hermite over all of them."""
    z, weights = gaussian_grid(samples, 24)
    u = z + reward
    chosen = np.exp((u.min(axis=1, keepdims=True) ** 2 - u**2) / (2 * t))
    chosen = chosen / chosen.sum(axis=1, keepdims=True)
    return float(weights @ np.sum(chosen * (u + teacher - reward) ** power, axis=1))


_SERIES = {
    "samples": Range(2, 3, (), "k", whole=True),
    "teacher_gap": Range(-1.0, 1.0, (0.4,), "DT"),
    "reward_gap": Range(-1.0, 1.0, (0.9, 0.5), "DR"),
    "t": Range(300.0, 1e4, (1000.0,), "t"),
}


@partial(
    Formula,
    name="best_of_k.high_temperature_series",
    says="error at high temperature to third order in 1/t",
    function=forms.high_temperature_series,
    domain=_SERIES,
    call=lambda k, teacher, reward, t: forms.high_temperature_series(_prompt(teacher, reward), k, t, order=3),
    symbol=r"\delta / s^2",
    latex=r"DT^2 + 1 - \left(1 - \frac{1}{k}\right) \frac{C_1}{t} + \left(1 - \frac{1}{k}\right) "
    r"\left(1 - \frac{2}{k}\right) \frac{C_2}{t^2} - \left(1 - \frac{1}{k}\right) \left[\left(1 - \frac{6}{k} + "
    r"\frac{6}{k^2}\right) C_3 - \frac{C_1 (1 + 2 DR^2)}{2 k}\right] \frac{1}{t^3}",
    source=QUOTED,
    status="corrected",
    by="Gauss-Hermite over 2 or 3 answers",
    rtol=1e-8,
    printed=(
        Printed(
            PAPER + ", public scripts, third order",
            "(1 - 1/k)(1 - 2/k)(1 - 3/k) C3/t^3",
            "bracket (1 - 6/k + 6/k^2) C3 - C1 (1 + 2 DR^2)/(2k): the scripts' form is right at k = inf only",
            lambda k, teacher, reward, t: forms.high_temperature_series(
                _prompt(teacher, reward), k, t, order=3, as_published=True
            ),
            (2, 0.4, 0.9, 10.0),
            "error at k = 2, t = 10, DT = 0.4, DR = 0.9",
        ),
    ),
    note="the error allowed is that of the next term",
)
def _high_temperature_series(k: int, teacher: float, reward: float, t: float) -> float:
    return _softmax_mean(k, teacher, reward, t, 2)


@partial(
    Formula,
    name="best_of_k.high_temperature_bias",
    says="mean of kept answer minus truth at high temperature, to third order",
    function=forms.high_temperature_bias,
    domain=_SERIES | {"teacher_gap": Range(0.1, 1.0, (0.4,), "DT")},
    call=lambda k, teacher, reward, t: forms.high_temperature_bias(teacher, _prompt(teacher, reward), reward, k, t, 3),
    symbol="b",
    latex=r"DT - \left(1 - \frac{1}{k}\right) \frac{DR}{t} + \left(1 - \frac{1}{k}\right) "
    r"\left(1 - \frac{2}{k}\right) \frac{DR}{t^2} + O(t^{-3})",
    source="ours",
    status="ours",
    by="Gauss-Hermite over 2 or 3 answers",
    rtol=1e-6,
    note="the error allowed is that of the next term",
)
def _high_temperature_bias(k: int, teacher: float, reward: float, t: float) -> float:
    return _softmax_mean(k, teacher, reward, t, 1)


@partial(
    Formula,
    name="best_of_k.best_of_k_law",
    says="error of the best of many answers, temperature 0, the judge knows",
    function=forms.best_of_k_law,
    domain={"samples": Range(1e6, 1e9, (1e6,), "k"), "gap": Range(-3.0, 3.0, (0.0, 1.0), "DT")},
    call=lambda k, gap: forms.best_of_k_law(_prompt(gap, gap), k),
    symbol=r"\delta / s^2",
    latex=r"\frac{\pi \, e^{DT^2}}{(k + 1)(k + 2)}",
    source=QUOTED + "; (k + 1)(k + 2) for k^2 is ours",
    status="as printed",
    by="30-digit quadrature of the least of k",
    rtol=1e-6,
    note="the error allowed is that of the next term",
)
def _best(samples: float, gap: float) -> float:
    """E min u^2 of k draws of N(gap, 1) = int 2 r P(abs(u) > r)^k dr, judge = teacher."""
    import mpmath as mp

    with mp.workdps(DIGITS):
        k, gap = mp.mpf(samples), mp.mpf(gap)
        scale = 1 / (2 * mp.npdf(gap) * k)

        def at(r: Any) -> Any:
            inside = mp.ncdf(r - gap) - mp.ncdf(-r - gap)
            return 2 * r * mp.exp(k * mp.log1p(-inside))

        return float(integral(at, [scale * step for step in (0, 1, 3, 7, 15, 30, 60, 90)]))


def _hard(difficulty: float, samples: float) -> float:
    """The mean of E min u^2 over prompts of variance q, by the trapezoid rule in both variables."""
    from scipy.special import log_ndtr

    gaps = np.sqrt(difficulty) * np.linspace(0, 13, 1200)
    weights = np.exp(-(gaps**2) / (2 * difficulty)) * np.where(gaps > 0, 2.0, 1.0)
    weights = weights / weights.sum()
    log_r = np.linspace(-32, np.log(40), 900)
    r = np.exp(log_r)
    with np.errstate(divide="ignore", over="ignore"):
        # P(|u| > r), its two sides in logs; where r is small, one minus twice the density times r.
        outside = np.logaddexp(log_ndtr(gaps[:, None] - r), log_ndtr(-gaps[:, None] - r))
        density = np.exp(-(gaps[:, None] ** 2) / 2) / np.sqrt(2 * np.pi)
        small = r * (1 + gaps[:, None]) < 1e-3
        log_survival = np.where(small, -2 * density * r, np.minimum(outside, 0.0))
        kept = 2 * r**2 * np.exp(samples * log_survival)
    return float(weights @ kept.sum(axis=1) * (log_r[1] - log_r[0]))


@partial(
    Formula,
    name="best_of_k.hard_prompt_law",
    says="error of the best of many answers over prompts harder than q = s^2/2: it falls like k^(-s^2/q) only",
    function=forms.hard_prompt_law,
    domain={"difficulty": Range(0.6, 1.2, (1.0,), "q/s^2"), "samples": Range(1e9, 1e11, (1e9,), "k")},
    symbol=r"\delta / s^2",
    latex=r"\frac{2}{\sqrt{2 \pi q}} \left(\frac{\sqrt{2 \pi} x}{k}\right)^{1/q} \frac{\Gamma(1/q)}{x^3} "
    r"\int_0^\infty \frac{2 r \, dr}{(2 \sinh r)^{1/q}}, \;\; k \, \varphi(x) = x",
    source=QUOTED,
    status="corrected",
    by="trapezoid rule over prompts and distances",
    rtol=0.15,
    printed=(
        Printed(
            PAPER + ", abstract: the error of best-of-k decays as 1/k^2",
            "pi/(k^2 sqrt(1 - 2 q/s^2)) over prompts; no value past q = s^2/2",
            "k^(-min(2, s^2/q)): rare hard prompts carry the error as soon as q > s^2/2",
            lambda q, k: float(np.pi / k**2),
            (1.0, 1e9),
            "error/s^2 at q = s^2, k = 1e9; printed: pi/k^2, its factor being imaginary here",
        ),
    ),
    note="the approach is logarithmic: 8 % off at k = 1e9, q = 0.6 and 1",
)
def _hard_prompt_law(difficulty: float, samples: float) -> float:
    return _hard(difficulty, samples)


@partial(
    Formula,
    name="best_of_k.hard_prompt_exponent",
    says="local power of k with which that error falls, and the edge x of k Gaussian answers",
    function=forms.hard_prompt_exponent,
    domain={"difficulty": Range(0.6, 1.2, (1.0,), "q/s^2"), "samples": Range(1e9, 1e11, (1e9,), "k")},
    symbol=r"-\frac{d \ln \delta}{d \ln k}",
    latex=r"\frac{1}{q} - \frac{1/q - 3}{x^2 + 1}, \;\; k \, \varphi(x) = x",
    source="ours",
    status="ours",
    by="slope of the trapezoid rule; bisection",
    rtol=0.03,
    note="the error allowed is that of the next term",
)
def _hard_slope(difficulty: float, samples: float) -> list[float]:
    """Central difference of the logarithm over a factor of 2; the edge by bisection of ln k + ln phi(x) = ln x."""
    wide = [np.log(_hard(difficulty, samples * factor)) for factor in (np.sqrt(2), np.sqrt(0.5))]
    low, high = 1.0, 20.0
    for _ in range(100):
        middle = (low + high) / 2
        over = np.log(samples) - middle**2 / 2 - np.log(2 * np.pi) / 2 > np.log(middle)
        low, high = (middle, high) if over else (low, middle)
    return [float((wide[1] - wide[0]) / np.log(2)), low]


JUDGE = {
    "examples_per_dim": Range(0.2, 5.0, (2.0, 1.0), "n/d"),
    "noise": Range(0.1, 2.0, (0.5,), r"\sigma"),
    "prior_scale": Range(0.3, 3.0, (1.0,), r"\gamma"),
}


def _posterior(examples: float, noise: float, prior: float) -> Any:
    found = wing.posterior(LinearJudge(examples_per_dim=examples, noise=noise, prior_scale=prior))
    return found.teacher_variance


@partial(
    Formula,
    name="best_of_k.posterior",
    says="variance of mean answer minus truth over prompts, of a Bayesian linear regression",
    function=wing.posterior,
    domain=JUDGE,
    call=_posterior,
    symbol="q",
    latex=r"\frac{R^2 \langle \lambda \tau / (\lambda + R)^2 \rangle + \sigma^2 g}{1 - g}, \;\; "
    r"g = \alpha \langle \lambda^2 / (\lambda + R)^2 \rangle",
    source=QUOTED,
    status="corrected",
    by="30-digit quadrature of the spectrum of the training data",
    rtol=1e-11,
    printed=(
        Printed(
            PAPER + ", public scripts, variance of the mean answer",
            "the one-point value R^2 <l tau/(l + R)^2>",
            "the error is quadratic in the mean answer, and needs the two-point value",
            lambda examples, noise, prior: float(
                wing.posterior(
                    LinearJudge(examples_per_dim=examples, noise=noise, prior_scale=prior)
                ).one_point_teacher_variance
            ),
            (2.0, 0.5, 1.0),
            "q at n/d = 2, noise 0.5, prior 1",
        ),
    ),
)
def _ridge_regression(examples: float, noise: float, prior: float) -> float:
    """Excess error of ridge regression at penalty (sigma/gamma)^2, by quadrature of the spectrum of its data."""
    import mpmath as mp

    with mp.workdps(DIGITS):
        variance, g = mp.mpf(noise) ** 2, (mp.mpf(noise) / mp.mpf(prior)) ** 2
        (bulk,) = over_spectrum(examples, [lambda l: (g**2 + variance * l) / (l + g) ** 2], scale=1 / g)
        return float(bulk + max(mp.mpf(0), 1 - mp.mpf(examples)))
