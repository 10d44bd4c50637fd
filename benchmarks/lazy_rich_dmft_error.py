"""lazy_rich: errors of the DMFT's gradient flow: order, printed against true error, the slow setting, peak memory.

Settings of the specification, gradient flow: A' (kappa 2, alpha 1, eps .5, m0 .4), B' (3, 2, .3, .1) and the slow C'
(3, 64, .1, .1). All numbers but those of the memory repeat to the digit.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks import report
from benchmarks.report import Headline, Rows, ratios, span
from grok_theory.lazy_rich import DMFT, QuadraticCommittee, solve
from grok_theory.lazy_rich.dmft.curves import curves_of
from grok_theory.lazy_rich.dmft.derivatives import Settings, marcher
from grok_theory.lazy_rich.dmft.grids import backward_difference_grid, flow_nodes
from grok_theory.lazy_rich.dmft.interpolation import lagrange, positions
from grok_theory.lazy_rich.dmft.paths import draw_paths, innovations
from grok_theory.lazy_rich.dmft.single_site import Physics

SETTINGS = {
    "A'": QuadraticCommittee(1.0, 0.5, 2.0, 0.4),
    "B'": QuadraticCommittee(2.0, 0.3, 3.0, 0.1),
    "C'": QuadraticCommittee(64.0, 0.1, 3.0, 0.1),
}
TIMES = np.array([0.3, 1.0, 3.0, 10.0, 100.0, 1000.0])


def main(out: Path, *, quick: bool) -> None:
    """Print the tables and write `lazy_rich_dmft_order/printed_error/slow/memory.json` below `out`."""
    report.publish(
        "lazy_rich_dmft_order", "DMFT flow: order of convergence on itself (B', test loss)", order(quick), out
    )
    report.publish("lazy_rich_dmft_memory", "DMFT: predicted and measured peak memory", memory(quick), out)
    report.publish(
        "lazy_rich_dmft_printed_error", "DMFT flow: printed and true error of the test loss", printed(quick), out
    )
    report.publish("lazy_rich_dmft_slow", "DMFT flow: C' to tau = 1e4, test loss", slow(quick), out)


def test_losses(problem, points, order, last, times, paths, scrambles) -> np.ndarray:
    """Test loss (scramble, time) of one order on one grid."""
    nodes = flow_nodes(last, points)
    quadrature = backward_difference_grid(nodes, order).quadrature
    drawn = draw_paths(paths, 6)
    numbers = (problem.output_scale, problem.curvature, problem.samples_per_dim, problem.teacher_overlap, 1.0)
    physics = Physics(*(jnp.asarray(number, float) for number in numbers))
    noise = np.stack([innovations(paths, 6, len(nodes), 0, scramble) for scramble in range(scrambles)])
    march = jax.jit(marcher(Settings(True)))
    marches = march(
        physics, np.stack([quadrature] * scrambles), drawn.teacher_field, drawn.weight, noise, len(quadrature)
    )
    parts = (
        marches.train_loss, marches.overlap, marches.common_power, marches.odd_power, marches.private_power
    )  # fmt: skip
    curve = np.asarray(curves_of(physics, *parts)["test_loss"])
    stencil, weights = lagrange(positions(nodes, times), len(nodes), 6)
    return (curve[:, stencil] * weights).sum(axis=-1)


def order(quick: bool) -> list[dict[str, Any]]:
    """Slope between the two finest of four coarse grids to tau = 3, against order 4 with 48 points.

    At tau = 1 the paths scatter by less than a tenth of the smallest error; at tau = 3 they do not.
    """
    paths, scrambles = (184, 1) if quick else (2640, 4)
    grids, finest = ((12, 16), 24) if quick else ((8, 10, 12, 16), 48)
    times = np.array([1.0, 3.0])
    exact = test_losses(SETTINGS["B'"], finest, 4, 3.0, times, paths, scrambles)
    rows = []
    for number in (1, 2, 3):
        errors = np.array(
            [(test_losses(SETTINGS["B'"], p, number, 3.0, times, paths, scrambles) - exact).mean(0) for p in grids]
        )
        for column, at in enumerate(times):
            slope = -np.diff(np.log(np.abs(errors[-2:, column])))[0] / np.diff(np.log(grids[-2:]))[0]
            shown = " ".join(f"{1e4 * error:.1f}" for error in errors[:, column])
            spread = 1e4 * exact[:, column].std(ddof=1) if scrambles > 1 else np.nan
            rows.append(
                {"order": number, "tau": float(at), "errors x 1e4": shown, "slope": float(slope),
                 "scatter of scrambles x 1e4": float(spread)}
            )  # fmt: skip
    return rows


def printed(quick: bool) -> list[dict[str, Any]]:
    """Printed error beside the distance from a finer solve (80 points, 2640 paths); the tight setting in B' only."""
    finer = DMFT(paths=184, grid_points=32, scrambles=2, seed=7, field_points=0) if quick else DMFT(
        paths=2640, grid_points=80, scrambles=2, seed=7, field_points=0
    )  # fmt: skip
    tried, tight = {"default": DMFT(field_points=0)}, {}
    if not quick:
        tried = {"24 points, 184 paths": DMFT(paths=184, grid_points=24, field_points=0), **tried}
        tight = {"accurate": DMFT.accurate()}
    rows = []
    for name in ("A'",) if quick else ("A'", "B'"):
        exact = solve(SETTINGS[name], TIMES, method=finer)
        for label, method in (tried | tight if name == "B'" else tried).items():
            begun = time.process_time()
            found = solve(SETTINGS[name], TIMES, method=method)
            seconds = time.process_time() - begun
            error = np.asarray(found.numerical_error["test_loss"])
            gap = np.abs(np.asarray(found["test_loss"] - exact["test_loss"]))
            rows.append(
                {"setting": name, "method": label, "largest printed": float(error.max()),
                 "largest distance": float(gap.max()), "largest distance / printed": float((gap / error).max()),
                 "finer: largest printed": float(np.max(exact.numerical_error["test_loss"])),
                 "seconds a march, with compilation": seconds / (method.scrambles + 1)}
            )  # fmt: skip
    return rows


def slow(quick: bool) -> list[dict[str, Any]]:
    """C' by four scrambles: mean and what is printed."""
    times = np.array([1.0, 10.0, 100.0, 1000.0, 10_000.0])
    scrambles = 2 if quick else 4
    method = DMFT(paths=184 if quick else 2640, grid_points=32 if quick else 72, scrambles=scrambles, field_points=0)
    begun = time.process_time()
    solution = solve(SETTINGS["C'"], times, method=method, throw=False)
    seconds = time.process_time() - begun
    return [
        {"tau": float(at), "test loss": float(value), "printed error": float(error), "train loss": float(train),
         "status": solution.status.text, "seconds a march": seconds / (scrambles + 1)}
        for at, value, error, train in zip(
            times, solution["test_loss"], solution.numerical_error["test_loss"], solution["train_loss"], strict=True
        )
    ]  # fmt: skip


MEASURE = """
import json, re, sys
import jax
import numpy as np
jax.config.update("jax_enable_x64", True)
from grok_theory import GradientDescent, GradientFlow
from grok_theory.lazy_rich import DMFT, QuadraticCommittee, solve
from grok_theory.lazy_rich.dmft.derivatives import bytes_of_march
from grok_theory.lazy_rich.dmft.paths import draw_paths
from grok_theory.lazy_rich.dmft.solve import padded_nodes
settings, rate, last, derivative = json.loads(sys.argv[1])
dynamics = GradientFlow() if rate is None else GradientDescent(rate)
def run(**changed):
    call = {"dynamics": dynamics, "method": DMFT(**{**settings, **changed}), "throw": False}
    def loss(alpha):
        return solve(QuadraticCommittee(alpha, 0.5, 2.0, 0.4), [last], **call)["test_loss"][0]
    jax.block_until_ready((jax.grad(loss) if derivative else loss)(1.0))
    # Not getrusage: its maximum is inherited from the process that started this one.
    return 1024 * int(re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())[1])
before = run(paths=48)  # the same program, compiled for next to no paths: what is left is the march
after = run()
nodes = padded_nodes(np.array([float(last)]), rate, DMFT(**settings))
predicted = (5 if derivative else 1) * bytes_of_march(nodes, len(draw_paths(settings["paths"], 6).weight))
print(json.dumps([nodes, predicted, after - before]))
"""


def measured_memory(
    settings: dict[str, Any], rate: float | None, last: float, derivative: bool
) -> tuple[int, float, float]:
    """(nodes, predicted, measured bytes) of one march, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, json.dumps([settings, rate, last, derivative])],
        capture_output=True, text=True, check=True, cwd=Path(__file__).parents[1], env=os.environ,
    )  # fmt: skip
    nodes, predicted, measured = json.loads(done.stdout)
    return nodes, predicted, measured


def memory(quick: bool) -> list[dict[str, Any]]:
    """Peak of the process above its peak at 48 paths, beside what `check_memory` is told."""
    cases = [({"paths": 2640, "scrambles": 1}, 0.1, 40, False)]
    if not quick:
        cases = [
            ({"paths": 2640, "scrambles": 2}, 0.1, 70, False),
            ({"grid_points": 48, "paths": 2640, "scrambles": 1}, None, 10.0, False),
            ({"grid_points": 72, "paths": 2640, "scrambles": 1}, None, 10.0, False),
            ({"paths": 2640, "scrambles": 1}, 0.1, 30, True),
        ]
    rows = []
    for settings, rate, last, derivative in cases:
        nodes, predicted, measured = measured_memory(settings, rate, last, derivative)
        kind = ("flow" if rate is None else "descent") + (", gradient" if derivative else "")
        rows.append(
            {"march": kind, "nodes": nodes, "paths": settings["paths"], "predicted, MB": predicted / 1e6,
             "measured, MB": measured / 1e6, "ratio": measured / predicted}
        )  # fmt: skip
    return rows


def _orders(rows: Rows) -> str:
    return "; ".join(
        f"{number}: {span([row['slope'] for row in rows if row['order'] == number], '{:.2f}')}" for number in (1, 2, 3)
    )


HEADLINES = (
    Headline("DMFT, observed order of methods 1, 2, 3", "lazy_rich_dmft_order", _orders),
    Headline(
        "DMFT in two settings, true over printed error",
        "lazy_rich_dmft_printed_error",
        lambda rows: span([row["largest distance / printed"] for row in rows], "{:.2f}"),
    ),
    Headline(
        "Memory of DMFT, measured over predicted", "lazy_rich_dmft_memory", lambda rows: ratios(rows, "march", "ratio")
    ),
)
