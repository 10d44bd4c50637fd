"""Whether the columns of a log measure what curves of a theory do: means of squares, and accuracies as fractions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from ..conditions import Conditions
from ..errors import BadValue
from ..tables.names import CROSS_ENTROPY, MEAN_SQUARE, ROOT, measure, plain_name

if TYPE_CHECKING:
    from .log import Log

__all__ = ["check_loss_columns", "check_measures", "mismatch"]

LOSSES = ("train_loss", "test_loss")
ACCURACIES = ("train_accuracy", "test_accuracy")


def check_measures(log: Log, names: Mapping[str, str], conditions: Conditions | None = None) -> None:
    """Refuse a column that by its name, or as a percentage by its values, measures something else than the theory.

    Parameters
    ----------
    log : Log
        The runs.
    names : Mapping[str, str]
        Curve of the log -> curve of the theory. Losses and accuracies of training are looked at, no other curve.
    conditions : Conditions, optional
        Of the theory: where its `loss` is a cross-entropy, that is what is compared.

    Raises
    ------
    BadValue
        Naming the column, what it seems to be, and the remedy.
    """
    for curve, of in names.items():
        why = mismatch(log, curve, of, conditions)
        if why:
            raise BadValue(why)


def mismatch(log: Log, curve: str, of: str, conditions: Conditions | None = None) -> str:
    """The sentence with which `check_measures` refuses one curve of a log beside one of a theory; empty where it fits.

    Parameters
    ----------
    log : Log
        The runs.
    curve : str
        Of the log.
    of : str
        Of the theory.
    conditions : Conditions, optional
        As in `check_measures`.
    """
    column = log.columns.get(curve)
    if column is None:
        return ""
    if of in LOSSES:
        return _other_loss(curve, column, of, conditions)
    return _no_share(log, curve, column, of) if of in ACCURACIES else ""


def check_loss_columns(log: Log, names: Mapping[str, str]) -> None:
    """Refuse to call a column a loss that no training here descends; a cross-entropy may be one (`li2`).

    Parameters
    ----------
    log : Log
        The runs.
    names : Mapping[str, str]
        Name of the curve -> curve of the log.

    Raises
    ------
    BadValue
        Naming the column, what it seems to be, and the remedy.
    """
    for of, curve in names.items():
        column = log.columns.get(curve)
        seems = None if column is None or of not in LOSSES else measure(column)
        if seems not in (None, MEAN_SQUARE, CROSS_ENTROPY):
            squared = "square it first, or " if seems == ROOT else ""
            raise BadValue(
                f"{curve} is column {plain_name(str(column))!r}, by its name {seems}, which is no {of} of a theory: "
                f'{squared}say what it is by curves={{"{of}": "{curve}"}}, or name another column.'
            )


def _other_loss(curve: str, column: str, of: str, conditions: Conditions | None) -> str:
    theory, seems = _loss_of(conditions), measure(column)
    if theory is None or seems is None or seems == theory:
        return ""
    remedy = "Square it" if (seems, theory) == (ROOT, MEAN_SQUARE) else f"Name a column with {theory}"
    return (
        f"{curve} is column {plain_name(column)!r}, by its name {seems}, but {of} of the theory is {theory}. {remedy}, "
        f"or rename the column to {of} if it is one."
    )


def _loss_of(conditions: Conditions | None) -> str | None:
    """What a theory's loss measures; None where it is said to be something else than is known here."""
    said = None if conditions is None else conditions.loss
    kind = said if isinstance(said, str) else type(said).__name__
    if said is None or "square" in kind.lower():
        return MEAN_SQUARE
    return CROSS_ENTROPY if "crossentropy" in kind.lower() else None


def _no_share(log: Log, curve: str, column: str, of: str) -> str:
    values = [part[curve].values for part in log.runs.values()]
    most = max((float(v[np.isfinite(v)].max()) for v in values if np.isfinite(v).any()), default=0.0)
    if most <= 1 + 1e-6:
        return ""
    return (
        f"{curve} is column {plain_name(column)!r}, which reaches {most:.4g}, but {of} of the theory is a fraction "
        f'from 0 to 1. If it is in per cent, divide by 100: log.scaled(curves={{"{curve}": 0.01}}).'
    )
