"""Where one run more would lie, from the spread of the runs there are: the band of a run, not of the mean."""

from __future__ import annotations

import numpy as np
import scipy  # its rooms are imported when first used: stats takes as long as a solve


def band_of_one_run(runs: np.ndarray, tail: float, *, in_logs: bool) -> tuple[np.ndarray, np.ndarray]:
    """Student's prediction interval for one run more, for runs of a Gaussian or, in logs, of a log-normal law.

    Parameters
    ----------
    runs : ndarray
        (S, T) at least two runs; positive where `in_logs`.
    tail : float
        Probability on each side.
    in_logs : bool
        Whether the logarithm of a run is taken for Gaussian.

    Returns
    -------
    tuple[ndarray, ndarray]
        (low, high), each (T,), in the unit of the runs.
    """
    values = np.log(runs) if in_logs else runs
    count = len(values)
    half = scipy.stats.t.isf(tail, count - 1) * values.std(0, ddof=1) * np.sqrt(1 + 1 / count)
    low, high = values.mean(0) - half, values.mean(0) + half
    if not in_logs:
        return low, high
    with np.errstate(over="ignore"):  # two runs may leave all numbers open
        return np.exp(low), np.exp(high)
