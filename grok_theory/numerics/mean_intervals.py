"""Confidence intervals of a mean over runs, Gaussian or heavy-tailed.

Student's t for the mean of any runs. For the log of the mean of positive runs it is not enough: with a log-normal
spread of 0.8 its 99 % simultaneous interval at 200 times misses the truth in 4 to 8 % of trials. There the interval is
the hull of two: Student's t with the delta method (right for many runs of any law), and the generalized interval of
Krishnamoorthy & Mathew (2003), right for a log-normal law at any number of runs. For small spreads the two coincide.

Neither knows what no run has shown. `interval_of_mean`, which all of the package uses, widens them by the levels
between which the curves of the runs go (`two_levels`, `unseen_runs`).
"""

from __future__ import annotations

import numpy as np
import scipy  # its rooms are imported when first used: stats takes as long as a solve

from .roots import halve_to_neighbours
from .two_levels import Levels, find_levels
from .unseen_runs import widened

# Nodes in the log of a chi-squared variable, cut where 1e-5 of the asked tail lies beyond: offsets to 1e-5 from 8 runs
# on. At 2 or 3 runs the upper offset (5 and more in the log: it says only that nothing is known) is good to 20 %.
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(120)
_NODES, _WEIGHTS = (1 + _NODES) / 2, _WEIGHTS / 2  # on (0, 1)
# Offsets over s are smooth in log s: an interpolant on 32 nodes costs the same at 30 times and at 3000.
_PLACES = (1 + np.cos(np.pi * (np.arange(32) + 0.5) / 32)) / 2
_DEGREE = _PLACES.size - 1


def interval_of_mean(
    runs: np.ndarray, tail: float, *, in_logs: bool, levels: Levels | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """(low, high) of the mean over the first axis of `runs` (run, T), or of its log; missed with `tail` on each side.

    `levels` are those between which whole curves go: runs that are not seen may lie on another one.
    """
    low, high = (log_of_mean if in_logs else student)(runs, tail)
    if levels is None or len(runs) < 2:
        return low, high
    if not in_logs:
        return widened(levels, runs, low, high, tail)
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        least, most = widened(levels, runs, np.exp(low), np.exp(high), tail)
        # Where nothing was widened the logs stay as they are, to the last bit.
        wider = np.log(np.where(least > 0, least, 0.0)), np.log(most)
        return np.where(least < np.exp(low), wider[0], low), np.where(most > np.exp(high), wider[1], high)


def errors_of_mean(runs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(below, above): standard errors of the mean of `runs` (run, T) on either side, one number where nothing jumps.

    Runs that jump between levels leave shares on the other level possible; what the interval of one standard
    deviation (68 %) gains by them is added in squares.
    """
    error = runs.std(0, ddof=1) / np.sqrt(len(runs))
    levels = find_levels(runs, apart=0.0, in_logs=bool(np.all(runs > 0)), tail=0.005)
    if levels is None:
        return error, error
    tail = float(scipy.stats.norm.sf(1.0))
    low, high = student(runs, tail)
    least, most = widened(levels, runs, low, high, tail)
    return np.hypot(error, low - least), np.hypot(error, most - high)


def student(runs: np.ndarray, tail: float) -> tuple[np.ndarray, np.ndarray]:
    """(low, high) of the mean over the first axis, each missed with probability `tail`; infinite for a single run."""
    count, mean = len(runs), runs.mean(0)
    if count == 1:
        return np.full_like(mean, -np.inf), np.full_like(mean, np.inf)
    half = scipy.stats.t.isf(tail, count - 1) * runs.std(0, ddof=1) / np.sqrt(count)
    return mean - half, mean + half


def log_of_mean(runs: np.ndarray, tail: float) -> tuple[np.ndarray, np.ndarray]:
    """(low, high) of the log of the mean over the first axis; the means must be positive.

    Where a run is not positive no log-normal law can hold, and Student's t with the delta method stands alone.
    """
    count, mean = len(runs), runs.mean(0)
    low, high = (np.log(mean) + (bound - mean) / mean for bound in student(runs, tail))
    positive = (runs > 0).all(0)
    if count == 1 or not positive.any():
        return low, high
    logs = np.log(runs[:, positive])
    least, greatest = _lognormal_offsets(logs.std(0, ddof=1), count, tail)
    centre = logs.mean(0)
    low[positive] = np.minimum(low[positive], centre + least)
    high[positive] = np.maximum(high[positive], centre + greatest)
    return low, high


def half_width_of_log_mean(relative_spread: float, log_spread: float, count: int, tail: float) -> float:
    """About half the length that `log_of_mean` would have for `count` runs of these spreads: for planning."""
    variance = max(relative_spread**2 / count, log_spread**2 / count + log_spread**4 / (2 * (count - 1)))
    return float(scipy.stats.t.isf(tail, count - 1) * np.sqrt(variance))


def _lognormal_offsets(spread: np.ndarray, count: int, tail: float) -> tuple[np.ndarray, np.ndarray]:
    """Quantiles at `tail` and 1 - `tail` of the pivot -Z s sqrt((n-1)/(n U)) + s^2 (n-1)/(2 U), U ~ chi^2_{n-1}.

    Its sum with the mean log of n runs is the generalized pivot of the log-mean (Krishnamoorthy & Mathew 2003, eq. 6).
    """
    ends = np.clip([spread.min(), spread.max()], 1e-300, None)
    if spread.size <= _PLACES.size or not ends[1] > 1.001 * ends[0]:
        low, high = _quantiles(np.maximum(spread, 1e-300), count, tail)
        return low, high
    ends[0] = max(ends[0], 1e-4 * ends[1])
    domain = np.log(ends)
    at_nodes = np.exp(domain[0] + (domain[1] - domain[0]) * _PLACES)
    where = np.log(np.clip(spread, *ends))
    low, high = (
        np.polynomial.Chebyshev.fit(np.log(at_nodes), values / at_nodes, _DEGREE, domain=domain)(where) * spread
        for values in _quantiles(at_nodes, count, tail)
    )
    return low, high


def _quantiles(spread: np.ndarray, count: int, tail: float) -> tuple[np.ndarray, np.ndarray]:
    freedom = count - 1
    ends = np.log(scipy.stats.chi2.ppf(1e-5 * tail, freedom)), np.log(scipy.stats.chi2.isf(1e-5 * tail, freedom))
    log_u = ends[0] + (ends[1] - ends[0]) * _NODES
    u = np.exp(log_u)
    weight = _WEIGHTS * (ends[1] - ends[0]) * scipy.stats.chi2.pdf(u, freedom) * u
    # Given u the pivot is normal, with this mean and standard deviation.
    mean = spread[:, None] ** 2 * freedom / (2 * u)
    deviation = spread[:, None] * np.sqrt(freedom / (count * u))
    reach = -scipy.special.ndtri(tail)
    # The quantile of a mixture lies between those of its extreme components.
    below, above = mean - reach * deviation, mean + reach * deviation
    low = halve_to_neighbours(
        lambda c: ~(scipy.special.ndtr((c[:, None] - mean) / deviation) @ weight > tail), below.min(1), below.max(1)
    )
    high = halve_to_neighbours(
        lambda c: ~(scipy.special.ndtr((mean - c[:, None]) / deviation) @ weight < tail), above.min(1), above.max(1)
    )
    return low, high
