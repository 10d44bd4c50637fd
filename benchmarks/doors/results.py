"""Doors of what is compared and kept: compare, Ensemble, SizeLaw."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

import grok_theory as gt
from benchmarks.doors.door import NAN, Door


def doors() -> list[Door]:
    student = gt.linear.TeacherStudent(0.5, 5.0)
    times = jnp.array([0.5, 1.0])
    theory = gt.linear.solve(student, times)
    runs = gt.linear.simulate(student, times, dim=20, runs=3, key=jax.random.key(0))
    return [
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
                "dynamics": gt.GradientFlow(),
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
