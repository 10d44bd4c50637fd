"""Lines of text with losses and accuracies, such as `step 250: train loss 4.41, val loss 4.75`, or a part a line."""

from __future__ import annotations

import re
from typing import Any

# What stands where a number is printed, up to a separator and with digits after a comma: 4.41, but 4,41 and 1_0 whole,
# so that the column refuses them.
VALUE = r"(?:[+-]?\.?\d[^\s,;|)\]]*(?:,\d[^\s,;|)\]]*)*|[+-]?(?:nan|inf)\b|n/a|none\b)"
# `step 250`, `step 250/5000`, `Epoch [3/100]`
_AXIS = re.compile(r"\b(step|iter|iteration|epoch)[ :=\[]+(\d[^\s:,;|/)\]]*(?:,\d[^\s:,;|/)\]]*)*)", re.IGNORECASE)
_PARTS = {"training": "train"}
_ITEM = re.compile(
    r"\b(train|training|val|valid|validation|eval|test)[ _/-](loss|acc|accuracy|err|error)\b(?: is)?[ :=]+"
    rf"({VALUE})",
    re.IGNORECASE,
)
# The same with or without its part: `iter 50: loss 4.6`.
_ANY = re.compile(
    r"(?:\b(train|training|val|valid|validation|eval|test)[ _/-])?(?<![a-zA-Z0-9])(loss|acc|accuracy|err|error)\b"
    rf"(?: is)?[ :=]+({VALUE})",
    re.IGNORECASE,
)
_A_RECORD_SO_FAR = re.compile(r"\b(best|lowest|highest|minimum|improved|patience)\b", re.IGNORECASE)


def losses_in(line: str) -> dict[str, Any] | None:
    """The times, losses and accuracies in a line that holds a time and, after it, one of train and one of test.

    An accuracy or error keeps its unit: 99 of `99%`.
    """
    found = _found(line, _ITEM)
    parts = {name.startswith("train_") for name in found or () if "_" in name}
    return found if len(parts) == 2 else None


def loss_in(line: str) -> dict[str, Any] | None:
    """The times, losses and accuracies in a line that holds a time and, after it, one of any part or of none.

    A line that speaks of the best so far is no record.
    """
    return None if _A_RECORD_SO_FAR.search(line) else _found(line, _ANY)


def with_one_axis(rows: list[tuple[int, dict[str, Any]]]) -> list[tuple[int, dict[str, Any]]]:
    """The rows with `step` for `iter` and `iteration`, where some say the one and some another, and none says two."""
    said = [{"step", "iter", "iteration"} & set(row) for _, row in rows]
    if len(set().union(*said)) < 2 or any(len(names) > 1 for names in said):
        return rows
    return [
        (number, {"step" if name in ("iter", "iteration") else name: cell for name, cell in row.items()})
        for number, row in rows
    ]


def _found(line: str, pattern: re.Pattern[str]) -> dict[str, Any] | None:
    axes = list(_AXIS.finditer(line))
    items = list(pattern.finditer(line, axes[0].end())) if axes else []
    found: dict[str, Any] = {}
    for match in axes:
        found.setdefault(match[1].lower(), match[2])
    for match in items:
        part = match[1] and _PARTS.get(match[1].lower(), match[1].lower())
        value = match[3].rstrip(".")  # that of a sentence
        if match[2].lower() != "loss":
            value = value.removesuffix("%")
        found.setdefault(f"{part}_{match[2].lower()}" if part else match[2].lower(), value)
    return found if items else None
