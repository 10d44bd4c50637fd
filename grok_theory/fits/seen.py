"""What a log says for a fit: the logarithms of the losses of each run, at a manageable number of its own x."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import BadValue
from ..judged_runs import recorded
from ..results import Ensemble, Log
from ..results.made_forecast import is_loss

CANDIDATES = 24  # x of a curve of a run among which the telling ones are chosen


@dataclass(frozen=True)
class Seen:
    """One run: at point i its curve `names[i]` is `values[i]` (logarithm of a loss) at `x[i]`."""

    label: str
    names: np.ndarray
    x: np.ndarray
    values: np.ndarray


def seen_in(runs: Log | Ensemble, names: Sequence[str]) -> list[Seen]:
    """Every run with something finite to say."""
    parts: dict[str, list[tuple[str, np.ndarray, np.ndarray]]] = {}
    for name in names:
        for label, x, values in recorded(runs, name):
            x, values = np.asarray(x, float), np.asarray(values, float)
            good = np.isfinite(values) & np.isfinite(x) & (x >= 0) & ((values > 0) | (not is_loss(name)))
            x, first = np.unique(x[good], return_index=True)
            values = values[good][first]
            at = _spread(x)
            if at.size:
                told = np.log(values[at]) if is_loss(name) else values[at]
                parts.setdefault(label, []).append((name, x[at], told))
    if not parts:
        raise BadValue(
            f"log has no positive, finite {' or '.join(names)} at x >= 0, so there is nothing to fit. Name the columns "
            "of the losses in gt.read_log."
        )
    return [
        Seen(
            label,
            np.concatenate([np.full(x.size, name) for name, x, _ in curves]),
            np.concatenate([x for _, x, _ in curves]),
            np.concatenate([values for _, _, values in curves]),
        )
        for label, curves in parts.items()
    ]


def _spread(x: np.ndarray) -> np.ndarray:
    """Which x are looked at: evenly in the logarithm of x and in number, the first and the last among them."""
    if x.size <= CANDIDATES:
        return np.arange(x.size)
    even = np.linspace(0, x.size - 1, CANDIDATES // 3)
    some = x[x > 0]
    in_logs = np.searchsorted(x, np.geomspace(some[0], some[-1], CANDIDATES - CANDIDATES // 3) * (1 - 1e-12))
    return np.unique(np.clip(np.rint(np.concatenate([even, in_logs])), 0, x.size - 1).astype(int))
