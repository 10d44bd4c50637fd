"""What a mean may be if runs that were not drawn lie on another level.

Of S runs that have all arrived, a share 1 - tail^(1/S) of the law may not have: S runs hold none of it with probability
`tail`. Where the curves show two levels (`two_levels`), an interval of the mean holds for every share of runs on either
that S runs do not exclude (Clopper & Pearson 1934).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from .two_levels import Levels


def unseen_share(count: int, tail: float) -> float:
    """The greatest share of a law from which `count` draws hold none with a probability above `tail`."""
    return float(-np.expm1(np.log(tail) / count)) if count else 1.0


def shares(successes: ArrayLike, count: int, tail: float) -> tuple[np.ndarray, np.ndarray]:
    """(low, high) of the share of a law that `count` draws hold `successes` of, each missed with at most `tail`."""
    k = np.asarray(successes, float)
    low = np.where(k > 0, special.betaincinv(np.maximum(k, 1e-12), count - k + 1, tail), 0.0)
    high = np.where(k < count, special.betaincinv(k + 1, np.maximum(count - k, 1e-12), 1 - tail), 1.0)
    return low, high


def widened(
    levels: Sequence[Levels], runs: np.ndarray, low: np.ndarray, high: np.ndarray, tail: float
) -> tuple[np.ndarray, np.ndarray]:
    """(low, high) of the mean of `runs` (run, T) for every share on the other level that they do not exclude.

    `low` and `high` are the interval that knows of no levels; what comes back holds it.
    """
    count, found = len(runs), (low, high)
    for pair in levels:
        part = _parted(pair, runs)
        least, most = shares(part.above, count, tail)
        noise = -special.stdtrit(max(count - 2, 1), tail) * part.spread / np.sqrt(count)
        # A group of which runs are seen has their mean; one of which none is seen lies on its level.
        none, all_ = part.above == 0, part.above == count
        top = (1 - most) * np.where(none, high, part.mean_low + noise) + most * np.maximum(pair.high, runs.max(0))
        bottom = (1 - least) * np.where(all_, pair.low, part.mean_low - noise)
        bottom = bottom + least * np.where(all_, low, part.mean_high - noise)
        found = (
            np.where(part.here & ~none, np.minimum(found[0], bottom), found[0]),
            np.where(part.here & ~all_, np.maximum(found[1], top), found[1]),
        )
    return found


def reach_of_the_mean(levels: Sequence[Levels], runs: np.ndarray, count: int, in_logs: bool, tail: float) -> float:
    """How far the mean could lie off, at the worst time at which `count` runs would all lie on the level these do."""
    farthest, share = 0.0, unseen_share(count, tail)
    for pair in levels:
        part, mean = _parted(pair, runs), runs.mean(0)
        for alone, level in ((part.above == 0, pair.high), (part.above == len(runs), pair.low)):
            at = mean[part.here & alone]
            if at.size:
                there = (1 - share) * at + share * level
                off = np.log(np.maximum(there, 0.0) / at) if in_logs and there.min() > 0 else there - at
                farthest = max(farthest, float(np.abs(off).max()))
    return farthest


def said(levels: Sequence[Levels], runs: np.ndarray, x: np.ndarray, x_name: str, tail: float, plain: str) -> str:
    """The sentence for a verdict that is open only because of the levels; `plain`: what it would be without them."""
    worst = None
    for pair in levels:
        part, mean = _parted(pair, runs), runs.mean(0)
        least, most = shares(part.above, len(runs), tail)
        up = np.where(part.here, most * (pair.high - mean), 0.0)
        down = np.where(part.here, (1 - least) * (mean - pair.low), 0.0)
        at = int(np.argmax(np.maximum(up, down)))
        if worst is None or max(up[at], down[at]) > worst[0]:
            seen, share = (
                (part.above[at], most[at]) if up[at] >= down[at] else (len(runs) - part.above[at], 1 - least[at])
            )
            worst = max(up[at], down[at]), pair, at, int(seen), float(share), "upper" if up[at] >= down[at] else "lower"
    assert worst is not None
    _, pair, at, seen, share, which = worst
    return (
        f"runs jump between levels of about {pair.low:.3g} and {pair.high:.3g}; at {x_name} = {x[at]:.4g} {seen} of "
        f"{len(runs)} runs lie on the {which} one, which leaves a share of up to {share:.2g} of all runs there "
        f"possible; by the spread of these runs alone it would say {plain!r}"
    )


@dataclass(frozen=True)
class _Parted:
    """Runs at every time parted by a pair of levels; `here`: whether they lie on them at all."""

    here: np.ndarray
    above: np.ndarray
    mean_low: np.ndarray
    mean_high: np.ndarray
    spread: np.ndarray


def _parted(pair: Levels, runs: np.ndarray) -> _Parted:
    mean = runs.mean(0)
    up = runs > pair.cut
    above = up.sum(0)
    mean_high = np.where(above > 0, np.where(up, runs, 0).sum(0) / np.maximum(above, 1), pair.high)
    below = len(runs) - above
    mean_low = np.where(below > 0, np.where(up, 0, runs).sum(0) / np.maximum(below, 1), pair.low)
    squares = ((runs - np.where(up, mean_high, mean_low)) ** 2).sum(0)
    here = (mean >= pair.reach[0]) & (mean <= pair.reach[1])
    return _Parted(here, above, mean_low, mean_high, np.sqrt(squares / max(len(runs) - 2, 1)))
