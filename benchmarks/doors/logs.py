"""Doors of a log: its units, its config, a theory laid over it, its picture."""

from __future__ import annotations

import numpy as np

import grok_theory as gt
from benchmarks.doors.door import Door

NAN, INF = float("nan"), float("inf")
FACTORS = [0.0, -1.0, NAN, INF, "2", True, None]
OTHERS = [None, 3, "log.csv", {}]


def doors() -> list[Door]:
    record = gt.Record(np.array([0.0, 10.0, 20.0]), np.array([1.0, 0.5, 0.2]))
    columns = {"x": "step", "train": "loss", "test": "val_loss", "run": None}
    log = gt.Log({"": {"train": record, "test": record}}, columns)
    student, descent = gt.linear.TeacherStudent(0.5, 5.0), gt.GradientDescent(0.1)
    tau = log.in_units_of(student, descent)
    theory = gt.linear.solve(student, [0.0, 1.0, 2.0])
    return [
        Door(
            "Log.scaled",
            log.scaled,
            {"x": (0.1, "time", "tau"), "curves": {"test": 2.0}},
            {},
            {
                "x": [
                    *((factor, "time", "tau") for factor in FACTORS),
                    (1.0, "time"),
                    (1.0, "", ""),
                    (1.0, 2, 3),
                    3,
                    "x",
                ],
                "curves": [*({"test": factor} for factor in FACTORS), {"tset": 1.0}, 3, "test"],
            },
        ),
        Door(
            "Log.in_units_of",
            log.in_units_of,
            {"problem": student, "dynamics": descent, "loss": "sum", "samples": 10},
            {"dynamics": "dynamics"},
            {
                "problem": [None, 3, "TeacherStudent"],
                "dynamics": [gt.GradientFlow(), gt.Adam(0.1)],
                "loss": ["half", None, 3],
                "samples": [0, -1, 2.5, NAN, INF, "3", True, None, {"train": 3}, {"train": 3, "test": 0}],
            },
        ),
        Door(
            "overlay",
            gt.overlay,
            {"log": tau, "theory": theory, "curves": {"test": "test_loss"}, "config": {"dim": 10}},
            {},
            {
                "log": [*OTHERS, log],
                "theory": [None, 3, "theory", gt.GradientFlow(), gt.linear.TeacherStudent],
                "curves": [{}, {"tset": "test_loss"}, {"test": "test_los"}, {"test": None}, 3, "test"],
                "config": [3, [1], {"lr": 0.1, "eta": 0.2}, "none.json"],
                "dynamics": [gt.GradientFlow()],
            },
            {"log": "log"},
        ),
        Door("plot.recorded", gt.plot.recorded, {"log": log}, {}, {"log": OTHERS, "curve": ["tset", 3]}),
        Door(
            "linear.valid_at",
            gt.linear.valid_at,
            {"problem": student, "x": [0.0, 1.0], "dim": 10},
            {"problem": "problem", "x": "times", "dim": "size", "dynamics": "dynamics"},
        ),
        Door("linear.stable_below", gt.linear.stable_below, {"problem": student}, {"problem": "problem"}),
        Door(
            "lazy_rich.stable_below",
            gt.lazy_rich.stable_below,
            {"problem": gt.lazy_rich.QuadraticCommittee(1.0, 1.0, 2.0), "samples": 10},
            {"problem": "problem", "samples": "size or none"},
        ),
    ]
