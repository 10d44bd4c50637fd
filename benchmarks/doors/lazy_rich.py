"""Doors of the lazy_rich wing: committee, mean field, dynamical mean-field theory."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.doors.door import NAN, Door, problem_door
from grok_theory import GradientDescent
from grok_theory import lazy_rich as lazy


def doors() -> list[Door]:
    key, times = jax.random.key(0), jnp.array([0.5, 1.0])
    committee = lazy.QuadraticCommittee(1.0, 0.5, 2.0)
    inputs, targets = np.array([[1.0, 0.5], [0.3, -1.0], [0.2, 0.9], [-0.7, 0.1]]), np.array([1.0, -1.0, 0.5, 0.2])
    network = lazy.MeanFieldNetwork(inputs, targets, 1.0, "linear")
    return [
        problem_door(
            "lazy_rich.QuadraticCommittee",
            lazy.QuadraticCommittee,
            {"output_scale": 1.0, "curvature": 0.5, "samples_per_dim": 2.0},
        ),
        Door(
            "lazy_rich.solve",
            lazy.solve,
            {"problem": committee, "x": times, "method": lazy.Population()},
            {"problem": "problem", "x": "times", "dynamics": "dynamics", "method": "method"},
        ),
        Door(
            "lazy_rich.simulate",
            lazy.simulate,
            {"problem": committee, "x": times, "dim": 4, "runs": 1, "key": key},
            {
                "problem": "problem",
                "x": "times",
                "dynamics": "dynamics",
                "dim": "size",
                "runs": "runs",
                "key": "key",
                "method": "method",
            },
            {"dim": [1], "width": [0, -2, 2.5, "3"]},
            {"dim": "dim is"},
        ),
        problem_door(
            "lazy_rich.MeanFieldNetwork",
            lazy.MeanFieldNetwork,
            {"inputs": inputs, "targets": targets, "richness": 1.0},
            {
                "inputs": [np.ones(4), np.full((4, 2), NAN), "abc", np.ones((0, 2))],
                "targets": [np.ones(3), np.full(4, NAN), "abc"],
                "activation": ["rleu", 3],
                "test_inputs": [np.ones((2, 3)), np.full((2, 2), NAN)],
                "directions": [np.ones(3), np.full(2, NAN)],
            },
            {"test_inputs": "test_", "test_targets": "test_"},
        ),
        Door(
            "lazy_rich.solve, mean field",
            lazy.solve,
            {"problem": network, "x": times, "method": lazy.LinearMoments()},
            {"x": "times", "dynamics": "dynamics"},
            {"method": ["flow", 3, lazy.LazyLimit()]},
        ),
        Door(
            "lazy_rich.simulate, mean field",
            lazy.simulate,
            {"problem": network, "x": times, "width": 4, "runs": 1, "key": key},
            {"x": "times", "dynamics": "dynamics", "width": "size", "runs": "runs", "key": "key"},
        ),
        Door(
            "lazy_rich.Particles",
            lazy.Particles,
            {},
            {"count": "size", "scrambles": "size", "tolerance": "positive"},
            {"count": [3, 2**23], "seed": [-1, 2.5, NAN, "3", None]},
        ),
        Door("lazy_rich.LinearMoments", lazy.LinearMoments, {}, {"tolerance": "positive"}),
        Door(
            "lazy_rich.DMFT",
            lazy.DMFT,
            {},
            {
                "teacher_nodes": "size",
                "paths": "size",
                "grid_points": "size",
                "scrambles": "size",
                "row_tolerance": "positive",
            },
            {"seed": [-1, 2.5, NAN, "3", None], "field_points": [-1, 2.5, NAN, "3"], "teacher_nodes": [1, 99]},
        ),
        Door(
            "lazy_rich.solve, DMFT",
            lazy.solve,
            {
                "problem": committee,
                "x": [1, 2],
                "dynamics": GradientDescent(0.1),
                "method": lazy.DMFT(paths=48, scrambles=1),
            },
            {"problem": "problem", "x": "steps"},
            {"dynamics": [GradientDescent(5.0), GradientDescent(np.ones(2))]},
            {"dynamics": "learning_rate"},
        ),
        *(_descent(name, committee) for name in ("LazyLimit", "Population")),
        *(_samples(name, committee, times, key) for name in ("ExactReduction", "FrozenKernel")),
    ]


def _descent(name: str, committee: lazy.QuadraticCommittee) -> Door:
    """Steps and rates of a theory."""
    good = {"problem": committee, "x": [1, 2], "dynamics": GradientDescent(0.1), "method": getattr(lazy, name)()}
    return Door(
        f"lazy_rich.solve, {name}", lazy.solve, good, {"x": "steps"}, {"dynamics": [GradientDescent(5.0)]},
        {"dynamics": "learning_rate"},
    )  # fmt: skip


def _samples(name: str, committee: lazy.QuadraticCommittee, times, key) -> Door:
    """A method's numbers are looked at where it is used."""

    def used(**fields):
        return lazy.simulate(committee, times, dim=4, runs=1, key=key, method=getattr(lazy, name)(**fields))

    return Door(f"lazy_rich.{name}", used, {"test_samples": 4}, {}, {"test_samples": [0, -1, 2.5, NAN, "3"]})
