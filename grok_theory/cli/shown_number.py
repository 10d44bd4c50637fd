"""Numbers as people write them: 1_000, 0x10 or a digit of another script is a slip."""

from __future__ import annotations

import math
import re

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def number(text: str) -> float | None:
    """The float64 written in `text`; None where it is no number, or one that float64 rounds to 0 or infinity."""
    if not _NUMBER.fullmatch(text):
        return None
    value = float(text)
    vanished = value == 0 and any(digit in "123456789" for digit in re.split("[eE]", text)[0])
    return None if vanished or math.isinf(value) else value


def number_or_infinity(text: str) -> float | None:
    """As `number`, and `inf` and `-inf` too."""
    infinite = {"inf": math.inf, "+inf": math.inf, "-inf": -math.inf}
    return infinite.get(text.lower(), number(text))
