"""Interval of the mean of numbers that cannot leave a range: values of right and wrong answers, in [0, 1].

Student's interval leaves the range, and says nothing of what was not drawn: ten prompts that are all solved have no
spread. Here it is joined with two that know the range: the share of a law at either end that the draws do not exclude
(1 - tail^(1/P)), and Clopper & Pearson's interval (1934) of as many successes as the numbers sum to, narrowed by how
much less the numbers spread than right and wrong do. It is never wider than Clopper and Pearson's own, which holds for
the most spread there can be. Of right and wrong themselves it is theirs. How often it misses is a test.
"""

from __future__ import annotations

import numpy as np
import scipy  # its rooms are imported when first used: stats takes as long as a solve
from numpy.typing import ArrayLike

from .level_shares import shares, unseen_share


def bounded_mean(values: np.ndarray, tail: float, within: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
    """(low, high) of the mean over the first axis of `values` (draw, ...), all `within` a range; `tail` on a side."""
    count, mean = len(values), values.mean(0)
    least, greatest = within
    bottom, top = (
        np.asarray(least + (greatest - least) * share) for share in shares(_successes(values, within), count, tail)
    )
    if count == 1:
        return bottom, top
    half = -scipy.special.stdtrit(count - 1, tail) * values.std(0, ddof=1) / np.sqrt(count)
    low, high = not_excluded(values, tail, within)
    low, high = np.minimum(low, mean - half), np.maximum(high, mean + half)
    return np.asarray(np.maximum(low, bottom)), np.asarray(np.minimum(high, top))


def not_excluded(values: np.ndarray, tail: float, within: tuple[ArrayLike, ArrayLike]) -> tuple[np.ndarray, np.ndarray]:
    """`bounded_mean` without Student's interval: for what was not drawn. `within` may differ from mean to mean."""
    least, greatest = (np.asarray(end, float) for end in within)
    count, total = len(values), _successes(values, within)
    mean = total / count
    bottom, top = shares(total, count, tail)
    spread = _in_widths(values.std(0, ddof=1), within) if count > 1 else np.ones_like(mean)
    unseen, most_spread = unseen_share(count, tail), np.sqrt(mean * (1 - mean))
    narrowed = np.divide(spread, most_spread, out=np.ones_like(mean), where=spread < most_spread)
    low = np.maximum(np.minimum(mean - narrowed * (mean - bottom), (1 - unseen) * mean), bottom)
    high = np.minimum(np.maximum(mean + narrowed * (top - mean), (1 - unseen) * mean + unseen), top)
    return np.asarray(least + low * (greatest - least)), np.asarray(least + high * (greatest - least))


def _successes(values: np.ndarray, within: tuple[ArrayLike, ArrayLike]) -> np.ndarray:
    """The sum of `values` over the first axis, in a unit in which they lie in [0, 1]: as many successes."""
    return np.asarray(len(values) * np.clip(_in_widths(values.mean(0) - within[0], within), 0.0, 1.0))


def _in_widths(lengths: ArrayLike, within: tuple[ArrayLike, ArrayLike]) -> np.ndarray:
    """`lengths` over that of the range; 0 where it is a point."""
    least, greatest = (np.asarray(end, float) for end in within)
    return np.divide(lengths, greatest - least, out=np.zeros_like(lengths), where=greatest > least)
