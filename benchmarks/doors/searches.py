"""Doors of what is asked backwards: numbers from runs, and numbers for a target."""

from __future__ import annotations

import jax
import numpy as np

import grok_theory as gt
from benchmarks.doors.door import INF, NAN, Door

TEMPLATES = [None, 3.0, "TeacherStudent", gt.GradientFlow()]


def doors() -> list[Door]:
    return [_fit(), *_targets(), _find()]


def _fit() -> Door:
    true = gt.linear.TeacherStudent(2.0, 5.0)
    runs = gt.linear.simulate(true, np.geomspace(0.1, 8.0, 6), dim=50, runs=1, key=jax.random.key(0))
    return Door(
        "fit",
        gt.fit,
        {"template": gt.linear.TeacherStudent(2.0, 1.0), "log_or_ensemble": runs, "free": ["snr"], "dim": 50},
        {"confidence": "confidence", "dim": "size or none"},
        {
            "template": [*TEMPLATES, []],
            "log_or_ensemble": [None, 3, "log.csv", {}],
            "free": [[], "snr", None, 3, ["snrr"], ["snr", "snr"], ["learning_rate"]],
            "curves": [["test_los"], [], 3, "abc"],
            "dynamics": ["flow", 3],
            "test_samples": [0, -1, 2.5, NAN, "3"],
        },
        {"free": "free", "log_or_ensemble": "log is"},
    )


def _targets() -> list[Door]:
    loss = gt.CurveAt("test_loss", 10.0)
    return [
        Door("CurveAt", gt.CurveAt, {"curve": "test_loss", "x": 1.0}, {}, {"curve": [None, 3], "probability": [2.0]}),
        Door(
            "AtMost",
            gt.AtMost,
            {"quantity": loss, "bound": 1.5},
            {},
            {"quantity": [None, 3, "test_loss"], "bound": [NAN, "1.5", None, 1j]},
        ),
        Door("Least", gt.Least, {"quantity": loss}, {}, {"quantity": [None, 3, "test_loss"], "subject_to": [3, loss]}),
        Door(
            "Front",
            gt.Front,
            {"first": loss, "second": gt.FreeValue()},
            {},
            {"first": [None, 3, "test_loss"], "second": [None, 3]},
        ),
    ]


def _find() -> Door:
    goal = gt.AtMost(gt.CurveAt("test_loss", 10.0), 1.5)
    ranges = [(1.0,), (2.0, 1.0), (-1.0, 1.0), (NAN, 1.0), (0.5, INF), 3.0, None, "ab"]
    return Door(
        "find",
        gt.find,
        {"template": gt.linear.TeacherStudent(1.0, 5.0), "free": {"weight_decay": (0.1, 1.0)}, "target": goal},
        {},
        {
            "template": TEMPLATES,
            "free": [{}, None, "snr", ["snr"], {"snr": (1, 2), "inr": (1, 2)}, {"snrr": (1.0, 2.0)}]
            + [{"weight_decay": ends} for ends in ranges],
            "target": [None, 3, gt.CurveAt("test_loss", 10.0)],
            "dynamics": ["flow", 3],
        },
        {"free": "free"},
    )
