"""Which way the curves of a log go, and whether thresholds are in their units: asked before anything is read off."""

from __future__ import annotations

from collections.abc import Mapping

from ..checks import check_finite
from ..errors import BadValue
from ..results.log import CURVES, Log
from ..tables.names import is_share, may_be_share, rises
from .direction import check_approach, check_direction, check_percent, scale


def directions(
    log: Log, thresholds: Mapping[str, float | None], rising: tuple[bool | None, bool | None]
) -> tuple[dict[str, bool], set[str]]:
    """Whether each curve rises, and which are in per cent; refuses directions and thresholds that do not fit.

    Parameters
    ----------
    log : Log
        As `read_log` gives it.
    thresholds : Mapping[str, float or None]
        "train", "test" -> in the unit of that curve; None where the log has no such curve.
    rising : tuple[bool or None, bool or None]
        (train, test), None takes it from the column's name.

    Returns
    -------
    tuple[dict[str, bool], set[str]]
        Curve of the log -> whether it rises; the curves whose values are in per cent.

    Raises
    ------
    BadValue
        As `log_delay`.
    """
    columns = {which: str(log.columns[which]) for which in CURVES if log.columns[which]}
    said = dict(zip(CURVES, rising, strict=True))
    up = {which: _direction(which, column, said[which]) for which, column in columns.items()}
    for which, column in columns.items():
        if thresholds[which] is None:
            raise BadValue(
                f"{which}_threshold is not given, but the log has a {which} curve, {column}. "
                "Pass a number in the unit of it."
            )
        check_finite(f"{which}_threshold", thresholds[which], f"Pass a number in the unit of {column}.")
    _check_rivals(log, {which: float(thresholds[which]) for which in columns}, rising)  # type: ignore[arg-type]
    scales, percent = [], set()
    for which, column in columns.items():
        values = [part[which].values for part in log.runs.values()]
        check_direction(column, values, thresholds[which], up[which])
        if which == "train" and up[which]:
            check_approach(column, values, thresholds[which])
        kind = _kind(column, up[which])
        if kind:
            scales.append(scale(column, values, thresholds[which], kind, up[which]))
            if kind != "error" and scales[-1].threshold > 1:
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


def _check_rivals(log: Log, thresholds: dict[str, float], rising: tuple[bool | None, bool | None]) -> None:
    """Thresholds such as 0.99 are those of accuracies; beside them, guessed losses would answer another question."""
    shares = all(0.9 <= t <= 1 or 90 <= t <= 100 for t in thresholds.values())
    if log.rivals and shares and not any(rising):
        said = " and ".join(f"{t:g}" for t in thresholds.values())
        taken = " with ".join(str(log.columns[which]) for which in thresholds)
        raise BadValue(
            f"the thresholds {said} look like accuracies, but without a direction {taken} is taken, beside "
            f"{log.rivals[0]}. "
            "Say --rising, or name the columns with --train and --test."
        )
