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
    ]
