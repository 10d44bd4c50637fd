"""A judge whose scores and values are jointly Gaussian within each prompt."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy  # its rooms are imported when first used: stats takes as long as a solve

from ..errors import BadValue
from .quadrature import gumbel_rule
from .records import Records

# Typical deviations (medians) that no Gaussian law reaches: of the prompt's own, where enough answers tell it, and of
# those of all prompts, whose spreads may differ.
_FARTHEST_OWN, _FARTHEST, _ENOUGH = 100.0, 1e4, 8
_SWITCH = 0.12  # temperature/spread below which Gumbel noise is a perturbation of the score, at k = 1e12 too


def fit_gaussian(records: Records) -> dict[str, Any]:
    """Per prompt: mean value, gain (value per standard deviation of score), and standard deviation of the score.

    The value kept is mean + gain * (kept score in standard deviations); all three vary from prompt to prompt, so the
    spread over prompts carries the prompt-to-prompt part of the uncertainty and that of the few answers alike.
    """
    if records.answers.min() < 3:
        i = int(np.argmin(records.answers))
        raise BadValue(
            f"scores[{i}] has {records.answers[i]} answers, but GaussianJudge() needs at least 3 a prompt. "
            "Record more answers, or leave that prompt out."
        )
    _refuse_masks(records)
    means, gains, spreads = [], [], []
    for scores, values in zip(records.scores, records.values):
        spread = scores.std(ddof=1)
        # E of a sample standard deviation is c4 sigma: covariance/spread is unbiased only when divided by it.
        n = scores.size
        c4 = np.sqrt(2 / (n - 1)) * np.exp(scipy.special.gammaln(n / 2) - scipy.special.gammaln((n - 1) / 2))
        covariance = np.sum((scores - scores.mean()) * (values - values.mean())) / (n - 1)
        means.append(values.mean())
        gains.append(covariance / spread / c4 if spread > 0 else 0.0)
        spreads.append(spread / c4)
    return {
        "mean": float(np.mean(means)),
        "gain": float(np.mean(gains)),
        "means": np.array(means),
        "gains": np.array(gains),
        "score_spreads": np.array(spreads),
    }


def _refuse_masks(records: Records) -> None:
    """Refuse scores that no Gaussian law gives beside the others: one mask of -1e30 would be all of the spread."""
    away = [np.abs(scores - np.median(scores)) for scores in records.scores]
    usual = np.median(np.concatenate(away)) or np.median([a.mean() for a in away])
    for i, (scores, distance) in enumerate(zip(records.scores, away)):
        j, own = int(np.argmax(distance)), float(np.median(distance))
        limit, typical = (_FARTHEST_OWN, own) if own > 0 and scores.size >= _ENOUGH else (_FARTHEST, usual)
        if distance[j] > limit * typical or distance[j] > 1e150:
            raise BadValue(
                f"scores[{i}, {j}] is {scores[j]:g}, but GaussianJudge() needs scores within {limit:g} typical "
                f"deviations ({typical:.3g}) of their prompt's median. Leave out answers without a score, or use "
                "from_records or Empirical(), for which a score only ranks."
            )


def kept_normal(samples: np.ndarray, temperature: float, spread: float) -> np.ndarray:
    """Mean of the score kept among k, in standard deviations from its mean: at T = 0 the expected maximum of k normals.

    >>> print(kept_normal(np.array([1.0, 2.0, 16.0]), 0.0, 1.0).round(6))
    [0.       0.56419  1.765991]
    """
    heat = temperature / spread if spread > 0 else np.inf
    if heat == np.inf:
        return np.zeros(samples.shape)
    if heat < _SWITCH:
        a, log_b, step = _cold(heat)
    else:
        a, log_b, step = _warm(heat, samples.max())
    kept = [step * k * np.sum(a * np.exp((k - 1) * log_b)) for k in samples]
    return np.where(samples == 1, 0.0, np.array(kept))


def _cold(heat):
    """Means over Gumbel noise: the key w = z + heat * noise is close to normal."""
    noise, weights = gumbel_rule(20)
    step = 0.02
    w = np.arange(-13.0, 22.0, step)
    # The rule's variable is minus a standard Gumbel: the key is z - heat * x.
    z = w[:, None] + heat * noise[None, :]
    a = (z * np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)) @ weights
    if heat == 0:
        return a, scipy.special.log_ndtr(w), step
    below, above = scipy.special.ndtr(z) @ weights, scipy.special.ndtr(-z) @ weights
    return a, np.where(above < 0.5, np.log1p(-np.minimum(above, 0.5)), np.log(np.maximum(below, 1e-300))), step


def _warm(heat, largest):
    z = np.linspace(-12.0, 12.0, 481)
    weight = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi) * (z[1] - z[0])
    step = 0.2
    v = np.arange(-12 / heat - 42 - np.log(largest), 12 / heat + 5, step)
    intensity = np.exp(np.minimum(v[:, None] + z[None, :] / heat, 700.0))
    a = (intensity * np.exp(-intensity)) @ (z * weight)
    loss = -np.expm1(-intensity) @ weight
    return a, np.log1p(-np.minimum(loss, 1 - 2.0**-53)), step
