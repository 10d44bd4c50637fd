"""How often `compare` is wrong: false alarms on exact theories, false agreements at the margin, planted faults."""

from __future__ import annotations

import dataclasses
import functools
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from scipy import stats

import grok_theory as gt
from benchmarks import compare_levels
from benchmarks.report import Headline, PageTable, Rows, markdown, publish, worst
from grok_theory.dynamics import GradientDescent, GradientFlow
from grok_theory.results import Ensemble, Solution

FLOW = GradientFlow()
LAWS = {
    "Gaussian, spread 0.1": lambda z: 1 + 0.1 * z,
    "log-normal, log-spread 0.3": lambda z: np.exp(0.3 * z - 0.3**2 / 2),
    "log-normal, log-spread 0.8": lambda z: np.exp(0.8 * z - 0.8**2 / 2),
    "exponential": lambda z: -np.log(stats.norm.sf(z)),
}


def correlated(rng: np.random.Generator, runs: int, times: int, correlation: float = 0.95) -> np.ndarray:
    """(runs, times) standard normals, a stationary first-order chain along the times."""
    draw = rng.standard_normal((runs, times))
    for t in range(1, times):
        draw[:, t] = correlation * draw[:, t - 1] + np.sqrt(1 - correlation**2) * draw[:, t]
    return draw


def verdicts(law, runs: int, times: int, repetitions: int, *, gap: float, margin: float, seed: int) -> list[str]:
    """Verdicts on runs whose true mean is `1 + gap` times the theory."""
    rng = np.random.default_rng(seed)
    x = np.arange(1.0, times + 1)
    theory = Solution(FLOW, x, {"test_loss": np.full(times, 1 / (1 + gap))}, x_name="x", dynamics=FLOW, method=None)
    said = []
    for _ in range(repetitions):
        ensemble = Ensemble(FLOW, x, {"test_loss": law(correlated(rng, runs, times))}, "x", FLOW)
        said.append(gt.compare(theory, ensemble, margin=margin).verdict)
    return said


def calibration(repetitions: int, runs: tuple[int, ...], times: tuple[int, ...]) -> list[dict]:
    rows = []
    for name, law in LAWS.items():
        for count in runs:
            for length in times:
                # The least margin there is: whatever is called a disagreement is a false alarm.
                alarms = verdicts(law, count, length, repetitions, gap=0.0, margin=1e-9, seed=1).count("disagrees")
                # The true gap is the margin itself: whatever is called an agreement is false.
                false = verdicts(law, count, length, repetitions, gap=0.05, margin=0.05, seed=2).count("agrees")
                low, high = stats.binomtest(alarms, repetitions).proportion_ci(0.99)
                rows.append(
                    {
                        "law": name,
                        "runs": count,
                        "times": length,
                        "false alarms %": 100 * alarms / repetitions,
                        "99 % interval": f"{100 * low:.2f} to {100 * high:.2f}",
                        "nominal 1 % kept": "yes" if low <= 0.01 else "no",
                        "false agreements %": 100 * false / repetitions,
                    }
                )
    return rows


def planted(keys: int, runs: int) -> list[dict]:
    """Wrong theories of TeacherStudent(0.5, 5) against its runs at N = 400, margin 3 %, t in [0.1, 10]."""
    problem = gt.linear.TeacherStudent(samples_per_dim=0.5, snr=5.0)
    times = jnp.geomspace(0.1, 10.0, 40)
    steps = jnp.arange(1.0, 21.0)
    descent = GradientDescent(learning_rate=0.2)
    theory = gt.linear.solve(problem, times)
    stepped = gt.linear.solve(problem, steps, dynamics=descent)
    late = gt.linear.solve(problem, steps + 1, dynamics=descent)

    def altered(solution: Solution, values) -> Solution:
        return dataclasses.replace(solution, curves={"test_loss": values}, numerical_error={})

    # P for N: the aspect ratio upside down.
    swapped = gt.linear.solve(gt.linear.TeacherStudent(samples_per_dim=2.0, snr=5.0), times)
    wrong = {
        "noise term times two": altered(theory, theory["test_loss"] + theory["test_variance"]),
        "N for P": altered(theory, swapped["test_loss"]),
        "a step of one at eta = 0.2": altered(stepped, late["test_loss"]),
        "none (the right theory)": theory,
        "none (the right theory, descent)": stepped,
    }
    counts = {name: {"agrees": 0, "disagrees": 0, "underpowered": 0} for name in wrong}
    simulate = functools.partial(gt.linear.simulate, problem, dim=400, runs=runs)
    for number in range(keys):
        flow = simulate(times, key=jax.random.key(number))
        steps_runs = simulate(steps, key=jax.random.key(number), dynamics=descent)
        for name, solution in wrong.items():
            ensemble = steps_runs if solution.dynamics == stepped.dynamics else flow
            counts[name][gt.compare(solution, ensemble, margin=0.03, curves=["test_loss"]).verdict] += 1
    return [
        {
            "planted fault": name,
            "tries": keys,
            **said,
            "disagrees, 99 % interval": "{:.3f} to {:.3f}".format(
                *stats.binomtest(said["disagrees"], keys).proportion_ci(0.99)
            ),
        }
        for name, said in counts.items()
    ]


def runs_needed(repetitions: int) -> list[dict]:
    """Is the number of runs an underpowered verdict asks for enough? 20 pilot runs ask, then so many runs are made."""
    rows = []
    x = np.arange(1.0, 51.0)
    theory = Solution(FLOW, x, {"test_loss": np.ones(50)}, x_name="x", dynamics=FLOW, method=None)
    for name in ("Gaussian, spread 0.1", "log-normal, log-spread 0.3"):
        rng = np.random.default_rng(3)
        asked, agreed = [], 0
        for _ in range(repetitions):
            pilot = Ensemble(FLOW, x, {"test_loss": LAWS[name](correlated(rng, 20, 50))}, "x", FLOW)
            said = gt.compare(theory, pilot, margin=0.05)
            if said.verdict != "underpowered":  # 20 runs were enough, or misled: nothing is asked for
                continue
            needed = int(said["test_loss"].runs_needed)
            asked.append(needed)
            full = Ensemble(FLOW, x, {"test_loss": LAWS[name](correlated(rng, needed, 50))}, "x", FLOW)
            agreed += gt.compare(theory, full, margin=0.05).verdict == "agrees"
        rows.append(
            {
                "law": name,
                "margin": 0.05,
                "runs asked for (median)": float(np.median(asked)),
                "then agrees %": 100 * agreed / len(asked),
                "underpowered pilots": f"{len(asked)} of {repetitions}",
            }
        )
    return rows


def main(out: Path, *, quick: bool = False) -> None:
    if quick:
        publish("compare_calibration", "compare: false alarms (quick)", calibration(50, (8,), (1, 50)), out)
        publish("compare_planted", "compare: planted faults (quick)", planted(1, 48), out)
        publish("compare_runs_needed", "compare: runs needed (quick)", runs_needed(10), out)
        two = compare_levels.two_levels(20, (8,), (10.0,), (0.1,), ("uniform",))
        publish("compare_two_levels", "compare: curves with two levels (quick)", two, out)
        publish("compare_one_time", "compare: one time (quick)", compare_levels.one_time(200, (8,)), out)
        publish("compare_cost", "compare: cost of the levels (quick)", compare_levels.cost(1, 20), out)
        return
    publish(
        "compare_calibration",
        "compare: wrong verdicts at nominal 1 %, correlation 0.95 between neighbouring times",
        calibration(500, (8, 16, 32, 64), (1, 50, 200)),
        out,
    )
    publish("compare_planted", "compare: planted faults, 200 runs at N = 400, margin 3 %", planted(100, 200), out)
    publish("compare_runs_needed", "compare: are the runs it asks for enough?", runs_needed(200), out)
    publish(
        "compare_two_levels",
        "compare: curves with two levels, worst of shares .02 to .3 not arrived, nominal 1 %",
        compare_levels.two_levels(800, (3, 5, 8, 16, 30, 100), (3.0, 10.0, 100.0), (0.3, 0.2, 0.1, 0.05, 0.02)),
        out,
    )
    publish(
        "compare_one_time",
        "compare: false alarms at a single x without history (published, not bounded)",
        compare_levels.one_time(10_000, (3, 5, 8, 16, 30, 100)),
        out,
    )
    publish("compare_cost", "compare: runs needed on curves without two levels", compare_levels.cost(9), out)


def _alarms(rows: Rows) -> str:
    found = worst(rows, "false alarms %")
    return (
        f"at most {found['false alarms %']:.1f} % ({found['law']}, {found['runs']} runs, {found['times']} times), "
        f"above 1 % beyond chance in {sum(row['nominal 1 % kept'] != 'yes' for row in rows)} of {len(rows)} cases; "
        f"false agreements at most {worst(rows, 'false agreements %')['false agreements %']:.1f} %"
    )


def _compare_planted(rows: Rows) -> str:
    wrong = [row for row in rows if not row["planted fault"].startswith("none")]
    right = [row for row in rows if row["planted fault"].startswith("none")]
    return (
        f"{sum(row['disagrees'] for row in wrong)} of {sum(row['tries'] for row in wrong)} wrong theories found, "
        f"{sum(row['agrees'] for row in right)} of {sum(row['tries'] for row in right)} right ones agree"
    )


def _two_levels(rows: Rows) -> str:
    alarm = max(max(row["false alarms %"], row["in windows %"]) for row in rows)
    return (
        f"false alarms at most {alarm:.2f} %, false agreements {max(row['false agreements %'] for row in rows):.1f} %, "
        f"above 2 % beyond chance in {sum(row['at most 2 %'] != 'yes' for row in rows)} of {len(rows)} cases; without "
        f"the levels up to {max(row['without levels %'] for row in rows):.0f} %"
    )


def _alarms_page(rows: Rows) -> str:
    """A row a law and number of runs, a column a number of times."""
    lengths = list(dict.fromkeys(row["times"] for row in rows))
    alarms = {(row["law"], row["runs"], row["times"]): row["false alarms %"] for row in rows}
    head = ("law of the runs", "runs", *(f"{length} time{'s' * (length > 1)}" for length in lengths))
    of = dict.fromkeys((law, runs) for law, runs, _ in alarms)
    return markdown(head, ([law, runs, *(f"{alarms[law, runs, n]:.1f} %" for n in lengths)] for law, runs in of))


def _planted_page(rows: Rows) -> str:
    words = ("agrees", "disagrees", "underpowered")
    return markdown(("theory", *words), ([row["planted fault"], *(row[word] for word in words)] for row in rows))


def _runs_page(rows: Rows) -> str:
    columns = ("law", "underpowered pilots", "runs asked for (median)", "then agrees %")
    cells = ([row[column] for column in columns] for row in rows)
    return markdown(columns, ([f"{c:.6g}" if isinstance(c, float) else c for c in line] for line in cells))


def _two_levels_page(rows: Rows) -> str:
    """The worst cell of each number of runs."""
    columns = {
        "false alarms, single times": "false alarms %",
        "windows": "in windows %",
        "false agreements": "false agreements %",
        "false alarms without the guard": "without levels %",
        "false agreements without it": "without levels, %",
    }
    lines = []
    for runs in dict.fromkeys(row["runs"] for row in rows):
        cells = [row for row in rows if row["runs"] == runs]
        lines.append([runs, len(cells), *(f"{max(row[c] for row in cells):.2f} %" for c in columns.values())])
    return markdown(("runs", "cells", *columns), lines)


def _one_time_page(rows: Rows) -> str:
    """A row a law, a column a number of runs."""
    counts = list(dict.fromkeys(row["runs"] for row in rows))
    alarms = {(row["law at one x"], row["runs"]): row["false alarms %"] for row in rows}
    laws = dict.fromkeys(law for law, _ in alarms)
    head = ("law at one x", *(f"{count} runs" for count in counts))
    return markdown(head, ([law, *(f"{alarms[law, count]:.1f} %" for count in counts)] for law in laws))


TABLES = (
    PageTable("compare", "compare_one_time", _one_time_page),
    PageTable("compare", "compare_two_levels", _two_levels_page),
    PageTable("compare", "compare_calibration", _alarms_page),
    PageTable("compare", "compare_planted", _planted_page),
    PageTable("compare", "compare_runs_needed", _runs_page),
)
HEADLINES = (
    Headline("compare: false alarms at nominal 1 %", "compare_calibration", _alarms),
    Headline("compare: planted faults over 100 keys", "compare_planted", _compare_planted, in_readme=True),
    Headline("compare: curves with two levels", "compare_two_levels", _two_levels),
)
