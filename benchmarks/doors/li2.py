"""Doors of the li2 wing: groups, tasks, energies, theory, training, the companion."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

import grok_theory as gt
from benchmarks.doors.door import NAN, Door, problem_door
from grok_theory import li2

KEY = jax.random.key(0)


def doors() -> list[Door]:
    task = li2.GroupTask(li2.groups.cyclic(5), train_fraction=0.8, weight_decay=0.02, centering="classes")
    return [*_groups(), *_theory(task), *_training(task), *_companion()]


def _groups() -> list[Door]:
    return [
        Door("li2.groups.cyclic", li2.groups.cyclic, {"n": 5}, {"n": "size"}),
        Door("li2.groups.symmetric", li2.groups.symmetric, {"n": 3}, {"n": "size"}),
        Door("li2.groups.dihedral", li2.groups.dihedral, {"n": 4}, {"n": "size"}),
        Door(
            "li2.groups.from_cayley_table",
            li2.groups.from_cayley_table,
            {"table": [[0, 1], [1, 0]]},
            {},
            {"table": [[[0, 1], [1, 1]], [[0, 1]], [[0, 2], [2, 0]], [[0.5, 1], [1, 0]], "abc", None, []]},
        ),
        problem_door(
            "li2.GroupTask",
            li2.GroupTask,
            {"group": li2.groups.cyclic(5)},
            {
                "group": [None, 5, "Z_5"],
                "activation": ["sqaure", 3],
                "train_fraction": [0.0, 1.1, -0.5, NAN, "0.5", None],
                "centering": ["sample", 3],
                "train_pairs": [np.array([[0, 7]]), np.array([1, 2]), np.array([[0.0, 1.0]]), "abc"],
                "train_labels": [[1]],
            },
        ),
    ]


def _theory(task: li2.GroupTask) -> list[Door]:
    full, nodes = li2.GroupTask(task.group), jnp.ones((2, 10))
    bad_nodes = [np.ones((2, 7)), np.ones((2, 10)) * 1j, "abc", None]
    return [
        Door("li2.energy", li2.energy, {"task": full, "w": nodes}, {"task": "problem"}, {"w": bad_nodes}),
        Door(
            "li2.local_maxima",
            li2.local_maxima,
            {"task": full},
            {"task": "problem"},
            {"task": [task]},
            {"task": "train_fraction"},
        ),
        Door(
            "li2.ascend",
            li2.ascend,
            {"task": full, "key": KEY, "starts": 2},
            {"task": "problem", "key": "key", "starts": "size", "tolerance": "positive"},
        ),
        Door(
            "li2.solve",
            li2.solve,
            {"task": task, "x": [0.0, 1.0], "width": 4, "key": KEY},
            {"task": "problem", "x": "times", "width": "size", "key": "key", "method": "method"},
            {"initial": ["zero", 3], "dynamics": ["flow", 3, gt.Muon(0.1)]},
        ),
        Door(
            "li2.solve, descent",
            li2.solve,
            {"task": task, "x": [0, 1], "dynamics": gt.GradientDescent(0.1), "width": 4, "key": KEY},
            {"x": "steps"},
        ),
        Door("li2.FeatureAscent", li2.FeatureAscent, {}, {"tolerance": "positive"}),
        Door(
            "li2.feature_discovery_times",
            li2.feature_discovery_times,
            {"strengths": [1.0, 2.0], "tail": 3.0},
            {"tail": "positive"},
            {"strengths": [[1.0, -1.0], [1.0, NAN], "abc", []], "suppression": [-0.1, 1.5, NAN, "0.5", None]},
        ),
    ]


def _training(task: li2.GroupTask) -> list[Door]:
    return [
        Door(
            "li2.simulate",
            li2.simulate,
            {"task": task, "x": [0, 1], "width": 4, "runs": 1, "key": KEY},
            {"task": "problem", "x": "steps", "width": "size", "runs": "runs", "key": "key", "batch": "size or none"},
            {
                "width": [10**9],
                "dynamics": ["adam", 3, gt.GradientFlow(), gt.SGD(0.1, 21)],
                "loss": ["mse", 3],
                "initial": ["zero", 3],
                "dtype": ["float16", 3, None],
            },
            {"dynamics": "batch_size"},
        ),
        Door("li2.training.Gaussian", li2.training.Gaussian, {"variance": 0.1}, {"variance": "positive"}),
    ]


def _companion() -> list[Door]:
    return [
        Door(
            "li2.companion.exact_network",
            li2.companion.exact_network,
            {"modulus": 5, "width": 8, "key": KEY},
            {"modulus": "size", "width": "size", "key": "key"},
        ),
        Door(
            "li2.companion.phase",
            li2.companion.phase,
            {"train_accuracy": 1.0, "test_accuracy": 1.0, "label_noise": 0.1},
            {"train_accuracy": "closed share", "test_accuracy": "closed share", "label_noise": "closed share"},
        ),
    ]
