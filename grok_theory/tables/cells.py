"""What a cell says: a number written as numbers are in files, a label, or nothing."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from typing import Any

# ASCII digits, one decimal point, no underscores: `float` alone takes 1_0 for ten and digits of every script.
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_COMMA = re.compile(r"[+-]?[0-9]*,[0-9]+(?:[eE][+-]?[0-9]+)?")
_THOUSANDS = re.compile(r"[+-]?[1-9][0-9]{0,2}(?:,[0-9]{3})+")
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


def number(cell: Any, *, comma: bool = False, booleans: bool = False) -> float | None:
    """The number in a cell, None where it is missing; the texts nan and inf are numbers that were logged.

    `comma` says that the column writes 0,5 for a half; `booleans` takes true and false for 1 and 0. Raises
    `NotANumber` with the reason.
    """
    if is_missing(cell):
        return None
    if isinstance(cell, str):
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
        if math.isinf(value):
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


def label(cell: Any) -> tuple[str, str, str]:
    """The name that a cell is: (as shown, as compared, kind of value). 1, 1.0 and "1" compare alike, kinds differ."""
    if isinstance(cell, str):
        return cell, cell, "text"
    if isinstance(cell, (bool, list, dict)):
        text = json.dumps(cell)
        return text, text, "list" if isinstance(cell, (list, dict)) else "true or false"
    if isinstance(cell, float):
        return repr(cell), str(int(cell)) if cell.is_integer() else repr(cell), "number with a decimal point"
    return str(cell), str(cell), "whole number"
