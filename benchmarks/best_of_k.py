# ruff: noqa: E501
"""Best-of-k: accuracy over its domain, cost of a curve against Monte Carlo, coverage of the intervals from records."""

from __future__ import annotations

import time
from pathlib import Path

import jax
import numpy as np

from benchmarks.report import publish
from grok_theory import best_of_k as bk
from grok_theory.best_of_k.beta_pass_rate import beta_pass_at_k, fit_beta, predict_beta
from grok_theory.best_of_k.gaussian_judge import kept_normal


def accuracy(points: int) -> list[dict]:
    """Worst own error estimate, relative, over the stated domain."""
    rng = np.random.default_rng(0)
    ks = np.geomspace(1, 1e9, 16)
    worst = {"one prompt, T > 0": 0.0, "one prompt, T = 0": 0.0, "population, T > 0": 0.0, "population, T = 0": 0.0}
    for i in range(points):
        t, gap = 10 ** rng.uniform(-12, 5), rng.uniform(-9, 9)
        cases = [("one prompt", bk.Prompt(gap, gap))]
        if i % 5 == 0:
            q = rng.uniform(0, 2)
            cases.append(("population", bk.Posterior(q, q, q)))
        for name, problem in cases:
            for heat, temperature in (("T > 0", 2 * t), ("T = 0", 0.0)):
                kept = bk.solve(problem, ks, temperature=temperature)
                relative = kept.numerical_error["judged_error"] / kept["judged_error"]
                worst[f"{name}, {heat}"] = max(worst[f"{name}, {heat}"], float(relative.max()))
    domain = "k 1..1e9, t 1e-12..1e5, |gap| <= 9 s, q <= 2 s^2"
    return [{"case": name, "worst estimated relative error": value, "domain": domain} for name, value in worst.items()]


def seconds(call) -> tuple[float, float]:
    """CPU seconds of the first call and of the best of three more."""
    times = []
    for _ in range(4):
        start = time.process_time()
        jax.block_until_ready(call())
        times.append(time.process_time() - start)
    return times[0], min(times[1:])


def speed() -> list[dict]:
    fifty = np.geomspace(1, 1e9, 50)
    prompt, population = bk.Prompt(0.3, 0.8), bk.Posterior(0.3, 0.8, 0.3)
    calls = {
        "one prompt, 1 k": lambda: bk.solve(prompt, [64.0], temperature=0.7)["error"],
        "one prompt, 50 k": lambda: bk.solve(prompt, fifty, temperature=0.7)["error"],
        "one prompt, 50 k, T = 0": lambda: bk.solve(prompt, fifty, temperature=0.0)["error"],
        "population, 1 k": lambda: bk.solve(population, [64.0], temperature=0.7)["error"],
        "population, 50 k": lambda: bk.solve(population, fifty, temperature=0.7)["error"],
        "population, 50 k, T = 0": lambda: bk.solve(population, fifty, temperature=0.0)["error"],
    }
    rows = []
    for name, call in calls.items():
        first, warm = seconds(call)
        rows.append({"case": name, "first call, s": first, "warm, s": warm, "note": ""})
    named = {row["case"]: row["warm, s"] for row in rows}
    named["monte"] = monte_carlo(population)
    exact = float(bk.solve(population, [64.0], temperature=0.7)["error"][0])
    start = time.process_time()
    drawn = bk.simulate(population, [64], temperature=0.7, runs=8, key=jax.random.key(1), test_points=2048)
    compiled = time.process_time() - start
    error = drawn["error"][:, 0].std(ddof=1) * np.sqrt(2048)  # of one prompt
    rows.append({"case": "Monte Carlo, 1e6 samples, k = 64", "first call, s": compiled, "warm, s": named["monte"],
                 "note": f"relative error {error / 1e3 / exact:.1e}; equal accuracy 1e-11 would take {(error / exact / 1e-11) ** 2 / 1e6 * named['monte'] / 3.15e7:.1g} years"})  # fmt: skip
    ratios = {
        "50 k over one k (allowed 5)": named["one prompt, 50 k"] / named["one prompt, 1 k"],
        "population over prompt, T > 0 (allowed 100)": named["population, 50 k"] / named["one prompt, 50 k"],
        "population over prompt, T = 0 (allowed 100)": named["population, 50 k, T = 0"]
        / named["one prompt, 50 k, T = 0"],
        "Monte Carlo point over exact curve (must exceed 1)": named["monte"] / named["population, 50 k"],
    }
    return rows + [
        {"case": name, "first call, s": "", "warm, s": float(value), "note": "ratio"} for name, value in ratios.items()
    ]


def monte_carlo(population: bk.Posterior) -> float:
    """CPU seconds of 1e6 prompts with 64 answers each in plain NumPy, in batches."""
    rng = np.random.default_rng(0)
    start = time.process_time()
    for _ in range(100):
        reward = np.sqrt(population.reward_variance) * rng.standard_normal((10_000, 1))
        miss = reward + rng.standard_normal((10_000, 64))
        np.argmax(-(miss**2) / 0.7 + rng.gumbel(size=miss.shape), axis=1)
    return time.process_time() - start


def coverage(repetitions: int) -> list[dict]:
    """Share of synthetic cases whose interval at nominal 95 % holds the truth, with its binomial standard error."""
    rng = np.random.default_rng(1)
    hits: dict[str, list[bool]] = {}

    def judge(prompts, answers):
        right = rng.random((prompts, answers)) < rng.beta(1.0, 1.5, (prompts, 1))
        hacked = rng.random((prompts, answers)) < 0.04
        right &= ~hacked
        return np.clip(np.round(4 + 3 * right + 5 * hacked + 1.5 * rng.normal(size=right.shape)), 0, 10), right * 1.0

    table = judge(40_000, 16)
    for temperature in (0.0, 1.0):
        truth = bk.from_records(*table, [1, 4, 16], temperature=temperature).stats["mean"]
        for prompts in (20, 60):
            for _ in range(repetitions):
                kept = bk.from_records(*judge(prompts, 16), [1, 4, 16], temperature=temperature).stats
                for i, k in enumerate((1, 4, 16)):
                    name = f"from_records, {prompts} prompts, k = {k}, T = {temperature:g}"
                    hits.setdefault(name, []).append(bool(kept["low"][i] <= truth[i] <= kept["high"][i]))
    for alpha, beta in ((0.3, 1.0), (0.4, 2.0), (1.0, 5.0), (3.0, 3.0)):
        truth = beta_pass_at_k(alpha, beta, 256.0)
        for answers in (16, 32):
            for _ in range(repetitions):
                passed = rng.binomial(answers, rng.beta(alpha, beta, 60)) * 1.0
                _, low, high = predict_beta(fit_beta(passed, np.full(60, answers), 0.95), np.array([256.0]))
                name = f"BetaPassRate({alpha:g}, {beta:g}), {answers} answers, k = 256"
                hits.setdefault(name, []).append(bool(low[0] <= truth <= high[0]))
    for answers in (16, 32):
        truth = 0.5 * kept_normal(np.array([256.0]), 0.0, 1.0)[0]
        for _ in range(repetitions):
            scores = rng.normal(size=(40, answers))
            values = rng.normal(size=(40, 1)) + rng.normal(0.5, 0.2, (40, 1)) * scores + rng.normal(size=scores.shape)
            fitted = bk.fit(scores, values, model=bk.GaussianJudge())
            k = 256.0 if answers == 32 else 160.0
            right = truth if answers == 32 else 0.5 * kept_normal(np.array([160.0]), 0.0, 1.0)[0]
            band = fitted.predict([k])
            hits.setdefault(f"GaussianJudge, {answers} answers, k = {k:g}", []).append(
                bool(band.low[0] <= right <= band.high[0])
            )
    rows = []
    for name, found in hits.items():
        share = float(np.mean(found))
        rows.append(
            {"case": name, "coverage": share, "standard error": float(np.sqrt(share * (1 - share) / len(found)))}
        )
    return rows


def main(out: Path, *, quick: bool = False) -> None:
    publish("best_of_k_accuracy", "Best-of-k: own error estimate of Exact()", accuracy(10 if quick else 300), out)
    publish("best_of_k_speed", "Best-of-k: CPU seconds after warm-up", speed(), out)
    publish("best_of_k_coverage", "Best-of-k: coverage of nominal 95 % intervals", coverage(10 if quick else 400), out)
