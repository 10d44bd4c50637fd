"""linear: the rule against adaptive quadrature and a drawn run, cost by size, gaps in limits, agreement with runs.

Ratios are between CPU seconds of this run on this machine; compile times apart. "quad" is `scipy.integrate.quad` at
its default settings on the same integrals; "one run" is one drawn regression, diagonalised, at N = 1000.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from scipy import integrate

from benchmarks import report
from benchmarks.report import Headline, Rows, span, worst
from grok_theory import GradientDescent, compare, linear
from grok_theory.linear.mode_relaxation import FLOW
from grok_theory.linear.runs.teacher_student import _draw, _train
from grok_theory.pytrees import as_arrays


def main(out: Path, *, quick: bool) -> None:
    """Print the tables and write `linear_speed.json`, `_cost`, `_limits` and `_agreement` below `out`."""
    report.publish("linear_speed", "linear: 200 times of one curve set, ratios within this run", _speed(quick), out)
    report.publish("linear_cost", "linear: CorrelatedInputs, seconds by eigenvalues and times", _cost(quick), out)
    report.publish("linear_limits", "linear: gaps in exact limits and identities", _limits(quick), out)
    report.publish("linear_agreement", "linear: means over real runs against the theory", _agreement(quick), out)


def _best(call: Callable[[], Any], repeats: int = 5) -> float:
    """Least of several timings: what the machine can do when nobody else is on it."""
    found = []
    for _ in range(repeats):
        start = time.process_time()
        jax.block_until_ready(call())
        found.append(time.process_time() - start)
    return min(found)


def quad_curves(alpha: float, snr: float, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Train and test error by adaptive quadrature, as one would type it."""
    low, high = (1 - alpha**0.5) ** 2, (1 + alpha**0.5) ** 2

    def density(l):
        return np.sqrt(max((high - l) * (l - low), 0.0)) / (2 * np.pi * l)

    def test(l, t):
        return density(l) * (snr * np.exp(-2 * l * t) + (1 - np.exp(-l * t)) ** 2 / l)

    def train(l, t):
        return density(l) * (l * snr + 1) * np.exp(-2 * l * t)

    bulk = [[integrate.quad(f, low, high, args=(t,))[0] for t in times] for f in (train, test)]
    atom = max(0.0, 1 - alpha) * snr
    return np.array(bulk[0]) / alpha + max(0.0, 1 - 1 / alpha), 1 + np.array(bulk[1]) + atom


def _speed(quick: bool) -> list[dict[str, Any]]:
    import warnings

    times, rows = np.geomspace(0.01, 1e4, 20 if quick else 200), []
    dim = 100 if quick else 1000
    for alpha in (0.5, 1.0, 2.0):
        problem = linear.TeacherStudent(alpha, 5.0)
        start = time.process_time()
        jax.block_until_ready(linear.solve(problem, times).curves)
        first = time.process_time() - start
        rule = _best(lambda problem=problem: linear.solve(problem, times).curves, 20)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # quad warns; that it is wrong at alpha = 1 is what the last column shows
            start = time.process_time()
            _, test = quad_curves(alpha, 5.0, times)
            adaptive = time.process_time() - start
        exact = np.asarray(linear.solve(problem, times)["test_loss"])
        drawn = as_arrays(problem)
        run = jax.jit(
            lambda key, drawn=drawn, alpha=alpha: _train(
                drawn, FLOW, jnp.asarray(times), *_draw(drawn, key, dim, round(alpha * dim))
            )
        )
        jax.block_until_ready(run(jax.random.key(0)))
        simulated = _best(lambda run=run: run(jax.random.key(1)), 2)
        rows.append(
            {
                "alpha": alpha,
                "first call [s]": first,
                "rule [ms]": 1e3 * rule,
                "quad / rule": adaptive / rule,
                f"one run at N = {dim} / rule": simulated / rule,
                "quad's worst error in test_loss": float(np.abs(test / exact - 1).max()),
            }
        )
    return rows


def _cost(quick: bool) -> list[dict[str, Any]]:
    """Theory by eigenvalues and times, beside one drawn run of the same problem through the same door."""
    rows = []
    for modes in (50, 200) if quick else (100, 400, 1600):
        for count in (10,) if quick else (10, 40, 160):
            i = np.arange(1.0, modes + 1)
            problem, times = linear.CorrelatedInputs(i**-1.2, i**-0.3, modes // 2), np.geomspace(0.01, 100, count)
            solve = partial(linear.solve, problem, times)
            start = time.process_time()
            jax.block_until_ready(solve().curves)
            first = time.process_time() - start
            seconds = _best(lambda solve=solve: solve().curves, 3)
            simulate = partial(linear.simulate, problem, times, runs=8, key=jax.random.key(0))
            simulate()
            rows.append(
                {
                    "eigenvalues": modes,
                    "times": count,
                    "first call [s]": first,
                    "solve [s]": seconds,
                    "a time and eigenvalue [us]": 1e6 * seconds / modes / count,
                    "8 runs [s]": (drawn := _best(lambda simulate=simulate: simulate().curves, 2)),
                    "100 runs / solve": 12.5 * drawn / seconds,
                }
            )
    return rows


def _limits(quick: bool) -> list[dict[str, Any]]:
    rows = []

    def row(name: str, gap: Any, where: str) -> None:
        rows.append({"limit": name, "worst gap": float(np.max(gap)), "where": where})

    times, modes = np.geomspace(1e-2, 1e6, 17), 60
    ratios = (0.5, 2.0) if quick else (0.25, 0.5, 0.9, 1.0, 1.1, 2.0, 4.0)
    gaps = []
    for alpha in ratios:
        general = linear.solve(
            linear.CorrelatedInputs(np.ones(modes) / modes, np.full(modes, 5**0.5), alpha * modes), times
        )
        special = linear.solve(linear.TeacherStudent(alpha, 5.0), times)
        test = np.abs(general["test_loss"] / special["test_loss"] - 1)
        gaps.append([np.max(test), np.max(np.abs(general["train_loss"] - special["train_loss"])) / 6])
    worst = np.argmax(gaps, axis=0)
    row("isotropic CorrelatedInputs: test_loss, relative", np.max(gaps, 0)[0], f"alpha = {ratios[worst[0]]}")
    row("isotropic CorrelatedInputs: train_loss / start", np.max(gaps, 0)[1], f"alpha = {ratios[worst[1]]}")
    for depth in (2,) if quick else (2, 3, 4):
        problem = linear.DeepLinear(0.5, 5.0, depth, 0.7, 0.7)
        end = linear.limits(problem).test_loss
        row(
            f"DeepLinear, depth {depth}: march at t = 400 against the end",
            abs(linear.solve(problem, [400.0])["test_loss"][0] / end - 1),
            "test_loss",
        )
    deep, flat = linear.DeepLinear(0.8, 5.0, 1, 1.0, 1.5, 2.0), linear.TeacherStudent(0.8, 5.0, 1.5**2 / 4, 2.0)
    times = np.array([0.0, 0.5, 2.0, 15.0, 200.0])
    row(
        "DeepLinear, depth 1, against TeacherStudent",
        np.abs(linear.solve(deep, times)["test_loss"] / linear.solve(flat, times)["test_loss"] - 1),
        "test_loss",
    )
    rows += _derivatives()
    return rows


def _derivatives() -> list[dict[str, Any]]:
    times, names = np.array([0.0, 1e-3, 0.5, 10.0, 1e3, 1e6, 1e8]), ("train_loss", "test_loss", "weight_norm")

    def loss(values):
        return linear.solve(linear.TeacherStudent(*values[:5]), values[5:])["test_loss"][0]

    slope, gaps = jax.jit(jax.grad(loss)), []
    for alpha in (0.6, 1.0, 1.7):
        point = np.array([alpha, 5.0, 1.0, 1.3, 0.05, 2.0])
        for index, found in enumerate(np.asarray(slope(jnp.asarray(point)))):
            step = np.zeros(6)
            step[index] = 1e-4 * point[index]
            near = [float(loss(point + k * step)) for k in (-2, -1, 1, 2)]
            gaps.append(abs((near[0] - 8 * near[1] + 8 * near[2] - near[3]) / (12 * step[index]) / found - 1))
    rows = [
        {"limit": "gradient in five fields and t against differences", "worst gap": max(gaps), "where": "test_loss"}
    ]
    ratios = np.array([0.3, 1.0, 2.0])
    batch = jax.vmap(lambda a: linear.solve(linear.TeacherStudent(a, 5.0, 1.0), times).curves)(ratios)
    gap = 0.0
    for i, ratio in enumerate(ratios):
        single = linear.solve(linear.TeacherStudent(ratio, 5.0, 1.0), times)
        gap = max(gap, *(float(np.max(np.abs(batch[n][i] - single[n]) / (single[n] + 1e-290))) for n in names))
    rows.append({"limit": "vmap against a loop", "worst gap": gap, "where": ", ".join(names)})
    flow, errors = float(linear.solve(linear.TeacherStudent(0.8, 5.0, 1.0), [4.0])["test_loss"][0]), []
    for steps in (400, 800):
        descent = GradientDescent(4.0 / steps)
        errors.append(
            float(linear.solve(linear.TeacherStudent(0.8, 5.0, 1.0), [steps], dynamics=descent)["test_loss"][0])
        )
    order = np.log2(abs(errors[0] - flow) / abs(errors[1] - flow))
    rows.append({"limit": "descent to flow: order in the step, minus 1", "worst gap": abs(order - 1), "where": "t = 4"})
    return rows


def _agreement(quick: bool) -> list[dict[str, Any]]:
    rows, key = [], jax.random.key(20)

    def row(problem: str, curve: str, runs: Any, what: str, value: Any, share: Any = "") -> None:
        rows.append(
            {"problem": problem, "curve": curve, "runs": runs, "measured": what, "value": value, "error": share}
        )

    dim, count = (40, 16) if quick else (200, 64)
    times = np.geomspace(0.1, 0.25 * dim ** (2 / 3), 12)
    for alpha in (0.5, 1.0, 2.0):
        problem = linear.TeacherStudent(alpha, 5.0)
        theory, spread = linear.solve(problem, times), linear.fluctuations(problem, times, dim)
        real = linear.simulate(problem, times, runs=count, key=key, dim=dim)
        z, ratio = [], []
        for name, values in real.curves.items():
            z.append((values.mean(0) - theory[name] - spread.mean_shift[name]) / spread.std[name] * count**0.5)
            ratio.append(np.asarray(values).std(0, ddof=1) / spread.std[name])
        where = f"TeacherStudent, alpha = {alpha}, N = {dim}"
        row(where, "all six", count, "largest |z| with mean_shift", float(np.max(np.abs(z))))
        row(
            where, "all six", count, "spread / predicted, least and most", f"{np.min(ratio):.3f} to {np.max(ratio):.3f}"
        )
    dim, count = (40, 16) if quick else (400, 200)
    problem, times = linear.TeacherStudent(0.5, 5.0), np.geomspace(0.1, 10.0, 60)
    real = linear.simulate(problem, times, runs=count, key=key, dim=dim)
    verdict = compare(linear.solve(problem, times), real, margin=0.03, curves=["test_loss"]).verdict
    row(f"TeacherStudent, alpha = 0.5, N = {dim}", "test_loss", count, "verdict at a margin of 3 %", verdict)
    sizes = [(20, 40, 30)] if quick else [(50, 200, w) for w in (60, 150, 300, 400, 600)] + [(60, 300, 600)]
    count, times = (8, np.geomspace(1e-3, 1e2, 6)) if quick else (96, np.geomspace(1e-3, 1e4, 15))
    for dim, samples, width in sizes:
        wide = linear.RandomFeatures.draw(
            dim=dim, width=width, samples=samples, teacher_width=20, snr=5.0, key=jax.random.key(3)
        )
        theory, real = linear.solve(wide, times), linear.simulate(wide, times, runs=count, key=key)
        where = f"RandomFeatures, d = {dim}, P = {samples}, width {width}"
        train = np.asarray(theory["train_loss"])
        left = train / train[0]
        masks = [("test_loss", left > -1, "all t"), ("train_loss", left > 0.1, "above a tenth of its start")]
        masks.append(("train_loss", (left <= 0.1) & (left > 1e-3), "between .1 and .001 of its start"))
        for name, mask, when in masks:
            if mask.any():
                ratio, error = (
                    np.asarray(part)[mask] / np.asarray(theory[name])[mask]
                    for part in (real[name].mean(0), real[name].std(0, ddof=1) / count**0.5)
                )
                at = int(np.argmax(np.abs(ratio - 1)))
                row(where, name, count, f"mean / theory, worst, {when}", float(ratio[at]), float(error[at]))
    return rows


def _limits_in_words(rows: Rows) -> str:
    found = worst([row for row in rows if "order" not in row["limit"]], "worst gap")
    return f"{found['worst gap']:.1e} ({found['limit']})"


def _linear_speed(rows: Rows) -> str:
    network = next(name for name in rows[0] if name.startswith("one run"))
    return (
        f"quad takes {span([row['quad / rule'] for row in rows], '{:.0f}')} times as long, {network.split(' / ')[0]} "
        f"{span([row[network] for row in rows], '{:.0f}')} times"
    )


HEADLINES = (
    Headline("linear: gaps in exact limits", "linear_limits", _limits_in_words),
    Headline("linear: 200 times of one curve set", "linear_speed", _linear_speed, in_readme=True),
    Headline(
        "Growth: linear, a time and eigenvalue, 100 x 10 to 1600 x 160",
        "linear_cost",
        lambda rows: span([row["a time and eigenvalue [us]"] for row in rows], "{:.1f}") + " us",
    ),
)
