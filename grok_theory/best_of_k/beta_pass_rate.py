"""Pass rates that follow a Beta law: maximum likelihood and profile-likelihood intervals of pass@k."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy  # its rooms are imported when first used: stats takes as long as a solve
from jax.typing import ArrayLike

from ..errors import BadValue

_GRID = 61
# ln(alpha + beta): below, every prompt passes always or never; above, all prompts are alike to any data.
_CONCENTRATIONS = (-7.0, 12.0)
_LOGITS = (-14.0, 14.0)


def fit_beta(passed: np.ndarray, answers: np.ndarray, confidence: float) -> dict[str, Any]:
    """Maximum of the beta-binomial likelihood, and the points of the confidence region of its profile.

    Coordinates: logit of the mean alpha/(alpha + beta) and ln(alpha + beta). A grid is zoomed to the region where the
    log-likelihood is within chi^2_1/2 of its maximum; the range of any function over it is its profile interval.
    """
    if passed.sum() == 0 or passed.sum() == answers.sum():
        always = "every" if passed.sum() else "no"
        raise BadValue(f"values has {always} answer passing, but a pass rate needs both kinds. Record more answers.")
    if answers.max() < 2:
        raise BadValue(
            "values has one answer a prompt, but how far pass rates differ shows only in repeated answers. "
            "Record at least two answers for some prompts."
        )
    pairs, counts = np.unique(np.stack([passed, answers], axis=1), axis=0, return_counts=True)
    drop = scipy.stats.chi2.ppf(confidence, 1) / 2
    box = [_LOGITS, _CONCENTRATIONS]
    for _ in range(4):
        logit, concentration = _grid(box)
        likelihood = _log_likelihood(logit, concentration, pairs, counts)
        inside = likelihood >= likelihood.max() - drop
        box = [_zoom(axis, inside, side) for axis, side in zip((logit, concentration), box)]
    region = _shape(logit[inside], concentration[inside])
    for _ in range(5):  # the grid around its own maximum, down to 1e-8 of the coordinates
        best = int(np.argmax(likelihood))
        top = likelihood == likelihood[best]
        box = [_zoom(axis, top, side) for axis, side in zip((logit, concentration), box)]
        logit, concentration = _grid(box)
        likelihood = _log_likelihood(logit, concentration, pairs, counts)
    best = int(np.argmax(likelihood))
    alpha, beta = _shape(logit[best], concentration[best])
    return {
        "alpha": float(alpha),
        "beta": float(beta),
        "log_likelihood": float(likelihood[best]),
        "region_alpha": region[0],
        "region_beta": region[1],
    }


def _grid(box):
    return (axis.ravel() for axis in np.meshgrid(*(np.linspace(*side, _GRID) for side in box), indexing="ij"))


def _zoom(axis, inside, side):
    """The side of the box that holds the region, with one grid step of room."""
    step = (side[1] - side[0]) / (_GRID - 1)
    return max(side[0], axis[inside].min() - step), min(side[1], axis[inside].max() + step)


def _shape(logit, concentration):
    total = np.exp(concentration)
    return total * scipy.special.expit(logit), total * scipy.special.expit(-logit)


def _log_likelihood(logit, concentration, pairs, counts):
    alpha, beta = _shape(logit, concentration)
    total = np.zeros(alpha.shape)
    for (passed, answers), count in zip(pairs, counts):
        total += count * (
            scipy.special.betaln(alpha + passed, beta + answers - passed) - scipy.special.betaln(alpha, beta)
        )
    return total


def predict_beta(parameters: dict[str, Any], samples: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """pass@k at the maximum, and its least and greatest value over the confidence region."""
    mean = beta_pass_at_k(parameters["alpha"], parameters["beta"], samples)
    region = beta_pass_at_k(parameters["region_alpha"][:, None], parameters["region_beta"][:, None], samples[None, :])
    return mean, region.min(axis=0), region.max(axis=0)


def beta_pass_at_k(alpha: ArrayLike, beta: ArrayLike, samples: ArrayLike) -> np.ndarray:
    """1 - B(alpha, beta + k)/B(alpha, beta): pass@k of pass rates ~ Beta(alpha, beta), any real k.

    >>> print(f"{beta_pass_at_k(1.0, 1.0, 3.0):.4f}")
    0.7500
    """
    # The logarithm is never positive: only rounding, of two logarithms of huge parameters, leads out of [0, 1].
    return -np.expm1(np.minimum(scipy.special.betaln(alpha, beta + samples) - scipy.special.betaln(alpha, beta), 0.0))


def beta_scores(
    alpha: float, beta: float, passed: np.ndarray, answers: np.ndarray, counts: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Derivatives in (ln alpha, ln beta): (prompts, 2) of each log-likelihood, (prompts, 2, T) of pass@`counts`."""
    digammas = scipy.special.psi(alpha + beta) - scipy.special.psi(alpha + beta + answers)
    scores = [
        alpha * (scipy.special.psi(alpha + passed) - scipy.special.psi(alpha) + digammas),
        beta * (scipy.special.psi(beta + answers - passed) - scipy.special.psi(beta) + digammas),
    ]
    failed = 1 - beta_pass_at_k(alpha, beta, counts)
    both = scipy.special.psi(alpha + beta) - scipy.special.psi(alpha + beta + counts)
    slopes = [
        -failed * alpha * both,
        -failed * beta * (scipy.special.psi(beta + counts) - scipy.special.psi(beta) + both),
    ]
    return np.stack(scores, axis=1), np.stack(slopes, axis=1)
