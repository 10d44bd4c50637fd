"""Does the kit find planted errors, how fast, and with which counter-example? A user's ten-line property test.

Cold: each row is a process of its own, imports and compilation included in `seconds, cold`; `seconds` is the check.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.report import Headline, Rows, publish

# What a user writes: {factor} and {exponent} are right at 1 and 0.5.
USER = """
import jax; jax.config.update("jax_enable_x64", True)
import numpy as np
import grok_theory as gt
from grok_theory import verify

students = verify.problems(gt.linear.TeacherStudent, inr=0.0, weight_decay=0.0)
critical = verify.problems(gt.linear.TeacherStudent, inr=0.0, weight_decay=0.0, samples_per_dim=1.0)

def my_formula(p):
    alpha = p.samples_per_dim
    if alpha == 1:
        return np.inf
    excess = {factor} * (alpha / (1 - alpha) if alpha < 1 else 1 / (alpha - 1))
    return p.noise**2 * (1 + max(0.0, 1 - alpha) * p.snr + excess)

def their_formula(p):
    return gt.linear.limits(p).test_loss

def noise_cost(p, t):
    return gt.linear.solve(p, t)["test_variance"]

def check():
    if "{what}" == "value":
        return verify.check_against(my_formula, their_formula, strategy=students, rtol=1e-10)
    return verify.check_exponent(noise_cost, {exponent}, strategy=critical, over=np.geomspace(1e3, 1e5, 7))
"""
TOLD = """
import json
try:
    found = check()
    told = [False, found.points, found.worst, found.worst_at, found.seconds]
except verify.CounterExample as wrong:
    told = [True, wrong.points, wrong.error, repr(wrong.argument[0]), wrong.seconds]
print(json.dumps(told))
"""
CASES = (
    ("right value", {"what": "value", "factor": 1, "exponent": 0.5}),
    ("planted: a factor of two in one term", {"what": "value", "factor": 2, "exponent": 0.5}),
    ("planted: a term lost (factor 0)", {"what": "value", "factor": 0, "exponent": 0.5}),
    ("planted: one part in 1e8", {"what": "value", "factor": 1.00000001, "exponent": 0.5}),
    ("right exponent 1/2", {"what": "exponent", "factor": 1, "exponent": 0.5}),
    ("planted: exponent 1", {"what": "exponent", "factor": 1, "exponent": 1.0}),
    ("planted: exponent 0.6", {"what": "exponent", "factor": 1, "exponent": 0.6}),
)


def _tried(name: str, parts: dict) -> dict:
    script = USER
    for part, value in parts.items():
        script = script.replace("{" + part + "}", str(value))
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", script + TOLD],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ,
        cwd=Path(__file__).parents[1],
    )
    found, points, worst, at, seconds = json.loads(done.stdout.splitlines()[-1])
    return {
        "case": name,
        "error found": found,
        "at point": points,
        "worst error": worst,
        "seconds": seconds,
        "seconds, cold": time.perf_counter() - began,
        "simplest counter-example, or worst point": at,
    }


def main(out: Path, *, quick: bool = False) -> None:
    cases = CASES[1:2] if quick else CASES
    publish("verify", "verify: planted errors in a user's test", [_tried(name, parts) for name, parts in cases], out)


def _user_test(rows: Rows) -> str:
    planted = [row for row in rows if row["case"].startswith("planted")]
    right = [row for row in rows if not row["case"].startswith("planted")]
    return (
        f"{sum(row['error found'] for row in planted)} of {len(planted)} planted errors found, "
        f"{sum(row['error found'] for row in right)} of {len(right)} right ones refused, "
        f"at most {max(row['seconds, cold'] for row in rows):.0f} s cold"
    )


HEADLINES = (Headline("A user's own property test", "verify", _user_test),)
