"""Predicted and measured memory: what `check_memory` is told before an allocation, and the peak that follows.

Each case is a process of its own: a small call compiles the same code, then the peak of the process rises by what the
large one takes. Above 1 the prediction was too low. (The DMFT's are in `lazy_rich_dmft_memory`.)
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.report import Headline, publish, ratios

_CHILD = """
import json, re, sys
import jax
jax.config.update("jax_enable_x64", True)
import jax.numpy as jnp
import numpy as np
import grok_theory as gt
from grok_theory import errors
key = jax.random.key(0)
def regression(size): return gt.linear.simulate(gt.linear.TeacherStudent(1.0, 5.0), [1.0], dim=size, runs=8, key=key)
def correlated(size):
    i = np.arange(1.0, size + 1)
    return gt.linear.simulate(gt.linear.CorrelatedInputs(i**-1.2, i**-0.3, size // 2), [1.0], runs=8, key=key)
def tangent_kernel(size):
    inputs = jnp.asarray(np.random.default_rng(0).normal(size=(size, 4)))
    return gt.kernels.ntk(gt.kernels.FullyConnected("relu"), inputs)
def committee(size):
    problem = gt.lazy_rich.QuadraticCommittee(1.0, 0.5, 2.0)
    return gt.lazy_rich.simulate(problem, [1], dynamics=gt.GradientDescent(0.01), dim=size, runs=1, key=key)
def tangent_limit(size):
    inputs = np.random.default_rng(0).normal(size=(size, 4))
    problem = gt.lazy_rich.MeanFieldNetwork(inputs, inputs[:, 0], 1.0, "erf")
    return gt.lazy_rich.solve(problem, [1.0], method=gt.lazy_rich.TangentLimit())
def reconstruction(size):
    hidden = np.random.default_rng(0).normal(size=(size, 2 * 61))
    return gt.li2.reconstruction(gt.li2.GroupTask(gt.li2.groups.cyclic(61)), hidden)
def judge(size):
    problem = gt.best_of_k.LinearJudge(2.0, 0.5, 1.0)
    return gt.best_of_k.simulate(problem, [1], temperature=0.0, dim=size, runs=1, key=key, test_points=1)
predicted = []
def told(what, bytes_needed, knob):
    predicted.append(float(bytes_needed))
for module in [m for name, m in sys.modules.items() if name.startswith("grok_theory")]:
    if hasattr(module, "check_memory"):
        module.check_memory = told
def peak():
    # Not getrusage: its maximum is inherited from the process that started this one.
    return 1024 * int(re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())[1])
name, small, large = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
call = globals()[name]
call(small)
for module in [m for n, m in sys.modules.items() if n.startswith("grok_theory")]:  # rooms load when first used
    if hasattr(module, "check_memory"):
        module.check_memory = told
predicted.clear()
before = peak()
jax.block_until_ready(jax.tree_util.tree_leaves(call(large)))
print(json.dumps([max(predicted), peak() - before]))
"""
CASES = {  # function, small size, large size
    "linear.simulate, dim = 2000, 8 runs": ("regression", 20, 2000),
    "linear.simulate, 3000 eigenvalues, 8 runs": ("correlated", 20, 3000),
    "kernels.ntk of 6000 inputs": ("tangent_kernel", 20, 6000),
    "lazy_rich.simulate, dim = 2000, P = 4000": ("committee", 20, 2000),
    "lazy_rich TangentLimit of 1500 inputs": ("tangent_limit", 10, 1500),
    "li2.reconstruction, Z_61, 3000 nodes": ("reconstruction", 10, 3000),
    "best_of_k.simulate, LinearJudge, dim = 3000": ("judge", 20, 3000),
}


def measured(cases: dict[str, tuple[str, int, int]]) -> list[dict[str, Any]]:
    rows = []
    for name, case in cases.items():
        done = subprocess.run(
            [sys.executable, "-c", _CHILD, *map(str, case)],
            capture_output=True,
            text=True,
            check=True,
            env=os.environ,
            cwd=Path(__file__).parents[1],
        )
        predicted, rise = json.loads(done.stdout.splitlines()[-1])
        rows.append(
            {"call": name, "predicted, MB": predicted / 1e6, "measured, MB": rise / 1e6, "ratio": rise / predicted}
        )
    return rows


def main(out: Path, *, quick: bool = False) -> None:
    cases = dict(list(CASES.items())[:1]) if quick else CASES
    publish("memory", "memory: predicted and measured", measured(cases), out)


HEADLINES = (Headline("Memory, measured over predicted", "memory", lambda rows: ratios(rows, "call", "ratio")),)
