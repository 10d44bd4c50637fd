"""Where a command's answer goes: the options that say it, and the answer as text or JSON, in a file, in a picture."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

Out = Annotated[str | None, typer.Option(metavar="FILE", help="Save all of it to this .npz.")]
Plot = Annotated[str | None, typer.Option(metavar="FILE", help="Picture to write (.png, .pdf, .svg).")]
AsJson = Annotated[bool, typer.Option("--json", help="Write JSON.")]


@dataclass(frozen=True)
class Outputs:
    """The places that `checked_outputs` found to be possible."""

    as_json: bool
    picture: Path | None = None
    file: Path | None = None

    def save(self, answer: Any) -> None:
        """Keep all of it in the file that was asked for."""
        if self.file is not None:
            answer.save(self.file)

    def say(self, record: Callable[[], dict[str, Any]], *shown: Any) -> None:
        """Print `record()` as JSON, or each of `shown`."""
        if self.as_json:
            from .as_json import write_json

            write_json(record())
        else:
            for each in shown:
                print(each)

    def draw(self, draw: Callable[[Path], str | None]) -> None:
        """Have the picture drawn that was asked for; a remark that `draw` returns goes to stderr."""
        if self.picture is None:
            return
        remark = draw(self.picture)
        if not self.as_json:
            print(f"drawn in {self.picture}")
        if remark:
            print(remark, file=sys.stderr)


def checked_outputs(
    as_json: bool, plot: Any = None, out: str | None = None, endings: tuple[str, ...] = (".npz",)
) -> Outputs:
    """What `--json`, `--plot` and `--out` ask for; `BadValue` where it cannot be written, before what may take long."""
    from ..storage import destination
    from .picture import picture_path

    picture = None if plot is None else picture_path(plot, "plot")
    return Outputs(as_json, picture, None if out is None else destination(out, endings, "out"))
