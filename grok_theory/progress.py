"""Show that something is going on and how far it is: on a terminal's stderr, gone at the end; nothing elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, ProgressColumn, TaskID


Item = TypeVar("Item")
SOON = 2.0  # seconds after which a bar is worth its line


@contextmanager
def waiting(what: str) -> Iterator[None]:
    """A moving line with `what` and the seconds so far, while the body of the `with` runs."""
    if not sys.stderr.isatty():  # rich is not even imported
        yield
        return
    from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

    progress = _shown(None, SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with progress:
        progress.add_task(what, total=None)
        yield


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
    counted = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(bar_width=24), MofNCompleteColumn())
    progress = _shown(console, *counted, *clocks)
    return progress, progress.add_task(title, total=total, completed=done)


def counted(items: Sequence[Item], title: str) -> Iterator[Item]:
    """The items one by one, with a bar once they have taken `SOON` seconds.

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
    if not sys.stderr.isatty():
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


def _shown(console: Console | None, *columns: ProgressColumn) -> Progress:
    from rich.console import Console
    from rich.progress import Progress

    console = console or Console(stderr=True)
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
