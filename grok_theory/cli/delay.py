"""`grok-theory delay LOG`: how much later a run in a training log generalized than it fitted."""

from __future__ import annotations

from typing import Annotated

import typer

from .log_options import (
    Encoding,
    LogFiles,
    Pattern,
    Repeats,
    Rising,
    RunColumn,
    TestColumn,
    TestRising,
    TrainColumn,
    TrainRising,
    XColumn,
)
from .outputs import AsJson, checked_outputs

LISTED = 30  # runs that the table shows without being asked


def command(
    log: LogFiles,
    train_threshold: Annotated[
        float | None, typer.Option(help="Fitted when the train curve is past this; needed where there is one.")
    ] = None,
    test_threshold: Annotated[
        float | None, typer.Option(help="Generalized when the test curve is past this; needed where there is one.")
    ] = None,
    x: XColumn = None,
    train: TrainColumn = None,
    test: TestColumn = None,
    run: RunColumn = None,
    patience: Annotated[float, typer.Option(help="A curve must stay past its threshold so long, in units of x.")] = 0.0,
    train_patience: Annotated[float | None, typer.Option(help="--patience of the train curve.")] = None,
    test_patience: Annotated[float | None, typer.Option(help="--patience of the test curve.")] = None,
    rising: Rising = False,
    train_rising: TrainRising = False,
    test_rising: TestRising = False,
    confidence: Annotated[float, typer.Option(help="Of the interval for the median over runs.")] = 0.95,
    repeats: Repeats = "last",
    encoding: Encoding = None,
    pattern: Pattern = None,
    runs: Annotated[bool, typer.Option("--runs", help=f"List every run, also of more than {LISTED}.")] = False,
    plot: Annotated[
        str | None, typer.Option(metavar="FILE", help="Picture to write (.png, .pdf, .svg); LOG-delay.png by default.")
    ] = None,
    no_plot: Annotated[bool, typer.Option("--no-plot", help="Draw nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Print train time, test time and delay of every run in training logs, and draw the curves.

    Several files are several runs, or the curves of one (train.csv val.csv; a tag a file). Missing values are times at
    which that curve was not logged. A test curve that never crosses gives a lower bound, a curve past its threshold at
    its first record an upper one. Crashed runs are left out and counted. A log with a train or a test curve only has
    that curve's times and no delay.
    """
    from ..observables.delay_of_log import log_delay
    from ..progress import waiting
    from ..results import read_log
    from .delay_picture import draw

    stem = "" if len(log) > 1 or str(log[0]) == "-" else f"{log[0].stem.removesuffix('.csv')}-"
    places = checked_outputs(as_json, None if no_plot else f"{stem}delay.png" if plot is None else plot)
    up = (rising or train_rising or None, rising or test_rising or None)
    with waiting("reading the log", usual=5.0):
        found = read_log(
            [str(each) for each in log],
            x=x,
            train=train,
            test=test,
            run=run,
            rising=up,
            repeats=repeats,
            encoding=encoding,
            pattern=pattern,
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
        _print_table(found, answer, runs)
    places.draw(lambda path: draw(found, answer, (train_threshold, test_threshold), path))


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
        if answer.missing:
            words = (f"no {answer.missing} curve", True)
        notes = [word for word, true in (words, ("before the first record", before)) if true]
        yield label, train, test, gap, low, high, ", ".join(notes)


def _print_table(found, answer, every):
    import sys

    import numpy as np
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from ..observables.delay import shown_delay, shown_time
    from ..tables.names import plain_name

    print(found.recognised)
    table = Table()
    for name in ("run", "train time", "test time", "delay"):
        table.add_column(name, justify="left" if name == "run" else "right")
    if every and answer.left_out:
        table.add_column("left out")
    for label, train, test, gap, low, high, note in _rows(answer):
        times = (
            "no curve" if which == answer.missing else shown_time(c["time"], c["upper"], c["censored"])
            for which, c in (("train", train), ("test", test))
        )
        delay = "none" if "not fitted" in note or answer.missing else shown_delay(gap, low, high, "censored" in note)
        table.add_row(escape(plain_name(label)) or "-", *times, delay.replace("more than", ">"))
    for label, why in answer.left_out.items() if every else ():
        table.add_row(escape(plain_name(label)) or "-", "", "", "", escape(plain_name(why)))
    if every or len(answer.runs) <= LISTED:
        # Into a pipe or file no name is cut.
        width = 200 + max(map(len, [*answer.runs, *answer.left_out, *answer.left_out.values()]))
        (Console() if sys.stdout.isatty() else Console(width=width)).print(table)
    else:
        print(f"{len(answer.runs)} runs: --runs lists them")
    if answer.left_out:
        print(f"{len(answer.left_out)} of {len(answer.runs) + len(answer.left_out)} runs are left out")
    for label, why in answer.left_out.items() if not every else ():
        print(f"left out: run {plain_name(label)}: {plain_name(why)}")
    print(answer)
    if not answer.missing and np.any(answer.delay.censored):
        print("`grok-theory forecast` says of a run that has not reached its goal when it will, where that can be said")


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
