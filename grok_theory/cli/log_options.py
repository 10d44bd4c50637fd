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
XUnit = Annotated[str | None, typer.Option(help="Unit of that column, where its name does not say: tau.")]
Accuracies = Annotated[bool, typer.Option("--rising", help="Take accuracies where both are there.")]
StepsOf = Annotated[str | None, typer.Option(help='The log\'s steps are of "GradientDescent(0.01)": converted to tau.')]
ScaleX = Annotated[
    str | None, typer.Option(metavar="FACTOR:NAME[:UNIT]", help="x times FACTOR is NAME: 500:step, 0.01:time:tau.")
]
LoggedLoss = Annotated[str, typer.Option(help="Of the squares, what is logged: mean, halved mean, sum, halved sum.")]
SummedSamples = Annotated[int | None, typer.Option(help="How many samples a summed loss sums over.")]
Config = Annotated[
    list[str] | None,
    typer.Option(help="What is known of the training: a JSON file, or name=value (repeatable): batch_size=32."),
]
