"""lazy_rich: a step of the exact reduction beside a step of the explicit network, and what must agree exactly.

Processor seconds over all threads, not wall time, so that a busy machine does not enter; compilation is not counted.
Ratios are between timings of this run.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import jax
import numpy as np

from benchmarks import report
from benchmarks.report import Headline, span
from grok_theory.dynamics import GradientDescent
from grok_theory.lazy_rich import (
    ExactReduction,
    ExplicitNetwork,
    FrozenKernel,
    LazyLimit,
    Population,
    QuadraticCommittee,
    simulate,
    solve,
)


def main(out: Path, *, quick: bool) -> None:
    """Print the tables and write `lazy_rich_cost.json` and `lazy_rich_agreement.json` below `out`."""
    report.publish("lazy_rich_cost", "lazy_rich: processor milliseconds a step of descent", _cost(quick), out)
    report.publish("lazy_rich_agreement", "lazy_rich: gaps where two ways must agree", _agreement(quick), out)


def _seconds_per_step(dim: int, kappa: float, width: int | None, method: Any, steps: int) -> float:
    """Difference of two lengths of run, so that drawing and reading cancel; the least of three."""
    problem, key, descent = QuadraticCommittee(1.0, 0.25, kappa), jax.random.key(0), GradientDescent(0.01)

    def seconds(count: int) -> float:
        start = time.process_time()
        simulate(problem, [count], dynamics=descent, dim=dim, width=width, runs=1, key=key, method=method)
        return time.process_time() - start

    seconds(1)
    return max(min(seconds(steps + 1) for _ in range(3)) - min(seconds(1) for _ in range(3)), 1e-9) / steps


def _cost(quick: bool) -> list[dict[str, Any]]:
    width = 100 if quick else 500
    rows = []
    for dim, kappa in ((20, 5.0), (50, 5.0), (100, 5.0), (100, 1.0), (200, 5.0))[: 2 if quick else 5]:
        steps = 10 if quick else max(40, 40_000 // (kappa * dim))
        reduced = _seconds_per_step(dim, kappa, None, ExactReduction(), int(steps))
        explicit = _seconds_per_step(dim, kappa, width, ExplicitNetwork(), max(10, int(steps) // 5))
        rows.append(
            {
                "D": dim,
                "P": round(kappa * dim),
                "reduction, ms": round(1e3 * reduced, 3),
                f"network of {width}, ms": round(1e3 * explicit, 3),
                "ratio": round(explicit / reduced, 1),
            }
        )
    return rows


def _agreement(quick: bool) -> list[dict[str, Any]]:
    steps, descent = np.array([0, 1, 5, 20, 80]), GradientDescent(0.05)
    gaps: dict[str, float] = {"reduction, network": 0.0, "frozen kernel, linearised network": 0.0}
    pairs = (
        ("reduction, network", ExactReduction(), ExplicitNetwork()),
        ("frozen kernel, linearised network", FrozenKernel(), ExplicitNetwork(linearised=True)),
    )
    problems = 4 if quick else 50
    random = np.random.default_rng(0)
    for seed in range(problems):
        alpha, eps = np.exp(random.uniform([-0.7, -1.5], [2.0, 0.2]))
        overlap = random.choice([0.0, random.uniform(0.05, 0.9)])
        problem = QuadraticCommittee(alpha, eps, 2.0, overlap, bool(random.integers(2)))
        for name, one, other in pairs:
            call = {"dynamics": descent, "dim": 8, "width": 6, "runs": 1, "key": jax.random.key(seed)}
            first, second = (simulate(problem, steps, **call, method=method) for method in (one, other))
            for curve in set(first.curves) & set(second.curves):
                scale = np.max(np.abs(second[curve]))
                if scale > 0:
                    gaps[name] = max(gaps[name], float(np.max(np.abs(first[curve] - second[curve])) / scale))
    rows = [{"pair": name, "problems": problems, "worst relative gap": f"{gap:.1e}"} for name, gap in gaps.items()]
    lazy = solve(QuadraticCommittee(1.0, 0.5, 2.0), [1, 5, 20, 60], dynamics=GradientDescent(0.1), method=LazyLimit())
    many = solve(QuadraticCommittee(1.0, 0.5, 2.0, 0.3), [5, 20, 60], dynamics=descent, method=Population())
    table = (
        ("LazyLimit train, reference table", lazy["train_loss"], [0.567969, 0.317307, 0.107391, 0.012307]),
        ("LazyLimit test, reference table", lazy["test_loss"], [0.740625, 0.780848, 0.840628, 0.842124]),
        ("Population, reference table", many["test_loss"], [0.629935, 0.190128, 0.009542]),
    )
    for name, values, expected in table:
        gap = np.max(np.abs(np.asarray(values) - expected))
        rows.append({"pair": name, "problems": 1, "worst relative gap": f"{gap:.1e} (absolute)"})
    return rows


HEADLINES = (
    Headline(
        "lazy_rich: reduction against the explicit network",
        "lazy_rich_agreement",
        lambda rows: f"{rows[0]['worst relative gap']} over {rows[0]['problems']} problems",
    ),
    Headline(
        "lazy_rich: a step of a network of 500 over a step of the reduction",
        "lazy_rich_cost",
        lambda rows: f"{span([row['ratio'] for row in rows], '{:.0f}')} times",
    ),
)
