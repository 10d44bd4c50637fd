"""How improbable is what was seen, if the theory is right? p-values for the fixture `plausible`.

Each is the chance that *any* of the numbers given strays this far, on either side (Bonferroni): what a test looks at
together goes in together. A gap that may be as large as some margin is handed in less that margin (`beyond`).
"""

import numpy as np
from scipy import stats


def normal(z):
    """z are deviations in standard errors that are known, or come from so many runs that they might as well be."""
    return float(min(1.0, 2 * np.size(z) * stats.norm.sf(np.max(np.abs(z)))))


def student(z, runs):
    """z are deviations in standard errors estimated from `runs` runs."""
    return float(min(1.0, 2 * np.size(z) * stats.t.sf(np.max(np.abs(z)), runs - 1)))


def variance(ratio, runs):
    """ratio are variances estimated from `runs` normal runs, over what they should be."""
    sums = np.asarray(ratio) * (runs - 1)
    tails = np.minimum(stats.chi2.cdf(sums, runs - 1), stats.chi2.sf(sums, runs - 1))
    return float(min(1.0, 2 * np.size(tails) * tails.min()))


def binomial(counts, trials, rate):
    """counts of `trials` that should happen at `rate`; `rate=(low, high)` allows anything in between."""
    low, high = rate if isinstance(rate, tuple) else (rate, rate)
    tails = np.minimum(stats.binom.cdf(counts, trials, low), stats.binom.sf(np.asarray(counts) - 1, trials, high))
    return float(min(1.0, 2 * np.size(tails) * tails.min()))


def beyond(gap, margin):
    """What of a gap is left where up to `margin` is allowed."""
    return np.maximum(np.abs(gap) - margin, 0.0)
