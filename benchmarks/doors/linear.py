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
        *_diagonal(key, times),
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
            "linear.PowerLawInputs",
            linear.PowerLawInputs,
            {"modes": 3, "samples": 4, "exponent": 1.0, "target_exponent": 1.5},
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


def _diagonal(key: jax.Array, times: jax.Array) -> list[Door]:
    data = {"inputs": [[1.0, 2.0]], "targets": [1.0]}
    network = linear.DiagonalNetwork(**data, start=1.0, weight_decay=0.1, teacher=[0.0, 0.5])
    task = linear.SparseTask(0.5, 0.3, 1.0, 0.1)
    # A stack of problems has other ranks: these are refused where one problem is wanted.
    ranks = {"inputs": [[1.0, 2.0]], "targets": [1.0]}
    unlike = {"inputs": [[[]], [[1.0, NAN]], "abc", None], "targets": [[1.0, 2.0], [NAN], "abc", None]}
    wrong = {"method": [linear.Trajectory(), GradientDescent(0.1)]}
    return [
        problem_door(
            "linear.DiagonalNetwork",
            linear.DiagonalNetwork,
            {**data, "start": 1.0, "weight_decay": 0.1, "teacher": [0.0, 0.5]},
            {**unlike, "teacher": [[1.0], [1.0, NAN]]},
        ),
        problem_door(
            "linear.SparseTask",
            linear.SparseTask,
            {"samples_per_dim": 0.5, "density": 0.3, "start": 1.0, "weight_decay": 0.1},
        ),
        *(
            Door(
                f"linear.solve, {name}",
                linear.solve,
                {"problem": problem, "x": times},
                {"problem": "problem", "x": "times", "method": "method"},
                {**wrong, "dynamics": ["flow", 3]},
            )
            for name, problem in (("diagonal network", network), ("sparse task", task))
        ),
        *(
            Door(
                f"linear.grokking_time, {name}",
                linear.grokking_time,
                {"problem": problem, "train_fraction": 0.1, "test_factor": 2.0},
                {"train_fraction": "share"},
                {"train_fraction": [0.0], "test_factor": [1.0, 0.5, NAN, "2"]},
            )
            for name, problem in (("diagonal network", network), ("sparse task", task))
        ),
        Door(
            "linear.simulate, sparse task",
            linear.simulate,
            {"problem": task, "x": times, "dim": 20, "runs": 1, "key": key},
            {"x": "times", "dim": "size", "runs": "runs", "key": "key"},
        ),
        Door(
            "linear.diagonal_interpolator",
            linear.diagonal_interpolator,
            {**data, "scale": 0.1},
            {"scale": "positive"},
            {name: [*values, *ranks[name]] for name, values in unlike.items()} | {"scale": [[0.1, 0.2]]},
        ),
        Door(
            "linear.scale_time",
            linear.scale_time,
            {"start": 2.0, "weight_decay": 0.1, "scale": 1e-3},
            {"start": "positive", "weight_decay": "non-negative", "scale": "positive"},
        ),
    ]
