"""Tell a person how far a build is: a bar with the time left on a terminal, a line a figure elsewhere."""

from __future__ import annotations

from typing import Any

from rich.console import Console


class Reporter:
    """Hears of every figure and step, and shows them on `console`."""

    def __init__(self, console: Console, names: list[str]) -> None:
        self.console = console
        self.names = names

    def __enter__(self) -> Reporter:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def figure(self, name: str) -> None:
        """A figure begins."""

    def step(self, event: str, step: str, seconds: float) -> None:
        """A step of the current figure started, is done, or came from the cache."""

    def warn(self, sentence: str) -> None:
        """Something was noticed that does not stop the build."""
        self.console.print(f"[yellow]{sentence}[/]", highlight=False)

    def finished(self, record: dict[str, Any]) -> None:
        """A figure is built, was unchanged, or has failed."""
        name = record["name"]
        if record["status"] == "failed":
            self.console.print(f"[bold red]failed[/]  {name}: ", highlight=False, end="")
            self.console.print(record["error"], markup=False, highlight=False)
            return
        word = "as before" if record.get("unchanged") else f"{record['seconds']:.1f} s"
        self.console.print(f"[green]built[/]   {name} ({word})", highlight=False)
        for claim in record["claims"]:
            mark = "[green]holds[/]" if claim["holds"] else "[bold red]FAILS[/]"
            self.console.print(f"  {mark}  ", end="", highlight=False)
            self.console.print(f"{claim['text']} [{claim['measured']}]", markup=False, highlight=False)
