"""When one run will get somewhere: an interval for one run, and the probability that it does within what was drawn."""

from __future__ import annotations

import numpy as np

from .. import reports
from ..errors import BadValue
from ..pytrees import record
from ..saved_results import save

__all__ = ["TimeForecast"]


@record(static=("what", "unit", "remark"))
class TimeForecast:
    """The time at which one run gets somewhere, as an interval that one run lies in with probability `level`.

    Parameters
    ----------
    low, median, high : float
        In the unit of x (a factor: none). `high` is inf where more than (1 - level)/2 of the draws do not get there by
        the horizon, and `low` the horizon where none does. What the distance of the x leaves open is inside.
    probability : float
        That a run gets there by the horizon: (draws that do + 1/2)/(draws + 1).
    horizon : float
        The last x that was drawn.
    level : float
        Of the interval, in (0, 1).
    times : ndarray
        (draws,) of every draw: inf where it is not reached, nan where nothing is known.
    what : str, default ''
        Of what.
    unit : str, default ''
        Of the times.
    factor : TimeForecast, optional
        Of a delay: the test time over the train time, which no unit of time changes.
    remark : str, default ''
        Where the distance of the x, not chance, makes most of the width.
    """

    low: float
    median: float
    high: float
    probability: float
    horizon: float
    level: float
    times: np.ndarray
    what: str = ""
    unit: str = ""
    factor: TimeForecast | None = None
    remark: str = ""

    def __post_init__(self):
        object.__setattr__(self, "times", np.asarray(self.times, float))

    save = save

    def check_read(self) -> None:
        """Refuse what no forecast gives.

        Raises
        ------
        BadValue
            Naming the part.
        """
        numbers = {name: getattr(self, name) for name in ("low", "median", "high", "probability", "horizon", "level")}
        for name, value in numbers.items():
            if not isinstance(value, (float, np.floating)) or np.isnan(value):
                raise BadValue(f"{name} is {value!r}, but it must be a number. Make the forecast again.")
        if not self.low <= self.median <= self.high:
            raise BadValue(f"The median {self.median} is not between {self.low} and {self.high}. Make it again.")
        for name in ("probability", "level"):
            if not 0 < numbers[name] < 1:
                raise BadValue(f"{name} is {numbers[name]}, but it must be in (0, 1). Make the forecast again.")
        times = np.asarray(self.times)
        if times.dtype != np.float64 or times.ndim != 1 or not isinstance(self.what + self.unit + self.remark, str):
            raise BadValue("times of a TimeForecast must be (draws,) float64. Make the forecast again.")
        if self.factor is not None:
            if not isinstance(self.factor, TimeForecast):
                raise BadValue(f"factor is {self.factor!r}, but it must be a TimeForecast. Make it again.")
            self.factor.check_read()

    def __str__(self) -> str:
        return reports.time_forecast(self)
