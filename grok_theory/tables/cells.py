"""What a cell says: a number written as numbers are in files, a label, or nothing."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

import numpy as np

# ASCII digits, one decimal point, no underscores: `float` alone takes 1_0 for ten and digits of every script.
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_COMMA = re.compile(r"[+-]?[0-9]*,[0-9]+(?:[eE][+-]?[0-9]+)?")
_THOUSANDS = re.compile(r"[+-]?[1-9][0-9]{0,2}(?:,[0-9]{3})+")
_POINTS = re.compile(r"[+-]?[1-9][0-9]{0,2}(?:\.[0-9]{3})+")
_ODD = re.compile(r"[^0-9+\-.eE\n]")  # what no plain number is written with
_NAMED = {
    sign + word: float(sign + word) for sign in ("", "+", "-") for word in ("nan", "inf", "infinity")
}  # logged, and not a number
_MISSING = ("", "na", "n/a", "null", "none")
_TRUTH = {"true": 1.0, "false": 0.0}


class NotANumber(Exception):
    """Why a cell is no number, after "it must be a number": the end of that sentence and its remedy."""


def is_missing(cell: Any) -> bool:
    """True where nothing was written: no cell, null, an empty text, or a word that stands for it (NA, null, none)."""
    return cell is None or (isinstance(cell, str) and cell.strip().lower() in _MISSING)


def number(cell: Any, *, comma: bool = False, booleans: bool = False, points: bool = False) -> float | None:
    """The number in a cell, None where it is missing; the texts nan and inf are numbers that were logged.

    `comma` says that the column writes 0,5 for a half; `booleans` takes true and false for 1 and 0; `points` says that
    other columns write 0,5, so that 1.234 may be a thousand.

    Raises
    ------
    NotANumber
        With the reason.
    """
    if is_missing(cell):
        return None
    if isinstance(cell, str):
        if points and not comma and _POINTS.fullmatch(cell.strip()):
            raise NotANumber(
                ", and here the point may set off thousands or decimals, since another column writes decimals with "
                "commas. Write it without thousands separators, and all decimals alike"
            )
        return _from_text(cell.strip(), comma, booleans)
    if isinstance(cell, bool):
        if not booleans:
            raise NotANumber(", not true or false. Write 1 and 0 if that is meant")
        return float(cell)
    if not isinstance(cell, (int, float)):
        raise NotANumber(". Mend or drop it")
    try:
        return float(cell)
    except OverflowError:
        raise NotANumber(" within the range of floating-point numbers. Mend or drop it") from None


def _from_text(text: str, comma: bool, booleans: bool) -> float:
    if comma and _COMMA.fullmatch(text):
        text = text.replace(",", ".")
    if _NUMBER.fullmatch(text):
        value = float(text)
        if math.isinf(value) or vanished(text, value):
            raise NotANumber(" within the range of floating-point numbers. Mend or drop it")
        return value
    if text.lower() in _NAMED:
        return _NAMED[text.lower()]
    if text.lower() in _TRUTH:
        return number(text.lower() == "true", booleans=booleans)  # type: ignore[return-value]
    if _THOUSANDS.fullmatch(text):
        raise NotANumber(
            ", and here the comma may set off thousands or decimals. Write it without thousands "
            "separators and with a decimal point"
        )
    if _COMMA.fullmatch(text):
        raise NotANumber(", and the column writes decimals with commas and with points. Write a decimal point")
    raise NotANumber(". Mend or drop it")


def vanished(text: str, value: float) -> bool:
    """Whether a number other than 0 was so small that it became 0."""
    return not value and re.search("[1-9]", re.split("[eE]", text)[0]) is not None


def plain_numbers(cells: Sequence[Any]) -> tuple[np.ndarray, np.ndarray] | None:
    """(values, logged) of a column of plain numbers and empty cells; None where a cell needs a closer look.

    What `number` would find, a cell at a time, in a tenth of the time.
    """
    kinds = set(map(type, cells))
    logged = np.array([cell is not None and cell != "" for cell in cells], bool)
    if kinds <= {str, type(None)}:
        texts = [cell for cell in cells if cell]
        # Of these characters float() takes what `_NUMBER` does, and nothing else.
        if _ODD.search("\n".join(texts)):
            return None
    elif kinds <= {int, float, type(None)}:
        texts = [cell for cell in cells if cell is not None]
    else:
        return None
    try:
        found = np.array(list(map(float, texts)), float)
    except (ValueError, OverflowError):
        return None
    size = np.abs(found)
    # Beyond 2**53 two whole numbers may have become one.
    if (size >= 2.0**53).any() or (str in kinds and any(map(vanished, texts, found.tolist()))):
        return None
    values = np.full(len(cells), np.nan)
    values[logged] = found
    return values, logged


def same_number(cells: Sequence[Any], values: np.ndarray) -> tuple[int, int] | None:
    """Two cells that differ and became one number, since floating point does not tell them apart; None if none do."""
    first: dict[float, tuple[Decimal, int]] = {}
    for i in np.flatnonzero(np.isfinite(values) & (np.abs(values) >= 2.0**53)):
        exact = Decimal(str(cells[i]).strip().replace(",", "."))
        before, at = first.setdefault(float(values[i]), (exact, int(i)))
        if before != exact:
            return at, int(i)
    return None


def writes_commas(cells: Iterable[Any]) -> bool:
    """Whether a column of texts writes 0,5 for a half: one cell can be read in no other way, and none has a point."""
    commas = []
    for cell in cells:
        if isinstance(cell, str) and "," in cell and _COMMA.fullmatch(cell.strip()):
            commas.append(cell.strip())
        elif isinstance(cell, str) and "." in cell and _NUMBER.fullmatch(cell.strip()):
            return False
    return any(not _THOUSANDS.fullmatch(cell) for cell in commas)


def is_number(cell: Any, *, finite: bool = False) -> bool:
    """True where something is written and it is a (finite) number, with a decimal point or a comma."""
    try:
        value = number(cell, comma=True)
    except NotANumber:
        return False
    return value is not None and (not finite or math.isfinite(value))


def label(cell: Any) -> tuple[str, Any, str]:
    """The name that a cell is: (as shown, what it stands for, kind); 1, 1.0, "1" and "01" stand for the same."""
    if isinstance(cell, str):
        return cell, Decimal(cell.strip()) if _NUMBER.fullmatch(cell.strip()) else cell, "text"
    if isinstance(cell, (bool, list, dict)):
        text = json.dumps(cell)
        return text, text, "list" if isinstance(cell, (list, dict)) else "true or false"
    kind = "number with a decimal point" if isinstance(cell, float) else "whole number"
    return str(cell), Decimal(str(cell)), kind
