"""Register, wing 4, recorded answers: what the best of k of them is worth, averaged over all subsets."""

from __future__ import annotations

import itertools
from fractions import Fraction
from functools import partial
from math import comb, prod
from typing import Any

import numpy as np

from .. import best_of_k as wing
from ..best_of_k.beta_pass_rate import beta_pass_at_k
from ..best_of_k.subsets import subset_means
from .formula import Formula, Range, seeds
from .many_digits import DIGITS, integral


@partial(
    Formula,
    name="best_of_k.beta_pass_at_k",
    says="pass@k of pass rates that follow a Beta law",
    function=beta_pass_at_k,
    domain={
        "alpha": Range(0.3, 5.0, (1.0,), r"\alpha"),
        "beta": Range(0.3, 5.0, (1.0,), r"\beta"),
        "samples": Range(1.0, 1e4, (3.0,), "k"),
    },
    symbol="\\mathrm{pass@}k",
    latex=r"1 - B(\alpha, \beta + k) / B(\alpha, \beta)",
    expression="1 - beta_function(alpha, beta + samples)/beta_function(alpha, beta)",
    source="beta-binomial law",
    status="as printed",
    by="tanh-sinh quadrature over the pass rate",
    rtol=1e-9,
)
def _beta_pass(alpha: float, beta: float, samples: float) -> float:
    """int (1 - (1 - p)^k) Beta(p) dp, each half of it in the logarithm of the distance from its end."""
    import mpmath as mp

    with mp.workdps(DIGITS):
        a, b, k, half = mp.mpf(alpha), mp.mpf(beta), mp.mpf(samples), mp.log(2)

        def pieces(length: Any) -> list[Any]:
            return [half + 2 * step for step in range(int(length / 2) + 2)]

        low = integral(
            lambda s: -mp.expm1(k * mp.log1p(-mp.exp(-s))) * mp.exp(-a * s) * (1 - mp.exp(-s)) ** (b - 1),
            pieces(mp.log(k) + 36),
        )
        high = integral(lambda s: -mp.expm1(-k * s) * (1 - mp.exp(-s)) ** (a - 1) * mp.exp(-b * s), pieces(36 / b))
        return float((low + high) / mp.beta(a, b))


def _passed(seed: int) -> tuple[np.ndarray, int]:
    draws = np.random.default_rng(seed)
    size = int(draws.integers(1, 9))
    return draws.integers(0, 2, size), int(draws.integers(1, size + 1))


@partial(
    Formula,
    name="best_of_k.pass_at_k",
    says="unbiased share of k-subsets of recorded answers in which one passes",
    function=wing.pass_at_k,
    domain={"answers": seeds("1 to 8 drawn answers, passed or not, and a k")},
    call=lambda seed: wing.pass_at_k(_passed(seed)[0], [_passed(seed)[1]])[0],
    symbol="\\mathrm{pass@}k",
    latex=r"1 - \binom{N - c}{k} / \binom{N}{k}",
    source="Chen et al., arXiv 2107.03374",
    status="as printed",
    by="all subsets, in fractions",
    rtol=1e-13,
)
def _any_passes(seed: int) -> float:
    values, k = _passed(seed)
    subsets = list(itertools.combinations(values.tolist(), k))
    return float(Fraction(sum(map(any, subsets)), comb(len(values), k)))


def _answers(seed: int) -> tuple[np.ndarray, np.ndarray, int, float]:
    """Scores with ties, values, a k and a temperature."""
    draws = np.random.default_rng(seed)
    size = int(draws.integers(2, 8))
    scores, values = draws.integers(0, 4, size).astype(float), draws.normal(size=size)
    return scores, values, int(draws.integers(1, size + 1)), float(draws.choice([0.0, 0.5, 2.0]))


@partial(
    Formula,
    name="best_of_k.subset_means",
    says="mean value kept by a softmax judge over all k-subsets of recorded answers, ties shared",
    function=subset_means,
    domain={"answers": seeds("2 to 7 drawn scores with ties and values, a k, a temperature 0, 0.5 or 2")},
    call=lambda seed: subset_means(_answers(seed)[0], _answers(seed)[1], _answers(seed)[2], _answers(seed)[3])[-1],
    symbol="U_k",
    latex=r"\int dv \, G_k(v), \;\; G_m \to (1 - p) G_m + p (x_n G_{m-1} + a_n v_n E_{m-1})",
    source="ours",
    status="ours",
    by="all subsets, one by one",
    rtol=1e-10,
)
def _all_subsets(seed: int) -> float:
    scores, values, k, temperature = _answers(seed)
    kept = []
    for chosen in itertools.combinations(range(len(scores)), k):
        s, v = scores[list(chosen)], values[list(chosen)]
        weights = (s == s.max()).astype(float) if temperature == 0 else np.exp((s - s.max()) / temperature)
        kept.append(weights @ v / weights.sum())
    return float(np.mean(kept))


def _won(counts: Any) -> Fraction:
    """What the first answer wins of a vote with these counts: nothing, or its share of a tie."""
    return Fraction(int(counts[0] == max(counts)), sum(count == max(counts) for count in counts))


def _voters(seed: int) -> tuple[list[int], int]:
    """Weights of 1 to 4 answers, of which the first may be 0, and a k."""
    draws = np.random.default_rng(seed)
    weights = draws.integers(1, 6, int(draws.integers(1, 5)))
    weights[0] -= draws.integers(0, 2) if weights.size > 1 else 0
    return weights.tolist(), int(draws.integers(1, 7))


def _majority(seed: int) -> float | np.ndarray:
    weights, k = _voters(seed)
    return wing.majority(np.array(weights) / sum(weights), k)


@partial(
    Formula,
    name="best_of_k.majority",
    says="accuracy of the majority vote among k independent answers, ties shared",
    function=wing.majority,
    domain={"answers": seeds("1 to 4 answers with drawn probabilities, and a k up to 6")},
    call=_majority,
    symbol="P_k",
    latex=r"\frac{1}{f(k)} \sum_n f_0(n) \sum_t \frac{1}{t + 1} [z^{k - n} u^t] \prod_{i > 0} "
    r"\left( \sum_{c < n} f_i(c) z^c + u f_i(n) z^n \right), \;\; f_i(c) = e^{-k p_i} (k p_i)^c / c!",
    source="derived here; the rule: Wang et al., arXiv 2203.11171",
    status="ours",
    by="all outcomes, in fractions",
    rtol=1e-11,
)
def _all_outcomes(seed: int) -> float:
    weights, k = _voters(seed)
    total = Fraction(0)
    for said in itertools.product(range(len(weights)), repeat=k):
        chance = Fraction(1)
        for answer in said:
            chance *= Fraction(weights[answer], sum(weights))
        total += chance * _won([said.count(i) for i in range(len(weights))])
    return float(total)


def _recorded(seed: int) -> tuple[list[int], int]:
    """Counts of 1 to 4 answers, 10 at most in all, and a k."""
    draws = np.random.default_rng(seed)
    counts = np.bincount(draws.integers(0, int(draws.integers(1, 5)), int(draws.integers(1, 11))), minlength=2)
    return counts.tolist(), int(draws.integers(1, counts.sum() + 1))


@partial(
    Formula,
    name="best_of_k.majority_of_counts",
    says="accuracy of the majority vote over all k-subsets of recorded answers: unbiased",
    function=wing.majority_of_counts,
    domain={"counts": seeds("counts of 1 to 4 answers, 10 at most in all, and a k")},
    call=lambda seed: wing.majority_of_counts(*_recorded(seed)),
    symbol="P_k",
    latex=r"\text{as the vote, with } \binom{N_i}{c} \text{ for } f_i(c) \text{ and } \binom{N}{k} \text{ for } f(k)",
    source="derived here",
    status="ours",
    by="all subsets, in fractions",
    rtol=1e-12,
)
def _all_votes(seed: int) -> float:
    counts, k = _recorded(seed)
    pool = [answer for answer, count in enumerate(counts) for _ in range(count)]
    subsets = list(itertools.combinations(pool, k))
    return float(sum(_won([s.count(i) for i in range(len(counts))]) for s in subsets) / len(subsets))


@partial(
    Formula,
    name="best_of_k.beta_majority_at_k",
    says="accuracy of the vote between two answers where pass rates follow a Beta law",
    function=wing.beta_majority_at_k,
    domain={
        "alpha": Range(0.3, 5.0, (1.0,), r"\alpha"),
        "beta": Range(0.3, 5.0, (1.0,), r"\beta"),
        "samples": Range(1, 41, (), "k", whole=True),
    },
    symbol="P_k",
    latex=r"P(X > k/2) + \frac{1}{2} P(X = k/2), \;\; X \sim \mathrm{BetaBinomial}(k, \alpha, \beta)",
    source="beta-binomial law; derived here",
    status="ours",
    by="rising factorials, in fractions",
    rtol=1e-9,
    note="it approaches P(p > 1/2) as P - f'(1/2)/(8 k), f the Beta density",
)
def _beta_vote(alpha: float, beta: float, samples: int) -> float:
    """Polya's urn in fractions: C(k, j) (alpha)_j (beta)_(k - j) / (alpha + beta)_k, rising factorials."""
    a, b, k = Fraction(alpha), Fraction(beta), int(samples)

    def rising(start: Fraction, length: int) -> Fraction:
        return prod((start + i for i in range(length)), start=Fraction(1))

    wins = [
        comb(k, j) * rising(a, j) * rising(b, k - j) * (1 if 2 * j > k else Fraction(1, 2))
        for j in range(-(-k // 2), k + 1)
    ]
    return float(sum(wins) / rising(a + b, k))


@partial(
    Formula,
    name="best_of_k.majority_limit",
    says="where the vote ends as k grows: the share of the correct answer among the modes",
    function=wing.majority_limit,
    domain={"answers": seeds("1 to 4 answers with drawn probabilities")},
    call=lambda seed: wing.majority_limit(np.array(_voters(seed)[0]) / sum(_voters(seed)[0])),
    symbol=r"P_\infty",
    latex=r"[p_0 = \max_i p_i] / \#\{j : p_j = \max_i p_i\}",
    source="law of large numbers",
    status="as printed",
    by="comparison of whole numbers",
    rtol=1e-15,
)
def _modes(seed: int) -> float:
    return float(_won(_voters(seed)[0]))


@partial(
    Formula,
    name="best_of_k.majority_rate",
    says="rate at which the vote reaches its limit, k^(-1/2) e^(-k I)",
    function=wing.majority_rate,
    domain={"p": Range(0.05, 0.6, (0.4,), "p_0"), "q": Range(0.05, 0.4, (0.3,), "p_1")},
    call=lambda p, q: wing.majority_rate([p, q, *([(1 - p - q) / 50] * 50)]),
    symbol="I",
    latex=r"-\ln\left(1 - (\sqrt{p_0} - \sqrt{p_1})^2\right)",
    source="Cramer's theorem for the difference of two counts; derived here",
    status="ours",
    by="least of the cumulant generating function, 30 digits",
    rtol=1e-9,
)
def _cramer(p: float, q: float) -> float:
    import mpmath as mp

    with mp.workdps(DIGITS):
        p, q = mp.mpf(p), max(mp.mpf(q), (1 - mp.mpf(p) - mp.mpf(q)) / 50)
        slope = lambda t: q * mp.exp(t) - p * mp.exp(-t)  # noqa: E731  of E e^(t (X_1 - X_0))
        t = mp.findroot(slope, (mp.mpf(-3), mp.mpf(3)), solver="ridder")
        return float(-mp.log(1 - p - q + q * mp.exp(t) + p * mp.exp(-t)))
