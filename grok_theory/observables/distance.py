"""Which law a distance from the start follows: a logarithm, a square root, or a saturation."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import minimize_scalar

from ..checks import check_finite, check_numbers, check_positive, check_times
from ..errors import BadValue


@dataclass(frozen=True)
class DistanceLaw:
    """A fitted law; call it with times.

    Parameters
    ----------
    name : str
        "logarithm" offset + slope ln t; "square root" offset + slope sqrt t; "saturation" offset + slope (1 -
        e^(-t/time)).
    offset, slope : float
        nan where they are no numbers of float64 in the units of the record.
    time : float
        Of the saturation, inf for the others.
    relative_error : float
        Root mean square error over the standard deviation of the distances; 1 explains nothing.
    """

    name: str
    offset: float
    slope: float
    time: float
    relative_error: float

    def __call__(self, times: ArrayLike) -> np.ndarray:
        return self.offset + self.slope * _shape(self.name, np.asarray(times, float), self.time)


def distance_laws(times: ArrayLike, distance: ArrayLike) -> tuple[DistanceLaw, DistanceLaw, DistanceLaw]:
    """Fit the three laws to a record of norm(w_t - w_0), by least squares, the best first.

    The best law is named from the record's shape alone: neither the unit of the distance nor that of the time matters.
    Offset and slope are linear; the time of the saturation is searched between a tenth of the first and ten times the
    last recorded time. A logarithm is no evidence of a rugged landscape: separable logistic regression has it too. A
    saturation with a time far beyond the record is a line.

    Parameters
    ----------
    times : array_like
        (T,) > 0, strictly increasing, at least five. NumPy; not for tracing.
    distance : array_like
        (T,) distances at these times; finite and not constant.

    Returns
    -------
    tuple[DistanceLaw, DistanceLaw, DistanceLaw]
        The laws in the order of their `relative_error`.

    Raises
    ------
    BadValue
        For an argument out of its range, named with what is allowed, and for a record that is too short or constant.
    """
    check_finite("times", times, "Pass recorded times, without gaps.")
    check_times(times)
    check_numbers("distance", distance, "Pass one distance for every time.")
    times, values = np.asarray(times, float), np.asarray(distance, float)
    check_positive("times", times, "Leave the start out: a logarithm has no value there.")
    if values.shape != times.shape or times.size < 5 or np.any(np.diff(times) <= 0):
        raise BadValue(
            f"distance has shape {values.shape} and times {times.shape}, but there must be one distance at each of at "
            "least five different times. Pass a longer record."
        )
    check_finite("distance", values, "Look at the network before it diverged.")
    # Powers of two: the units change no digit, and squares stay numbers.
    unit, clock = _unit(values), _unit(times)
    scaled, moments = values / unit, times / clock
    if np.ptp(scaled) < 1e-10 * np.abs(scaled).max():
        raise BadValue(
            f"distance is constant at {values[0]:.6g}, to ten digits, but a law needs one that changes. Pass an "
            "earlier part of the record."
        )
    laws = [_fit("logarithm", moments, scaled, np.inf), _fit("square root", moments, scaled, np.inf)]

    def missed(log_time):
        return _fit("saturation", moments, scaled, np.exp(log_time)).relative_error

    # A coarse search first: the error need not have one minimum.
    grid = np.linspace(np.log(moments[0]) - np.log(10), np.log(moments[-1]) + np.log(10), 60)
    best = int(np.argmin([missed(g) for g in grid]))
    ends = grid[max(best - 1, 0)], grid[min(best + 1, grid.size - 1)]
    found = minimize_scalar(missed, bounds=ends, method="bounded", options={"xatol": 1e-10})
    laws.append(_fit("saturation", moments, scaled, float(np.exp(found.x))))
    first, second, third = sorted((_in_units(law, unit, clock) for law in laws), key=lambda law: law.relative_error)
    return first, second, third


def _unit(values):
    # An even exponent, so that the unit's root is a power of two too.
    return np.ldexp(1.0, int(np.frexp(np.abs(values).max())[1]) // 2 * 2 - 2)


def _in_units(law, unit, clock):
    """The law in the units of the record; nan for slope and offset that are no numbers there."""
    with np.errstate(over="ignore", under="ignore"):
        found = _rescaled(law, unit, clock)
    told = np.isfinite([found.offset, found.slope]).all() and (abs(found.slope) >= np.finfo(float).tiny)
    return found if told else replace(found, offset=np.nan, slope=np.nan)


def _rescaled(law, unit, clock):
    slope = law.slope * unit
    if law.name == "logarithm":
        return replace(law, offset=law.offset * unit - slope * np.log(clock), slope=slope)
    if law.name == "square root":
        return replace(law, offset=law.offset * unit, slope=slope / np.sqrt(clock))
    return replace(law, offset=law.offset * unit, slope=slope, time=law.time * clock)


def _shape(name, times, time):
    if name == "logarithm":
        return np.log(times)
    return np.sqrt(times) if name == "square root" else -np.expm1(-times / time)


def _rise(name, times, time):
    """The law's shape since the first time, up to the factor that is returned beside it: no difference of large
    numbers where the record is short against its age."""
    first, since = times[0], times - times[0]
    if name == "logarithm":
        return np.log1p(since / first), 1.0
    if name == "square root":
        return since / (np.sqrt(times) + np.sqrt(first)), 1.0
    return -np.expm1(-since / time), np.exp(-first / time)


def _fit(name, times, values, time):
    rise, factor = _rise(name, times, time)
    largest = np.abs(rise).max()
    centred = (rise - rise.mean()) / largest
    deviations = values - values.mean()
    # At least five different times rise by different amounts: the square is no zero.
    relative = float(centred @ deviations / (centred @ centred))
    slope = relative / largest / factor
    offset = float(values[0] - slope * _shape(name, times[:1], time)[0] + _mean_gap(values, relative * rise / largest))
    error = np.sqrt(np.mean((deviations - relative * centred) ** 2)) / deviations.std()
    return DistanceLaw(name, offset, float(slope), time, float(error))


def _mean_gap(values, rises):
    """What is to be added at the first time, so that the law has the mean of the record."""
    return np.mean(values - values[0]) - np.mean(rises)
