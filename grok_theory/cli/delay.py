"""`grok-theory delay LOG`: how much later a run in a training log generalized than it fitted."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def command(
    log: Annotated[Path, typer.Argument(help="CSV file (commas, semicolons, tabs) or JSON lines.")],
    train_threshold: Annotated[float, typer.Option(help="Fitted when the train curve is past this.")],
    test_threshold: Annotated[float, typer.Option(help="Generalized when the test curve is past this.")],
    x: Annotated[str | None, typer.Option(help="Column of times or steps; guessed if left out.")] = None,
    train: Annotated[str | None, typer.Option(help="Column of the train curve; guessed if left out.")] = None,
    test: Annotated[str | None, typer.Option(help="Column of the test curve; guessed if left out.")] = None,
    run: Annotated[str | None, typer.Option(help="Column that tells runs apart; guessed if left out.")] = None,
    patience: Annotated[float, typer.Option(help="A curve must stay past its threshold so long, in units of x.")] = 0.0,
    rising: Annotated[bool, typer.Option("--rising", help="Both curves rise (accuracies).")] = False,
    train_rising: Annotated[bool, typer.Option("--train-rising", help="Only the train curve rises.")] = False,
    test_rising: Annotated[bool, typer.Option("--test-rising", help="Only the test curve rises.")] = False,
    confidence: Annotated[float, typer.Option(help="Of the interval for the median over runs.")] = 0.95,
    plot: Annotated[
        str | None, typer.Option(metavar="FILE", help="Picture to write (.png, .pdf, .svg); LOG-delay.png by default.")
    ] = None,
    no_plot: Annotated[bool, typer.Option("--no-plot", help="Draw nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
) -> None:
    """Print train time, test time and delay of every run in a training log, and draw the curves.

    Missing values are times at which that curve was not logged. A test curve that never crosses gives a lower bound.
    """
    from ..observables.crossing import crossing_time
    from ..observables.delay import delay_between
    from ..observables.logs import read_log
    from .picture import picture_path

    path = None if no_plot else picture_path(f"{log.stem}-delay.png" if plot is None else plot, "plot")
    found = read_log(log, x=x, train=train, test=test, run=run)
    up = (rising or train_rising, rising or test_rising)
    crossings = [
        [
            crossing_time(record.x, record.values, threshold, patience=patience, rising=rises)
            for record, threshold, rises in zip(records, (train_threshold, test_threshold), up, strict=True)
        ]
        for records in found.runs.values()
    ]
    delay = delay_between(*(_stacked(column) for column in zip(*crossings, strict=True)), confidence=confidence)
    if as_json:
        _print_json(found, delay)
    else:
        _print_table(found, delay)
    if path is not None:
        _draw(found, delay, (train_threshold, test_threshold), path)
        if not as_json:
            print(f"drawn in {path}")


def _stacked(crossings):
    """One crossing of arrays over runs; a single run stays scalar: its interval is the grid's."""
    import numpy as np

    from ..observables.crossing import Crossing

    if len(crossings) == 1:
        return crossings[0]
    return Crossing(*(np.array([getattr(c, f) for c in crossings]) for f in ("time", "lower", "upper", "censored")))


def _rows(found, delay):
    """(run, train time, test time, delay, note) as numbers."""
    import numpy as np

    columns = (np.atleast_1d(a) for a in (delay.train_time, delay.test_time, delay.delay, delay.fitted, delay.censored))
    for label, train_time, test_time, gap, fitted, censored in zip(found.runs, *columns, strict=True):
        yield label, train_time, test_time, gap, "not fitted" if not fitted else "censored" if censored else ""


def _print_table(found, delay):
    from rich.console import Console
    from rich.table import Table

    shown = {name: column for name, column in found.columns.items() if column}
    print("columns: " + ", ".join(f"{name} = {column}" for name, column in shown.items()))
    table = Table()
    for name in ("run", "train time", "test time", "delay"):
        table.add_column(name, justify="left" if name == "run" else "right")
    for label, train_time, test_time, gap, note in _rows(found, delay):
        texts = (f"{train_time:.6g}", f"{test_time:.6g}", f"{gap:.6g}")
        if note == "censored":
            texts = (texts[0], "not reached", f"> {texts[2]}")
        elif note:
            texts = ("not reached", "not reached" if test_time != test_time else texts[1], "none")
        table.add_row(label or "-", *texts)
    Console().print(table)
    print(str(delay))


def _print_json(found, delay):
    import json
    import math

    plain = lambda number: float(number) if math.isfinite(number) else None  # noqa: E731
    keys = ("run", "train_time", "test_time", "delay", "note")
    runs = [dict(zip(keys, (row[0], *map(plain, row[1:4]), row[4]), strict=True)) for row in _rows(found, delay)]
    summary = {"median": [plain(v) for v in delay.median], "interval": [plain(v) for v in delay.interval]}
    print(json.dumps({**summary, "confidence": delay.confidence, "columns": found.columns, "runs": runs}, indent=1))


def _draw(found, delay, thresholds, path):
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    import numpy as np

    from .picture import write_picture

    style = Path(__file__).resolve().parents[1] / "style.mplstyle"
    with plt.style.context(style):
        figure, axes = plt.subplots(figsize=(4.5, 3.0), layout="constrained")
        every = list(found.runs.values())
        alpha = max(0.15, 1 / len(every) ** 0.5)
        for which, color, time in ((0, "C0", delay.train_time), (1, "C1", delay.test_time)):
            for position, records in enumerate(every):
                label = ("train", "test")[which] if position == 0 else None
                axes.plot(records[which].x, records[which].values, color=color, alpha=alpha, label=label)
            axes.axhline(thresholds[which], color=color, linestyle=":", linewidth=0.8)
            for crossed in np.atleast_1d(time):
                if np.isfinite(crossed):
                    axes.plot(crossed, thresholds[which], "o", color=color, markersize=3)
        ends = [records[1].x[-1] for records, censored in zip(every, np.atleast_1d(delay.censored)) if censored]
        if ends:
            axes.plot(ends, [thresholds[1]] * len(ends), ">", color="C1", markersize=5, label="not reached")
        values = np.concatenate([r.values for records in every for r in records])
        times = np.concatenate([r.x for records in every for r in records])
        for axis, data in (("x", times), ("y", values)):
            positive = data[np.isfinite(data) & (data > 0)]
            if positive.size and np.nanmin(data) >= 0 and positive.max() > 100 * positive.min():
                lowest = positive.min()
                # Zeros cannot stand on a logarithmic axis: the step before the first logged one.
                getattr(axes, f"set_{axis}scale")(
                    "symlog" if np.any(data == 0) else "log", **({"linthresh": lowest} if np.any(data == 0) else {})
                )
        axes.set_xlabel(found.columns["x"])
        axes.set_ylabel(" / ".join(dict.fromkeys((found.columns["train"], found.columns["test"]))))
        for handle in filter(None, axes.legend().legend_handles):
            handle.set_alpha(1)
        if axes.get_yscale() == "log":
            # A train loss that falls to 1e-28 would flatten everything that matters.
            axes.set_ylim(bottom=max(axes.get_ylim()[0], 1e-3 * min(thresholds)))
        axes.set_title(str(delay).replace(", ", "\n", 1).split(" (")[0], fontsize=7)
        write_picture(figure, path, dpi=200)
