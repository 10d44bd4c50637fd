"""Which law a distance from the start follows: a logarithm, a square root, or a saturation."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import minimize_scalar

from ..errors import BadValue, check_finite, check_numbers, check_positive, check_times


@dataclass(frozen=True)
class DistanceLaw:
    """A fitted law; call it with times.

    **Fields:**
    - `name`: "logarithm" offset + slope ln t; "square root" offset + slope sqrt t; "saturation" offset + slope (1 -
      e^(-t/time)).
    - `offset`, `slope`; `time`: of the saturation, inf for the others.
    - `relative_error`: root mean square error over the standard deviation of the distances; 1 explains nothing.
    """

    name: str
    offset: float
    slope: float
    time: float
    relative_error: float

    def __call__(self, times: ArrayLike) -> np.ndarray:
        return self.offset + self.slope * _shape(self.name, np.asarray(times, float), self.time)


def distance_laws(times: ArrayLike, distance: ArrayLike) -> tuple[DistanceLaw, DistanceLaw, DistanceLaw]:
    """Least-squares fits of the three laws to a record of |w_t - w_0|, the best first.

    Offset and slope are linear; the time of the saturation is searched between a tenth of the first and ten times the
    last recorded time. A logarithm is no evidence of a rugged landscape: separable logistic regression has it too. A
    saturation with a time far beyond the record is a line.

    **Arguments:** `times` > 0, increasing, at least five; `distance` of the same length. NumPy; not for tracing.
    """
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
    if np.ptp(values) == 0:
        raise BadValue("distance is constant, but a law needs one that changes. Pass an earlier part of the record.")
    laws = [_fit("logarithm", times, values, np.inf), _fit("square root", times, values, np.inf)]

    def missed(log_time):
        return _fit("saturation", times, values, np.exp(log_time)).relative_error

    # A coarse search first: the error need not have one minimum.
    grid = np.linspace(np.log(times[0] / 10), np.log(times[-1] * 10), 60)
    best = int(np.argmin([missed(g) for g in grid]))
    ends = grid[max(best - 1, 0)], grid[min(best + 1, grid.size - 1)]
    found = minimize_scalar(missed, bounds=ends, method="bounded", options={"xatol": 1e-10})
    laws.append(_fit("saturation", times, values, float(np.exp(found.x))))
    first, second, third = sorted(laws, key=lambda law: law.relative_error)
    return first, second, third


def _shape(name, times, time):
    if name == "logarithm":
        return np.log(times)
    return np.sqrt(times) if name == "square root" else -np.expm1(-times / time)


def _fit(name, times, values, time):
    shape = _shape(name, times, time)
    centred = shape - shape.mean()
    slope = float(centred @ values / max(centred @ centred, 1e-300))
    offset = float(values.mean() - slope * shape.mean())
    error = np.sqrt(np.mean((values - offset - slope * shape) ** 2)) / values.std()
    return DistanceLaw(name, offset, slope, time, float(error))
