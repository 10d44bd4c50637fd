"""What a start costs: imports, `--help`, and the first call of each theory apart from the second.

Wall seconds of a process of its own, the least of several. A first call compiles, a second with other numbers of the
same shapes runs. Compilation is not cached between processes.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.report import Headline, Rows, publish
from grok_theory.rooms import WINGS

COMMANDS = {
    "python -c pass": ["-c", "pass"],
    "import jax": ["-c", "import jax, jax.numpy"],
    "import grok_theory": ["-c", "import grok_theory"],
    "import grok_theory and all its rooms": [
        "-c",
        f"import grok_theory as gt; [getattr(gt, r).__all__ for r in {(*WINGS, 'kernels', 'observables', 'bounds')}]",
    ],
    "grok-theory --help": ["-m", "grok_theory.cli", "--help"],
    "grok-theory solve --help": ["-m", "grok_theory.cli", "solve", "--help"],
}
_CALLS = """
import json, sys, time
import jax
jax.config.update("jax_enable_x64", True)
import numpy as np
import grok_theory as gt
times = np.geomspace(0.1, 10.0, 60)
def linear(x): return gt.linear.solve(gt.linear.TeacherStudent(0.5 + x, 5.0), times)
def correlated(x):
    modes = np.arange(1.0, 201)
    return gt.linear.solve(gt.linear.CorrelatedInputs(modes**-1.2, modes**-0.3, 100 + 2 * round(10 * x)), times)
def dmft(x): return gt.lazy_rich.solve(gt.lazy_rich.QuadraticCommittee(1.0 + x, 0.5, 2.0, 0.4), times)
def mean_field(x):
    inputs, targets = np.cos(np.arange(8.0)).reshape(4, 2), np.sin(np.arange(4.0))
    return gt.lazy_rich.solve(gt.lazy_rich.MeanFieldNetwork(inputs, targets, 1.0 + x), times)
def ascent(x):
    task = gt.li2.GroupTask(gt.li2.groups.cyclic(12))
    return gt.li2.ascend(task, key=jax.random.key(round(10 * x)), starts=64)
def judge(x):
    return gt.best_of_k.solve(gt.best_of_k.Posterior(0.3, 0.8 + x, 0.3), np.geomspace(1, 1e9, 50), temperature=0.7)
call, seconds = globals()[sys.argv[1]], []
for x in (0.0, 0.1, 0.2, 0.3):
    began = time.perf_counter()
    result = call(x)
    jax.block_until_ready([v for v in getattr(result, "curves", {}).values()])
    seconds.append(time.perf_counter() - began)
print(json.dumps([seconds[0], min(seconds[1:])]))
"""
CALLS = {
    "linear.solve, TeacherStudent, 60 times": "linear",
    "linear.solve, CorrelatedInputs, 200 eigenvalues": "correlated",
    "lazy_rich.solve, DMFT, flow to tau = 10": "dmft",
    "lazy_rich.solve, MeanFieldNetwork, particles": "mean_field",
    "li2.ascend, Z_12, 64 starts": "ascent",
    "best_of_k.solve, Posterior, 50 k": "judge",
}


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("JAX_")}


def _seconds(arguments: list[str], repeats: int) -> float:
    found = []
    for _ in range(repeats):
        began = time.perf_counter()
        subprocess.run([sys.executable, *arguments], check=True, capture_output=True, env=_environment())
        found.append(time.perf_counter() - began)
    return min(found)


def imports(repeats: int) -> list[dict[str, Any]]:
    """Each command's least seconds, and how often `import jax` that is."""
    found = {name: _seconds(arguments, repeats) for name, arguments in COMMANDS.items()}
    return [{"command": name, "seconds": s, "over import jax": s / found["import jax"]} for name, s in found.items()]


def calls(names: dict[str, str]) -> list[dict[str, Any]]:
    """First and later calls."""
    rows = []
    for name, function in names.items():
        done = subprocess.run(
            [sys.executable, "-c", _CALLS, function], check=True, capture_output=True, text=True, env=_environment()
        )
        first, later = json.loads(done.stdout.splitlines()[-1])
        rows.append({"call": name, "first [s]": first, "later [s]": later, "compiling [s]": first - later})
    return rows


def main(out: Path, *, quick: bool = False) -> None:
    publish("start_imports", "start: seconds of a process", imports(1 if quick else 5), out)
    publish(
        "start_calls", "start: first and later calls", calls(dict(list(CALLS.items())[:1]) if quick else CALLS), out
    )


def _imports(rows: Rows) -> str:
    seconds = {row["command"]: row["seconds"] for row in rows}
    return (
        f"import grok_theory {seconds['import grok_theory']:.2f} s (jax alone {seconds['import jax']:.2f} s), "
        f"grok-theory --help {seconds['grok-theory --help']:.2f} s"
    )


def _first_calls(rows: Rows) -> str:
    return "; ".join(
        f"{r['call'].split(',')[0]} {r['first [s]']:.1f} s, then {1e3 * r['later [s]']:.1f} ms" for r in rows
    )


HEADLINES = (
    Headline("Start", "start_imports", _imports),
    Headline("First call (compiles), then", "start_calls", _first_calls),
)
