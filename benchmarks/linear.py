"""linear: the rule against adaptive quadrature and against a drawn run, accuracy by domain, cost by size, in one run.

Ratios are between timings of this run on this machine; compile times stand apart. "quad" is `scipy.integrate.quad` at
its default settings on the same integrals; "one run" is one drawn regression, diagonalised, at N = 1000.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from scipy import integrate

from benchmarks import report
from grok_theory import linear
from grok_theory.linear.curves import as_arrays
from grok_theory.linear.experiment import _draw, _train


def main(out: Path, *, quick: bool) -> None:
    """Print the tables and write `linear_speed.json`, `linear_cost.json` and `linear_limits.json` below `out`."""
    report.publish("linear_speed", "linear: 200 times of one curve set, ratios within this run", _speed(quick), out)
    report.publish("linear_cost", "linear: CorrelatedInputs, seconds by eigenvalues and times", _cost(quick), out)
    report.publish("linear_limits", "linear: gaps in exact limits", _limits(quick), out)


def _best(call: Callable[[], Any], repeats: int = 5) -> float:
    """Least of several timings: what the machine can do when nobody else is on it."""
    found = []
    for _ in range(repeats):
        start = time.perf_counter()
        jax.block_until_ready(call())
        found.append(time.perf_counter() - start)
    return min(found)


def _quad(alpha: float, snr: float, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
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
        start = time.perf_counter()
        jax.block_until_ready(linear.solve(problem, times).curves)
        first = time.perf_counter() - start
        rule = _best(lambda problem=problem: linear.solve(problem, times).curves, 20)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # quad warns; that it is wrong at alpha = 1 is what the last column shows
            start = time.perf_counter()
            _, test = _quad(alpha, 5.0, times)
            adaptive = time.perf_counter() - start
        exact = np.asarray(linear.solve(problem, times)["test_loss"])
        drawn = as_arrays(problem)
        run = jax.jit(
            lambda key, drawn=drawn, alpha=alpha: _train(
                drawn, linear.GradientFlow(), jnp.asarray(times), *_draw(drawn, key, dim, round(alpha * dim))
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
    rows = []
    for modes in (50, 200) if quick else (100, 400, 1600):
        for count in (10,) if quick else (10, 100):
            i = np.arange(1.0, modes + 1)
            problem = linear.CorrelatedInputs(i**-1.2, i**-0.3, modes / 2)
            times = np.geomspace(0.01, 100, count)
            start = time.perf_counter()
            jax.block_until_ready(linear.solve(problem, times).curves)
            first = time.perf_counter() - start
            seconds = _best(lambda problem=problem, times=times: linear.solve(problem, times).curves, 3)
            start = time.perf_counter()
            x = np.random.default_rng(0).standard_normal((modes // 2, modes)) * np.sqrt(i**-1.2)
            left, scale, right = np.linalg.svd(x, full_matrices=False)
            ((1 - np.exp(-np.outer(times, scale**2))) * (x @ i**-0.3 @ left / scale)) @ right
            run = time.perf_counter() - start
            rows.append(
                {
                    "eigenvalues": modes,
                    "times": count,
                    "first call [s]": first,
                    "solve [s]": seconds,
                    "one run [s]": run,
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
    return rows
