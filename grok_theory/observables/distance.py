"""Which law a distance from the start follows: a logarithm, a square root, a saturation, or a power."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import scipy  # its rooms are imported when first used: stats takes as long as a solve
from numpy.typing import ArrayLike

from ..checks import check_between, check_finite, check_numbers, check_positive, check_times
from ..errors import BadValue

# Where the exponent of a power is searched, and on how fine a grid first.
EXPONENTS = np.linspace(-3.0, 3.0, 121)
NESTED = {"logarithm": 0.0, "square root": 0.5}  # powers with these exponents


@dataclass(frozen=True)
class DistanceLaw:
    """A fitted law; call it with times.

    Parameters
    ----------
    name : str
        "logarithm" offset + slope ln t; "square root" offset + slope sqrt t; "saturation" offset + slope (1 -
        e^(-t/time)); "power" offset + slope t^exponent.
    offset, slope : float
        nan where they are no numbers of float64 in the units of the record.
    time : float
        Of the saturation, inf for the others.
    relative_error : float
        Root mean square error over the standard deviation of the distances; 1 explains nothing.
    exponent : float, default nan
        Of the power, nan for the others.
    interval : tuple[float, float], default (nan, nan)
        Profile interval of the exponent; an end of the search, -3 or 3, where it reaches that far.

    Examples
    --------
    >>> import numpy as np
    >>> from grok_theory.observables import distance_laws
    >>> times = np.geomspace(1.0, 1e4, 30)
    >>> best = distance_laws(times, 0.3 * times**0.25)[0]
    >>> print(f"{best.exponent:.2f}")
    0.25
    """

    name: str
    offset: float
    slope: float
    time: float
    relative_error: float
    exponent: float = np.nan
    interval: tuple[float, float] = (np.nan, np.nan)

    def __call__(self, times: ArrayLike) -> np.ndarray:
        return self.offset + self.slope * _shape(self, np.asarray(times, float))


@dataclass(frozen=True)
class DistanceLaws:
    """The four laws fitted to one record, the best first; a sequence of them, with a verdict.

    Parameters
    ----------
    laws : tuple[DistanceLaw, ...]
        In their order.
    """

    laws: tuple[DistanceLaw, ...]

    def __iter__(self) -> Iterator[DistanceLaw]:
        return iter(self.laws)

    def __getitem__(self, index: int) -> DistanceLaw:
        return self.laws[index]

    def __len__(self) -> int:
        return len(self.laws)

    @property
    def verdict(self) -> str:
        """The best law in words, and whether a logarithm can be told from a power at all.

        Returns
        -------
        str
            One or two sentences.
        """
        best, power = self.laws[0], next(law for law in self.laws if law.name == "power")
        low, high = power.interval
        within = f"the exponent lies in [{low:.3g}, {high:.3g}]"
        if low <= 0 <= high:
            return f"Best: {best.name}, but log and power cannot be told apart: {within}."
        return f"Best: {best.name} (as a power: {within})."

    def __str__(self) -> str:
        return self.verdict


def distance_laws(times: ArrayLike, distance: ArrayLike, *, confidence: float = 0.99) -> DistanceLaws:
    """Fit four laws to a record of norm(w_t - w_0), by least squares, the best first.

    The best law is named from the record's shape alone: neither the unit of the distance nor that of the time matters.
    Offset and slope are linear; the time of the saturation is searched between a tenth of the first and ten times the
    last recorded time. A logarithm is no evidence of a rugged landscape: separable logistic regression has it too. A
    saturation with a time far beyond the record is a line.

    A power is a logarithm at exponent 0 and a square root at 1/2, so it never misses by more than these: it comes after
    the better of those its interval holds. The interval is where the sum of squares stays below its minimum times
    1 + F/nu, F the quantile of the F law with 1 and nu degrees, nu = T (1 - rho)/(1 + rho) - 3 and at least 1, rho the
    correlation of neighbouring residuals: a smooth misfit of a smooth record counts as few measurements. Over a
    decade or two a small power and a logarithm are often the same; `verdict` says so.

    Parameters
    ----------
    times : array_like
        (T,) > 0, strictly increasing, at least five. NumPy; not for tracing.
    distance : array_like
        (T,) distances at these times; finite and not constant.
    confidence : float, default 0.99
        Of the interval of the exponent, in (0, 1).

    Returns
    -------
    DistanceLaws
        The laws in the order of their `relative_error`, but for the power, as said; `verdict` in words.

    Raises
    ------
    BadValue
        For an argument out of its range, named with what is allowed, and for a record that is too short or constant.

    Examples
    --------
    >>> import numpy as np
    >>> times = np.geomspace(1.0, 1e4, 30)
    >>> print(distance_laws(times, 0.3 * times**0.25)[0].name)
    power
    """
    check_between("confidence", confidence, 0, 1, "Pass for example 0.99.", include_low=False, include_high=False)
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
            f"distance is constant at {values.max():.6g}, to ten digits, but a law needs one that changes. Pass an "
            "earlier part of the record."
        )
    laws = [_fit("logarithm", moments, scaled, np.inf), _fit("square root", moments, scaled, np.inf)]

    def missed(log_time):
        return _fit("saturation", moments, scaled, np.exp(log_time)).relative_error

    # A coarse search first: the error need not have one minimum.
    grid = np.linspace(np.log(moments[0]) - np.log(10), np.log(moments[-1]) + np.log(10), 60)
    around = _neighbours(grid, grid[np.argmin([missed(g) for g in grid])])
    found = scipy.optimize.minimize_scalar(missed, bounds=around, method="bounded", options={"xatol": 1e-10})
    laws.append(_fit("saturation", moments, scaled, float(np.exp(found.x))))
    power = _fit_power(moments, scaled, confidence)
    laws = sorted(laws, key=lambda law: law.relative_error)
    low, high = power.interval
    places = [i for i, law in enumerate(laws) if law.name in NESTED and low <= NESTED[law.name] <= high]
    ahead = sum(law.relative_error < power.relative_error for law in laws)
    laws.insert(max(ahead, places[0] + 1) if places else ahead, power)
    return DistanceLaws(tuple(_in_units(law, unit, clock) for law in laws))


def _fit_power(times, values, confidence):
    def law(exponent):
        # At zero slope and offset are infinite: the limit, a logarithm, is fitted as such.
        return _fit("power", times, values, np.inf, exponent if abs(exponent) > 1e-9 else 1e-9)

    def squares(exponent):
        return law(exponent).relative_error ** 2

    misses = np.array([squares(exponent) for exponent in EXPONENTS])
    near = _neighbours(EXPONENTS, EXPONENTS[np.argmin(misses)])
    found = scipy.optimize.minimize_scalar(squares, bounds=near, method="bounded", options={"xatol": 1e-10})
    fitted = law(float(found.x))
    residuals = values - fitted(times)
    around = float(residuals @ residuals)
    neighbours = float(residuals[1:] @ residuals[:-1]) / max(around, np.finfo(float).tiny)
    rho = min(max(neighbours, 0.0), 0.99)
    nu = max(times.size * (1 - rho) / (1 + rho) - 3, 1.0)
    # Below 1e-24 the misses are rounding.
    allowed = max(fitted.relative_error**2, 1e-24) * (1 + scipy.stats.f.ppf(confidence, 1, nu) / nu)
    above = misses > allowed

    def crossing(refused, end):
        """Where the misses are no longer allowed, before the first exponent refused; the end of the search if none."""
        outside = next(iter(refused), None)
        if outside is None:
            return float(end)
        return float(scipy.optimize.brentq(lambda e: squares(e) - allowed, fitted.exponent, float(outside), xtol=1e-12))

    left, right = EXPONENTS[above & (fitted.exponent > EXPONENTS)], EXPONENTS[above & (fitted.exponent < EXPONENTS)]
    return replace(fitted, interval=(crossing(np.flip(left), EXPONENTS[0]), crossing(right, EXPONENTS[-1])))


def _neighbours(grid, point):
    """What stands beside a point of a grid; the point itself where the grid ends."""
    return max(grid[grid < point], default=point), min(grid[grid > point], default=point)


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
    if law.name == "power":
        return replace(law, offset=law.offset * unit, slope=slope * clock**-law.exponent)
    return replace(law, offset=law.offset * unit, slope=slope, time=law.time * clock)


def _shape(law, times):
    if law.name == "logarithm":
        return np.log(times)
    if law.name == "power":
        return times**law.exponent
    return np.sqrt(times) if law.name == "square root" else -np.expm1(-times / law.time)


def _rise(name, times, time, exponent):
    """The law's shape since the first time, up to the factor that is returned beside it: no difference of large
    numbers where the record is short against its age."""
    first, since = times[0], times - times[0]
    if name == "logarithm":
        return np.log1p(since / first), 1.0
    if name == "square root":
        return since / (np.sqrt(times) + np.sqrt(first)), 1.0
    if name == "power":
        return np.expm1(exponent * np.log1p(since / first)) / exponent, exponent * first**exponent
    return -np.expm1(-since / time), np.exp(-first / time)


def _fit(name, times, values, time, exponent=np.nan):
    rise, factor = _rise(name, times, time, exponent)
    largest = np.abs(rise).max()
    centred = (rise - rise.mean()) / largest
    deviations = values - values.mean()
    # At least five different times rise by different amounts: the square is no zero.
    relative = float(centred @ deviations / (centred @ centred))
    slope = relative / largest / factor
    error = np.sqrt(np.mean((deviations - relative * centred) ** 2)) / deviations.std()
    law = DistanceLaw(name, np.nan, float(slope), time, float(error), exponent)
    at_first = slope * _shape(law, times[0])
    return replace(law, offset=float(values[0] - at_first + _mean_gap(values, relative * rise / largest)))


def _mean_gap(values, rises):
    """What is to be added at the first time, so that the law has the mean of the record."""
    return np.mean(values - values[0]) - np.mean(rises)
