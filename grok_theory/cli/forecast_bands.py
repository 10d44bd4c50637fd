"""The picture of a forecast: a panel a curve with its band, runs on it, and when it gets somewhere."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def draw_forecast(told: Any, path: Path, *, runs: Any = None, shades: Sequence[tuple[str, Any, float | None]] = ()):
    """Draw the bands; `shades` are (curve, time of one run, threshold or None)."""
    from .picture import pyplot, write_picture

    plt = pyplot()
    from ..plot import STYLE, band

    with plt.style.context(STYLE):
        figure, every = plt.subplots(1, len(told.curves), figsize=(3.2 * len(told.curves), 2.6), layout="constrained")
        for axes, name in zip([every] if len(told.curves) == 1 else every, told.curves, strict=True):
            band(told, name, runs, ax=axes)
            if told.x[0] > 0:
                axes.set_xscale("log")
            if not name.endswith("accuracy"):
                axes.set_yscale("log")
            for curve, time, threshold in shades:
                if curve == name and math.isfinite(time.low):
                    high = time.high if math.isfinite(time.high) else told.x[-1]
                    axes.axvspan(time.low, high, color="C1", alpha=0.15, linewidth=0)
                    if threshold is not None:
                        axes.axhline(threshold, color="C1", linestyle=":", linewidth=0.8)
            axes.legend()
        write_picture(figure, path, dpi=200)
