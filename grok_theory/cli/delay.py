"""`grok-theory delay LOG`: how much later a run in a training log generalized than it fitted."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def command(
    log: Annotated[Path, typer.Argument(help="CSV, JSON lines, JSON, printed text, or MLflow folder.")],
    train_threshold: Annotated[float, typer.Option(help="Fitted when the train curve is past this.")],
    test_threshold: Annotated[float, typer.Option(help="Generalized when the test curve is past this.")],
    x: Annotated[str | None, typer.Option(help="Column of times or steps; guessed if left out.")] = None,
    train: Annotated[str | None, typer.Option(help="Column of the train curve; guessed if left out.")] = None,
    test: Annotated[str | None, typer.Option(help="Column of the test curve; guessed if left out.")] = None,
    run: Annotated[str | None, typer.Option(help="Column that tells runs apart; guessed if left out.")] = None,
    patience: Annotated[float, typer.Option(help="A curve must stay past its threshold so long, in units of x.")] = 0.0,
    train_patience: Annotated[float | None, typer.Option(help="--patience of the train curve.")] = None,
    test_patience: Annotated[float | None, typer.Option(help="--patience of the test curve.")] = None,
    rising: Annotated[bool, typer.Option("--rising", help="Both curves rise; what is called accuracy does.")] = False,
    train_rising: Annotated[bool, typer.Option("--train-rising", help="The train curve rises.")] = False,
    test_rising: Annotated[bool, typer.Option("--test-rising", help="The test curve rises.")] = False,
    confidence: Annotated[float, typer.Option(help="Of the interval for the median over runs.")] = 0.95,
    repeats: Annotated[
        str, typer.Option(help="Where a resumed run wrote times again: last, first or refuse.")
    ] = "last",
    encoding: Annotated[str | None, typer.Option(help="Of the file, where it is not UTF-8: latin-1 ...")] = None,
    pattern: Annotated[
        str | None, typer.Option(help="Regular expression for a log of text; its named groups are the columns.")
    ] = None,
    plot: Annotated[
        str | None, typer.Option(metavar="FILE", help="Picture to write (.png, .pdf, .svg); LOG-delay.png by default.")
    ] = None,
    no_plot: Annotated[bool, typer.Option("--no-plot", help="Draw nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
) -> None:
    """Print train time, test time and delay of every run in a training log, and draw the curves.

    Missing values are times at which that curve was not logged. A test curve that never crosses gives a lower bound,
    a curve past its threshold at its first record an upper one. Crashed runs are left out and counted.
    """
    from ..observables.delay_of_log import log_delay
    from ..results import read_log
    from .picture import picture_path

    path = None if no_plot else picture_path(f"{log.stem}-delay.png" if plot is None else plot, "plot")
    up = (rising or train_rising or None, rising or test_rising or None)
    found = read_log(
        log, x=x, train=train, test=test, run=run, rising=up, repeats=repeats, encoding=encoding, pattern=pattern
    )
    answer = log_delay(
        found,
        train_threshold=train_threshold,
        test_threshold=test_threshold,
        patience=tuple(patience if own is None else own for own in (train_patience, test_patience)),
        rising=up,
        confidence=confidence,
    )
    if as_json:
        _print_json(found, answer)
    else:
        _print_table(found, answer)
    if path is not None:
        _draw(found, answer, (train_threshold, test_threshold), path)
        if not as_json:
            print(f"drawn in {path}")


def _rows(answer):
    """(run, crossing of train, crossing of test, delay, low, high, note) of every run, as scalars."""
    import numpy as np

    delay = answer.delay
    fields = ("time", "lower", "upper", "censored", "before")
    parts = [{f: np.atleast_1d(getattr(c, f)) for f in fields} for c in (delay.train, delay.test)]
    gaps = [np.atleast_1d(a) for a in (delay.delay, delay.low, delay.high, delay.fitted, delay.censored, delay.before)]
    for i, label in enumerate(answer.runs):
        train, test = ({f: part[f][i] for f in fields} for part in parts)
        gap, low, high, fitted, censored, before = (values[i] for values in gaps)
        words = ("not fitted", True) if not fitted else ("censored", censored)
        notes = [word for word, true in (words, ("before the first record", before)) if true]
        yield label, train, test, gap, low, high, ", ".join(notes)


def _print_table(found, answer):
    import sys

    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from ..observables.delay import shown_delay, shown_time
    from ..tables.names import plain_name

    print(found.recognised)
    table = Table()
    for name in ("run", "train time", "test time", "delay"):
        table.add_column(name, justify="left" if name == "run" else "right")
    for label, train, test, gap, low, high, note in _rows(answer):
        times = (shown_time(c["time"], c["upper"], c["censored"]) for c in (train, test))
        delay = "none" if "not fitted" in note else shown_delay(gap, low, high, "censored" in note)
        table.add_row(escape(plain_name(label)) or "-", *times, delay.replace("more than", ">"))
    # Into a pipe or file no name is cut.
    (Console() if sys.stdout.isatty() else Console(width=200 + max(map(len, answer.runs)))).print(table)
    for label, why in answer.left_out.items():
        print(f"left out: run {plain_name(label)}: {plain_name(why)}")
    print(str(answer.delay))


def _print_json(found, answer):
    import json
    import math

    plain = lambda number: float(number) if math.isfinite(number) else None  # noqa: E731
    runs = [
        {
            "run": label,
            "train_time": plain(train["time"]),
            "train_interval": [plain(train["lower"]), plain(train["upper"])],
            "test_time": plain(test["time"]),
            "test_interval": [plain(test["lower"]), plain(test["upper"])],
            # A lower bound is no delay: it stands in the interval.
            "delay": None if note else plain(gap),
            "delay_interval": [plain(low), plain(high)],
            "note": note,
        }
        for label, train, test, gap, low, high, note in _rows(answer)
    ]
    delay = answer.delay
    summary = {
        "median": [plain(v) for v in delay.median],
        "interval": [plain(v) for v in delay.interval],
        "confidence": delay.confidence,
        "columns": found.columns,
        "guessed": list(found.guessed),
        "rising": dict(zip(("train", "test"), answer.rising, strict=True)),
        "runs": runs,
        "left_out": [{"run": label, "reason": why} for label, why in answer.left_out.items()],
        "notes": list(found.notes),
    }
    print(json.dumps(summary, indent=1))


def _draw(found, answer, thresholds, path):
    import numpy as np

    from ..tables.names import plain_name
    from .picture import pyplot, write_picture

    plt = pyplot()
    style = Path(__file__).resolve().parents[1] / "style.mplstyle"
    with plt.style.context(style):
        figure, axes = plt.subplots(figsize=(4.5, 3.0), layout="constrained")
        delay, every = answer.delay, [found.runs[label] for label in answer.runs]
        alpha = max(0.15, 1 / len(every) ** 0.5)
        for which, color, crossing, level in (
            ("train", "C0", delay.train, thresholds[0]),
            ("test", "C1", delay.test, thresholds[1]),
        ):
            for position, records in enumerate(every):
                label = which if position == 0 else None
                x, values = (_drawable(part) for part in (records[which].x, records[which].values))
                axes.plot(x, values, color=color, alpha=alpha, label=label)
            axes.axhline(level, color=color, linestyle=":", linewidth=0.8)
            for crossed in _drawable(np.atleast_1d(crossing.time)):
                if np.isfinite(crossed):
                    axes.plot(crossed, level, "o", color=color, markersize=3)
            early = np.atleast_1d(crossing.upper)[np.atleast_1d(crossing.before)]
            if early.size:
                axes.plot(early, [level] * early.size, "<", color=color, markersize=5, label="before the first record")
        ends = [records["test"].x[-1] for records, censored in zip(every, np.atleast_1d(delay.censored)) if censored]
        if ends:
            axes.plot(ends, [thresholds[1]] * len(ends), ">", color="C1", markersize=5, label="not reached")
        values = _drawable(np.concatenate([r.values for records in every for r in records.values()]))
        times = _drawable(np.concatenate([r.x for records in every for r in records.values()]))
        for axis, data in (("x", times), ("y", values)):
            positive = data[np.isfinite(data) & (data > 0)]
            if positive.size and np.nanmin(data) >= 0 and positive.max() > 100 * positive.min():
                lowest = positive.min()
                # Zeros cannot stand on a logarithmic axis: the step before the first logged one.
                getattr(axes, f"set_{axis}scale")(
                    "symlog" if np.any(data == 0) else "log", **({"linthresh": lowest} if np.any(data == 0) else {})
                )
        # A dollar in a column's name is no formula.
        axes.set_xlabel(plain_name(found.columns["x"]), parse_math=False)
        names = dict.fromkeys(plain_name(found.columns[which]) for which in ("train", "test"))
        axes.set_ylabel(" / ".join(names), parse_math=False)
        for handle in filter(None, axes.legend().legend_handles):
            handle.set_alpha(1)
        if axes.get_yscale() == "log":
            # A train loss that falls to 1e-28 would flatten everything that matters.
            axes.set_ylim(bottom=max(axes.get_ylim()[0], 1e-3 * min(thresholds)))
        axes.set_title(str(delay).replace(", ", "\n", 1).split(" (")[0], fontsize=7)
        write_picture(figure, path, dpi=200)


def _drawable(values):
    """What a picture has room for: beyond that a logarithmic axis overflows."""
    import numpy as np

    return np.where(np.abs(values) < 1e200, values, np.nan)
