"""Doors of the in-context wing."""

from __future__ import annotations

import jax

from benchmarks.doors.door import INF, NAN, Door, problem_door
from grok_theory import GradientDescent, GradientFlow, in_context

SEQUENCES = [[], 3.0, [[1.0]], [1.0, 0.5], [0.0, 1.0], [-1.0, 1.0], [1.0, NAN], [1.0, INF], "abc", None]


def doors() -> list[Door]:
    attention, flow = in_context.LinearAttention(1.0, 0.5, 0.3, 0.1), in_context.LinearAttention(1.0, 0.5, 0.3)
    key, trained = jax.random.key(0), {"dynamics": GradientFlow()}
    dynamics = {"dynamics": ["flow", 3, GradientDescent(0.1)]}
    return [
        problem_door(
            "in_context.LinearAttention",
            in_context.LinearAttention,
            {"context_per_dim": 1.0, "tasks_per_dim": 0.5, "noise": 0.3},
        ),
        Door(
            "in_context.solve",
            in_context.solve,
            {"problem": attention, "x": [0.5, 2.0]},
            {"problem": "problem", "method": "method"},
            {"x": SEQUENCES, "method": [in_context.SpectralQuadrature()], **dynamics},
            {"x": "sequences_per_dim2"},
        ),
        Door(
            "in_context.solve, flow",
            in_context.solve,
            {"problem": flow, "x": [0.0, 2.0], **trained},
            {"problem": "problem", "x": "times"},
            {"problem": [attention]},
            {"problem": "ridge"},
        ),
        Door(
            "in_context.simulate",
            in_context.simulate,
            {"problem": attention, "x": [0.5, 2.0], "dim": 4, "runs": 2, "key": key},
            {"problem": "problem", "dim": "size", "runs": "runs", "key": "key"},
            {"x": [*SEQUENCES, [0.51]], "dim": [5], **dynamics},
            {"x": "sequences_per_dim2", "dim": "dim is"},
        ),
        Door(
            "in_context.simulate, flow",
            in_context.simulate,
            {"problem": flow, "x": [0.0, 0.1], "dim": 4, "runs": 2, "key": key, **trained},
            {"x": "times", "dim": "size", "runs": "runs", "key": "key"},
        ),
        Door(
            "in_context.valid_at",
            in_context.valid_at,
            {"problem": attention, "x": [0.5, 2.0], "dim": 4},
            {"problem": "problem", "dim": "size"},
            {"x": SEQUENCES, **dynamics},
            {"x": "sequences_per_dim2"},
        ),
    ]
