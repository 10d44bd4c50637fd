"""Best-of-k: what `numerical_error` is worth, held against a quadrature of the definition that is finer by far."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import ndtr

from benchmarks.numerical_error import in_words
from benchmarks.report import Headline, publish
from grok_theory import best_of_k as bk

_X40, _W40 = np.polynomial.legendre.leggauss(40)
_X20, _W20 = np.polynomial.legendre.leggauss(20)
_X14, _W14 = np.polynomial.legendre.leggauss(14)
_X8, _W8 = np.polynomial.legendre.leggauss(8)


def composite(edges: np.ndarray, x: np.ndarray, w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Gauss-Legendre nodes and weights on every interval between `edges`."""
    middle, half = (edges[1:] + edges[:-1]) / 2, np.diff(edges) / 2
    return (middle[:, None] + half[:, None] * x).ravel(), (half[:, None] * w).ravel()


def normal(x: np.ndarray) -> np.ndarray:
    return np.exp(-x * x / 2) / np.sqrt(2 * np.pi)


def ball(r: np.ndarray, gap: float) -> tuple[np.ndarray, np.ndarray]:
    """P(|u| < r) and P(|u| > r), u ~ N(gap, 1)."""
    inside = ndtr(r - gap) - ndtr(-r - gap)
    near = r * (1 + gap) < 1
    inside[near] = r[near] * (normal(r[near, None] * _X40 - gap) @ _W40)
    return inside, ndtr(gap - r) + ndtr(-gap - r)


def edges_until(start: float, end: float, step) -> np.ndarray:
    edges = [start]
    while edges[-1] < end:
        edges.append(min(end, edges[-1] + step(edges[-1])))
    return np.array(edges)


def first_of(early, low: float, high: float) -> float:
    """The point up to which a monotone condition holds."""
    for _ in range(90):
        middle = (low + high) / 2
        low, high = (middle, high) if early(middle) else (low, middle)
    return low


def _powers(r, gap, plus, minus, teacher, judge):
    """Parts of u = +r and u = -r in the means of 1, u^2, u or z = u - gap, (u + judge)^2 = (z + teacher)^2."""
    near = abs(judge) <= abs(teacher)
    right = r + judge if near else (r - gap) + teacher
    odd = plus * -np.expm1(-2 * r * gap)  # plus - minus: their ratio is e^(-2 r gap)
    first = r * odd if near else (r - gap) * plus - (r + gap) * minus
    return [plus + minus, r**2 * (plus + minus), first, right**2 * plus + (judge - r) ** 2 * minus]


def _sums(k, inside, outside, means, weights):
    log_left = np.where(inside < 0.5, np.log1p(-np.minimum(inside, 0.5)), np.log(np.maximum(outside, 1e-320)))
    return np.array([[np.sum(one * np.exp((one - 1) * log_left) * weights * part) for one in k] for part in means])


def cold(gap: float, k: np.ndarray, teacher: float, judge: float) -> np.ndarray:
    """T = 0: E 1, u^2, u or z, (u + judge)^2 of the answer closest to the favourite, u = gap + z; (4, k)."""
    start = first_of(lambda x: k.max() * ball(np.exp([x]), gap)[0][0] < 1e-22, -120.0, np.log(gap + 14))
    r, weights = composite(edges_until(np.exp(start), gap + 14, lambda r: min(r / 2, 0.5)), _X20, _W20)
    return _sums(k, *ball(r, gap), _powers(r, gap, normal(r - gap), normal(r + gap), teacher, judge), weights)


def warm(gap: float, heat: float, k: np.ndarray, teacher: float, judge: float, panels: int = 8) -> np.ndarray:
    """The same at T = heat > 0, by the Gumbel form: nodes for every v of their own."""
    end = (gap + 13) ** 2 / heat + 6
    start = np.sinh(
        first_of(
            lambda x: k.max() * _answers(np.sinh([x]), gap, heat, panels, gap, 0.0)[0][0] < 1e-22,
            np.arcsinh(-np.log(k.max()) - 51),
            np.arcsinh(end),
        )
    )
    edges = edges_until(start, end, lambda v: 2.0 if v < 3 else max(1.0, min(v / 4, 0.5 * np.sqrt(v / heat))))
    v, weights = composite(edges, _X20, _W20)
    parts = [_answers(part, gap, heat, panels, teacher, judge) for part in np.array_split(v, 1 + v.size // 4000)]
    loss, means = (np.concatenate([part[i] for part in parts], axis=-1) for i in (0, 1))
    return _sums(k, loss, 1 - np.minimum(loss, 1 - 2.0**-53), means, weights)


def _answers(v, gap, heat, panels, teacher, judge):
    low = max(gap / (1 + 2 / heat) - 13, 0.0)
    # Nodes are dense where the noise turns from nothing to everything, the first third of the way from the top.
    turns = np.concatenate([np.linspace(0, 0.4, 2 * panels + 1), np.linspace(0.4, 1, panels + 1)[1:]])
    share, weights = composite(turns, _X14, _W14)
    start = np.maximum(np.sqrt(heat * np.maximum(0, v - 5.5)), low)
    end = np.maximum(np.minimum(np.sqrt(heat * (np.maximum(v, 0) + 55)), gap + 13), start)
    r, width = start[:, None] + (end - start)[:, None] * share, (end - start)[:, None] * weights
    top = np.minimum(5.5, v - low**2 / heat)[:, None]
    bottom = np.minimum(np.maximum(-55.0, v - (gap + 13) ** 2 / heat)[:, None], top)
    y, far = top - (top - bottom) * share, (v > 2000)[:, None]
    distance = np.sqrt(heat * np.where(far, v[:, None] - y, 1.0))
    noise = np.exp(np.where(far, y, v[:, None] - r * r / heat))
    r, width = np.where(far, distance, r), np.where(far, (top - bottom) * weights * heat / (2 * distance), width)
    plus, minus = normal(r - gap) * width, normal(r + gap) * width
    loss = ((plus + minus) * -np.expm1(-noise)).sum(axis=1) + ball(start, gap)[0]
    return loss, np.array(
        [(noise * np.exp(-noise) * part).sum(axis=1) for part in _powers(r, gap, plus, minus, teacher, judge)]
    )


def truth_of_prompt(problem: bk.Prompt, k: np.ndarray, temperature: float) -> dict[str, np.ndarray]:
    s = problem.spread
    sign = -1.0 if problem.reward_gap < 0 else 1.0
    gap, teacher = sign * problem.reward_gap / s, sign * problem.teacher_gap / s
    judge = sign * (problem.teacher_gap - problem.reward_gap) / s
    made = warm(gap, temperature / s**2, k, teacher, judge) if temperature else cold(gap, k, teacher, judge)
    _, judged, first, error = made
    bias = first + (judge if abs(judge) <= abs(teacher) else teacher)
    one = k == 1
    return {
        "error": s**2 * np.where(one, teacher**2 + 1, error),
        "judged_error": s**2 * np.where(one, gap**2 + 1, judged),
        "bias": sign * s * np.where(one, teacher, bias),
    }


def truth_of_population(problem: bk.Posterior, k: np.ndarray, temperature: float) -> dict[str, np.ndarray]:
    """Spread 1; the mean over reward gaps by a composite rule, every gap by the quadrature above."""
    q, v, c = (float(a) for a in (problem.teacher_variance, problem.reward_variance, problem.covariance))
    width = np.sqrt(v)
    reach = np.sqrt(2 * (45 + min(2.0, 1 / v) * np.log(k.max()))) * width
    # The mean crosses over near DR^2 = (1+t)(2+t) ln k within DR/(2 ln k): panels of 0.3 hold that at T = 0.
    far = 0.02 if temperature else 0.08
    near = min(0.3, 0.4 * width)
    gaps, weights = composite(edges_until(0.0, reach, lambda gap: max(near, far * (gap - 12))), _X8, _W8)
    weights = 2 * weights * normal(gaps / width) / width
    own, slope, along = (q - c) + (v - c), (c - v) / v, c / v
    rest = own - slope * (c - v) if own <= q else q - along * c
    error, judged = np.full(k.size, max(rest, 0.0)), np.zeros(k.size)
    for gap, weight in zip(gaps, weights):
        from_truth = along * gap, slope * gap
        made = warm(gap, temperature, k, *from_truth, panels=6) if temperature else cold(gap, k, *from_truth)
        error += weight * made[3]
        judged += weight * made[1]
    return {"error": np.where(k == 1, q + 1, error), "judged_error": np.where(k == 1, v + 1, judged)}


def _counts(rng, highest):
    return np.sort(np.concatenate([[1.0, 1 + 10 ** rng.uniform(-8, 0)], 10 ** rng.uniform(0, highest, 4)]))


def random_prompt(rng: np.random.Generator) -> tuple[bk.Prompt, np.ndarray, float]:
    """Gaps from 1e-8 to 1e3 spreads, T = 0 or 1e-12 to 1e12 spread^2, k to 1e12."""
    s = 10 ** rng.uniform(-3, 3)
    reward = rng.choice([-1, 1]) * s * 10 ** rng.uniform(-8, 3)
    teacher = rng.choice([-1, 1]) * s * 10 ** rng.uniform(-8, 3) if rng.random() < 0.7 else reward
    reach = 12 if rng.random() < 0.6 else 3
    temperature = 0.0 if rng.random() < 0.25 else s**2 * 10 ** rng.uniform(-reach, reach)
    return bk.Prompt(teacher, reward, s), _counts(rng, 12), temperature


def random_population(rng: np.random.Generator, widest: float) -> tuple[bk.Posterior, np.ndarray]:
    v = 10 ** rng.uniform(-6, widest)
    if rng.random() < 0.4:
        return bk.Posterior(v, v, v), _counts(rng, 9)
    q = 10 ** rng.uniform(-6, widest)
    return bk.Posterior(q, v, rng.uniform(-1, 1) * np.sqrt(q * v)), _counts(rng, 9)


def random_regression(rng: np.random.Generator) -> tuple[bk.LinearJudge, np.ndarray]:
    ratio, noise, prior = 10 ** rng.uniform([-0.7, -1, -0.5], [1.3, 0.3, 0.7])
    power = 10 ** rng.uniform(-0.5, 0.5)
    return bk.LinearJudge(ratio, noise, prior, reward_power=power, overlap=rng.uniform(-1, 1) * power**0.5), _counts(
        rng, 9
    )


def of_one(solution, truth: dict[str, np.ndarray]) -> float:
    """Worst true error over printed error, over curves and k; 0 where the solution is refused."""
    if solution.status.name == "failed":
        return 0.0
    worst = 0.0
    for name, true in truth.items():
        away = np.abs(np.asarray(solution[name]) - true)
        printed = np.asarray(solution.numerical_error[name])
        worst = max(worst, float(np.max(np.where(away > 0, away / np.where(printed > 0, printed, 1e-300), 0.0))))
    return worst


def _row(solver: str, ratios: list[float], refused: int) -> dict:
    at = np.quantile(ratios, [0.5, 0.9, 0.99, 1.0])
    return {
        "solver": solver,
        "problems": len(ratios),
        "refused": refused,
        "violations": int(np.sum(np.array(ratios) > 1)),
        **dict(zip(("median", "90 %", "99 %", "max"), map(float, at))),
    }


def cases(quick: bool) -> Iterator[tuple[str, Any, np.ndarray, float]]:
    """Name, problem, k and temperature of 200 prompts, 200 populations and 200 regressions (1 in 10 of them at T > 0,
    whose truths cost ten times as much)."""
    prompts, rng = np.random.default_rng(29), np.random.default_rng(20261128)
    for _ in range(20 if quick else 200):
        yield "one prompt", *random_prompt(prompts)
    for i in range(2 if quick else 200):
        if i % 10:
            yield "population, T = 0", *random_population(rng, 1.0 if quick else 6.0), 0.0
        else:
            yield "population, T > 0", *random_population(rng, 0.0 if quick else 1.0), 10 ** rng.uniform(-6, 6)
    for i in range(0 if quick else 200):
        name, temperature = ("T = 0", 0.0) if i % 10 else ("T > 0", 10 ** rng.uniform(-4, 4))
        yield f"regression, {name}", *random_regression(rng), temperature


def truth_of(problem: Any, k: np.ndarray, temperature: float) -> dict[str, np.ndarray]:
    if isinstance(problem, bk.Prompt):
        return truth_of_prompt(problem, k, temperature)
    solved = bk.posterior(problem) if isinstance(problem, bk.LinearJudge) else problem
    s2 = float(solved.spread) ** 2
    moments = (solved.teacher_variance, solved.reward_variance, solved.covariance)
    unit = bk.Posterior(*(float(moment) / s2 for moment in moments))
    return {name: s2 * curve for name, curve in truth_of_population(unit, k, temperature / s2).items()}


def rows(quick: bool = False) -> list[dict]:
    """True over printed error; a problem counts once, by its worst curve and k."""
    found: dict[str, list[float]] = {}
    refused: dict[str, int] = {}
    for name, problem, k, temperature in cases(quick):
        truth = truth_of(problem, k, temperature)
        methods = {"Exact": bk.Exact()}
        if name == "one prompt":
            methods |= (
                {"BestOfK": bk.BestOfK()}
                if temperature == 0
                else {"LargeK": bk.LargeK(), "HighTemperature": bk.HighTemperature(3)}
            )
        for label, method in methods.items():
            solution = bk.solve(problem, k, temperature=temperature, method=method, throw=False)
            found.setdefault(f"{label}, {name}", []).append(of_one(solution, truth))
            refused[f"{label}, {name}"] = refused.get(f"{label}, {name}", 0) + (solution.status.name == "failed")
    made = [_row(name, ratios, refused[name]) for name, ratios in found.items()]
    exact = [ratio for name, ratios in found.items() if name.startswith("Exact") for ratio in ratios]
    return [*made, _row("Exact, all", exact, sum(n for name, n in refused.items() if name.startswith("Exact")))]


def main(out: Path, *, quick: bool = False) -> None:
    publish("numerical_error_best_of_k", "Best-of-k: true over printed error", rows(quick), out)


HEADLINES = (Headline("True error over printed: best of k", "numerical_error_best_of_k", in_words),)
