"""The curves of one run as a forecast reads them: without what was not logged, and knowing where a run crashed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..checks import check_finite, check_non_negative
from ..errors import BadValue
from ..results.log import Record
from .crossing import check_record
from .delay import directions_of
from .direction import check_direction, check_percent, scale


@dataclass(frozen=True)
class Curve:
    """What was logged of one curve, finite; `crashed` is the x from which on nothing finite was logged, or None."""

    x: np.ndarray
    values: np.ndarray
    crashed: float | None = None


def curve_of_record(record: Record, per: int = 1) -> Curve:
    """A curve in units of `per`."""
    seen = np.isfinite(record.values)
    return Curve(record.x[seen], record.values[seen] / per, record.crashed)


def curves_of_arrays(
    x: ArrayLike,
    train: ArrayLike,
    test: ArrayLike,
    thresholds: tuple[float, float],
    rising: Any,
    at: float | None = None,
) -> tuple[Curve, Curve, float]:
    """Train, test, and the last time that is looked at; or one sentence on what is wrong with them."""
    x, train = check_record(x, train, "train")
    _, test = check_record(x, test, "test")
    for name, values in (("train", train), ("test", test)):
        if values.ndim != 1:
            raise BadValue(f"{name} has shape {values.shape}, but a forecast is of one run, ({x.size},). Pass one row.")
    check_non_negative("x", x, "Pass the times since the start of training.")
    if at is not None:
        check_finite("at", at, "Pass a time of the record.")
        if at < x[0]:
            raise BadValue(f"at is {at:g}, but the record begins at {x[0]:g}. Pass a time of the record.")
        x, train, test = (part[x <= at] for part in (x, train, test))
    up = directions_of(False if rising is None else rising)
    for name, values, threshold, rises in zip(("train", "test"), (train, test), thresholds, up, strict=True):
        check_finite(f"{name}_threshold", threshold, "Pass a number in the unit of its curve.")
        check_direction(name, [values], threshold, rises)
        if rises:
            # Of a test curve that rises shares are asked; a train curve may be a return.
            kind = "share" if name == "test" else "rising"
            check_percent([scale(name, [values], threshold, kind, rising=True)])
    seen = np.isfinite(train) | np.isfinite(test)
    last = np.flatnonzero(seen)
    # Where only one curve is nan it was not logged there; where both are to the end, the run is over.
    ended = None if seen[-1] else float(x[last[-1] + 1] if last.size else x[0])
    return _curve(x, train, ended), _curve(x, test, ended), float(x[-1])


def _curve(x: np.ndarray, values: np.ndarray, ended: float | None) -> Curve:
    """What was logged; inf is a loss that was logged, and where no number follows it the run has crashed."""
    logged, seen = ~np.isnan(values), np.isfinite(values)
    crashed = ended
    if logged.any() and not seen[logged][-1]:
        crashed = Record(x[logged], values[logged]).crashed
    return Curve(x[seen], values[seen], crashed)
