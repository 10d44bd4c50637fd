"""Show that something is going on and how far it is: on a terminal's stderr, gone at the end; nothing elsewhere.

Every wait has an estimate. Where things are counted it comes from the speed so far, elsewhere from how long the same
took the last time on this machine (`durations`). One line is shown at a time: what is counted inside a `waiting` counts
there, and what is counted below another bar stays silent.
"""

from __future__ import annotations

import multiprocessing
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from . import durations

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, ProgressColumn, Task, TaskID


Item = TypeVar("Item")
SOON = 2.0  # seconds after which a bar is worth its line
# The displays that are on now, and what `counted` may count in: the task of the innermost `waiting`.
_on: list[Progress] = []
_waits: list[tuple[Progress, TaskID]] = []


@contextmanager
def waiting(what: str, *, usual: float | None = None) -> Iterator[None]:
    """A moving line with `what`, the seconds so far and those left, while the body of the `with` runs.

    Parameters
    ----------
    what : str
        What is waited for; the estimate is how long that took the last time.
    usual : float, optional
        Seconds that it rarely takes longer than: the estimate where there was no last time.
    """
    if not sys.stderr.isatty() or _on:  # rich is not even imported
        yield
        return
    from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn(), _left_column())
    progress, began = _shown(None, *columns), time.monotonic()
    with progress:
        task = progress.add_task(what, total=None, expected=durations.expected(what), usual=usual)
        _waits.append((progress, task))
        try:
            yield
        finally:
            _waits.pop()
    durations.learn(what, time.monotonic() - began)  # not where it failed


def bar(
    title: str, total: int, *, done: int = 0, console: Console | None = None, left: ProgressColumn | None = None
) -> tuple[Progress, TaskID]:
    """A bar that counts up to `total`, and its task.

    Parameters
    ----------
    title : str
        What is counted; may change with `progress.update(task, description=...)`.
    total, done : int
        How many in all, and how many are there already: they count as done but not as speed.
    console : rich Console, optional
        Where to show it; stderr if left out.
    left : rich ProgressColumn, optional
        What tells the time left, where the caller knows better than the speed so far.

    Returns
    -------
    tuple of Progress and TaskID
        Use the first in a `with`, and `progress.advance(task)`.
    """
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    clocks = [left] if left is not None else [TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn()]
    counted = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
    )
    progress = _shown(console, *counted, *clocks)
    return progress, progress.add_task(title, total=total, completed=done)


def counted(items: Sequence[Item], title: str) -> Iterator[Item]:
    """The items one by one, with a bar once they have taken `SOON` seconds, or counted on the line that waits for them.

    Parameters
    ----------
    items : sequence
        What is worked through.
    title : str
        What is counted.

    Yields
    ------
    item
        The next one.
    """
    if _waits and len(items) > 1:
        yield from _counted_in(*_waits[-1], items, title)
        return
    of_another = multiprocessing.parent_process() is not None  # a worker's: who waits for it shows how far all are
    if _on or of_another or not sys.stderr.isatty():
        yield from items
        return
    began, progress, task = time.monotonic(), None, None
    try:
        for i, item in enumerate(items):
            if progress is None and time.monotonic() - began > SOON:
                progress, task = bar(title, len(items), done=i)
                progress.start()
            yield item
            if progress is not None and task is not None:
                progress.advance(task)
    finally:
        if progress is not None:
            progress.stop()


def _counted_in(progress: Progress, task: TaskID, items: Sequence[Item], title: str) -> Iterator[Item]:
    progress.update(task, counted=title, total=len(items), completed=0)
    for item in items:
        yield item
        progress.advance(task)
    progress.update(task, counted="", total=None)


def _left_column() -> ProgressColumn:
    """What a `waiting` says of the time left."""
    from rich.progress import ProgressColumn
    from rich.text import Text

    class Left(ProgressColumn):
        def render(self, task: Task) -> Text:
            return Text(left_in_words(task), style="cyan")

    return Left()


def left_in_words(task: Any) -> str:
    """How long a wait will last still, by what is counted in it, or by the last time.

    Parameters
    ----------
    task : rich Task
        With `elapsed`, and in its `fields` what is `counted` and the seconds `expected` or `usual`.

    Returns
    -------
    str
        Such as "7/20 runs, 0:12 left", "about 0:05 left" or "usually under 0:15".
    """
    fields = task.fields
    done = f"{task.completed:.0f}/{task.total:.0f} {fields['counted']}, " if fields.get("counted") else ""
    if done and task.time_remaining is not None:
        return f"{done}{_clock(task.time_remaining)} left"
    expected, usual, elapsed = fields.get("expected"), fields.get("usual"), task.elapsed or 0.0
    if expected is not None:
        left = expected - elapsed
        return done + (f"about {_clock(left)} left" if left > 0 else f"longer than the last time ({_clock(expected)})")
    if usual is not None:
        return done + (f"usually under {_clock(usual)}" if elapsed < usual else f"longer than usual ({_clock(usual)})")
    return done + "no estimate the first time"


def _clock(seconds: float) -> str:
    whole = max(0, round(seconds))
    return f"{whole // 60}:{whole % 60:02d}"


def _shown(console: Console | None, *columns: ProgressColumn) -> Progress:
    from rich.console import Console
    from rich.progress import Progress

    class Shown(Progress):
        """Known to be on, so that no other is begun below it."""

        def start(self) -> None:
            _on.append(self)
            super().start()

        def stop(self) -> None:
            if self in _on:
                _on.remove(self)
            super().stop()

    console = console or Console(stderr=True)
    return Shown(*columns, console=console, transient=True, disable=not console.is_terminal)
