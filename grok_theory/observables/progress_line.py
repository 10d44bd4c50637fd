"""How far a test curve has come towards its goal, and the straight line of that on the logit scale in time.

Three small closed pieces of `forecast_delay`: what a user can draw beside a forecast to see where it comes from.
"""

import numpy as np
from numpy.typing import ArrayLike

from ..checks import check_between, check_finite, check_positive, hidden_as_nan
from ..errors import BadValue
from ..pytrees import record
from .crossing import check_record

# A logit of 0 or 1 is infinite: beyond these progress is taken for these.
ENDS = (0.005, 0.995)
# The goal of a loss on the scale of its progress: at 1 the logit has no end.
LOSS_GOAL = 0.97
# ln of how many times the time gone by is still to come: within 3 %, and at most 20 times.
SOONEST, LATEST = 0.03, 3.0
# Fewer rows on the rising half carry no slope.
FEWEST_ROWS = 5


def accuracy_progress(accuracy: ArrayLike, chance: float = 0.0) -> np.ndarray:
    """Share of the way from chance to certainty: clip((a - chance)/(1 - chance), 0, 1).

    Parameters
    ----------
    accuracy : array_like
        Fractions of right answers, of any shape.
    chance : float, default 0.0
        In [0, 1), what guessing gives: 1/classes.

    Returns
    -------
    ndarray
        In [0, 1]; nan where the accuracy is.

    Raises
    ------
    BadValue
        For a chance outside [0, 1).

    Examples
    --------
    >>> accuracy_progress([0.2, 0.5, 1.0], chance=0.5).tolist()
    [0.0, 0.0, 1.0]
    """
    check_between("chance", chance, 0, 1, "Pass 1/classes, for example 0.1 for ten.", include_high=False)
    return np.clip((np.asarray(hidden_as_nan(accuracy), float) - chance) / (1 - chance), 0.0, 1.0)


def loss_progress(loss: ArrayLike, goal: float) -> np.ndarray:
    """Share of the way, in logs, from the largest loss of a record to `goal`: clip(ln(L*/L)/ln(L*/L_goal), 0, 1).

    Before its largest value a curve has not begun to fall: there the progress is 0.

    Parameters
    ----------
    loss : array_like
        (T,) the test loss from memorization on.
    goal : float
        > 0, in the unit of the loss.

    Returns
    -------
    ndarray
        (T,) in [0, 1], 1 at and below the goal; nan where the loss is.

    Raises
    ------
    BadValue
        For a goal that is not positive, and a loss that is no list.

    Examples
    --------
    >>> loss_progress([1.0, 4.0, 2.0, 1.0, 0.25], goal=0.25).tolist()
    [0.0, 0.0, 0.25, 0.5, 1.0]
    """
    check_positive("goal", goal, "Progress of a loss is measured in logs. Pass a loss above zero, for example 0.1.")
    loss = np.asarray(hidden_as_nan(loss), float)
    if loss.ndim != 1:
        raise BadValue(f"loss has shape {loss.shape}, but it must be (T,). Pass one run at a time.")
    if not np.isfinite(loss).any():
        return np.where(np.isnan(loss), np.nan, 0.0)
    top = int(np.argmax(np.where(np.isfinite(loss), loss, -np.inf)))
    way = np.log(max(loss[top], goal)) - np.log(goal)
    if way == 0:  # also where the largest loss is above the goal by rounding
        return np.where(np.isnan(loss), np.nan, 1.0)
    # Below the goal nothing is left to go, and what is not positive has no logarithm.
    kept = np.clip(loss, goal, loss[top])
    progress = np.clip(np.log(loss[top]) - np.log(kept), 0.0, way) / way
    progress[:top] = np.where(np.isnan(loss[:top]), np.nan, 0.0)
    return progress


@record(static=("rows", "halved", "stalled"))
class LogitLine:
    """The straight line of logit(progress) in x, through the rows on which progress doubled.

    Parameters
    ----------
    slope : float
        Of the logit, in 1/x, by least squares.
    level : float
        Logit of the mean of the last three values of progress.
    remaining : float
        ln(time of the goal / last x) by the line, in [0.03, 3]; 3 where it does not rise.
    rows : int
        How many rows the line is drawn through.
    halved : int
        How many rows there are from the last at or below half of the last progress on; fewer than 5 say little.
    stalled : bool
        Whether the line does not rise.
    """

    slope: float
    level: float
    remaining: float
    rows: int
    halved: int
    stalled: bool


def logit_line(x: ArrayLike, progress: ArrayLike, goal: float) -> LogitLine:
    """Draw a line through logit(progress) from half of its last value on, and read off when it meets `goal`.

    It goes through the rows i..k, k the last, i the last row at or below half of the last progress, at most k - 4.
    With slope b and level l, remaining = ln(1 + max(logit(goal) - l, 0)/(b x_k)), clipped to [0.03, 3].

    Parameters
    ----------
    x : array_like
        (T,) strictly increasing times, at least five, the last above 0.
    progress : array_like
        (T,) in [0, 1]; taken for at least 0.005 and at most 0.995.
    goal : float
        In (0, 1], on the same scale.

    Returns
    -------
    LogitLine
        Slope, level and what remains.

    Raises
    ------
    BadValue
        For fewer than five rows, a progress or goal out of its range, and a last x that is not positive.

    References
    ----------
    Derived here from 414 runs of two-layer networks.

    Examples
    --------
    >>> x = np.arange(1.0, 11.0)
    >>> line = logit_line(x, 1 / (1 + np.exp(8 - x)), 0.99)
    >>> print(f"{line.slope:.2f} {line.rows}")
    1.00 5
    """
    x, progress = check_record(x, progress, "progress")
    if progress.ndim != 1 or x.size < FEWEST_ROWS:
        raise BadValue(
            f"progress has shape {progress.shape}, but it must be one run of {FEWEST_ROWS} rows or more. Log more."
        )
    check_finite("progress", progress, "Drop the rows that were not logged.")
    check_between("progress", progress, 0, 1, "Pass accuracy_progress or loss_progress of the curve.")
    check_between("goal", goal, 0, 1, "Pass the progress that is asked for, for example 0.97.", include_low=False)
    check_positive("the last x", x[-1], "Pass the times since the start of training.")
    last = x.size - 1
    # A progress of zero is nowhere at or below half of itself but at zero: then the line begins there.
    below = np.flatnonzero(progress <= progress[last] / 2)
    start = int(below[-1]) if below.size else 0
    first = min(start, last - (FEWEST_ROWS - 1))
    times, logits = x[first:] - x[first:].mean(), _logit(progress[first:])
    slope = float(times @ logits / (times @ times))
    level = float(_logit(progress[-3:].mean()))
    speed = slope * x[last]
    left = max(float(_logit(goal)) - level, 0.0)
    stalled = bool(speed <= 1e-6)
    remaining = LATEST if stalled else float(np.clip(np.log1p(left / speed), SOONEST, LATEST))
    return LogitLine(slope, level, remaining, last - first + 1, last - start + 1, stalled)


def _logit(share: ArrayLike) -> np.ndarray:
    inside = np.clip(share, *ENDS)
    return np.log(inside) - np.log1p(-inside)
