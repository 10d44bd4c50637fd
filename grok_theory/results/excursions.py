"""How far one run strays from the middle of a forecast, all along a curve: the factor of a band, and the other way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import scipy  # its rooms are imported when first used: stats takes as long as a solve

if TYPE_CHECKING:
    from .forecast import Forecast

__all__ = ["LOOKS", "band_factor", "excursion_p_value", "point_factor"]

# A curve of one run moves slowly: its largest deviation is that of about so many independent ones, where no more is
# known of it.
LOOKS = 4
DRAWN, AT_ONCE = 2000, 100  # runs more, of which excursions are read, and how many of them together
MOST_COLUMNS = 40  # x of a curve that are looked at: between two of so many it strays no further
KNOWN_FROM = 100  # draws from which on middle and scatter are so well known that one number says their error


def excursions_of_draws(deviations: np.ndarray, scatter: np.ndarray, shared: float = 0.0) -> np.ndarray:
    """How far one run more strays from middle and scatter that n runs were asked for.

    Runs are taken for a Gaussian process whose covariance is that of the n: of it n runs are drawn, their middle and
    scatter taken, and one run more, many times over. So a curve that moves slowly gets a narrower band than one that
    wanders, and the error of middle and scatter is in it.

    Parameters
    ----------
    deviations : ndarray
        (n, T) of the n runs from their mean.
    scatter : ndarray
        (T,) standard deviations that deviations are counted in; x where none of it is the runs' are left out.
    shared : float, default 0.0
        Variance that a run has besides, the same at all x.

    Returns
    -------
    ndarray
        (k,) largest deviations, in scatters, sorted; empty where the runs do not differ.
    """
    count = len(deviations)
    spread = np.sqrt(np.sum(deviations**2, axis=0) / (count - 1) + shared)
    told = np.flatnonzero(spread >= scatter * (1 - 1e-9))
    if not told.size:
        return np.empty(0)
    told = told[np.unique(np.linspace(0, told.size - 1, min(told.size, MOST_COLUMNS)).astype(int))]
    paths = np.concatenate([deviations[:, told], np.full((1, told.size), np.sqrt(shared * (count - 1)))])
    paths = paths / (spread[told] * np.sqrt(count - 1))
    rng = np.random.default_rng(0)
    if count > KNOWN_FROM:
        largest = np.max(np.abs(rng.standard_normal((DRAWN, count + 1)) @ paths), axis=1)
        of_scatter = np.sqrt(rng.chisquare(count - 1, DRAWN) / (count - 1))
        return np.sort(largest * np.sqrt(1 + 1 / count) / of_scatter)
    found = []
    for _ in range(DRAWN // AT_ONCE):
        runs = rng.standard_normal((AT_ONCE, count + 1, count + 1)) @ paths
        known, new = runs[:, :count], runs[:, count]
        found.append(np.max(np.abs(new - known.mean(axis=1)) / known.std(axis=1, ddof=1), axis=1))
    return np.sort(np.concatenate(found))


def band_factor(level: float, count: int, excursions: np.ndarray | None) -> float:
    """By how many scatters low and high of a simultaneous band lie from the middle.

    Parameters
    ----------
    level : float
        Probability that the whole curve of one run lies inside.
    count : int
        How many runs middle and scatter were taken from.
    excursions : ndarray, optional
        (k,) largest deviations of one run more, in scatters, where they are known; `count` is not used.
    """
    if excursions is not None and excursions.size:
        return float(np.quantile(excursions, level, method="higher"))
    return float(scipy.stats.t.isf((1 - level) / (2 * LOOKS), count - 1) * np.sqrt(1 + 1 / count))


def point_factor(level: float, count: int | None) -> float:
    """The same at one x alone; `count` is None where theory tells middle and scatter."""
    if count is None:
        return float(scipy.stats.norm.isf((1 - level) / 2))
    return float(scipy.stats.t.isf((1 - level) / 2, count - 1) * np.sqrt(1 + 1 / count))


def excursion_p_value(forecast: Forecast, name: str, z: float) -> float:
    """The probability that one run strays as far: `z` scatters (of one run, the error of the middle in it)."""
    if not np.isfinite(z):
        return 0.0
    excursions = np.asarray(forecast.excursions.get(name, np.empty(0)))
    if not excursions.size:
        return float(min(1.0, 2 * LOOKS * scipy.stats.t.sf(z / np.sqrt(1 + 1 / forecast.count), forecast.count - 1)))
    beyond = int(np.sum(excursions >= z))
    if beyond >= 20:
        return beyond / excursions.size
    # Beyond what was drawn: as many independent looks as the drawn tail shows, each normal or Student's.
    edge = float(np.quantile(excursions, 0.99))
    if forecast.made_from == "theory":
        return float(min(1.0, 0.01 * scipy.stats.norm.sf(z) / scipy.stats.norm.sf(edge)))
    unit, free = np.sqrt(1 + 1 / forecast.count), forecast.count - 1
    return float(min(1.0, 0.01 * scipy.stats.t.sf(z / unit, free) / scipy.stats.t.sf(edge / unit, free)))
