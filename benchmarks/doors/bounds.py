"""Doors of the generalization bounds."""

from __future__ import annotations

import jax
import numpy as np

from benchmarks.doors.door import NAN, Door
from grok_theory import bounds, linear

BAD_LOSS = [9.0, -1.0]


def doors() -> list[Door]:
    kernel, steps = np.array([[2.0, 0.5], [0.5, 1.0]]), np.full(3, 0.5)
    smooth = {"learning_rates": 0.1, "lipschitz": 1.0, "smoothness": 3.0, "samples": 5}
    constants = {"lipschitz": "positive", "smoothness": "non-negative", "samples": "size"}
    return [
        Door(
            "bounds.norm_bound",
            bounds.norm_bound,
            {"kernel": kernel, "norm": 1.0, "cap": 2.0},
            {
                "kernel": "square",
                "norm": "non-negative",
                "cap": "positive",
                "confidence": "confidence",
                "norm_unit": "positive",
            },
            {"train_loss": BAD_LOSS, "test_loss": BAD_LOSS, "kernel": [np.array([[1.0, 2.0], [0.0, 1.0]])]},
        ),
        Door(
            "bounds.pac_bayes_bound",
            bounds.pac_bayes_bound,
            {"kl": 1.0, "samples": 10, "train_loss": 1.0, "loss_range": 4.0},
            {"kl": "non-negative", "samples": "size", "loss_range": "positive", "confidence": "confidence"},
            {"train_loss": [5.0, -1.0, NAN]},
        ),
        Door(
            "bounds.gaussian_process_kl",
            bounds.gaussian_process_kl,
            {"kernel": kernel, "targets": np.ones(2), "ridge": 0.1},
            {"kernel": "square", "ridge": "positive"},
            {"targets": [np.ones(3), np.array([1.0, NAN])]},
        ),
        Door(
            "bounds.coherence_bound",
            bounds.coherence_bound,
            {"coherence": steps, **smooth},
            constants,
            {"coherence": [[0.5, 1.5, 0.2], [0.5, NAN, 0.2]], "learning_rates": [np.ones(2), -0.1, NAN, "0.1"]},
        ),
        Door(
            "bounds.pair_stability_bound",
            bounds.pair_stability_bound,
            {"pair_distance": steps, **smooth},
            constants,
            {"pair_distance": [[0.5, -1.5, 0.2], [0.5, NAN, 0.2]], "learning_rates": [np.ones(2), -0.1, NAN, "0.1"]},
            {"pair_distance": "distance"},
        ),
        Door(
            "bounds.ridge_stability_bound",
            bounds.ridge_stability_bound,
            {"ridge": 1.0, "samples": 5, "kernel_bound": 1.0, "target_bound": 1.0},
            {
                "ridge": "positive",
                "samples": "size",
                "kernel_bound": "positive",
                "target_bound": "positive",
                "confidence": "confidence",
            },
        ),
        Door(
            "bounds.leave_one_out_estimate",
            bounds.leave_one_out_estimate,
            {"kernel": kernel, "targets": np.ones(2), "ridge": 0.1},
            {"kernel": "square"},
            {"ridge": [-1.0, NAN, "0.1", None], "targets": [np.ones(3), np.array([1.0, NAN])]},
        ),
        Door(
            "bounds.leave_one_out_estimate, flow",
            bounds.leave_one_out_estimate,
            {"kernel": kernel, "targets": np.ones(2), "times": [0.0, 1.0]},
            {"kernel": "square"},
            {
                "times": [[], [1.0, 0.5], [-1.0, 1.0], [1.0, NAN], "abc", None],
                "ridge": [0.1],
                "targets": [np.ones(3), np.array([1.0, NAN])],
            },
        ),
        Door(
            "bounds.truncated_squared_loss",
            bounds.truncated_squared_loss,
            {"residual": 1.0, "cap": 2.0},
            {"residual": "finite", "cap": "positive", "variance": "non-negative"},
        ),
        Door(
            "bounds.regression_bounds",
            bounds.regression_bounds,
            {
                "problem": linear.TeacherStudent(0.5, 1.0),
                "dim": 8,
                "steps": 2,
                "key": jax.random.key(0),
                "test_points": 10,
            },
            {
                "problem": "problem",
                "key": "key",
                "runs": "runs",
                "dim": "size",
                "cap": "positive",
                "confidence": "confidence",
                "steps": "size",
            },
            {"dim": [21], "weight_decay": [1.0]},
            {"dim": "dim is"},
        ),
        *_laws(kernel),
    ]


def _laws(kernel: np.ndarray) -> list[Door]:
    """The law of the loss of a Gaussian hypothesis, and how hard a task is."""
    law = bounds.loss_law(np.zeros(2), kernel, np.ones(2))
    pair, eps = np.ones(2), {"eps": [NAN, "abc", None, 1j]}
    targets = [np.ones(3), np.array([1.0, NAN]), "abc", None]
    formula = {"outputs": 1.0, "classes": 1.0, "radius": 1.0, "resolution": 1.0, "tolerance": 0.1, "lipschitz": 1.0}
    counted = {"sphere_dim": [0, -1, 2.5, NAN, "3", True, None, 10**8]}
    return [
        Door(
            "bounds.loss_law",
            bounds.loss_law,
            {"mean": pair, "covariance": kernel, "target": pair},
            {"covariance": "square"},
            {"mean": targets, "target": targets, "covariance": [np.diag([1.0, -1.0])]},
        ),
        Door(
            "bounds.LossLaw.log_cdf",
            law.log_cdf,
            {"eps": [0.5, 1.0], "method": bounds.Saddlepoint()},
            {},
            {**eps, "method": ["exact", 3, object()]},
        ),
        Door("bounds.LossLaw.information", law.information, {"eps": 0.5}, {"method": "method"}, eps),
        Door("bounds.LossLaw.quantile", law.quantile, {"p": [0.0, 0.5]}, {"p": "closed share"}),
        Door(
            "bounds.Contour",
            bounds.Contour,
            {"nodes": 16},
            {},
            {"nodes": [0, 15, -3, 48.5, NAN, "48", True, None, 10**6]},
        ),
        Door(
            "bounds.inductive_bias",
            bounds.inductive_bias,
            {
                "kernel_train": kernel,
                "y": pair,
                "kernel_cross": np.array([[0.3, 0.2]]),
                "kernel_test": [[1.0]],
                "y_test": [1.0],
                "eps": 0.5,
            },
            {"kernel_train": "square", "ridge": "non-negative"},
            {
                "y": targets,
                "kernel_cross": [np.ones((1, 3)), np.array([[NAN, 1.0]]), "abc"],
                "kernel_test": [np.eye(2), [[NAN]], "abc"],
                "y_test": [np.ones(2), [NAN], np.ones((1, 2)), "abc"],
                "ridge": [[0.1, 0.2]],
                **eps,
            },
        ),
        Door(
            "bounds.harmonics_count",
            bounds.harmonics_count,
            {"degree": 2.0, "sphere_dim": 2},
            {"degree": "non-negative"},
            counted,
        ),
        Door(
            "bounds.quoted_difficulty",
            bounds.quoted_difficulty,
            {"samples": 10.0, "sphere_dim": 2, **formula},
            {"samples": "non-negative", "output_bound": "positive", "weight_bound": "positive"}
            | dict.fromkeys(formula, "positive"),
            counted,
        ),
    ]
