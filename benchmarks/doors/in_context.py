"""Doors of the in-context wing."""

from __future__ import annotations

import jax
import numpy as np

from benchmarks.doors.door import INF, NAN, Door, problem_door
from grok_theory import GradientDescent, GradientFlow, in_context

SEQUENCES = [[], 3.0, [[1.0]], [1.0, 0.5], [0.0, 1.0], [-1.0, 1.0], [1.0, NAN], [1.0, INF], "abc", None]
CONTEXTS = [[], 3.0, [[1.0]], [2.0, 1.0], [0.0, 1.0], [1.5], [1.0, NAN], [1.0, INF], [5000], "abc", None]


def doors() -> list[Door]:
    attention, flow = in_context.LinearAttention(1.0, 0.5, 0.3, 0.1), in_context.LinearAttention(1.0, 0.5, 0.3)
    mixture = in_context.TaskMixture(2, in_context.Urns(2))
    strategies = in_context.Strategies(mixture, 4, 1.0, 0.3, 0.5)
    families = (in_context.Urns, in_context.MarkovChains)
    few = [1, 0, -3, 2.5, NAN, "3", None, 5000]
    key, trained = jax.random.key(0), {"dynamics": GradientFlow()}
    dynamics = {"dynamics": ["flow", 3, GradientDescent(0.1)]}
    return [
        problem_door(
            "in_context.LinearAttention",
            in_context.LinearAttention,
            {"context_per_dim": 1.0, "tasks_per_dim": 0.5, "noise": 0.3},
        ),
        problem_door("in_context.TaskMixture", in_context.TaskMixture, {"tasks": 4.0, "family": in_context.Urns(3)}),
        problem_door(
            "in_context.Strategies",
            in_context.Strategies,
            {
                "mixture": mixture,
                "context": 4,
                "rate": 1.0,
                "learning_exponent": 0.3,
                "complexity_exponent": 0.5,
                "description_lengths": np.array([8.0, 1.0]),
            },
        ),
        *(Door(f"in_context.{family.__name__}", family, {"symbols": 3}, {}, {"symbols": few}) for family in families),
        Door(
            "in_context.GaussianRegression",
            in_context.GaussianRegression,
            {"dim": 4, "noise": 0.5},
            {"dim": "size", "noise": "positive"},
        ),
        Door(
            "in_context.MonteCarlo",
            in_context.MonteCarlo,
            {"draws": 64, "seed": 0},
            {},
            {"draws": [0, 15, 2.5, NAN, "3", None], "seed": [-1, 0.5, None]},
        ),
        Door(
            "in_context.solve, mixture",
            in_context.solve,
            {"problem": mixture, "x": [1, 4]},
            {"problem": "problem", "method": "method"},
            {"x": CONTEXTS, "dynamics": [GradientFlow()]},
            {"x": "context"},
        ),
        Door(
            "in_context.solve, strategies",
            in_context.solve,
            {"problem": strategies, "x": [0, 4]},
            {"problem": "problem", "method": "method", "x": "steps"},
            {"dynamics": ["flow", 3, GradientFlow()]},
        ),
        Door(
            "in_context.simulate, mixture",
            in_context.simulate,
            {"problem": mixture, "x": [1, 4], "runs": 2, "key": key},
            {"problem": "problem", "runs": "runs", "key": "key"},
            {"x": CONTEXTS, "dim": [3], "dynamics": [GradientFlow()]},
            {"x": "context"},
        ),
        Door(
            "in_context.simulate, strategies",
            in_context.simulate,
            {"problem": strategies, "x": [0, 1], "runs": 1, "key": key},
            {"problem": "problem", "runs": "runs", "key": "key", "x": "steps"},
            {"dim": [3], "dynamics": ["flow", 3, GradientFlow()]},
        ),
        Door("in_context.switch_step", in_context.switch_step, {"problem": strategies}, {}, {"method": ["flow", 3]}),
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
