"""Options of every command that reads a training log: which columns, which directions, how it is written."""

from pathlib import Path
from typing import Annotated

import typer

LogFiles = Annotated[
    list[Path],
    typer.Argument(help="CSV, JSON, printed text, folder of MLflow or TensorBoard, - for the standard input."),
]
XColumn = Annotated[str | None, typer.Option(help="Column of times or steps; guessed if left out.")]
TrainColumn = Annotated[str | None, typer.Option(help="Column of the train curve; guessed if left out.")]
TestColumn = Annotated[str | None, typer.Option(help="Column of the test curve; guessed if left out.")]
RunColumn = Annotated[str | None, typer.Option(help="Column that tells runs apart; guessed if left out.")]
Rising = Annotated[bool, typer.Option("--rising", help="Both curves rise; what is called accuracy does.")]
TrainRising = Annotated[bool, typer.Option("--train-rising", help="The train curve rises.")]
TestRising = Annotated[bool, typer.Option("--test-rising", help="The test curve rises.")]
Repeats = Annotated[str, typer.Option(help="Where a resumed run wrote times again: last, first or refuse.")]
Encoding = Annotated[str | None, typer.Option(help="Of the file, where it is not UTF-8: latin-1 ...")]
Pattern = Annotated[
    str | None, typer.Option(help="Regular expression for a log of text; its named groups are the columns.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Write JSON.")]
