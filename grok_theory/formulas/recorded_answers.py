"""Register, wing 4, recorded answers: what the best of k of them is worth, averaged over all subsets."""

from __future__ import annotations

import itertools
from fractions import Fraction
from functools import partial
from math import comb
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
