"""lazy_rich: descent by DMFT to long times: what it costs, its true over its printed error, runs of D = 400 beside it.

Descents of more steps than `DMFT.most_steps` are marched on few nodes. True is the same descent with a node for every
step and four times the paths. Each problem has a seed of its own: the paths of one seed err alike in all problems.
Rates are shares of the stable edge. Runs are judged as they are, and by what descent changes of the flow on the same
data from the same start, where most of their scatter cancels.
"""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from typing import Any

import jax
import numpy as np
from scipy import stats

from benchmarks import report
from benchmarks.numerical_error_lazy_rich import dmft_problems
from benchmarks.report import Headline, Rows, span
from grok_theory import GradientDescent, GradientFlow, compare
from grok_theory.lazy_rich import (
    DMFT,
    ExactReduction,
    QuadraticCommittee,
    largest_stable_learning_rate,
    simulate,
    solve,
    stable_below,
)
from grok_theory.lazy_rich.dmft.paths import teacher_nodes

SETTING = QuadraticCommittee(2.0, 0.3, 3.0, 0.1)
LONG = 1000.0  # tau
MARGIN = 0.05
SHARP = 0.02  # a shift is looked at where the theory prints less than that of the curve: not the late train loss


def main(out: Path, *, quick: bool) -> None:
    """Print the tables and write `lazy_rich_descent_error.json` and `lazy_rich_descent_runs.json` below `out`."""
    found = error(2, 8, 688, (0.1, 0.6)) if quick else error(8, 40, 1376, (0.01, 0.03, 0.1, 0.3, 0.6))
    report.publish("lazy_rich_descent_error", "DMFT: descent on few nodes, random problems: cost and error", found, out)
    found = beside_runs(40, 4, 40, (0.1,)) if quick else beside_runs(400, 8, 800, (0.01, 0.03, 0.1))
    report.publish("lazy_rich_descent_runs", "DMFT: descent on few nodes beside runs", found, out)


def error(count: int, steps: int, paths: int, shares: tuple[float, ...]) -> list[dict[str, Any]]:
    """A row a share of the edge: CPU seconds to tau = 1000, and the worst loss and step of every problem."""
    largest_target = 0.5 * float(teacher_nodes(6)[0][-1]) ** 2
    problems = [problem for problem, _ in dmft_problems(count)]
    every = np.unique(np.round(np.geomspace(1, steps, 12)))
    rows = []
    for share in shares:
        seconds, attempts, ratios, by_nodes, failed = [], [], [], [], 0
        for seed, problem in enumerate(problems):
            dynamics = GradientDescent(share * float(largest_stable_learning_rate(problem, largest_target)))
            last = round(LONG / dynamics.learning_rate)
            begun = time.process_time()
            long = solve(problem, [0, last // 1000, last], dynamics=dynamics, method=DMFT(field_points=0), throw=False)
            seconds.append(time.process_time() - begun)
            attempts.append(int(long.stats["attempts"]))
            failed += long.status.name == "failed"
            drawn = partial(DMFT, field_points=0, seed=seed)
            found = solve(problem, every, dynamics=dynamics, method=drawn(most_steps=0), throw=False)
            true = solve(problem, every, dynamics=dynamics, method=drawn(paths=paths, seed=seed + count))
            same = solve(problem, every, dynamics=dynamics, method=drawn(most_steps=steps))
            ratios.append(_over_printed(found, true))
            by_nodes.append(_over_printed(found, same))
        first = seconds.pop(0) if not rows else None  # compiles
        rows.append(
            {"share of the edge": share, "problems": count, "failed": failed,
             "tried again": sum(a > 1 for a in attempts),
             f"beyond the printed error to {steps} steps": int(np.sum(~(np.array(ratios) <= 1))),
             "true / printed, median": float(np.median(ratios)), "largest": float(np.max(ratios)),
             "by the nodes alone, largest": float(np.max(by_nodes)),
             f"CPU s to tau = {LONG:g}, median": float(np.median(seconds)), "most": float(np.max(seconds)),
             "first call": first if first is not None else ""}
        )  # fmt: skip
    return rows


def _over_printed(found, true) -> float:
    """The worst distance of both losses over the printed error."""
    gaps = (
        np.abs(np.asarray(found[name]) - np.asarray(true[name])) / np.asarray(found.numerical_error[name])
        for name in ("train_loss", "test_loss")
    )
    return max(float(np.max(gap)) for gap in gaps)


def beside_runs(dim: int, runs: int, steps: int, shares: tuple[float, ...]) -> list[dict[str, Any]]:
    """A row a rate: the verdict of `compare`, and what descent changes of the flow, by theory and by runs."""
    size = {"dim": dim, "runs": runs, "key": jax.random.key(5)}
    edge = float(stable_below(SETTING, samples=round(3.0 * dim)))
    method = DMFT(field_points=0, most_steps=0)  # on few nodes, whatever the number of steps
    at = np.unique(np.round(np.geomspace(1, steps, 16)))
    rows = []
    for share in shares:
        descent = GradientDescent(share * edge)
        times = at * descent.learning_rate
        theory = solve(SETTING, at, dynamics=descent, method=method)
        flow = solve(SETTING, times, method=method)
        own = ExactReduction(orthogonal_start=True)
        tight = ExactReduction(orthogonal_start=True, tolerance=1e-6)
        begun = time.process_time()
        trained = simulate(SETTING, at, dynamics=descent, method=own, **size)
        seconds = time.process_time() - begun
        flowing = simulate(SETTING, times, dynamics=GradientFlow(), method=tight, **size)
        row: dict[str, Any] = {
            "share of the edge": share, "rate": descent.learning_rate, "to tau": float(times[-1]),
            "runs": f"{runs} at D = {dim}",
            "verdict": compare(theory, trained, margin=MARGIN, curves=["test_loss"]).verdict,
        }  # fmt: skip
        for curve in ("test_loss", "train_loss"):
            row |= _gaps(curve, theory, trained) | _shifts(curve, theory, flow, trained, flowing)
        rows.append(row | {"CPU s of the runs": seconds})
    return rows


def _gaps(curve: str, theory, trained) -> dict[str, float]:
    """Worst gap of the mean in percent of the theory, the 99 % half-width there and what is printed there."""
    runs, told = np.asarray(trained[curve]), np.asarray(theory[curve])
    gap = 100 * (runs.mean(0) / told - 1)
    worst = int(np.argmax(np.abs(gap)))
    width = 100 * _half_width(runs)[worst] / told[worst]
    printed = 100 * float(theory.numerical_error[curve][worst]) / told[worst]
    return {
        f"{curve}: worst gap, %": float(gap[worst]),
        f"{curve}: 99 % half-width, %": float(width),
        f"{curve}: printed, %": float(printed),
    }


def _shifts(curve: str, theory, flow, trained, flowing) -> dict[str, float]:
    """Where descent changes the flow's curve most, in percent: by theory, by runs, and their 99 % half-width."""
    told = 100 * (np.asarray(theory[curve]) / np.asarray(flow[curve]) - 1)
    seen = 100 * (np.asarray(trained[curve]) / np.asarray(flowing[curve]) - 1)
    printed = np.asarray(theory.numerical_error[curve]) / np.asarray(theory[curve])
    most = int(np.argmax(np.where(printed < SHARP, np.abs(told), 0.0)))
    return {
        f"{curve}: descent over flow, theory, %": float(told[most]),
        f"{curve}: the same, runs, %": float(seen.mean(0)[most]),
        f"{curve}: its 99 % half-width, %": float(_half_width(seen)[most]),
    }


def _half_width(values: np.ndarray) -> np.ndarray:
    """Of the mean over runs, by Student, for all times together."""
    runs, times = values.shape
    return stats.t.ppf(1 - 0.005 / times, runs - 1) * values.std(axis=0, ddof=1) / np.sqrt(runs)


def _error_in_words(rows: Rows) -> str:
    problems = sum(row["problems"] for row in rows)
    beyond = sum(next(value for name, value in row.items() if name.startswith("beyond")) for row in rows)
    failed = sum(row["failed"] for row in rows)
    median = next(name for name in rows[0] if name.endswith("median") and name.startswith("CPU"))
    cost = span([row[median] for row in rows], "{:.1f}")
    return (
        f"{cost} CPU s (median; at most {max(row['most'] for row in rows):.0f}), {failed} of {problems} failed; "
        f"true over printed error at most {max(row['largest'] for row in rows):.2f}, above 1 in {beyond}, of it by the "
        f"nodes at most {max(row['by the nodes alone, largest'] for row in rows):.2f}"
    )


def _runs_in_words(rows: Rows) -> str:
    return "; ".join(
        f"{row['share of the edge']:g} of the edge, to tau = {row['to tau']:.0f}, {row['runs']}: test loss "
        f"{row['test_loss: worst gap, %']:.1f} % +- {row['test_loss: 99 % half-width, %']:.1f} (printed "
        f"{row['test_loss: printed, %']:.1f}), over flow by {row['test_loss: descent over flow, theory, %']:.2g} % in "
        f"theory, {row['test_loss: the same, runs, %']:.2g} % +- {row['test_loss: its 99 % half-width, %']:.1g} in runs"
        for row in rows
    )


HEADLINES = (
    Headline("DMFT of descent to tau = 1000, five rates, random problems", "lazy_rich_descent_error", _error_in_words),
    Headline("DMFT of descent beside runs", "lazy_rich_descent_runs", _runs_in_words),
)
