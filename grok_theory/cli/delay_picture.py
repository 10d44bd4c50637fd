"""The picture of `grok-theory delay`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..observables.delay_of_log import LogDelay
    from ..results import Log


def draw(found: Log, answer: LogDelay, thresholds: tuple[float | None, float | None], path: Path) -> None:
    """Draw every run's curves, thresholds and crossings: losses by decades, accuracies on a linear axis."""
    import numpy as np

    from ..tables.names import plain_name
    from .picture import pyplot, write_picture

    plt = pyplot()
    style = Path(__file__).resolve().parents[1] / "style.mplstyle"
    with plt.style.context(style):
        figure, axes = plt.subplots(figsize=(4.5, 3.0), layout="constrained")
        levels = [
            level
            for which, level in zip(("train", "test"), thresholds)
            if level is not None and which != answer.missing
        ]
        delay, every = answer.delay, [found.runs[label] for label in answer.runs]
        alpha = max(0.15, 1 / len(every) ** 0.5)
        for which, color, crossing, level in (
            ("train", "C0", delay.train, thresholds[0]),
            ("test", "C1", delay.test, thresholds[1]),
        ):
            if which == answer.missing:
                continue
            for position, records in enumerate(every):
                label = which if position == 0 else None
                x, values = (drawable(part) for part in (records[which].x, records[which].values))
                axes.plot(x, values, color=color, alpha=alpha, label=label)
            axes.axhline(level, color=color, linestyle=":", linewidth=0.8)
            for crossed in drawable(np.atleast_1d(crossing.time)):
                if np.isfinite(crossed):
                    axes.plot(crossed, level, "o", color=color, markersize=3)
            early = np.atleast_1d(crossing.upper)[np.atleast_1d(crossing.before)]
            if early.size:
                axes.plot(early, [level] * early.size, "<", color=color, markersize=5, label="before the first record")
        lost = np.atleast_1d(delay.censored) if not answer.missing else ()
        ends = [records["test"].x[-1] for records, censored in zip(every, lost, strict=False) if censored]
        if ends:
            axes.plot(ends, [thresholds[1]] * len(ends), ">", color="C1", markersize=5, label="not reached")
        values = drawable(np.concatenate([r.values for records in every for r in records.values()]))
        times = drawable(np.concatenate([r.x for records in every for r in records.values()]))
        set_scale_of(axes.set_xscale, times, 1)
        if not any(answer.rising):
            set_scale_of(axes.set_yscale, values, 100)
        # A dollar in a column's name is no formula.
        axes.set_xlabel(plain_name(found.columns["x"]), parse_math=False)
        names = dict.fromkeys(
            plain_name(str(column)) for which in ("train", "test") if (column := found.columns[which])
        )
        axes.set_ylabel(", ".join(names), parse_math=False)
        for handle in filter(None, axes.legend().legend_handles):
            handle.set_alpha(1)
        if axes.get_yscale() == "log":
            # A train loss that falls to 1e-28 would flatten everything that matters.
            axes.set_ylim(bottom=max(axes.get_ylim()[0], 1e-3 * min(levels)))
        axes.set_title(str(answer).replace(", ", "\n", 1).split(" (")[0], fontsize=7)
        write_picture(figure, path, dpi=200)


def set_scale_of(set_scale, data, range_of_linear):
    """A logarithmic axis where data are not negative and span more than that range."""
    import numpy as np

    positive = data[np.isfinite(data) & (data > 0)]
    if not positive.size or np.nanmin(data) < 0 or not positive.max() > range_of_linear * positive.min():
        return
    if np.any(data == 0):
        # Zero cannot stand on a logarithmic axis: the step before the first logged one.
        set_scale("symlog", linthresh=positive.min())
    else:
        set_scale("log")


def drawable(values):
    """What a picture has room for: beyond that a logarithmic axis overflows."""
    import numpy as np

    return np.where(np.abs(values) < 1e200, values, np.nan)
