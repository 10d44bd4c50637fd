"""How far one run strays from the middle of a forecast, all along a curve: the factor of a band, and the other way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import scipy  # its rooms are imported when first used: stats takes as long as a solve

if TYPE_CHECKING:
    from .forecast import Forecast

__all__ = ["LOOKS", "band_factor", "excursion_p_value", "point_factor"]

# A curve of one run moves slowly: its largest deviation is that of about so many independent ones.
LOOKS = 4


def band_factor(level: float, count: int, excursions: np.ndarray | None) -> float:
    """By how many scatters low and high of a simultaneous band lie from the middle.

    Parameters
    ----------
    level : float
        Probability that the whole curve of one run lies inside.
    count : int
        How many runs middle and scatter were taken from.
    excursions : ndarray, optional
        (k,) largest deviations of drawn curves, in scatters, where the law of the curve is known; `count` is not used.
    """
    if excursions is not None and excursions.size:
        return float(np.quantile(excursions, level, method="higher"))
    return float(scipy.stats.t.isf((1 - level) / (2 * LOOKS), count - 1) * np.sqrt(1 + 1 / count))


def point_factor(level: float, count: int, excursions: np.ndarray | None) -> float:
    """The same at one x alone."""
    if excursions is not None and excursions.size:
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
    # Beyond what was drawn: as many independent looks as the drawn tail shows.
    edge = float(np.quantile(excursions, 0.99))
    looks = 0.01 / (2 * scipy.stats.norm.sf(edge))
    return float(min(1.0, looks * 2 * scipy.stats.norm.sf(z)))
