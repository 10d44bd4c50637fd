"""One Bayesian linear regression, drawn and solved exactly at finite dimension."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...errors import BadValue
from ..problem import LinearJudge

_LARGEST_BLUR = 1e-8  # share of the posterior that rounding of the features may move


class Trained(NamedTuple):
    """Posterior of the weights: its mean minus the teacher, and the directions V that the training set has seen.

    Along V (seen, dim) the variance of a weight is `variances` (seen,); across, the prior's, `unseen` (0 if V is all).
    """

    missed: np.ndarray
    directions: np.ndarray
    variances: np.ndarray
    unseen: float

    def variance(self, tests: np.ndarray) -> np.ndarray:
        """phi^T A phi of each row of `tests` (points, dim)."""
        along = tests @ self.directions.T
        seen = along**2 @ self.variances
        return seen + self.unseen * np.sum((tests - along @ self.directions) ** 2, axis=1) if self.unseen else seen

    def mean_variance(self, powers: np.ndarray) -> float:
        """tr(A Sigma) with the diagonal Sigma of `powers` (dim,)."""
        seen = self.directions**2
        across = np.maximum(1 - seen.sum(axis=0), 0.0)
        return float(self.variances @ (seen @ powers) + self.unseen * (across @ powers))


def train(features: np.ndarray, teacher: np.ndarray, label_noise: np.ndarray, noise: float, prior: float) -> Trained:
    """Exact posterior N(w, A), A^-1 = Phi^T Phi/sigma^2 + 1/gamma^2, of labels Phi w_T + `label_noise`.

    From the singular values of the features (examples, dim), not from a Gram matrix, whose Cholesky factor has no
    digits left where sigma/gamma is below 1e-8 of the largest of them. What was missed is summed as it arises:

        w - w_T = - across w_T - V^T [r/(l^2 + r)] V w_T + V^T [l/(l^2 + r)] U^T noise,   r = (sigma/gamma)^2.

    Raises
    ------
    BadValue
        Where the singular values lie too far apart for float64.
    """
    left, values, directions = np.linalg.svd(features, full_matrices=False)
    ridge = (noise / prior) ** 2
    blur = max(features.shape) * 2.0**-52 * values[0] / max(values[-1], noise / prior)
    if not blur < _LARGEST_BLUR:
        raise BadValue(
            f"problem has noise/prior_scale = {noise / prior:.3g} and features with singular values from "
            f"{values[-1]:.3g} to {values[0]:.3g}, but rounding then moves the trained weights by {blur:.1g} of "
            f"themselves, and {_LARGEST_BLUR:g} is allowed. Bring the spectrum closer together, or raise "
            "noise/prior_scale."
        )
    along = directions @ teacher
    kept = ridge / (values**2 + ridge) * along - values / (values**2 + ridge) * (left.T @ label_noise)
    unseen = features.shape[0] < features.shape[1]
    missed = -kept @ directions - (teacher - along @ directions if unseen else 0.0)
    return Trained(missed, directions, noise**2 / (values**2 + ridge), prior**2 if unseen else 0.0)


def draw_regression(
    rng: np.random.Generator, problem: LinearJudge, sizes: tuple[int, ...], examples: int, test_points: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, dict[str, float]]:
    """Teacher gaps, reward gaps and spreads of fresh prompts, and the exact second moments of this training set.

    Features phi = x/sqrt(d); answers scatter with s(x)^2 = sigma^2 + phi^T A phi, A the posterior of `train`.
    """
    dim = sum(sizes)
    modes = {name: np.asarray(value) for name, value in problem.modes().items()}
    mode = np.repeat(np.arange(len(sizes)), sizes)
    scale = np.sqrt(modes["spectrum"][mode] / dim)
    teacher, judge = _draw_weights(rng, modes, mode, len(sizes))
    noise, prior, overshoot = (float(value) for value in (problem.noise, problem.prior_scale, problem.overshoot))

    phi = rng.standard_normal((examples, dim)) * scale
    trained = train(phi, teacher, noise * rng.standard_normal(examples), noise, prior)
    tests = rng.standard_normal((test_points, dim)) * scale
    spreads = np.sqrt(noise**2 + trained.variance(tests))

    missed = trained.missed
    favoured = (1 + overshoot) * missed - (judge - teacher)  # m - y_R = m - (w_R - c (m - w_T))
    stats = {
        "teacher_variance": np.sum(scale**2 * missed**2),
        "reward_variance": np.sum(scale**2 * favoured**2),
        "covariance": np.sum(scale**2 * missed * favoured),
        "spread": np.sqrt(noise**2 + trained.mean_variance(scale**2)),
    }
    return tests @ missed, tests @ favoured, spreads, stats


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
