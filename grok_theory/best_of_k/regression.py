"""One Bayesian linear regression, drawn and solved exactly at finite dimension."""

from __future__ import annotations

import numpy as np
from scipy.linalg import solve_triangular

from .problem import LinearJudge


def draw_regression(
    rng: np.random.Generator, problem: LinearJudge, sizes: tuple[int, ...], examples: int, test_points: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, dict[str, float]]:
    """Teacher gaps, reward gaps and spreads of fresh prompts, and the exact second moments of this training set.

    Features phi = x/sqrt(d); posterior of the weights N(w, A) with A^-1 = Phi^T Phi/sigma^2 + 1/gamma^2, by Cholesky
    of the smaller of the two Gram matrices; answers scatter with s(x)^2 = sigma^2 + phi^T A phi.
    """
    dim = sum(sizes)
    modes = {name: np.asarray(value) for name, value in problem.modes().items()}
    mode = np.repeat(np.arange(len(sizes)), sizes)
    scale = np.sqrt(modes["spectrum"][mode] / dim)
    teacher, judge = _draw_weights(rng, modes, mode, len(sizes))
    noise, prior, overshoot = (float(value) for value in (problem.noise, problem.prior_scale, problem.overshoot))
    ratio = (noise / prior) ** 2

    phi = rng.standard_normal((examples, dim)) * scale
    labels = phi @ teacher + noise * rng.standard_normal(examples)
    tests = rng.standard_normal((test_points, dim)) * scale
    if examples < dim:
        factor = np.linalg.cholesky(phi @ phi.T + ratio * np.eye(examples))
        mean = phi.T @ _solve(factor.T, _solve(factor, labels, lower=True), lower=False)
        # A = gamma^2 (1 - phi^T K^-1 phi): of a test point, and of Sigma as a whole.
        half = _solve(factor, phi, lower=True)
        variances = prior**2 * (np.sum(tests**2, axis=1) - np.sum((half @ tests.T) ** 2, axis=0))
        trace = prior**2 * np.sum(scale**2 * (1 - np.sum(half**2, axis=0)))
    else:
        factor = np.linalg.cholesky(phi.T @ phi + ratio * np.eye(dim))
        mean = _solve(factor.T, _solve(factor, phi.T @ labels, lower=True), lower=False)
        half = _solve(factor, np.eye(dim), lower=True)
        variances = noise**2 * np.sum((half @ tests.T) ** 2, axis=0)
        trace = noise**2 * np.sum(half**2 * scale[None, :] ** 2)
    spreads = np.sqrt(noise**2 + np.maximum(variances, 0.0))

    missed = mean - teacher
    favoured = (1 + overshoot) * missed - (judge - teacher)  # m - y_R = m - (w_R - c (m - w_T))
    stats = {
        "teacher_variance": np.sum(scale**2 * missed**2),
        "reward_variance": np.sum(scale**2 * favoured**2),
        "covariance": np.sum(scale**2 * missed * favoured),
        "spread": np.sqrt(noise**2 + trace),
    }
    return tests @ missed, tests @ favoured, spreads, stats


def _solve(factor, right, *, lower):
    return solve_triangular(factor, right, lower=lower, check_finite=False)


def _draw_weights(rng, modes, mode, count):
    """Teacher and judge with the stated mean powers and overlap in every mode, exactly."""

    def mean(values):
        return (np.bincount(mode, weights=values, minlength=count) / np.bincount(mode, minlength=count))[mode]

    signs = rng.choice([-1.0, 1.0], size=mode.size)
    other = rng.standard_normal(mode.size)
    other = other - signs * mean(signs * other)
    other = other / np.sqrt(mean(other**2))
    teacher_scale = np.sqrt(modes["teacher_power"])
    along = np.divide(modes["overlap"], teacher_scale, out=np.zeros(count), where=teacher_scale > 0)
    across = np.sqrt(np.maximum(modes["reward_power"] - along**2, 0.0))
    return teacher_scale[mode] * signs, along[mode] * signs + across[mode] * other
