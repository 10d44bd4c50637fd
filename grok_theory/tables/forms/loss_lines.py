"""Lines of text with losses and accuracies of train and test, such as `step 250: train loss 4.41, val loss 4.75`."""

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


def losses_in(line: str) -> dict[str, Any] | None:
    """The times, losses and accuracies in a line that holds a time and, after it, one of train and one of test.

    An accuracy or error keeps its unit: 99 of `99%`.
    """
    axes = list(_AXIS.finditer(line))
    items = list(_ITEM.finditer(line, axes[0].end())) if axes else []
    found: dict[str, Any] = {}
    for match in axes:
        found.setdefault(match[1].lower(), match[2])
    parts = set()
    for match in items:
        part = _PARTS.get(match[1].lower(), match[1].lower())
        parts.add(part == "train")
        value = match[3].rstrip(".")  # that of a sentence
        if match[2].lower() != "loss":
            value = value.removesuffix("%")
        found.setdefault(f"{part}_{match[2].lower()}", value)
    return found if len(parts) == 2 else None
