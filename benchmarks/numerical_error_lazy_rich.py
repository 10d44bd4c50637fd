"""lazy_rich: is `numerical_error` a bound? Random problems against answers that are better by far.

A problem counts once, by its worst curve and time. Truths (`benchmarks/lazy_rich_truths.py`) cost hours; those found so
far stand in `lazy_rich_truths.json.gz` beside this file and new ones go to `lazy_rich_truths.json`, so that a changed
estimate is judged again in minutes. Every value, printed error and truth is in `numerical_error_lazy_rich_raw.json`.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import lazy_rich_truths as truths
from benchmarks import report
from benchmarks.report import Headline, Rows
from grok_theory import GradientDescent, GradientFlow, storage
from grok_theory.lazy_rich import (
    DMFT,
    LazyLimit,
    LinearMoments,
    MeanFieldNetwork,
    Particles,
    Population,
    QuadraticCommittee,
    TangentLimit,
    largest_stable_learning_rate,
    solve,
)
from grok_theory.lazy_rich.population import stable_below

RAW, TRUTHS = "numerical_error_lazy_rich_raw.json", "lazy_rich_truths.json"
SHAPES = ((5, 3, 4, 1), (4, 6, 3, 2))  # samples, dimensions, test inputs, outputs
STEPS = 1000
Case = tuple[Any, np.ndarray, dict[str, Any], Callable[[], truths.Curves]]  # problem, times, dynamics and method, truth


def main(out: Path, *, quick: bool = False) -> None:
    """Print the table and write `numerical_error_lazy_rich.json` and the raw results below `out`."""
    report.publish(
        "numerical_error_lazy_rich", "lazy_rich: true over printed error, random problems", rows(quick, out), out
    )


def rows(quick: bool, out: Path | None = None) -> list[dict[str, Any]]:
    """One row a solver; with `out`, truths found there are taken and raw results are left there."""
    known = _known(out)
    raw: dict[str, list[dict[str, Any]]] = {}
    for solver, (cases, full) in SOLVERS.items():
        raw[solver] = []
        for index, (problem, times, how, truth) in enumerate(cases(2 if quick else full)):
            key = f"{solver} {index} {problem.__class__.__name__} {_digest(problem, times)}"
            if key not in known:
                known[key] = {name: np.asarray(curve, float).tolist() for name, curve in truth().items()}
                if out:
                    storage.write_whole(out / TRUTHS, json.dumps(known).encode())
            raw[solver].append(_judged(problem, times, how, known[key]))
        if out:
            storage.write_whole(out / RAW, json.dumps(raw).encode())
    return [_row(solver, found) for solver, found in raw.items()]


def _known(out: Path | None) -> dict[str, dict[str, list[float]]]:
    """The truths found before: those kept beside this file, and those an earlier run left in `out`."""
    kept = json.loads(gzip.decompress(Path(__file__).with_name(f"{TRUTHS}.gz").read_bytes()))
    return kept | (json.loads((out / TRUTHS).read_text()) if out and (out / TRUTHS).exists() else {})


def _digest(problem: Any, times: np.ndarray) -> str:
    """What tells one case from another in the file of truths."""
    import jax

    numbers = [np.asarray(leaf, float).ravel() for leaf in jax.tree_util.tree_leaves(problem)]
    return f"{np.sum(np.concatenate([*numbers, times])):.12e}"


def _under(rate: float | None, method: Any) -> dict[str, Any]:
    """Flow, or descent of this rate."""
    return {"dynamics": GradientFlow() if rate is None else GradientDescent(rate), "method": method}


def _judged(problem: Any, times: np.ndarray, how: dict[str, Any], truth: dict[str, list[float]]) -> dict[str, Any]:
    steps = not isinstance(how["dynamics"], GradientFlow)
    x = np.round(times / problem.tau_per_step(how["dynamics"])) if steps else times
    solution = solve(problem, x, **how, throw=False)
    curves = {}
    for name, expected in truth.items():
        value, error = np.asarray(solution[name]), np.asarray(solution.numerical_error[name])
        # The truths are rounded to float64 for the file.
        gap = np.abs(value - np.asarray(expected)) - np.finfo(float).eps * np.abs(expected)
        ratio = np.where(gap > 0, gap / np.maximum(error, 1e-300), 0.0)
        curves[name] = {"value": value.tolist(), "printed": error.tolist(), "truth": expected, "ratio": ratio.tolist()}
    worst = max(curves, key=lambda name: np.nan_to_num(np.max(curves[name]["ratio"]), nan=np.inf))
    return {
        "problem": str(problem), "times": times.tolist(), "method": str(how), "status": str(solution.status),
        "worst curve": worst, "ratio": float(np.max(curves[worst]["ratio"])), "curves": curves,
    }  # fmt: skip


def _row(solver: str, found: list[dict[str, Any]]) -> dict[str, Any]:
    solved = [one for one in found if not one["status"].startswith("failed")]
    ratios = np.array([one["ratio"] for one in solved])
    median, most, nearly = np.quantile(ratios, [0.5, 0.9, 0.99])
    return {
        "solver": solver, "problems": len(found), "failed": len(found) - len(solved),
        "violations": int(np.sum(~(ratios <= 1))), "median": float(median), "90 %": float(most), "99 %": float(nearly),
        "max": float(ratios.max()), "worst curve": solved[int(ratios.argmax())]["worst curve"],
    }  # fmt: skip


def population_cases(count: int) -> Iterator[Case]:
    """Half flow, half descent; alpha from .01 to 1e4, overlaps from 1e-8 to .95 and none, tau to 1e4."""
    rng = np.random.default_rng(5)
    for index in range(count):
        overlap = 0.0 if rng.random() < 0.1 else float(min(10 ** rng.uniform(-8, 0), 0.95))
        problem = QuadraticCommittee(
            float(10 ** rng.uniform(-2, 4)), float(10 ** rng.uniform(-2, 0.5)), 2.0, overlap, bool(rng.random() < 0.6)
        )
        last, rate, times = 10 ** rng.uniform(-1, 4), None, None
        if index % 2:
            rate = float(stable_below(problem)) * rng.uniform(0.05, 0.9)
            if not problem.centred:  # the start of a large output is far from the fit
                rate /= 1 + problem.output_scale * problem.curvature
            times = rate * np.unique(np.round(np.geomspace(1, STEPS, 20)))
        else:
            times = np.concatenate([[0.0], np.geomspace(last / 1e4, last, 19)])
        yield problem, times, _under(rate, Population()), lambda p=problem, t=times, r=rate: truths.population(p, t, r)


def lazy_limit_cases(count: int) -> Iterator[Case]:
    """Half flow, half descent; kappa from .2 to 60, near and at 1, curvature from 1e-3 to 2 and none, tau to 1e6."""
    rng = np.random.default_rng(6)
    for index in range(count):
        near, kappa = rng.random(), float(10 ** rng.uniform(-0.7, 1.8))
        if near < 0.25:
            kappa = 1.0 if near < 0.15 else float(1 + rng.choice([-1, 1]) * 10 ** rng.uniform(-2.5, -1))
        problem = QuadraticCommittee(1.0, 0.0 if rng.random() < 0.15 else float(10 ** rng.uniform(-3, 0.3)), kappa)
        last, rate = 10 ** rng.uniform(-1, 5 if rng.random() < 0.9 else 6), None
        times = np.concatenate([[0.0], np.geomspace(last / 1e5, last, 13)])
        if index % 2:
            rate = float(largest_stable_learning_rate(problem, 0.0)) * rng.uniform(0.05, 0.95)
            times = rate * np.unique(np.round(np.geomspace(1, STEPS, 14)))
        yield problem, times, _under(rate, LazyLimit()), lambda p=problem, t=times, r=rate: truths.lazy_limit(p, t, r)


def _network(rng: np.random.Generator, activation: str, index: int, powers: tuple[float, float]) -> MeanFieldNetwork:
    samples, dim, fresh, outputs = SHAPES[index % 2]
    inputs = 10 ** rng.uniform(-0.3, 0.3) * rng.normal(size=(samples + fresh, dim))
    targets = 10 ** rng.uniform(-0.5, 0.5) * rng.normal(size=(samples + fresh, outputs))
    targets = targets[:, 0] if outputs == 1 else targets
    richness = float(10 ** rng.uniform(*powers))
    return MeanFieldNetwork(
        inputs[:samples], targets[:samples], richness, activation, inputs[samples:], targets[samples:]
    )


def tangent_limit_cases(count: int) -> Iterator[Case]:
    rng = np.random.default_rng(7)
    for index in range(count):
        problem = _network(rng, ("linear", "relu", "erf", "tanh")[index // 2 % 4], index, (-2.5, 0.8))
        last = 10 ** rng.uniform(-1, 2.5)
        times = np.concatenate([[0.0], np.geomspace(last / 1e4, last, 11)])
        yield problem, times, _under(None, TangentLimit()), lambda p=problem, t=times: truths.tangent_limit(p, t)


def linear_moments_cases(count: int) -> Iterator[Case]:
    rng = np.random.default_rng(8)
    for index in range(count):
        problem, last = _network(rng, "linear", index, (-2.5, 0.8)), 10 ** rng.uniform(-1, 2.5)
        times = np.concatenate([[0.0], np.geomspace(last / 1e4, last, 11)])
        yield problem, times, _under(None, LinearMoments()), lambda p=problem, t=times: truths.linear_moments(p, t)


def particles_cases(count: int) -> Iterator[Case]:
    """Smooth activations: at the kinks of ReLU every particle cuts the steps, and one truth takes over five minutes."""
    rng = np.random.default_rng(9)
    for index in range(count):
        problem = _network(rng, ("linear", "tanh", "erf", "tanh")[index // 2 % 4], index, (-1.5, 0.5))
        last = 10 ** rng.uniform(-0.5, 1.7)
        times = np.geomspace(last / 300, last, 10)
        yield problem, times, _under(None, Particles()), lambda p=problem, t=times: truths.particles(p, t)


def dmft_cases(count: int) -> Iterator[Case]:
    """The flow by default: alpha .1 to 64, eps .05 to 1, kappa .3 to 8, overlaps to .6 and none, tau to 1 .. 1000."""
    for problem, last in dmft_problems(count):
        times = np.geomspace(min(0.05, last / 50), last, 20)
        yield problem, times, _under(None, DMFT(field_points=0)), lambda p=problem, t=times: truths.dmft(p, t)


def dmft_problems(count: int) -> Iterator[tuple[QuadraticCommittee, float]]:
    """Random problems and their last time."""
    rng = np.random.default_rng(20261128)

    def between(low, high):
        return float(np.exp(rng.uniform(np.log(low), np.log(high))))

    for _ in range(count):
        alpha, eps = between(0.1, 64), between(0.05, 1)
        kappa = between(1, 8) if rng.random() < 0.9 else between(0.3, 1)
        overlap = 0.0 if rng.random() < 0.12 else float(rng.uniform(0.02, 0.6))
        centred = bool(rng.random() < 0.8)
        yield QuadraticCommittee(alpha, eps, kappa, overlap, centred), between(1, 1000) if rng.random() < 0.7 else 1e3


SOLVERS: dict[str, tuple[Callable[[int], Iterator[Case]], int]] = {
    "Population": (population_cases, 200),
    "LazyLimit": (lazy_limit_cases, 200),
    "TangentLimit": (tangent_limit_cases, 200),
    "LinearMoments": (linear_moments_cases, 200),
    "Particles": (particles_cases, 40),
    "DMFT": (dmft_cases, 40),
}


def _printed_errors(rows: Rows) -> str:
    return "; ".join(
        f"{r['solver']} {r['violations']} of {r['problems']} ({r['median']:.2f}, {r['max']:.2f})" for r in rows
    )


HEADLINES = (
    Headline(
        "lazy_rich, true over printed error (violations; median, largest)", "numerical_error_lazy_rich", _printed_errors
    ),
)
