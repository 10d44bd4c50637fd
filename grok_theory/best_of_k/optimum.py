"""What a search on the exact curve returns: the best setting, inside its range or at a boundary of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..pytrees import record
from ..status import Status

# Two errors closer than this (relative) are one: the curve is known to about 1e-14.
RESOLUTION = 1e-13


@record(static=("interior", "text"))
class Optimum:
    """The best setting that a search found, and the exact error there.

    `status` is `noted` where an exact curve that was looked at is, and where the setting is better than the boundaries
    by no more than their numerical errors.

    Parameters
    ----------
    value : float
        The best setting: a number of samples, a temperature or an overshoot.
    error : float
        The exact mean squared error there.
    interior : bool
        Whether the best setting lies inside its range; False at a boundary (see `text`).
    text : str
        The result in a sentence, which `print` shows.
    numerical_error : float
        Bounds the absolute difference of `error` and the truth.
    status : Status
        Whether the curves that were looked at can be trusted.
    """

    value: float
    error: float
    interior: bool
    text: str
    numerical_error: float
    status: Status

    def __str__(self) -> str:
        return self.text if self.status.name == "good" else f"{self.text} ({self.status})"


class At(NamedTuple):
    """The error at one setting, and its numerical error."""

    error: float
    bound: float


NOWHERE = At(np.inf, 0.0)


def error_at(search, solved, samples, temperature) -> At:
    """The exact error at one setting; raises `SolveFailed` where `solve` would."""
    return At(*(float(part[0]) for part in search.errors(solved, np.array([float(samples)]), temperature)))


def is_better(least: At, ends: Sequence[At]) -> bool:
    """Whether an inner setting is better than the boundaries by more than rounding."""
    return least.error < (1 - RESOLUTION) * min(end.error for end in ends)


def interior(search, value, least: At, ends: Sequence[At], text) -> Optimum:
    """An optimum between `ends`; the status says where it beats one of them by no more than their numerical errors."""
    certain = all(least.error + least.bound < end.error - end.bound for end in ends)
    remark = "" if certain else "The best setting beats a boundary by no more than their numerical errors."
    return Optimum(float(value), least.error, True, text, least.bound, search.status(remark))


def boundary(search, value, at: At, text) -> Optimum:
    """An optimum at an end of the range."""
    return Optimum(float(value), at.error, False, text, at.bound, search.status())
