"""Bad input at every public door: how many tried, refused in a sentence, crashed, accepted without a word.

A refusal counts only if it is an error of this package whose message names the argument, shows the value (or the shape,
or the wrong element) and goes on with a remedy.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import grok_theory as gt
from benchmarks.report import publish

NAN, INF = float("nan"), float("inf")
NOT_A_NUMBER = ["0.5", True, None, 1j]
BAD = {
    "positive": [0.0, -1.0, NAN, INF, -INF, *NOT_A_NUMBER],
    "non-negative": [-1.0, NAN, INF, *NOT_A_NUMBER],
    "finite": [NAN, INF, -INF, *NOT_A_NUMBER],
    "share": [-0.1, 1.0, 1.5, NAN, INF, *NOT_A_NUMBER],
    "times": [[], 3.0, [[1.0]], [1.0, 0.5], [-1.0, 1.0], [1.0, NAN], [1.0, INF], "abc", None],
    "samples": [0.5, [0.0], [-1], [NAN], ["3"], None],
    "key": [0, None, "key", jax.random.PRNGKey(0), jax.random.split(jax.random.key(0))],
    "runs": [0, -1, 2.5, NAN, INF, True, "3", None],
    "size": [0, -1, 2.5, NAN, "3", None],
    "problem": [None, 3, "TeacherStudent", gt.Dynamics("no problem")],
    "method": ["flow", 3, object()],
    "confidence": [0.0, 1.0, -0.5, 1.5, NAN, "0.9"],
    "margin": [0.0, -0.1, NAN, INF, "0.05", True, None, {"test_loss": 0.05}, {}],
    "temperature": [-0.1, NAN, -INF, "0.5", None],
}


@dataclass(frozen=True)
class Door:
    """A public callable, arguments it accepts, and the kind of each that is to be spoiled."""

    name: str
    call: Callable
    good: dict[str, Any]
    kinds: dict[str, str]
    extra: dict[str, list] = field(default_factory=dict)


def doors() -> list[Door]:
    key, times = jax.random.key(0), jnp.array([0.5, 1.0])
    linear, judge, lazy = gt.linear, gt.best_of_k, gt.lazy_rich
    student = linear.TeacherStudent(0.5, 5.0)
    theory = linear.solve(student, times)
    runs = linear.simulate(student, times, dim=20, runs=3, key=key)
    committee = lazy.QuadraticCommittee(1.0, 0.5, 2.0)
    fields = {"samples_per_dim": "positive", "snr": "non-negative", "inr": "non-negative", "noise": "positive"}
    prompt = judge.Prompt(0.3, 1.0)
    return [
        Door(
            "linear.TeacherStudent",
            linear.TeacherStudent,
            {"samples_per_dim": 0.5, "snr": 5.0},
            {**fields, "weight_decay": "non-negative"},
        ),
        Door("linear.GradientDescent", linear.GradientDescent, {"learning_rate": 0.1}, {"learning_rate": "positive"}),
        Door(
            "linear.solve",
            linear.solve,
            {"problem": student, "times": times},
            {"problem": "problem", "times": "times", "method": "method"},
            {"method": [linear.GradientDescent(learning_rate=2.0)]},
        ),
        Door(
            "linear.simulate",
            linear.simulate,
            {"problem": student, "times": times, "dim": 20, "runs": 2, "key": key},
            {"problem": "problem", "times": "times", "dim": "size", "runs": "runs", "key": "key", "method": "method"},
            {"dim": [21]},
        ),
        Door("linear.limits", linear.limits, {"problem": student}, {"problem": "problem"}),
        Door(
            "linear.ridge",
            linear.ridge,
            {"problem": student, "penalty": 0.1},
            {"problem": "problem", "penalty": "non-negative"},
        ),
        Door("linear.optimal_stopping", linear.optimal_stopping, {"problem": student}, {"problem": "problem"}),
        Door("linear.optimal_ridge", linear.optimal_ridge, {"problem": student}, {"problem": "problem"}),
        Door(
            "linear.fluctuations",
            linear.fluctuations,
            {"problem": student, "times": times, "dim": 20},
            {"problem": "problem", "times": "times", "dim": "positive", "method": "method"},
        ),
        Door(
            "lazy_rich.QuadraticCommittee",
            lazy.QuadraticCommittee,
            {"output_scale": 1.0, "curvature": 0.5, "samples_per_dim": 2.0},
            {
                "output_scale": "positive",
                "curvature": "non-negative",
                "samples_per_dim": "positive",
                "teacher_overlap": "share",
            },
        ),
        Door(
            "lazy_rich.solve",
            lazy.solve,
            {"problem": committee, "times": times, "method": lazy.Population()},
            {"problem": "problem", "times": "times", "method": "method"},
        ),
        Door(
            "lazy_rich.simulate",
            lazy.simulate,
            {"problem": committee, "times": times, "dim": 4, "runs": 1, "key": key},
            {"problem": "problem", "times": "times", "dim": "size", "runs": "runs", "key": "key", "method": "method"},
            {"dim": [1], "width": [0, -2, 2.5, "3"]},
        ),
        Door(
            "best_of_k.Prompt",
            judge.Prompt,
            {"teacher_gap": 0.3, "reward_gap": 1.0},
            {"teacher_gap": "finite", "reward_gap": "finite", "spread": "positive"},
        ),
        Door(
            "best_of_k.Posterior",
            judge.Posterior,
            {"teacher_variance": 0.3, "reward_variance": 0.3, "covariance": 0.3},
            {
                "teacher_variance": "non-negative",
                "reward_variance": "non-negative",
                "covariance": "finite",
                "spread": "positive",
            },
            {"covariance": [0.31, -0.31]},
        ),
        Door(
            "best_of_k.LinearJudge",
            judge.LinearJudge,
            {"examples_per_dim": 2.0, "noise": 0.5, "prior_scale": 1.0},
            {
                "examples_per_dim": "positive",
                "noise": "positive",
                "prior_scale": "positive",
                "spectrum": "positive",
                "overshoot": "finite",
            },
        ),
        Door(
            "best_of_k.solve",
            judge.solve,
            {"problem": prompt, "samples": [1, 4], "temperature": 0.5},
            {"problem": "problem", "samples": "samples", "temperature": "temperature", "method": "method"},
        ),
        Door(
            "best_of_k.simulate",
            judge.simulate,
            {"problem": prompt, "samples": [1, 4], "temperature": 0.5, "runs": 2, "key": key, "test_points": 10},
            {"problem": "problem", "samples": "samples", "temperature": "temperature", "runs": "runs", "key": "key"},
        ),
        Door(
            "compare",
            gt.compare,
            {"solution": theory, "ensemble": runs, "margin": 0.05},
            {"margin": "margin", "confidence": "confidence"},
            {"where": [(3, 2), (90, 99)], "curves": [["tset_loss"], []]},
        ),
        Door(
            "Ensemble",
            gt.Ensemble,
            {
                "problem": student,
                "x": np.array([0.0, 1.0]),
                "curves": {"test_loss": np.ones((2, 2))},
                "x_name": "time",
                "dynamics": gt.Dynamics("gradient flow"),
            },
            {"x": "times"},
            {"curves": [{}, {"test_loss": np.ones(2)}, {"test_loss": np.ones((0, 2))}]},
        ),
        Door(
            "SizeLaw",
            gt.SizeLaw,
            {"sizes": [1.0, 2.0, 3.0], "gaps": [1.0, 0.5, 0.3], "errors": [0.1, 0.1, 0.1]},
            {},
            {
                "sizes": [[1.0, 2.0], [1.0, -2.0, 3.0], [1.0, NAN, 3.0]],
                "gaps": [[1.0]],
                "errors": [[0.1, 0.0, 0.1], [0.1, NAN, 0.1]],
            },
        ),
    ]


def shows(message: str, value: Any) -> bool:
    """Does the message show this value, its shape, or its wrong element?"""
    parts = [value, *(np.ravel(value).tolist() if isinstance(value, (list, tuple, np.ndarray)) else [])]
    tokens = {str(p) for p in parts} | {repr(p) for p in parts} | {str(np.shape(value)), type(value).__name__}
    tokens |= {f"{p:g}" for p in parts if isinstance(p, (int, float))}
    tokens |= {str(k) for k in value} if isinstance(value, dict) else set()
    return any(token in message for token in tokens) or "is empty" in message


# Arguments whose fault shows in another one's name: what is made of them is what is out of range.
SPEAKS_AS = {"method": "learning_rate", "margin": "curves", "dim": "dim is"}


def outcome(door: Door, argument: str, value: Any) -> tuple[str, str]:
    """("refused" | "unclear" | "crashed" | "accepted", what was said)."""
    try:
        door.call(**{**door.good, argument: value})
    except gt.GrokTheoryError as error:
        message = str(error)
        has_remedy = re.search(r"[.)?:] (\w|`|\[)[^.]*", message.split(" but ", 1)[-1]) is not None
        named = argument in message or SPEAKS_AS.get(argument, argument) in message
        clear = named and (shows(message, value) or argument in SPEAKS_AS) and has_remedy
        return ("refused" if clear else "unclear"), message
    except Exception as error:  # the count of these is the point
        return "crashed", f"{type(error).__name__}: {str(error)[:200]}"
    return "accepted", ""


def survey() -> tuple[list[dict[str, Any]], list[str]]:
    """One row a door, and a line for everything that was not refused clearly."""
    rows, faults = [], []
    for door in doors():
        door.call(**door.good)  # what is called good is good
        tries = [(a, v) for a, kind in door.kinds.items() for v in BAD[kind]]
        tries += [(a, v) for a, values in door.extra.items() for v in values]
        said = [(argument, value, *outcome(door, argument, value)) for argument, value in tries]
        counts = {kind: sum(s[2] == kind for s in said) for kind in ("refused", "unclear", "crashed", "accepted")}
        rows.append({"door": door.name, "tried": len(tries), **counts})
        faults += [f"{door.name}({a}={str(v)[:40]}): {kind}: {text}" for a, v, kind, text in said if kind != "refused"]
    total = {
        "door": "all",
        **{k: sum(r[k] for r in rows) for k in ("tried", "refused", "unclear", "crashed", "accepted")},
    }
    return [*rows, total], faults


def main(out: Path, *, quick: bool = False) -> None:
    rows, faults = survey()
    publish("robustness", "bad inputs at public doors", rows, out)
    for line in faults:
        print(line)
