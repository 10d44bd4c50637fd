"""Interval of the mean of numbers that cannot leave a range: values of right and wrong answers, in [0, 1].

Student's interval leaves the range, and says nothing of what was not drawn: ten prompts that are all solved have no
spread. Here it is joined with two that know the range: the share of a law at either end that the draws do not exclude
(1 - tail^(1/P)), and Clopper & Pearson's interval (1934) of as many successes as the numbers sum to, narrowed by how
much less the numbers spread than right and wrong do. It is never wider than Clopper and Pearson's own, which holds for
the most spread there can be. Of right and wrong themselves it is theirs. How often it misses is a test.
"""

from __future__ import annotations

import numpy as np
from scipy import stats

from .unseen_runs import shares, unseen_share


def bounded_mean(values: np.ndarray, tail: float, within: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
    """(low, high) of the mean over the first axis of `values` (draw, ...), all `within` a range; `tail` on a side."""
    least, greatest = within
    count = len(values)
    mean = np.clip((values.mean(0) - least) / (greatest - least), 0.0, 1.0)
    if count == 1:
        exact = shares(mean, 1, tail)
        return tuple(np.asarray(least + end * (greatest - least)) for end in exact)  # type: ignore[return-value]
    spread = values.std(0, ddof=1) / (greatest - least)
    half = stats.t.isf(tail, count - 1) * spread / np.sqrt(count)
    unseen, bottom, top = unseen_share(count, tail), *shares(mean * count, count, tail)
    most_spread = np.sqrt(mean * (1 - mean))
    narrowed = np.where(spread < most_spread, spread / np.where(most_spread > 0, most_spread, 1.0), 1.0)
    low = np.minimum.reduce([mean - half, mean - narrowed * (mean - bottom), (1 - unseen) * mean])
    high = np.maximum.reduce([mean + half, mean + narrowed * (top - mean), (1 - unseen) * mean + unseen])
    low, high = np.maximum(low, bottom), np.minimum(high, top)
    return np.asarray(least + low * (greatest - least)), np.asarray(least + high * (greatest - least))
