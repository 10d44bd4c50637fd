"""Where one value more would lie, from draws of which some are only known to lie beyond an end of the record.

Many draws speak by their order statistics. Few are taken for normal (in logarithms where all are positive), with
Student's factor for one value more; draws beyond an end enter as what they are, censored, by the fixed point of the
likelihood of a censored normal law. Where more draws lie beyond an end than the tail has, the interval is open there:
nothing finite is ever made of those alone that were seen.
"""

from __future__ import annotations

import numpy as np
import scipy  # its rooms are imported when first used: stats takes as long as a solve

# From so many draws in a tail on, order statistics are less uncertain than the law that is assumed otherwise.
ENOUGH_IN_TAIL = 5
SWEEPS = 200


def predicted_interval(low: np.ndarray, high: np.ndarray, level: float) -> tuple[float, float, float]:
    """Low end, median and high end for one draw more.

    Parameters
    ----------
    low, high : ndarray
        (n,) what is known of each draw: equal where it was seen, -inf or inf where an end is open.
    level : float
        Probability that one more lies inside, in (0, 1).

    Returns
    -------
    tuple[float, float, float]
        (low, median, high), -inf and inf where nothing bounds them.
    """
    count, tail = low.size, (1 - level) / 2
    lows, highs = np.sort(low), np.sort(high)
    at = max(int((count + 1) * tail), 1) - 1
    ordered = (float(lows[at]), float((_middle(lows) + _middle(highs)) / 2), float(highs[count - 1 - at]))
    if (count + 1) * tail >= ENOUGH_IN_TAIL:
        return ordered
    seen = low == high
    late, early = np.mean(~seen & (high > np.max(high[seen], initial=-np.inf))), np.mean(~seen)
    early = early - late
    if max(late, early) > tail or seen.sum() < 2:
        # The few that are not seen are more than the tail holds: the ends are what they leave open.
        return float(lows[at]), ordered[1], float(highs[count - 1 - at] if late <= tail else highs[-1])
    in_logs = bool((low[seen] > 0).all())
    values = np.log(low[seen]) if in_logs else low[seen]
    mean, deviation = _censored_normal(values, *_ends(low, high, seen, in_logs))
    reach = scipy.stats.t.isf(tail, count - 1) * deviation * np.sqrt(1 + 1 / count)
    ends = np.array([mean - reach, mean, mean + reach])
    return tuple(np.exp(ends) if in_logs else ends)  # type: ignore[return-value]


def _middle(ordered: np.ndarray) -> float:
    left, right = ordered[(ordered.size - 1) // 2], ordered[ordered.size // 2]
    return float(left if left == right else left / 2 + right / 2)


def _ends(low: np.ndarray, high: np.ndarray, seen: np.ndarray, in_logs: bool) -> tuple[np.ndarray, np.ndarray]:
    """Of draws not seen: the values above which, and those below which, they are."""
    late = ~seen & ~np.isfinite(high)
    above, below = low[late], high[~seen & ~late]
    # A draw that may lie anywhere says nothing.
    above, below = above[np.isfinite(above)], below[np.isfinite(below)]
    return (np.log(above[above > 0]), np.log(below[below > 0])) if in_logs else (above, below)


def _censored_normal(values: np.ndarray, above: np.ndarray, below: np.ndarray) -> tuple[float, float]:
    """Mean and standard deviation of greatest likelihood; without censored values those with n - 1."""
    mean, deviation = float(values.mean()), float(values.std(ddof=1))
    if not (above.size or below.size) or deviation == 0:
        return mean, deviation
    total = values.size + above.size + below.size
    for _ in range(SWEEPS):
        firsts, seconds = [values.sum()], [np.sum((values - mean) ** 2)]
        for ends, sign in ((above, 1.0), (below, -1.0)):
            z = sign * (ends - mean) / deviation
            hazard = np.exp(scipy.stats.norm.logpdf(z) - scipy.stats.norm.logsf(z))
            firsts.append(np.sum(mean + sign * deviation * hazard))
            seconds.append(deviation**2 * np.sum(1 + z * hazard))
        new = float(sum(firsts)) / total
        deviation = float(np.sqrt(max(sum(seconds) / (total - 1) - (new - mean) ** 2 * total / (total - 1), 0.0)))
        if abs(new - mean) < 1e-10 * (abs(mean) + deviation):
            break
        mean = new
    return mean, deviation
