"""The picture of `grok-theory forecast`."""

from __future__ import annotations

from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..observables.forecast_of_log import LogForecast
    from ..results import Log


def draw(seen: Log, whole: Log, answer: LogForecast, thresholds: tuple[float, float], path: Path) -> None:
    """Draw every run's curves, its date and interval; what came after `seen` is pale."""
    import numpy as np

    from ..tables.names import plain_name
    from .delay_picture import drawable, set_scale_of
    from .picture import pyplot, write_picture

    plt = pyplot()
    style = Path(__file__).resolve().parents[1] / "style.mplstyle"
    with plt.style.context(style):
        figure, axes = plt.subplots(figsize=(4.5, 3.0), layout="constrained")
        for position, (label, found) in enumerate(answer.forecasts.items()):
            first = position == 0
            for which, color in (("train", "C0"), ("test", "C1")):
                record, all_of_it = seen.runs[label][which], whole.runs[label][which]
                axes.plot(all_of_it.x, drawable(all_of_it.values), color=color, alpha=0.25)
                axes.plot(record.x, drawable(record.values), color=color, label=which if first else None)
            axes.axvline(found.now, color="0.6", linewidth=0.8, label="now" if first else None)
            ends = np.minimum(found.interval, 30 * found.now)
            if found.status != "reached" and np.isfinite(found.interval[0]) and ends[0] < ends[1]:
                shade = "C2" if found.dated else "0.85"
                axes.axvspan(*ends, color=shade, alpha=0.2, linewidth=0)
            if found.dated:
                axes.plot(found.time, thresholds[1], "D", color="C2", markersize=4, label="goal" if first else None)
        for level, color in zip(thresholds, ("C0", "C1"), strict=True):
            axes.axhline(level, color=color, linestyle=":", linewidth=0.8)
        parts = [record for part in whole.runs.values() for record in part.values()]
        set_scale_of(axes.set_xscale, drawable(np.concatenate([record.x for record in parts])), 1)
        axes.set_xlim(left=0 if axes.get_xscale() == "symlog" else None)
        if not any(answer.rising):
            set_scale_of(axes.set_yscale, drawable(np.concatenate([record.values for record in parts])), 100)
        axes.set_xlabel(plain_name(whole.columns["x"]), parse_math=False)
        names = dict.fromkeys(plain_name(whole.columns[which]) for which in ("train", "test"))
        axes.set_ylabel(", ".join(names), parse_math=False)
        axes.legend()
        only = next(iter(answer.forecasts.values()))
        title = str(only).split(" (")[0] if len(answer.forecasts) == 1 else f"{len(answer.forecasts)} runs"
        axes.set_title(fill(title, 80), fontsize=7, parse_math=False)
        write_picture(figure, path, dpi=200)
