"""Doors where arrays go in, and numbers that are finite but far out: zeros, extremes, what is no kernel."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np

from benchmarks.doors.door import Door
from grok_theory import bounds, kernels, linear, observables

INDEFINITE = [np.array([[0.0, 1.0], [1.0, 0.0]]), np.diag([1.0, -1e200]), np.diag([1e-200, -1e-201])]
ZERO = [np.zeros(2), np.zeros(2, int), np.zeros(2, np.float16)]
COMPLEX = [np.array([1.0 + 1j, 1.0])]


def doors() -> list[Door]:
    return [*_kernels(), *_observables(), *_bounds(), *_results()]


def _kernels() -> list[Door]:
    kernel, y, cross = np.array([[2.0, 0.5], [0.5, 1.0]]), np.array([1.0, -1.0]), np.array([[0.3, 0.2]])
    data = {"kernel_train": kernel, "y": y, "kernel_test": cross}
    network = kernels.FullyConnected("relu")
    large = np.array([[1e200, 0.0], [0.0, 1.0]])
    return [
        Door(
            "kernels.kernel_ridge, far out",
            kernels.kernel_ridge,
            {**data, "ridge": 0.1},
            {},
            {"kernel_train": INDEFINITE, "y": COMPLEX, "ridge": [np.array([0.1, 0.2])]},
        ),
        Door(
            "kernels.gradient_flow, far out",
            kernels.gradient_flow,
            {**data, "times": np.array([1.0])},
            {},
            {"kernel_train": INDEFINITE},
        ),
        Door(
            "kernels.gradient_descent, far out",
            kernels.gradient_descent,
            {**data, "steps": np.array([3.0]), "step_size": 0.1},
            {},
            {"step_size": [1.0, 2.0, 1e3, 1e300, np.array([0.1, 0.2])], "kernel_train": INDEFINITE},
        ),
        Door(
            "kernels.leave_one_out, far out",
            kernels.leave_one_out,
            {"kernel": kernel, "y": y, "ridge": 0.1},
            {},
            {"kernel": INDEFINITE, "y": [y * 1e200, y * 1e-200]},
        ),
        Door(
            "kernels.alignment, far out",
            kernels.alignment,
            {"kernel": kernel, "y": y},
            {},
            {"kernel": [np.zeros((2, 2))], "y": [*ZERO, *COMPLEX]},
        ),
        Door(
            "kernels.cka, far out",
            kernels.cka,
            {"kernel": kernel, "other": kernel},
            {},
            {"other": [np.zeros((2, 2)), np.ones((2, 2)), np.full((2, 2), 0.1)], "kernel": [np.full((2, 2), 1e300)]},
        ),
        Door(
            "kernels.participation_ratio, far out",
            kernels.participation_ratio,
            {"eigenvalues": y**2},
            {},
            {"eigenvalues": [*ZERO, *COMPLEX, np.array([1.0, -1.0]), np.array([-1e300, 1e-300])]},
        ),
        Door(
            "kernels.ntk, far out",
            kernels.ntk,
            {"network": network, "X": np.ones((2, 2))},
            {},
            {"X": [large, np.array([[1e-200, 0.0], [1.0, 0.0]])]},
        ),
        Door(
            "kernels.sphere_spectrum, far out",
            kernels.sphere_spectrum,
            {"profile": jnp.exp, "dim": 3, "degree": 2},
            {},
            {"dim": [10**12], "degree": [10**7], "profile": [lambda t: t / 0]},
            {"profile": "profile"},
        ),
        Door(
            "kernels.solve, far out",
            kernels.solve,
            {"problem": kernels.KernelRegression(np.ones(3), np.ones(3), ridge=0.1), "samples": np.array([20.0])},
            {},
            {"problem": [kernels.KernelRegression(np.ones(3), np.full(3, s), ridge=0.1) for s in (1e-200, 1e200)]},
            {"problem": "coefficients"},
        ),
    ]


def _observables() -> list[Door]:
    eye, times = np.eye(2), np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    return [
        Door(
            "observables.kernel_movement, far out",
            observables.kernel_movement,
            {"kernel": 2 * eye, "kernel_start": eye},
            {},
            {"kernel_start": [np.zeros((2, 2))], "kernel": [eye + 1j]},
        ),
        Door(
            "observables.distance_from_init, far out",
            lambda params, start: observables.distance_from_init(params, start, relative=True),
            {"params": eye, "start": eye},
            {},
            {"start": [np.zeros((2, 2))], "params": [eye * np.inf]},
        ),
        Door(
            "observables.kernel_coherence, far out",
            observables.kernel_coherence,
            {"kernel": eye, "residual": np.ones(2)},
            {},
            {"kernel": [np.array([[1.0, -3.0], [-3.0, 1.0]]), np.array([[1e-200, 1e200], [1e200, 1e-200]])]},
        ),
        Door(
            "observables.distance_laws, far out",
            observables.distance_laws,
            {"times": times, "distance": np.log(times)},
            {},
            {"distance": [np.full(5, 1e-300), 1e10 + 1e-7 * times], "times": [times * 1j]},
        ),
        Door(
            "observables.margin_time, far out",
            observables.margin_time,
            {"margin": 1.0, "classes": 3},
            {},
            {"margin": [701.0, 1e300], "classes": [10**16]},
        ),
        Door(
            "observables.local_complexity, far out",
            observables.local_complexity,
            {"weights": eye, "biases": np.zeros(2), "center": np.ones(2), "frame": eye, "radius": 0.5},
            {},
            {"center": [np.full(2, np.inf)], "weights": [eye + 1j]},
        ),
        Door(
            "observables.deep_local_complexity, far out",
            observables.deep_local_complexity,
            {"layers": [(eye, np.zeros(2))], "center": np.ones(2), "frame": eye, "radius": 0.5},
            {},
            {"radius": [np.array([0.1, 0.2])], "center": [np.full(2, np.inf), np.ones(2) * 1j]},
        ),
        Door(
            "observables.stablemax, far out",
            observables.stablemax,
            {"logits": np.ones(3)},
            {},
            {"logits": [np.array([np.nan, 1.0]), np.array([np.inf, 1.0])]},
        ),
    ]


def _bounds() -> list[Door]:
    eye = np.eye(2)
    gaussian = {"mean": np.zeros(2), "covariance": eye, "prior_mean": np.zeros(2), "prior_covariance": eye}
    bad = [np.array([[1.0, 0.9], [0.1, 1.0]]), np.zeros((2, 2)), np.array([[1.0, 2.0], [2.0, 1.0]]), -eye]
    return [
        Door(
            "bounds.gaussian_kl, far out",
            bounds.gaussian_kl,
            gaussian,
            {},
            {"covariance": bad, "prior_covariance": bad, "mean": [np.full(2, 1e200)]},
        ),
        Door(
            "bounds.norm_bound, far out",
            bounds.norm_bound,
            {"kernel": eye, "norm": 1.0, "cap": 2.0},
            {},
            {"cap": [1e-200, 1e200], "kernel": [-eye]},
        ),
        Door(
            "bounds.truncated_squared_loss, far out",
            bounds.truncated_squared_loss,
            {"residual": 1.0, "cap": 2.0},
            {},
            {"cap": [1e-200, 1e200]},
        ),
        Door(
            "bounds.ridge_stability_bound, far out",
            bounds.ridge_stability_bound,
            {"ridge": 1.0, "samples": 5, "kernel_bound": 1.0, "target_bound": 1.0},
            {},
            {"target_bound": [1e-200, 1e200]},
        ),
        Door(
            "bounds.pair_distance, far out",
            bounds.pair_distance,
            {"gradients": eye, "fresh_gradients": eye},
            {},
            {"gradients": [eye * np.nan, np.ones((0, 2))]},
        ),
        Door(
            "bounds.displacement_norm, far out",
            bounds.displacement_norm,
            {"kernel": eye, "residual_start": np.ones(2)},
            {},
            {"kernel": INDEFINITE},
        ),
    ]


def _results() -> list[Door]:
    solution = linear.solve(linear.TeacherStudent(0.5, 5.0), jnp.array([1.0, 2.0]))
    return [
        Door(
            "Solution.at, far out",
            solution.at,
            {"x": 1.5},
            {},
            {"x": [2.1, -1e300, 0.0, np.nan, [[1.0]], [], "abc", 1j]},
        ),
    ]
