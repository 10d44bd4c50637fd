"""Tell a person how far a build is: a bar with the time left on a terminal, a line a figure elsewhere."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import ProgressColumn, Task
from rich.text import Text

from grok_theory.progress import bar
from paper_figures.making.figure_map import measured_seconds

# Seconds expected of a figure that was never built at this size, here or where `expected_seconds` was measured.
_GUESS = {"quick": 5.0, "default": 30.0, "full": 300.0}


class Durations:
    """How long each figure took at each size, learnt from build to build in one small file."""

    def __init__(self, path: Path, size: str) -> None:
        self.path, self.size = path, size
        try:
            found = json.loads(path.read_bytes())
            self.seconds: dict[str, dict[str, float]] = {
                name: {size: float(seconds) for size, seconds in each.items()} for name, each in found.items()
            }
        except (OSError, ValueError, TypeError, AttributeError, RecursionError):  # a guess does as well
            self.seconds = {}

    def expected(self, name: str) -> float:
        """Seconds the figure took last here, or elsewhere, or a guess."""
        here = self.seconds.get(name, {}).get(self.size)
        return float(here or measured_seconds().get(name, {}).get(self.size) or _GUESS[self.size])

    def learn(self, record: dict[str, Any]) -> None:
        """Keep what this build took; steps from the cache count with the time they took when they were computed."""
        if record["status"] == "built" and not record.get("unchanged"):
            work = sum(step["seconds"] for step in record["steps"].values())
            self.seconds.setdefault(record["name"], {})[self.size] = round(max(work, record["seconds"]), 2)
            from grok_theory import storage  # late: it brings JAX, and the bar should show at once

            storage.write_whole(self.path, json.dumps(self.seconds, indent=1, sort_keys=True).encode())


class Reporter:
    """Hears of every figure and step, and shows them on `console`."""

    def __init__(self, console: Console, names: list[str], durations: Durations) -> None:
        self.console = console
        self.waiting = {name: durations.expected(name) for name in names}
        self.durations = durations
        # What is being built now: figure -> (when it began, its current step).
        self.building: dict[str, tuple[float, str]] = {}
        self.progress, self.task = bar("", len(names), console=console, left=_TimeLeft(self))

    def __enter__(self) -> Reporter:
        self.progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.progress.stop()

    def seconds_left(self) -> float:
        """Expected seconds until all is built, with as many at once as now."""
        now = time.monotonic()
        spent = {name: now - began for name, (began, _) in self.building.items()}
        left = [max(0.0, seconds - spent.get(name, 0.0)) for name, seconds in self.waiting.items()]
        return max(sum(left) / max(1, len(self.building)), *left, 0.0) if left else 0.0

    def figure(self, name: str) -> None:
        """A figure begins."""
        self.building[name] = (time.monotonic(), "")
        self._describe()

    def step(self, name: str, event: str, step: str, seconds: float) -> None:
        """A step of a figure started, is done, or came from the cache."""
        if event == "start":
            self.building[name] = (self.building[name][0], step)
            self._describe()
        elif event == "cached":
            self.waiting[name] = max(0.0, self.waiting[name] - seconds)

    def _describe(self) -> None:
        shown = [f"{name}: {step}" if step else name for name, (_, step) in self.building.items()]
        self.progress.update(self.task, description=", ".join(shown))

    def warn(self, sentence: str) -> None:
        """Something was noticed that does not stop the build."""
        self._print(Text(sentence, style="yellow"))

    def finished(self, record: dict[str, Any]) -> None:
        """A figure is built, was unchanged, or has failed."""
        name = record["name"]
        self.waiting.pop(name, None)
        self.building.pop(name, None)
        self.durations.learn(record)
        self.progress.advance(self.task)
        if record["status"] == "failed":
            self._print(Text("failed ", style="bold red") + Text(f"{name}: {record['error']}", style="default"))
            return
        word = "as before" if record.get("unchanged") else f"{record['seconds']:.1f} s"
        self._print(Text("built  ", style="green") + Text(f"{name} ({word})", style="default"))
        for claim in record["claims"]:
            mark = Text("  holds ", style="green") if claim["holds"] else Text("  FAILS ", style="bold red")
            measured = f" [{claim['measured']}]" if claim["measured"] else ""
            self._print(mark + Text(claim["text"] + measured, style="default"))

    def _print(self, line: Text) -> None:
        # Into a file or pipe a claim stays one line.
        self.console.print(line, soft_wrap=not self.console.is_terminal)


class _TimeLeft(ProgressColumn):
    def __init__(self, reporter: Reporter) -> None:
        super().__init__()
        self.reporter = reporter

    def render(self, task: Task) -> Text:
        seconds = round(self.reporter.seconds_left())
        return Text(f"about {seconds // 60}:{seconds % 60:02d} left" if seconds else "nearly done", style="cyan")
