"""What would make this machine slow, named with its remedy: for `grok-theory doctor`. Imports no JAX."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

# JAX's own switches that trade time for something else, and what they do to a solve.
_SWITCHES = {
    "JAX_DISABLE_JIT": "every operation runs by itself, a thousand times slower",
    "JAX_DEBUG_NANS": "every result is looked through for nan, and a nan is computed twice",
    "JAX_CHECK_TRACER_LEAKS": "tracing is checked and not cached",
    "JAX_DISABLE_MOST_OPTIMIZATIONS": "compiled programs run up to ten times slower",
    "JAX_LOG_COMPILES": "every compilation is written to stderr",
}
_ON = ("1", "true", "t", "yes", "y", "on")
# A double precision product that takes more than this over single precision: consumer GPUs (32 to 64), not CPUs (2).
_WEAK = 6.0
# Dependent steps of a march of the dynamical mean-field theory of lazy_rich to tau = 10, default accuracy.
_MARCH = 30_000
_SLOW_STEP = 5e-6


def slow_things(checks: list[dict[str, Any]], cache: str) -> list[str]:
    """One sentence each, from the environment and from the self-test's measured speeds; empty where nothing is slow."""
    return [*_switches(), *_cores(), *_measured(checks), *([] if cache.startswith("kept") else [_uncached(cache)])]


def _uncached(cache: str) -> str:
    return f"Compiled programs are not kept ({cache}): every process compiles anew, up to 20 s for a first solve."


def _switches() -> list[str]:
    set_ones = ((name, what) for name, what in _SWITCHES.items() if os.environ.get(name, "").lower() in _ON)
    return [f"{name} is set: {what}. Unset it." for name, what in set_ones]


def allowed_cores() -> float:
    """Cores this process may use: its affinity, and the quota of its container (cgroup) where there is one."""
    cores = float(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
    with suppress(OSError, ValueError):
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        cores = min(cores, float(quota) / float(period))  # "max" is no number: no quota
    return cores


def _cores() -> list[str]:
    cores = allowed_cores()
    threads = os.environ.get("OMP_NUM_THREADS", "")
    found = []
    if cores < (os.cpu_count() or 1):
        found.append(
            f"This process may use {cores:g} of {os.cpu_count()} cores: threads beyond that wait for each other."
        )
    if threads.isdigit() and int(threads) > cores:
        found.append(f"OMP_NUM_THREADS is {threads}, more than {cores:g} cores: set it to {max(1, int(cores))}.")
    return found


def _measured(checks: list[dict[str, Any]]) -> list[str]:
    found = []
    for check in checks:
        device = check["name"].rsplit(" on ", 1)[-1]
        if (ratio := check.get("float64 over float32", 0.0)) > _WEAK:
            found.append(
                f"{device} takes {ratio:.0f} times as long in float64, which theory needs, as in float32: "
                "solve with JAX_PLATFORMS=cpu, and train networks there."
            )
        if (step := check.get("seconds a step", 0.0)) > _SLOW_STEP:
            found.append(
                f"{device} needs {1e6 * step:.0f} us for one of many dependent small steps: a march of "
                f"lazy_rich's DMFT has {_MARCH}, {_MARCH * step:.1f} s whatever its size; "
                "with JAX_PLATFORMS=cpu it may be quicker."
            )
    return found
