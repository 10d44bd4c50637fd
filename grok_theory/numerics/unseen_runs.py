"""What a mean may be if runs that were not drawn lie on another level.

Of S runs that have all arrived, a share 1 - tail^(1/S) of the law may not have: S runs hold none of it with probability
`tail`. Where the curves show levels (`two_levels`), every run lies between them or where runs were seen, and the mean
is that of a law within such a range (`bounded_means`).
"""

from __future__ import annotations

import numpy as np

from .bounded_means import not_excluded
from .level_shares import shares, unseen_share
from .two_levels import Levels


def widened(
    levels: Levels, runs: np.ndarray, low: np.ndarray, high: np.ndarray, tail: float
) -> tuple[np.ndarray, np.ndarray]:
    """(low, high) of the mean of `runs` (run, T) for every share on another level that they do not exclude.

    `low` and `high` are the interval that knows of no levels; what comes back holds it.
    """
    least, most = not_excluded(runs, tail, _range(levels, runs))
    return np.minimum(low, least), np.maximum(high, most)


def reach_of_the_mean(levels: Levels | None, runs: np.ndarray, count: int, in_logs: bool, tail: float) -> float:
    """How far off the mean could lie, at the worst time, for the share that `count` runs would not show."""
    if levels is None:
        return 0.0
    mean, share = runs.mean(0), unseen_share(count, tail)
    there = (1 - share) * mean + share * np.stack(_range(levels, runs))
    off = np.log(there / mean) if in_logs and there.min() > 0 else there - mean
    return float(np.abs(off).max())


def said(levels: Levels, runs: np.ndarray, x: np.ndarray, x_name: str, tail: float, plain: str) -> str:
    """The sentence for a verdict that is open only because of the levels; `plain`: what it would be without them."""
    count, mean, above = len(runs), runs.mean(0), (runs > levels.middle).sum(0)
    least, most = shares(above, count, tail)
    ways = np.stack([most * (levels.high - mean), (1 - least) * (mean - levels.low)])
    level, at = np.unravel_index(np.argmax(ways), ways.shape)
    name, seen, share = (("upper", above[at], most[at]), ("lower", count - above[at], 1 - least[at]))[level]
    return (
        f"runs go between levels of about {levels.low:.3g} and {levels.high:.3g} at times of their own; at "
        f"{x_name} = {x[at]:.4g} {seen} of {count} runs lie on the {name} one, which leaves a "
        f"share of up to {share:.2g} of all runs there possible; by the spread of these runs alone it would say "
        f"{plain!r}"
    )


def _range(levels: Levels, runs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.minimum(levels.low, runs.min(0)), np.maximum(levels.high, runs.max(0))
