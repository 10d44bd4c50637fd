"""What best-of-k would have kept, averaged over all k-subsets of recorded answers: unbiased, without enumeration.

The softmax over a subset is an argmax of score/T + Gumbel noise, so with z_i = (score_i - max)/T, x_i = exp(-e^(v+z_i))
and a_i = e^(v+z_i) x_i the mean over all C(N, k) subsets of the value kept is

    U_k = int dv G_k(v),   G_k = mean over k-subsets of  sum_i a_i value_i prod_(j != i) x_j,

an elementary symmetric mean, built answer by answer. All of its numbers lie in
[0, O(1)]: nothing overflows, nothing cancels, and every k comes from one pass.
"""

from __future__ import annotations

import numpy as np

_STEP = 0.25  # trapezoid step in v: spectral accuracy, below 1e-15
_BLOCK = 16_000  # numbers in one block of the table (k, v): its temporaries stay in the processor's cache
_APART = 60.0  # temperatures between two scores beyond which the lower never wins: e^-60 = 1e-26


def subset_means(scores: np.ndarray, values: np.ndarray, most: int, temperature: float) -> np.ndarray:
    """U_k for k = 1, ..., `most` <= N of one prompt's (N,) scores and values, at any temperature in [0, inf].

    Scores may lie any number of temperatures apart (a mask of -1e30 for a missing one): v is counted from the best of
    each group of scores that compete, as e^(v + z) has no digits for a z of 1e16.
    """
    if temperature == np.inf:
        return np.full(most, values.mean())
    scores, temperature = _in_reach(scores, temperature)
    groups = _competing(scores, temperature)
    if all(np.ptp(scores[group]) == 0 for group in groups):
        total = _subset_means_of_best(scores, values, most)
    else:
        total = np.zeros(most)
        # A constant value would be returned exactly; subtracting the middle keeps digits when values share an offset.
        middle = values.max() / 2 + values.min() / 2
        for group in groups:
            z = _from_best(scores, group, temperature)
            nodes = _nodes(z[group])
            for v in np.array_split(nodes, 1 + (most + 1) * nodes.size // _BLOCK):
                total += _block(z, values - middle, most, v)
        total += middle
    total[0] = values.mean()
    # Means of values: only rounding leads out of their range.
    return np.clip(total, values.min(), values.max())


def _in_reach(scores: np.ndarray, temperature: float) -> tuple[np.ndarray, float]:
    """Both in a larger unit where the difference of two scores, such as a mask of -1.8e308, would overflow."""
    unit = 1024.0 if np.abs(scores).max() > 1e300 else 1.0
    return scores / unit, temperature / unit


def _competing(scores: np.ndarray, temperature: float) -> list[np.ndarray]:
    """Indices of the scores that compete at this temperature, a group where no gap is wider than `_APART`."""
    order = np.argsort(scores, kind="stable")
    with np.errstate(over="ignore"):
        apart = np.flatnonzero(np.diff(scores[order]) > _APART * temperature)
    return np.split(order, apart + 1)


def _from_best(scores: np.ndarray, group: np.ndarray, temperature: float) -> np.ndarray:
    """z = (score - best of the group)/T; -inf and inf for those below and above it."""
    inside = scores[group]
    z = np.where(scores > inside.max(), np.inf, -np.inf)
    z[group] = (inside - inside.max()) / temperature
    return z


def _nodes(z: np.ndarray) -> np.ndarray:
    """Trapezoid nodes where some e^(v + z_i) is neither nothing nor too much: equal scores share theirs."""
    low, high = -42 - np.log(z.size), 4.3
    steps = [np.arange(np.floor((low - one) / _STEP), np.ceil((high - one) / _STEP) + 1) for one in np.unique(z)]
    return _STEP * np.unique(np.concatenate(steps))


def _block(z, values, most, v):
    kept = np.zeros((most + 1, v.size))  # G_m, row 0 unused
    none = np.zeros((most + 1, v.size))  # E_m: mean of products of x over m-subsets
    none[0] = 1.0
    with np.errstate(over="ignore", under="ignore"):
        for n, (one, value) in enumerate(zip(z, values), start=1):
            m = min(n, most)
            share = (np.arange(1, m + 1) / n)[:, None]
            intensity = np.exp(np.minimum(v + one, 700.0))
            x = np.exp(-intensity)  # 1 for a score below the group, 0 above it
            a = intensity * x
            # The right-hand sides are evaluated before the assignment: they need the old row m - 1.
            kept[1 : m + 1] = (1 - share) * kept[1 : m + 1] + share * (x * kept[:m] + a * value * none[:m])
            none[1 : m + 1] = (1 - share) * none[1 : m + 1] + share * x * none[:m]
    return _STEP * kept[1:].sum(axis=1)


def _subset_means_of_best(scores, values, most):
    """T = 0: sort; tied answers share equally, which is the limit T -> 0 (taking the first of them is a bias)."""
    _, group, counts = np.unique(scores, return_inverse=True, return_counts=True)
    means = np.bincount(group, weights=values) / counts
    reached = np.concatenate([[0], np.cumsum(counts)]).astype(float)
    below = subset_shares(reached, scores.size, most)
    return np.diff(below, axis=1) @ means


def subset_shares(part: np.ndarray, whole: int, most: int) -> np.ndarray:
    """C(part, k)/C(whole, k) for k = 1, ..., `most`: the share of k-subsets that lie inside a part; (most, parts)."""
    drawn = np.arange(most)[:, None]
    return np.cumprod(np.maximum(part[None, :] - drawn, 0) / (whole - drawn), axis=0)


def with_replacement(scores: np.ndarray, values: np.ndarray, samples: np.ndarray, temperature: float) -> np.ndarray:
    """Mean value kept among k draws *with* replacement, any real k >= 1: the plug-in estimate, biased for k near N.

    k int dv A(v) B(v)^(k-1) with the empirical means B = mean x_i and A = mean a_i value_i.
    """
    samples = np.asarray(samples, float)
    if temperature == np.inf:
        return np.full(samples.shape, values.mean())
    scores, temperature = _in_reach(scores, temperature)
    groups = _competing(scores, temperature)
    if all(np.ptp(scores[group]) == 0 for group in groups):
        _, group, counts = np.unique(scores, return_inverse=True, return_counts=True)
        means = np.bincount(group, weights=values) / counts
        reached = np.concatenate([[0], np.cumsum(counts)]) / scores.size
        kept = np.diff(reached[None, :] ** samples[:, None], axis=1) @ means
    else:
        kept = np.zeros(samples.size)
        for group in groups:
            z = _from_best(scores, group, temperature)
            v = _nodes(z[group])
            v = np.concatenate([v[0] - _STEP * np.arange(np.ceil(np.log(samples.max()) / _STEP), 0, -1), v])
            intensity = np.exp(np.minimum(v[:, None] + z[None, :], 700.0))
            a = (intensity * np.exp(-intensity)) @ values / z.size
            loss = -np.expm1(-intensity).mean(axis=1)
            log_b = np.log1p(-np.minimum(loss, 1 - 2.0**-53))
            kept += np.array([_STEP * k * np.sum(a * np.exp((k - 1) * log_b)) for k in samples])
    return np.clip(np.where(samples == 1, values.mean(), kept), values.min(), values.max())
