"""Whether records contradict the model fitted to them: it must give the unbiased curve back where the records speak."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy  # its rooms are imported when first used: stats takes as long as a solve

from .beta_pass_rate import beta_pass_at_k, beta_scores
from .gaussian_judge import kept_normal
from .records import Records
from .subsets import subset_means, subset_shares

# Numbers of answers compared, as parts of what each prompt recorded, and the rate of false alarms over all of them.
_PARTS = (1.0, 0.5, 0.25)
_FALSE_ALARMS = 0.01


def gaussian_contradiction(records: Records, parameters: dict[str, Any]) -> str:
    """One sentence if the values kept at T = 0 are not those of `GaussianJudge`; empty otherwise.

    Under the model every prompt's own prediction minus its unbiased estimate has mean zero, at any number of answers
    (mean, gain and estimate are all unbiased), and prompts are independent: Student's t.
    """
    gaps = []
    expected = {n: kept_normal(_counts(n).astype(float), 0.0, 1.0) for n in set(records.answers.tolist())}
    rows = zip(records.scores, records.values, parameters["means"], parameters["gains"])
    for scores, values, mean, gain in rows:
        counts = _counts(scores.size)
        kept = subset_means(scores, values, scores.size, 0.0)[counts - 1]
        gaps.append(mean + gain * expected[scores.size] - kept)
    return _sentence(np.array(gaps), np.array(gaps), "GaussianJudge()")


def beta_contradiction(passed: np.ndarray, answers: np.ndarray, parameters: dict[str, Any]) -> str:
    """The same for `BetaPassRate`, whose parameters are shared by all prompts.

    Fitting moves the model towards the records: the influence of each prompt through the two parameters is taken out
    (the residual of a score test), without which the error bar is too wide to see anything.
    """
    alpha, beta = parameters["alpha"], parameters["beta"]
    counts = np.array([_counts(int(n)) for n in answers])
    failed = np.empty(counts.shape)
    for n in np.unique(answers):
        of_n = answers == n
        shares = subset_shares(np.arange(n + 1.0), int(n), int(n))[_counts(int(n)) - 1]
        failed[of_n] = shares[:, (n - passed[of_n]).astype(int)].T
    gaps = beta_pass_at_k(alpha, beta, counts.astype(float)) - (1 - failed)
    scores, slopes = beta_scores(alpha, beta, passed, answers, counts)
    # By the scores, each in its own unit, not by their Gram matrix: alpha and beta may be eight orders apart.
    units = np.maximum(np.abs(scores).max(axis=0), 1e-300)
    influence = len(scores) * np.linalg.pinv(scores / units).T @ (slopes.mean(axis=0) / units[:, None])
    return _sentence(gaps, gaps + influence, "BetaPassRate()")


def _counts(answers: int) -> np.ndarray:
    return np.clip(np.ceil(np.array(_PARTS) * answers), min(2, answers), answers).astype(int)


def _sentence(gaps, residuals, model):
    prompts = len(gaps)
    error = residuals.std(axis=0, ddof=1) / np.sqrt(prompts)
    mean = gaps.mean(axis=0)
    # Equal to rounding is no contradiction, and no spread then is no evidence.
    certain = np.abs(mean) > 1e-9 * (1 + np.abs(gaps).max())
    t = np.where(certain, np.abs(mean) / np.maximum(error, 1e-300), 0.0)
    if not t.max() > scipy.stats.t.isf(_FALSE_ALARMS / 2 / len(_PARTS), prompts - 1):
        return ""
    i = int(np.argmax(t))
    where = "all" if _PARTS[i] == 1 else f"{_PARTS[i]:.0%} of the"
    return (
        f"the records contradict {model}: for one among {where} answers recorded it says {mean[i]:+.3g} "
        f"more than they do, {t[i]:.1f} standard errors. Choose another model, or record up to that k."
    )
