# ruff: noqa: E501
"""Best-of-k: accuracy over its domain, cost of a curve against Monte Carlo, coverage, and the equivalents' error law."""

from __future__ import annotations

import time
from pathlib import Path

import jax
import numpy as np
from scipy import stats
from scipy.special import roots_jacobi

from benchmarks.report import Headline, Rows, largest, publish, span
from grok_theory import best_of_k as bk
from grok_theory.best_of_k.beta_pass_rate import beta_pass_at_k
from grok_theory.best_of_k.gaussian_judge import kept_normal


def accuracy(points: int) -> list[dict]:
    """Worst own error estimate, relative, over the stated domain."""
    rng = np.random.default_rng(0)
    ks = np.geomspace(1, 1e9, 16)
    worst: dict[str, float] = {}
    for i in range(points):
        t, gap = 10 ** rng.uniform(-12, 5), rng.uniform(-9, 9)
        cases = [("one prompt", bk.Prompt(gap, gap))]
        if i % 5 == 0:
            # The hard temperatures of a wide population lie in 1e-3 .. 1.
            q, t = 10 ** rng.uniform(-1, 2), 10 ** (rng.uniform(-12, 5) if i % 2 else rng.uniform(-3, 0))
            cases.append(("population, q <= 100 s^2", bk.Posterior(q, q, q)))
        for name, problem in cases:
            for heat, temperature in (("T > 0", 2 * t), ("T = 0", 0.0)):
                kept = bk.solve(problem, ks, temperature=temperature)
                relative = kept.numerical_error["judged_error"] / kept["judged_error"]
                name_of_case = f"{name}, {heat}"
                worst[name_of_case] = max(worst.get(name_of_case, 0.0), float(relative.max()))
    domain = "k 1..1e9, t 1e-12..1e5, |gap| <= 9 s"
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
    scores, values = noisy_judge(np.random.default_rng(2), 4, 96)
    every, largest = (
        seconds(lambda k=k: bk.from_records(scores, values, k, temperature=0.5))[1] for k in (np.arange(1, 33), [32])
    )
    start = time.process_time()
    monte_carlo(population, 100)
    named["monte"] = time.process_time() - start
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
        "records, all k to 32 over k = 32 alone (allowed 3)": every / largest,
        "Monte Carlo point over exact curve (must exceed 1)": named["monte"] / named["population, 50 k"],
    }
    return rows + [
        {"case": name, "first call, s": "", "warm, s": float(value), "note": "ratio"} for name, value in ratios.items()
    ]


def monte_carlo(population: bk.Posterior, batches: int) -> np.ndarray:
    """Mean error of each batch of 10^4 prompts with 64 answers of spread one each, kept at T = .7, in plain NumPy."""
    rng, errors = np.random.default_rng(0), []
    along = population.covariance / population.reward_variance
    rest = np.sqrt(population.teacher_variance - along * population.covariance)
    for _ in range(batches):
        reward = np.sqrt(population.reward_variance) * rng.standard_normal(10_000)
        answers = rng.standard_normal((10_000, 64))
        kept = np.argmax(-((reward[:, None] + answers) ** 2) / 0.7 + rng.gumbel(size=answers.shape), axis=1)
        truth = along * reward + rest * rng.standard_normal(10_000)
        errors.append(np.mean((truth + answers[np.arange(10_000), kept]) ** 2))
    return np.array(errors)


def noisy_judge(rng: np.random.Generator, prompts: int, answers: int) -> tuple[np.ndarray, np.ndarray]:
    """Whole scores from 0 to 10, right answers seen through noise; one answer in 25 is worthless and pleases most."""
    right = rng.random((prompts, answers)) < rng.beta(1.0, 1.5, (prompts, 1))
    hacked = rng.random((prompts, answers)) < 0.04
    right &= ~hacked
    return np.clip(np.round(4 + 3 * right + 5 * hacked + 1.5 * rng.normal(size=right.shape)), 0, 10), right * 1.0


def true_curve(ks: np.ndarray, temperature: float) -> np.ndarray:
    """What that judge keeps on average, from its law alone: the table of (score, value) at every skill."""
    edges = np.concatenate([[-np.inf], np.arange(0.5, 10), [np.inf]])
    wrong, seen, hacked = (np.diff(stats.norm.cdf((edges - m) / 1.5)) for m in (4, 7, 9))
    skill, weight = roots_jacobi(24, 0.5, 0.0)  # Beta(1, 1.5)
    v = np.arange(-60.0, 6.0, 0.05)
    truth = np.zeros(ks.size)
    for p, w in zip((1 + skill) / 2, weight / weight.sum()):
        right = 0.96 * p * seen
        score = right + 0.96 * (1 - p) * wrong + 0.04 * hacked
        if temperature == 0:
            below = np.append(0.0, np.cumsum(score))[None, :] ** ks[:, None]
            truth += w * (np.diff(below) @ (right / score))
        else:
            intensity = np.exp(v[:, None] + (np.arange(11.0) - 10)[None, :] / temperature)
            none, kept = np.exp(-intensity) @ score, (intensity * np.exp(-intensity)) @ right
            truth += w * np.array([0.05 * k * np.sum(kept * none ** (k - 1)) for k in ks])
    return truth


def _rate(case: str, found: list[bool], what: str) -> dict:
    low, high = stats.binomtest(int(np.sum(found)), len(found)).proportion_ci(0.95)
    return {"case": case, "of": what, "share": float(np.mean(found)), "95 % from": float(low), "to": float(high), "cases": len(found)}  # fmt: skip


def coverage(repetitions: int) -> list[dict]:
    """Share of synthetic judges whose nominal 95 % interval from `from_records` holds the truth."""
    rng, ks = np.random.default_rng(1), np.array([1, 4, 16])
    rows = []
    for temperature in (0.0, 1.0):
        truth = true_curve(ks.astype(float), temperature)
        for prompts, times in ((20, repetitions), (60, repetitions // 2)):
            inside = []
            for _ in range(times):
                kept = bk.from_records(*noisy_judge(rng, prompts, 16), ks, temperature=temperature).stats
                inside.append((kept["low"] <= truth) & (truth <= kept["high"]))
            for k, found in zip(ks, np.array(inside).T):
                rows.append(_rate(f"{prompts} prompts, k = {k}, T = {temperature:g}", found, "interval holds truth"))
    return rows


def extrapolation(repetitions: int) -> list[dict]:
    """`fit` on at most 16 answers, asked for 16 times as many: coverage under the right model, abstention otherwise."""
    rng, rows = np.random.default_rng(2), []

    def passing(rates, answers):
        return (rng.random((rates.size, answers)) < rates[:, None]) * 1.0

    for (alpha, beta), answers in (((0.3, 1.0), 16), ((0.4, 2.0), 16), ((1.0, 5.0), 16), ((3.0, 3.0), 16), ((0.4, 2.0), 8)):  # fmt: skip
        k = 16.0 * answers
        truth, inside, silent = beta_pass_at_k(alpha, beta, k), [], []
        for _ in range(repetitions):
            fitted = bk.fit(None, passing(rng.beta(alpha, beta, 60), answers), model=bk.BetaPassRate())
            band = fitted.predict([k])
            inside.append(bool(band.low[0] <= truth <= band.high[0]))
            silent.append(not band.identified[0])
        name = f"Beta({alpha:g}, {beta:g}), 60 prompts, {answers} answers, k = {k:g}"
        rows += [_rate(name, inside, "interval holds truth"), _rate(name, silent, "abstains (right model)")]
    truth, inside, silent = 0.5 * np.exp(0.02) * kept_normal(np.array([256.0]), 0.0, 1.0)[0], [], []
    for _ in range(repetitions):
        spread = np.exp(rng.normal(0, 0.2, (40, 1)))
        scores = spread * rng.normal(size=(40, 16))
        values = rng.normal(size=(40, 1)) + rng.normal(0.5, 0.2, (40, 1)) * scores + rng.normal(size=scores.shape)
        band = bk.fit(scores, values, model=bk.GaussianJudge()).predict([256.0])
        inside.append(bool(band.low[0] <= truth <= band.high[0]))
        silent.append(not band.identified[0])
    name = "Gaussian judge, 40 prompts, 16 answers, k = 256"
    rows += [_rate(name, inside, "interval holds truth"), _rate(name, silent, "abstains (right model)")]
    few = max(10, repetitions // 4)
    for prompts in (60, 200):
        silent = []
        for _ in range(few):
            rates = rng.beta(2, 3, prompts) * (rng.random(prompts) > 0.4)
            fitted = bk.fit(None, passing(rates, 16), model=bk.BetaPassRate())
            silent.append(not fitted.predict([256]).identified[0])
        rows.append(_rate(f"BetaPassRate, 2 in 5 of {prompts} prompts unsolvable", silent, "abstains (wrong model)"))
        silent = [not bk.fit(*noisy_judge(rng, prompts, 16), model=bk.GaussianJudge()).predict([256]).identified[0] for _ in range(few)]  # fmt: skip
        rows.append(_rate(f"GaussianJudge, hacked scores, {prompts} prompts", silent, "abstains (wrong model)"))
    return rows


def equivalents(scale: float) -> list[dict]:
    """Relative gap of the mean over training sets from the deterministic equivalent, against d; its law a/d."""
    problem = bk.LinearJudge(2.0, 0.5, 1.0, reward_power=1.96, overlap=1.4)
    p, rows, fits = bk.posterior(problem), [], {}
    for dim, runs in ((50, 4096), (100, 2048), (200, 512), (400, 128), (800, 32)):
        runs = max(8, int(runs * scale))
        drawn = bk.simulate(problem, [1], temperature=0.0, dim=dim, runs=runs, key=jax.random.key(dim), test_points=1)
        q1 = float(p.one_point_teacher_variance)
        for name, found, expected in (
            ("q", drawn.stats["teacher_variance"], float(p.teacher_variance)),
            ("v_R", drawn.stats["reward_variance"], float(p.reward_variance)),
            ("c_TR", drawn.stats["covariance"], float(p.covariance)),
            ("s^2", drawn.stats["spread"] ** 2, float(p.spread) ** 2),
        ):
            gap, spread = found.mean() / expected - 1, found.std(ddof=1) / expected
            error = spread / np.sqrt(runs)
            row = {"case": f"{name}, d = {dim}", "runs": runs, "gap": float(gap), "its error": float(error), "gap * d": float(gap * dim), "spread * sqrt d": float(spread * np.sqrt(dim)), "note": ""}  # fmt: skip
            if name == "q":
                row["note"] = f"one-point off by {(found.mean() - q1) / (error * expected):.0f} errors"
            rows.append(row)
            fits.setdefault(name, []).append((dim, gap, error))
    for name, found in fits.items():
        dims, gap, error = np.array(found).T
        weight = 1 / (error * dims) ** 2
        a = (gap * dims * weight).sum() / weight.sum()
        chi2 = float((((gap - a / dims) / error) ** 2).sum())
        rows.append({"case": f"{name}: gap = a/d", "runs": "", "gap": "", "its error": float(weight.sum() ** -0.5), "gap * d": float(a), "spread * sqrt d": "", "note": f"chi^2 {chi2:.1f} of {dims.size - 1}, p = {stats.chi2.sf(chi2, dims.size - 1):.2f}"})  # fmt: skip
    return rows


def main(out: Path, *, quick: bool = False) -> None:
    publish("best_of_k_accuracy", "Best-of-k: own error estimate of Exact()", accuracy(10 if quick else 200), out)
    publish("best_of_k_speed", "Best-of-k: CPU seconds after warm-up", speed(), out)
    publish("best_of_k_coverage", "Best-of-k: coverage of nominal 95 % intervals", coverage(10 if quick else 600), out)
    publish("best_of_k_fit", "Best-of-k: fit on few answers", extrapolation(5 if quick else 200), out)
    publish(
        "best_of_k_equivalents",
        "Best-of-k: equivalents against drawn regressions",
        equivalents(0.02 if quick else 1.0),
        out,
    )


def _best_of_k_ratio(rows: Rows) -> str:
    found = next(row for row in rows if row["case"].startswith("Monte Carlo point"))
    return f"one Monte Carlo point of 1e6 samples costs {found['warm, s']:.1f} times the exact curve at 50 k"


def _coverage(rows: Rows) -> str:
    return span([100 * row["share"] for row in rows], "{:.1f} %")


HEADLINES = (
    Headline(
        "Best of k, own error estimate, k to 1e9",
        "best_of_k_accuracy",
        lambda rows: largest(rows, "worst estimated relative error", "case"),
    ),
    Headline("Best of k: exact curve against Monte Carlo", "best_of_k_speed", _best_of_k_ratio),
    Headline("Best of k: coverage of nominal 95 % intervals", "best_of_k_coverage", _coverage),
)
