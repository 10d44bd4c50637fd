"""When a recorded curve gets past a threshold and stays there."""

import numpy as np
from numpy.typing import ArrayLike

from ..checks import check_finite, check_numbers, hidden_as_nan
from ..errors import BadValue
from ..numerics.crossings import stays_past
from ..pytrees import record


@record()
class Crossing:
    """When a curve crossed: scalars for one curve, arrays of shape (run,) for several.

    Parameters
    ----------
    time : ndarray or float
        Interpolated linearly between grid points; nan where the record does not hold the crossing.
    lower, upper : ndarray or float
        The last grid point at which the curve was seen short of the threshold, and the crossing's. Not reached: the
        crossing lies beyond `lower` (the end of the record, unless that is nan or ends in an unfinished window of
        patience), and `upper` is inf. Past the threshold from the first record on: `upper` is that record, and `lower`
        0, or -inf where x begins below 0. Of a curve that was not logged at all: -inf and inf, and `censored`.
    censored : ndarray or bool
        True where the record ends first.
    before : ndarray or bool
        True where the crossing came before the first record.

    Examples
    --------
    >>> import numpy as np
    >>> from grok_theory.observables import crossing_time
    >>> steps = np.arange(0.0, 101.0)
    >>> told = crossing_time(steps, np.exp(-steps / 5), 0.1)
    >>> print(f"{told.time:.2f} {bool(told.censored)}")
    11.54 False
    """

    time: np.ndarray | float
    lower: np.ndarray | float
    upper: np.ndarray | float
    censored: np.ndarray | bool
    before: np.ndarray | bool


# Of a curve that was not logged: its record ends before anything was seen.
UNLOGGED = Crossing(np.nan, -np.inf, np.inf, True, False)


def crossing_time(
    x: ArrayLike, values: ArrayLike, threshold: float, *, patience: float = 0.0, rising: bool = False
) -> Crossing:
    """First time at which a curve is at or past `threshold` and stays there for `patience`.

    The crossing is at the first grid point x_j such that the curve is at or past the threshold at every grid point of
    [x_j, x_j + patience], and this window lies inside the record. With `patience=inf` it must stay to the end, and be
    seen to: the last record alone does not show that the curve stayed.

    A curve that is past its threshold at its first record (a leading nan is none) crossed before it: `before`, with no
    time and the bounds that are known.

    NumPy in float64; does not need JAX's float64 switch, and does not go through `jit`.

    Parameters
    ----------
    x : array_like
        (T,) strictly increasing times, steps, epochs; any spacing.
    values : array_like
        (T,) or (run, T). A nan is never past the threshold, is never interpolated from, and bounds nothing.
    threshold : float
        In the unit of `values`.
    patience : float, default 0.0
        >= 0, in the unit of `x`; `inf` asks that the curve stay past the threshold to the end of the record.
    rising : bool, default False
        False for curves that fall past the threshold (losses), True for those that rise (accuracies).

    Returns
    -------
    Crossing
        The time and its bounds: scalars for one curve, (run,) arrays for several.

    Raises
    ------
    BadValue
        For an x that does not increase, curves that do not fit it, a threshold that is not finite and a negative
        patience.

    Examples
    --------
    >>> crossing = crossing_time([0, 1, 2, 3], [1.0, 0.6, 0.2, 0.1], 0.5)
    >>> print(f"{crossing.time} in [{crossing.lower}, {crossing.upper}]")
    1.25 in [1.0, 2.0]
    """
    x, values = check_record(x, values, "values")
    check_finite("threshold", threshold, "Pass a number in the unit of the curve, for example 0.1 for a loss.")
    check_numbers("patience", patience, "Pass a length in the unit of x.")
    for name, value in (("threshold", threshold), ("patience", patience)):
        if np.ndim(value) != 0:
            raise BadValue(f"{name} has shape {np.shape(value)}, but it must be one number. Ask for one at a time.")
    if not patience >= 0:
        raise BadValue(
            f"patience is {patience}, but it must be zero or positive (inf: to the end of the record). "
            "Pass a length in the unit of x."
        )
    past = values >= threshold if rising else values <= threshold  # False for nan
    rows = [stays_past(x, v, p, threshold, patience) for v, p in zip(np.atleast_2d(values), np.atleast_2d(past))]
    return Crossing(*(np.array(column).reshape(values.shape[:-1])[()] for column in zip(*rows)))


def check_record(x: ArrayLike, values: ArrayLike, name: str) -> tuple[np.ndarray, np.ndarray]:
    """`x` and `values` as float64; refuses an `x` that does not increase and shapes that do not fit."""
    # What a mask hides was not logged.
    x, values = hidden_as_nan(x), hidden_as_nan(values)
    check_numbers("x", x, "Pass the times of the record.")
    check_numbers(name, values, "Pass one value for every x.")
    x, values = np.asarray(x, float), np.asarray(values, float)
    if x.ndim != 1 or x.size == 0:
        raise BadValue(
            f"x has shape {x.shape}, but it must be a non-empty list of times. Pass the times of the record."
        )
    wrong = np.flatnonzero(~(np.isfinite(x) & np.concatenate([[True], np.diff(x) > 0])))
    if wrong.size:
        i = int(wrong[0])
        before = f" and above x[{i - 1}] = {x[i - 1]}" if i else ""
        raise BadValue(f"x[{i}] is {x[i]}, but it must be finite{before}. Sort the record by time and drop repeats.")
    if values.ndim not in (1, 2) or values.shape[-1] != x.size or values.size == 0:
        raise BadValue(
            f"{name} has shape {values.shape}, but it must have shape ({x.size},) or (runs, {x.size}) to fit x. "
            "Pass one value for every x."
        )
    return x, values


def check_gaps(name: str, x: np.ndarray, values: np.ndarray, threshold: float, patience: float, rising: bool) -> None:
    """Refuse curves whose crossing turns on what a nan between numbers is: not logged, or not past the threshold.

    The arguments are those of `crossing_time`; `name` of the curve, for the message.
    """
    for curve in np.atleast_2d(values):
        seen = np.flatnonzero(~np.isnan(curve))
        if not seen.size:
            continue
        inside = np.flatnonzero(np.isnan(curve[: seen[-1]]))
        inside = inside[inside > seen[0]]
        if not inside.size:
            continue
        kept = np.delete(np.arange(x.size), inside)
        read, dropped = (
            crossing_time(x[part], curve[part], threshold, patience=patience, rising=rising)
            for part in (np.arange(x.size), kept)
        )
        if (read.upper, read.censored) != (dropped.upper, dropped.censored):
            raise BadValue(
                f"{name} is nan between numbers, first at x = {x[inside[0]]:g}, and with this patience it matters "
                "whether it was not logged there or had diverged. Leave such records out, or write inf (-inf for "
                "curves that rise) where it diverged."
            )
