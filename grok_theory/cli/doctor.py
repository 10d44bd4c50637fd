"""`grok-theory doctor`: what a bug report needs, whether this machine's JAX computes right, what would be slow."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated, Any

import typer

from .as_json import write_json
from .outputs import AsJson
from .repeatability import unrepeatable_things
from .slowness import allowed_cores, slow_things

_LIBRARIES = ("jax", "jaxlib", "numpy", "scipy", "diffrax", "optimistix", "optax", "joblib", "matplotlib", "typer")
_BROKEN = {"jax": ("0.10.2", "0.11.0"), "jaxlib": ("0.10.2", "0.11.0")}


def command(
    as_json: AsJson = False,
    seconds: Annotated[float, typer.Option(help="Longest time the self-test may take.")] = 60.0,
) -> None:
    """Show versions and precision, test jit against NumPy on every device, and name what would be slow or differ.

    Exit code 1 if a check fails; what is slow, or differs in last digits from run to run, is no failure.
    """
    from ..compilations import kept_here
    from ..progress import waiting

    if not 0 < seconds < 1e6:
        # Not from `errors`: that imports JAX, and a JAX that crashes must not take the doctor with it.
        print(
            f"seconds is {seconds:g}, but it must be above 0 and below a million. Write --seconds 60.", file=sys.stderr
        )
        raise typer.Exit(2)
    with waiting("self-test", usual=seconds):
        tested = _self_test(seconds)
    kept = kept_here()
    findings: dict[str, Any] = {"versions": _versions(), "machine": _machine(), "self_test": tested}
    findings["machine"]["compiled programs"] = kept.said + (f", in {kept.folder}" if kept.folder else "")
    findings["slow"] = slow_things(tested["checks"], kept.said)
    findings["not_repeatable"] = unrepeatable_things(tested["checks"])
    findings["good"] = findings["self_test"]["good"] and not findings["versions"]["known_to_be_broken"]
    if as_json:
        write_json(findings)
    else:
        _show(findings)
    if not findings["good"]:
        raise typer.Exit(1)


def _versions() -> dict[str, Any]:
    found: dict[str, Any] = {"python": sys.version.split()[0]}
    for name in ("grok_theory", *_LIBRARIES):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "missing"
    found["known_to_be_broken"] = [f"{n} {found[n]}" for n, broken in _BROKEN.items() if found[n] in broken]
    return found


def _machine() -> dict[str, Any]:
    return {
        "system": platform.platform(),
        "cpus": os.cpu_count(),
        "cpus allowed": allowed_cores(),
        "JAX_ENABLE_X64": os.environ.get("JAX_ENABLE_X64", "not set"),
    }


def _self_test(seconds: float) -> dict[str, Any]:
    # In a process of its own: some JAX versions segfault where they should compute, and that must be a red line here.
    command_line = [sys.executable, "-m", "grok_theory.cli.self_test"]
    environment = os.environ | {"JAX_ENABLE_X64": "1"}
    try:
        done = subprocess.run(command_line, capture_output=True, text=True, timeout=seconds, env=environment)
    except subprocess.TimeoutExpired:
        return {"good": False, "checks": [], "said": f"not done after {seconds:g} s; allow more with --seconds."}
    try:
        checks = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    except ValueError:
        checks = []
    good = done.returncode == 0 and bool(checks) and all(check["good"] for check in checks)
    if done.returncode < 0:
        said = f"the process was killed by signal {-done.returncode}: this jaxlib crashes on this machine."
    else:
        last = done.stderr.strip().splitlines()[-1:]
        said = "".join(last) if done.returncode else ""
    return {"good": good, "checks": checks, "said": said}


def _show(findings: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column()
    table.add_column(overflow="fold")
    for name, number in findings["versions"].items():
        if name != "known_to_be_broken":
            table.add_row(name, Text(number, style="red" if number == "missing" else ""))
    for name, value in findings["machine"].items():
        table.add_row(name, Text(str(value)))
    console.print(table)
    for broken in findings["versions"]["known_to_be_broken"]:
        console.print(Text(f"{broken} is known to crash on the CPU; install another version.", style="bold red"))
    for check in findings["self_test"]["checks"]:
        mark = Text("good  ", style="green") if check["good"] else Text("WRONG ", style="bold red")
        console.print(mark + Text(f"{check['name']}: {check['measured']}"))
    for sentence in findings["slow"]:
        console.print(Text("slow  ", style="yellow") + Text(sentence))
    for sentence in findings["not_repeatable"]:
        console.print(Text("noted ", style="yellow") + Text(sentence))
    if findings["self_test"]["said"]:
        console.print(Text(findings["self_test"]["said"], style="bold red"))
    console.print(Text("all good", style="green") if findings["good"] else Text("not good", style="bold red"))
