"""Which way the curves of a log go, and whether thresholds are in their units: asked before anything is read off."""

from __future__ import annotations

from collections.abc import Mapping

from ..checks import check_finite
from ..errors import BadValue
from ..results.log import CURVES, Log
from ..tables.names import is_share, may_be_share, rises
from .direction import check_approach, check_direction, check_percent, scale


def directions(
    log: Log, thresholds: Mapping[str, float], rising: tuple[bool | None, bool | None]
) -> tuple[dict[str, bool], set[str]]:
    """Whether each curve rises, and which are in per cent; refuses directions and thresholds that do not fit.

    Parameters
    ----------
    log : Log
        As `read_log` gives it.
    thresholds : Mapping[str, float]
        "train", "test" -> in the unit of that curve.
    rising : tuple[bool or None, bool or None]
        (train, test), None takes it from the column's name.

    Returns
    -------
    tuple[dict[str, bool], set[str]]
        Curve -> whether it rises; the curves whose values are in per cent.

    Raises
    ------
    BadValue
        As `log_delay`.
    """
    columns = {which: str(log.columns[which]) for which in CURVES}
    up = {which: _direction(which, columns[which], said) for which, said in zip(CURVES, rising, strict=True)}
    for which in CURVES:
        check_finite(f"{which}_threshold", thresholds[which], f"Pass a number in the unit of {columns[which]}.")
    _check_rivals(log, (thresholds["train"], thresholds["test"]), rising)
    scales, percent = [], set()
    for which in CURVES:
        values = [part[which].values for part in log.runs.values()]
        check_direction(columns[which], values, thresholds[which], up[which])
        if which == "train" and up[which]:
            check_approach(columns[which], values, thresholds[which])
        kind = _kind(columns[which], up[which])
        if kind:
            scales.append(scale(columns[which], values, thresholds[which], kind))
            if kind != "error" and thresholds[which] > 1:
                percent.add(which)
    check_percent(scales)
    return up, percent


def _direction(which: str, column: str, said: bool | None) -> bool:
    named = rises(column)
    if said and named is False:
        raise BadValue(
            f"{which} is said to rise, but its column {column!r} is called a loss or an error, and those fall. "
            f"Drop the flag, or name the accuracy with --{which}."
        )
    if named and said is False:
        raise BadValue(
            f"{which} is said to fall, but its column {column!r} is called an accuracy, and those rise. Say None or "
            "True for it, or name the loss."
        )
    return bool(named) if said is None else said


def _kind(column: str, rising: bool) -> str:
    if is_share(column):
        return "share"
    return "error" if may_be_share(column) else "rising" if rising else ""


def _check_rivals(log: Log, thresholds: tuple[float, float], rising: tuple[bool | None, bool | None]) -> None:
    """Thresholds such as 0.99 are those of accuracies; beside them, guessed losses would answer another question."""
    shares = all(0.9 <= t <= 1 or 90 <= t <= 100 for t in thresholds)
    if log.rivals and shares and not any(rising):
        raise BadValue(
            f"the thresholds {thresholds[0]:g} and {thresholds[1]:g} look like accuracies, but without a direction "
            f"{log.columns['train']} with {log.columns['test']} is taken, beside {log.rivals[0]}. "
            "Say --rising, or name the columns with --train and --test."
        )
