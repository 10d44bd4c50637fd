"""`grok-theory forecast LOG`: a run has memorized; will it grok, and when?"""

from __future__ import annotations

from typing import Annotated, Any

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
from .outputs import AsJson, Plot, checked_outputs


def command(
    log: LogFiles,
    train_threshold: Annotated[float, typer.Option(help="Memorized when the train curve is past this.")],
    test_threshold: Annotated[float, typer.Option(help="The goal: the test curve is past this.")],
    x: XColumn = None,
    train: TrainColumn = None,
    test: TestColumn = None,
    run: RunColumn = None,
    rising: Rising = False,
    train_rising: TrainRising = False,
    test_rising: TestRising = False,
    chance: Annotated[float, typer.Option(help="Accuracy of guessing: 1/classes, as a fraction.")] = 0.0,
    at: Annotated[
        float | None, typer.Option(metavar="STEP", help="Forecast as of then: later rows are not looked at.")
    ] = None,
    sibling: Annotated[
        list[str] | None,
        typer.Option(
            metavar="LOG", help="A run of the same task that grokked (repeatable): a date before the test moves."
        ),
    ] = None,
    decay_rate: Annotated[
        float | None, typer.Option(help="Of the run: learning rate x weight decay (SGD: over 1 - momentum).")
    ] = None,
    sibling_decay_rate: Annotated[
        list[float] | None, typer.Option(help="Of each --sibling in turn, or one for all.")
    ] = None,
    optimizer: Annotated[str, typer.Option(help="Its name, where the log does not say: adamw, sgd, muon ...")] = "",
    confidence: Annotated[float, typer.Option(help="Of the interval: 0.8; with siblings 0.8 or 0.9.")] = 0.8,
    table: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="A table of your own, as observables.calibrate(...).save wrote it."),
    ] = None,
    repeats: Repeats = "last",
    encoding: Encoding = None,
    pattern: Pattern = None,
    plot: Plot = None,
    as_json: AsJson = False,
) -> None:
    """Say when a run that has memorized will generalize, or why that cannot be said.

    Without siblings there is no date before the test curve has moved: a loss is dated well from a fifth of its way, an
    accuracy from half. "Never" cannot be said. "80 %" holds for the runs that were tried: two-layer networks.
    """
    from ..observables.forecast_of_log import log_forecast, until
    from ..progress import waiting
    from ..results import read_log
    from .forecast_picture import draw

    places = checked_outputs(as_json, plot)
    up = (rising or train_rising or None, rising or test_rising or None)
    reading = {"x": x, "train": train, "test": test, "run": run, "rising": up, "repeats": repeats}
    reading |= {"encoding": encoding, "pattern": pattern}
    goal = {"train_threshold": train_threshold, "test_threshold": test_threshold, "rising": up}
    with waiting("reading the log", usual=5.0):
        found = read_log([str(each) for each in log], **reading)
        siblings, notes = _siblings(sibling or [], sibling_decay_rate or [], reading, goal)
        answer = log_forecast(
            found,
            **goal,
            chance=chance,
            confidence=confidence,
            siblings=siblings,
            decay_rate=decay_rate,
            table=None if table is None else _table(table),
            optimizer=optimizer,
            at=at,
        )
    if as_json:
        _print_json(found, answer, siblings, notes)
    else:
        _print(found, answer, notes)
    # What came later is drawn too, pale: a backtest shows its truth.
    places.draw(lambda path: draw(until(found, at), found, answer, (train_threshold, test_threshold), path))


def _siblings(logs: list[str], rates: list[float], reading: dict[str, Any], goal: dict[str, Any]) -> tuple[Any, Any]:
    """The siblings that grokked, how each log was read, and a note on each run that did not grok."""
    import numpy as np

    from ..errors import BadValue
    from ..observables import Sibling, log_delay
    from ..results import read_log
    from ..tables.names import plain_name

    if len(rates) not in (len(logs), 1 if logs else 0):
        raise BadValue(
            f"sibling-decay-rate is given {len(rates)} times for {len(logs)} siblings, but each needs one. Give one "
            "for all, or one for each --sibling in turn."
        )
    siblings, notes = [], []
    for log, rate in zip(logs, rates if len(rates) == len(logs) else rates * len(logs), strict=True):
        read = read_log(log, **reading)
        notes.append(f"sibling {plain_name(log)}: {read.recognised}")
        answer = log_delay(read, **goal)
        delays, times = (np.atleast_1d(part) for part in (answer.delay.delay, answer.delay.train_time))
        done = np.atleast_1d(~np.asarray(answer.delay.censored, bool))
        for name, delay, time, over in zip(answer.runs, delays, times, done, strict=True):
            if over and delay > 0 and time > 0:
                siblings.append(Sibling(float(delay), float(time), float(rate)))
            else:
                notes.append(f"sibling {plain_name(log)} {plain_name(name)}".rstrip() + " has no delay: left out")
    if logs and not siblings:
        raise BadValue(f"sibling names {', '.join(logs)}, but no run in it grokked after it fitted. Name one that did.")
    return siblings, notes


def _table(path: str) -> Any:
    from ..errors import BadValue
    from ..observables import Table
    from ..saved_results import load

    found = load(path)
    if not isinstance(found, Table):
        raise BadValue(f"table is {path!r}, which holds a {type(found).__name__}, but it must hold a Table. Name one.")
    return found


def _print(found, answer, notes):
    from ..tables.names import plain_name

    print(found.recognised)
    for note in notes:
        print(note)
    for label, forecast in answer.forecasts.items():
        print(f"{plain_name(label)}: {forecast}" if label else str(forecast))
    for label, why in answer.left_out.items():
        print(f"left out: run {plain_name(label)}: {plain_name(why)}")


def _print_json(found, answer, siblings, notes):
    from dataclasses import asdict

    from .as_json import write_json

    write_json(
        {
            "runs": [{"run": label, **asdict(forecast)} for label, forecast in answer.forecasts.items()],
            "columns": found.columns,
            "guessed": list(found.guessed),
            "rising": dict(zip(("train", "test"), answer.rising, strict=True)),
            "siblings": [asdict(sibling) for sibling in siblings],
            "left_out": [{"run": label, "reason": why} for label, why in answer.left_out.items()],
            "notes": [*found.notes, *notes],
        }
    )
