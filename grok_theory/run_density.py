"""The probability density of one run under the law of its logarithms, at the few points that hold what it says.

A curve of one run moves slowly: few of its points tell it, and the others follow from them to a small share of their
variance. A covariance is not known to the last digit of what is left there, so points are chosen until the others
follow, and the density is read at those alone: Gaussian where theory tells the law, Student's where middle and scatter
come from draws.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

# Points are added until what is left of any other is this share of its variance, and no more than so many.
LEFT, MOST_POINTS = 0.05, 8


def telling_points(
    laws: Sequence[tuple[np.ndarray, np.ndarray]], *, left: float = LEFT, most: int = MOST_POINTS
) -> list[int]:
    """Points in the order of a pivoted Cholesky factorisation of the mean correlation.

    Parameters
    ----------
    laws : sequence of (mean, covariance)
        Of several theories at the same n points, (n,) and (n, n).
    left : float
        Share of its variance that no other point keeps when the chosen are known.
    most : int
        No more points than this.

    Returns
    -------
    list of int
        Which of the n.
    """
    pooled = np.mean([c / np.sqrt(np.outer(np.diagonal(c), np.diagonal(c))) for _, c in laws], axis=0)
    rest, chosen = pooled.copy(), []
    for _ in range(min(most, len(pooled))):
        at = int(np.argmax(np.diagonal(rest)))
        if rest[at, at] < left:
            break
        chosen.append(at)
        rest = rest - np.outer(rest[:, at], rest[at]) / rest[at, at]
    return chosen


def log_density(mean: np.ndarray, covariance: np.ndarray, seen: np.ndarray, count: int | None) -> float:
    """Of runs at the chosen points: the sum over runs of the logarithm of each one's density.

    Parameters
    ----------
    mean, covariance : ndarray
        (k,) and (k, k), the law of one run.
    seen : ndarray
        (k,) or (runs, k).
    count : int or None
        From how many draws the law was taken; None where theory tells it.

    Returns
    -------
    float
        -inf where the law is none.
    """
    from scipy import linalg, special

    size = len(mean)
    if not (np.isfinite(mean).all() and np.isfinite(covariance).all()):
        return -np.inf
    shape, free = covariance, None
    if count is not None:
        free = max(count - size, 1)
        shape = covariance * (count - 1) * (1 + 1 / count) / free
    try:
        root = linalg.cholesky(shape, lower=True)
    except linalg.LinAlgError:
        return -np.inf
    strays = linalg.solve_triangular(root, (np.atleast_2d(seen) - mean).T, lower=True)
    square, runs = np.sum(strays**2, axis=0), strays.shape[1]
    volume = runs * float(np.sum(np.log(np.diagonal(root))))
    if free is None:
        return float(-0.5 * np.sum(square) - volume - 0.5 * runs * size * np.log(2 * np.pi))
    norm = special.gammaln((free + size) / 2) - special.gammaln(free / 2) - 0.5 * size * np.log(free * np.pi)
    return float(runs * norm - volume - 0.5 * (free + size) * np.sum(np.log1p(square / free)))
