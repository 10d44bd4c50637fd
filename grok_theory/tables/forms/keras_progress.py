"""What `fit` of Keras prints: a line `Epoch 3/100`, then bars that end in `- loss: 0.1 - val_loss: 0.2`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from .loss_lines import VALUE

_EPOCH = re.compile(r"\s*Epoch (\d+)/\d+\s*")
_ITEM = re.compile(rf"(?:^| )([a-z][\w]*): ({VALUE})")


def keras_rows(lines: Sequence[str]) -> list[tuple[int, dict[str, Any]]]:
    """(line, row) of every epoch: the last line of its bar that holds a loss. Epochs are counted as printed, from 1."""
    rows: list[tuple[int, dict[str, Any]]] = []
    epoch, last = None, None
    for number, line in enumerate(lines, start=1):
        match = _EPOCH.fullmatch(line)
        if match:
            rows += [last] if last else []
            epoch, last = match[1], None
        elif epoch is not None and "loss: " in line:
            last = (number, {"epoch": epoch, **dict(_ITEM.findall(line))})
    return rows + ([last] if last else [])
