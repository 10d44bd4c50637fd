"""What a start costs: imports, `--help`, and calls of each wing: first, of another length, of a second process, warm.

Imports and `--help` in wall seconds, the least of several. Calls in CPU seconds, each in a process of its own. A first
imports what its wing needs and compiles, with an empty folder of compiled programs; one of another length (50 for 60)
should not compile; "second process" is the first call of the next process, which loads what that one compiled; "warm"
has other numbers of the same shapes. The peak of the memory is that of the process that compiled; JAX alone takes 150.
"""

from __future__ import annotations

import compileall
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.calls import CALLS
from benchmarks.report import Headline, PageTable, Rows, markdown, publish, ratios, worst
from grok_theory.rooms import WINGS

ROOT = Path(__file__).parents[1]
_FIRST, _PEAK = "first [CPU s]", "peak memory [MiB]"
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


def _environment(**more: str) -> dict[str, str]:
    """This environment without its switches of JAX, but for the device: no compiled programs come from outside.

    BLAS in one thread: others that wait for the cores of a busy machine would count as CPU seconds. Bytecode is kept,
    as that of an installed package is.
    """
    kept = {name: v for name, v in os.environ.items() if not name.startswith("JAX_") or name == "JAX_PLATFORMS"}
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    return kept | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"} | more


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


def calls(names: Sequence[str]) -> list[dict[str, Any]]:
    """The calls of `names`, each in two processes that share an empty folder of compiled programs."""
    rows = []
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            first, second = (_called(name, folder) for _ in range(2))
        rows.append(
            {
                "call": CALLS[name].what,
                _FIRST: first["first"],
                "other length": first["other length"],
                "second process": second["first"],
                "warm": min(first["warm"], second["warm"]),
                _PEAK: first["peak"],
            }
        )
    return rows


def _called(name: str, folder: str) -> dict[str, float]:
    line = [sys.executable, "-m", "benchmarks.calls", name]
    environment = _environment(XDG_CACHE_HOME=folder)
    done = subprocess.run(line, check=True, capture_output=True, text=True, env=environment, cwd=ROOT)
    return json.loads(done.stdout.splitlines()[-1])


def main(out: Path, *, quick: bool = False) -> None:
    for folder in ("grok_theory", "benchmarks"):
        compileall.compile_dir(ROOT / folder, quiet=2)
    publish("start_imports", "start: seconds of a process", imports(1 if quick else 5), out)
    chosen = list(CALLS)[:1] if quick else list(CALLS)
    publish("start_calls", "start: CPU seconds of calls, and memory of their processes", calls(chosen), out)


def _imports(rows: Rows) -> str:
    seconds = {row["command"]: row["seconds"] for row in rows}
    return (
        f"import grok_theory {seconds['import grok_theory']:.2f} s (jax alone {seconds['import jax']:.2f} s), "
        f"grok-theory --help {seconds['grok-theory --help']:.2f} s"
    )


def _calls(rows: Rows) -> str:
    """The worst of each kind, and how many first calls stay within two seconds."""

    def most(column: str) -> str:
        row = worst(rows, column)
        return f"{row[column]:.3g} ({row['call']})"

    within = sum(row[_FIRST] <= 2 for row in rows)
    others = ", ".join(f"{column} at most {most(column)}" for column in ("other length", "second process", "warm"))
    return f"first: {within} of {len(rows)} within 2, at most {most(_FIRST)}; {others}"


def _memory(rows: Rows) -> str:
    return ratios(rows, "call", _PEAK)


def _page(rows: Rows) -> str:
    """The table of docs/benchmarks.md: every call."""
    lines = (
        (
            row["call"],
            *(f"{row[c]:.2f}" for c in (_FIRST, "other length", "second process")),
            f"{row['warm']:.4f}",
            f"{row[_PEAK]:.0f}",
        )
        for row in rows
    )
    return markdown(("call", _FIRST, "other length", "second process", "warm", _PEAK), lines)


TABLES = (PageTable("benchmarks", "start_calls", _page),)
HEADLINES = (
    Headline("Start", "start_imports", _imports),
    Headline("CPU s of a first call, of another length, of a second process, warm", "start_calls", _calls),
    Headline("MiB at most in the process of a call", "start_calls", _memory),
)
