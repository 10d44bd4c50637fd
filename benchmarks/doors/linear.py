"""Doors of the linear wing."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from benchmarks.doors.door import NAN, Door, problem_door
from grok_theory import GradientDescent, linear


def doors() -> list[Door]:
    key, times = jax.random.key(0), jnp.array([0.5, 1.0])
    student = linear.TeacherStudent(0.5, 5.0)
    return [
        problem_door("linear.TeacherStudent", linear.TeacherStudent, {"samples_per_dim": 0.5, "snr": 5.0}),
        Door(
            "linear.solve",
            linear.solve,
            {"problem": student, "x": times},
            {"problem": "problem", "x": "times", "dynamics": "dynamics", "method": "method"},
            {"method": [GradientDescent(0.1), linear.Trajectory()]},
        ),
        Door(
            "linear.solve, descent",
            linear.solve,
            {"problem": student, "x": [1, 2], "dynamics": GradientDescent(0.1)},
            {"problem": "problem", "x": "steps"},
            {"dynamics": [GradientDescent(learning_rate=2.0)]},
            {"dynamics": "learning_rate"},
        ),
        Door(
            "linear.simulate",
            linear.simulate,
            {"problem": student, "x": times, "dim": 20, "runs": 2, "key": key},
            {"problem": "problem", "x": "times", "dim": "size", "runs": "runs", "key": "key", "dynamics": "dynamics"},
            {"dim": [21]},
            {"dim": "dim is"},
        ),
        Door("linear.limits", linear.limits, {"problem": student}, {"problem": "problem"}),
        Door(
            "linear.ridge",
            linear.ridge,
            {"problem": student, "penalty": 0.1},
            {"problem": "problem", "penalty": "non-negative"},
        ),
        Door(
            "linear.optimal_stopping",
            linear.optimal_stopping,
            {"problem": student},
            {"problem": "problem", "dynamics": "dynamics"},
        ),
        Door(
            "linear.grokking_time",
            linear.grokking_time,
            {"problem": student, "train_fraction": 0.1, "test_factor": 2.0},
            {"problem": "problem", "dynamics": "dynamics", "train_fraction": "share"},
            {"train_fraction": [0.0], "test_factor": [1.0, 0.5, NAN, "2", None]},
        ),
        Door("linear.optimal_ridge", linear.optimal_ridge, {"problem": student}, {"problem": "problem"}),
        Door(
            "linear.fluctuations",
            linear.fluctuations,
            {"problem": student, "times": times, "dim": 20},
            {"problem": "problem", "times": "times", "dim": "positive", "dynamics": "dynamics"},
        ),
        problem_door(
            "linear.CorrelatedInputs",
            linear.CorrelatedInputs,
            {"spectrum": [1.0, 0.5], "target": [1.0, 1.0], "samples": 4},
            {"spectrum": [[1.0, -1.0], [1.0, NAN], "abc", []], "target": [[1.0], [NAN, 1.0], "abc"]},
        ),
        problem_door(
            "linear.RandomFeatures",
            linear.RandomFeatures,
            {"features": [[1.0, 0.5]], "teacher": [[1.0, 0.0], [0.0, 1.0]], "readout": [1.0, -1.0], "samples": 4},
            {"teacher": [[[1.0]]], "readout": [[1.0]]},
        ),
        problem_door(
            "linear.DeepLinear",
            linear.DeepLinear,
            {"samples_per_dim": 0.5, "snr": 5.0, "depth": 2, "upper_norm": 0.7, "first_norm": 0.7},
        ),
        Door(
            "linear.noiseless_delay",
            linear.noiseless_delay,
            {"samples_per_dim": 0.5, "tolerance": 0.01},
            {"samples_per_dim": "positive"},
            {"tolerance": [0.0, -1.0, NAN, "0.1"], "accuracy": [1.0, -0.1, NAN, "0.9"]},
        ),
    ]
