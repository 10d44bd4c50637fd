"""Doors where arrays go in and numbers come out: kernels and observables."""

from __future__ import annotations

import jax
import numpy as np

from benchmarks.doors.door import INF, NAN, Door, problem_door
from grok_theory import kernels, observables

BAD_RIDGE = [-1.0, NAN, "0.1", None]


def doors() -> list[Door]:
    return [*_kernels(), *_observables()]


def _kernels() -> list[Door]:
    kernel, y, cross = np.array([[2.0, 0.5], [0.5, 1.0]]), np.array([1.0, -1.0]), np.array([[0.3, 0.2]])
    network = kernels.FullyConnected("relu")
    eigenvalues = {"eigenvalues": [[1.0, NAN], "abc", []]}
    targets = [np.ones(3), np.array([1.0, NAN]), "abc"]
    problem = kernels.KernelRegression(np.array([1.0, 0.5, 0.2]), np.ones(3))
    given, sizes = {"kernel": np.eye(4) + 1, "y": np.ones(4)}, [[0.0], [4.0], [NAN], [3.0, 2.0], [], [INF]]
    labels = [np.ones(3), np.ones((3, 4)), np.ones((4, 0)), np.array([1.0, NAN, 0.0, 0.0]), "abc", None]
    data = {"kernel_train": kernel, "y": y, "kernel_test": cross}
    spoiled = {"y": targets, "kernel_test": [np.ones((1, 3)), np.array([[NAN, 1.0]])]}
    return [
        problem_door("kernels.FullyConnected", kernels.FullyConnected, {"activation": "relu"}),
        Door(
            "kernels.ntk",
            kernels.ntk,
            {"network": network, "X": np.ones((2, 3))},
            {"network": "problem"},
            {"X": [np.ones(3), np.full((2, 3), NAN), "abc", None], "X2": [np.ones((2, 4)), "abc"]},
        ),
        Door(
            "kernels.kernel_ridge",
            kernels.kernel_ridge,
            {**data, "ridge": 0.1},
            {"kernel_train": "square"},
            {**spoiled, "ridge": BAD_RIDGE},
        ),
        Door(
            "kernels.gradient_flow",
            kernels.gradient_flow,
            {**data, "times": [0.0, 1.0]},
            {"kernel_train": "square"},
            {**spoiled, "times": [[-1.0], [NAN], "abc"], "initial_train": [np.ones(3), np.array([NAN, 1.0])]},
        ),
        Door(
            "kernels.gradient_descent",
            kernels.gradient_descent,
            {**data, "steps": [0.0, 1.0], "step_size": 0.1},
            {"kernel_train": "square", "step_size": "positive"},
            {**spoiled, "steps": [[-1.0], [1.5], [NAN], "abc"]},
        ),
        Door(
            "kernels.leave_one_out",
            kernels.leave_one_out,
            {"kernel": kernel, "y": y, "ridge": 0.1},
            {"kernel": "square"},
            {"y": targets, "ridge": BAD_RIDGE},
        ),
        Door(
            "kernels.flow_influence",
            kernels.flow_influence,
            {"kernel": kernel, "y": y, "kernel_test": cross, "times": [0.0, 1.0]},
            {"kernel": "square", "times": "times"},
            spoiled,
        ),
        Door(
            "kernels.flow_leave_one_out",
            kernels.flow_leave_one_out,
            {"kernel": kernel, "y": y, "times": [0.0, 1.0]},
            {"kernel": "square", "times": "times"},
            {"y": targets},
        ),
        Door(
            "kernels.learning_curve",
            kernels.learning_curve,
            {**given, "samples": [2.0, 3.0], "ridge": 0.1},
            {"kernel": "square"},
            {
                "y": labels,
                "ridge": BAD_RIDGE,
                "samples": [*sizes, 3.0, "abc"],
                "inputs": [[[1.0, 2.0]], np.ones((4, 2))],
            },
        ),
        Door(
            "kernels.refits",
            kernels.refits,
            {**given, "samples": [2, 3], "ridge": 0.1, "runs": 2, "key": jax.random.key(0)},
            {"kernel": "square", "runs": "runs", "key": "key"},
            {"y": labels, "ridge": BAD_RIDGE, "samples": [*sizes, [1.5], "abc"]},
        ),
        Door(
            "kernels.spectrum_of_data",
            kernels.spectrum_of_data,
            {**given, "ridge": 0.1},
            {"kernel": "square"},
            {"y": labels, "ridge": BAD_RIDGE},
        ),
        Door("kernels.alignment", kernels.alignment, {"kernel": kernel, "y": y}, {"kernel": "square"}, {"y": targets}),
        Door("kernels.cka", kernels.cka, {"kernel": kernel, "other": kernel}, {"kernel": "square", "other": "square"}),
        Door(
            "kernels.effective_regularization",
            kernels.effective_regularization,
            {"eigenvalues": [1.0, 0.5], "samples": 1.0},
            {"samples": "positive"},
            {**eigenvalues, "ridge": BAD_RIDGE, "multiplicities": [[1.0, NAN], [1.0, 0.0], "abc"]},
        ),
        Door(
            "kernels.effective_dimension",
            kernels.effective_dimension,
            {"eigenvalues": [1.0, 0.5], "ridge": 0.1},
            {},
            {**eigenvalues, "ridge": BAD_RIDGE},
        ),
        Door("kernels.participation_ratio", kernels.participation_ratio, {"eigenvalues": [1.0, 0.5]}, {}, eigenvalues),
        problem_door(
            "kernels.KernelRegression",
            kernels.KernelRegression,
            {"eigenvalues": [1.0, 0.5], "coefficients": [1.0, 1.0]},
            {**eigenvalues, "coefficients": [[1.0], [1.0, NAN], "abc"], "ridge": BAD_RIDGE},
        ),
        Door(
            "kernels.solve",
            kernels.solve,
            {"problem": problem, "samples": [1.0, 2.0]},
            {"problem": "problem", "method": "method"},
            {"samples": [[-1.0], [NAN], "abc", []]},
        ),
        Door(
            "kernels.simulate",
            kernels.simulate,
            {"problem": problem, "samples": [2.0], "runs": 1, "key": jax.random.key(0)},
            {"problem": "problem", "runs": "runs", "key": "key"},
            {"samples": [[-1.0], [1.5], [NAN], "abc", []]},
        ),
    ]


def _observables() -> list[Door]:
    x, falling = [1.0, 2.0, 3.0], [1.0, 0.5, 0.01]
    bad_x, bad_values = [[1.0], [2.0, 1.0, 3.0], [1.0, NAN, 3.0], "abc"], [[1.0, 2.0], "abc"]
    logits, labels = np.array([[1.0, 0.0], [0.0, 2.0]]), np.array([0, 1])
    return [
        Door(
            "observables.crossing_time",
            observables.crossing_time,
            {"x": x, "values": falling, "threshold": 0.3},
            {"threshold": "finite"},
            {"x": bad_x, "values": bad_values, "patience": [-1.0, NAN, "1", None]},
        ),
        Door(
            "observables.grokking_delay",
            observables.grokking_delay,
            {"x": x, "train": falling, "test": falling, "train_threshold": 0.3, "test_threshold": 0.3},
            {"train_threshold": "finite", "test_threshold": "finite", "confidence": "confidence"},
            {"x": bad_x, "train": bad_values, "test": bad_values, "patience": [-1.0, NAN, "1", None]},
        ),
        Door(
            "observables.gradient_coherence",
            observables.gradient_coherence,
            {"gradients": np.ones((3, 2))},
            {},
            {
                "gradients": [
                    np.array([[1.0, NAN]]),
                    np.array([[1.0, INF]]),
                    {"a": np.ones((3, 2)), "b": np.ones((2, 2))},
                ]
            },
        ),
        Door(
            "observables.kernel_coherence",
            observables.kernel_coherence,
            {"kernel": np.eye(2), "residual": np.ones(2)},
            {},
            {"kernel": [np.eye(3), np.array([[NAN, 0.0], [0.0, 1.0]])], "residual": [np.array([1.0, INF])]},
        ),
        Door(
            "observables.local_complexity_at_init",
            observables.local_complexity_at_init,
            {"radius": 1.0, "directions": 1, "center_norm": 1.0},
            {"radius": "positive", "directions": "size"},
            {"center_norm": [0.0, -1.0, NAN, "1"], "weight_scale": [-1.0, NAN, "1"]},
        ),
        Door(
            "observables.inverse_participation_ratio",
            observables.inverse_participation_ratio,
            {"amplitudes": [1.0, 0.5]},
            {},
            {"amplitudes": [[1.0, NAN], [1.0, INF]]},
        ),
        Door(
            "observables.softmax_collapse_fraction",
            observables.softmax_collapse_fraction,
            {"logits": logits, "labels": labels, "dtype": "float32"},
            {},
            {"logits": [np.ones(3), np.array([[NAN, 0.0], [0.0, 1.0]]), "abc"], "labels": [[0, 2], [0], [0.5, 1.0]]},
        ),
        Door(
            "observables.stablemax_cross_entropy",
            observables.stablemax_cross_entropy,
            {"logits": logits, "labels": labels},
            {},
            {"logits": [np.ones(3)], "labels": [[0, 2], [0]]},
        ),
        Door(
            "observables.distance_laws",
            observables.distance_laws,
            {"times": [1.0, 2.0, 3.0, 4.0, 5.0], "distance": [1.0, 1.2, 1.3, 1.35, 1.4]},
            {"confidence": "confidence"},
            {
                "times": [[1.0], [1.0, 1.0, 1.0, 1.0, NAN], "abc"],
                "distance": [[1.0], [1.0, 1.2, 1.3, 1.35, NAN], [2.0, 2.0, 2.0, 2.0, 2.0], "abc"],
            },
        ),
        *_paths(),
    ]


def _paths() -> list[Door]:
    """The loss on the line between two networks; a fault of the loss shows where it is called."""
    ends = {"a": {"w": np.zeros(2)}, "b": {"w": np.ones(2)}}
    spoiled = {
        "b": [{"w": np.ones(3)}, {"v": np.ones(2)}, np.ones(2), "abc", None],
        "points": [0, 2, -3, 2.5, NAN, "21", None],
        "loss": [lambda _: NAN, lambda _: "low", lambda _: np.ones(2), lambda _: None, 3, None],
    }
    return [
        Door(
            f"observables.{function.__name__}",
            function,
            {"loss": lambda p: float(np.sum(p["w"] ** 2)), **ends, "points": 3},
            {},
            spoiled,
            {"loss": "loss", "b": "b has"},
        )
        for function in (observables.path_losses, observables.path_barrier)
    ]
