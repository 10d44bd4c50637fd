"""The command `python -m paper_figures [names]`: build figures, their numbers, and the page that shows them.

Exit codes: 0 all built (and, with --check, all claims hold); 1 a claim does not hold (only with --check); 2 bad
usage; 3 a figure could not be built; 130 interrupted (what is finished is kept; the same command resumes).
"""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from grok_theory import interruption
from grok_theory.cli.strict import StrictCommand
from grok_theory.errors import BadValue
from paper_figures.figure import HOME, SIZE_NAMES, Label, catalogue
from paper_figures.making.choice import Choice

CLAIM_FAILED, USAGE, BUILD_FAILED = 1, 2, 3


def figures(
    names: Annotated[list[str] | None, typer.Argument(help="Figures to build; all of them if none is named.")] = None,
    paper: Annotated[str | None, typer.Option(help="Those of one paper: advani, kumar, tian or halder.")] = None,
    figure: Annotated[str | None, typer.Option(metavar="NUMBER", help="Of one number in the paper: 3 or 3a.")] = None,
    wing: Annotated[str | None, typer.Option(help="Those of one wing: linear, lazy_rich, li2 ...")] = None,
    show: Annotated[
        bool, typer.Option("--list/--build", help="List what is meant and build nothing, or build.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="List the rows of the papers as JSON.")] = False,
    size: Annotated[str, typer.Option(help="quick, default or full (the paper's sizes).")] = "default",
    check: Annotated[bool, typer.Option("--check", help="Exit with 1 if a claim does not hold.")] = False,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="FIELD=VALUE", help="Change a parameter (repeatable).")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for pictures, numbers and page.")] = Path("out/figures"),
    cache: Annotated[Path, typer.Option(help="Folder of finished steps.")] = Path(".cache/figures"),
    fresh: Annotated[bool, typer.Option("--fresh", help="Compute everything again.")] = False,
    workers: Annotated[int, typer.Option(help="How many figures are built at once.")] = 2,
    folder: Annotated[Path, typer.Option("--from", help="Folder of the figure files.")] = HOME,
) -> None:
    """Build figures with their numbers and claims, and a page that shows them all.

    Exit codes: 0 built; 1 a claim does not hold (with --check); 2 bad usage; 3 a figure could not be built;
    130 interrupted: what is finished is kept, and the same command resumes.
    """
    if workers < 1:
        _refuse(f"--workers is {workers}, but it must be at least 1. Write for example --workers 2.")
    if size not in SIZE_NAMES:
        _refuse(f"--size is {size!r}, but it must be one of {', '.join(SIZE_NAMES)}.")
    known = catalogue(folder.resolve())
    choice = Choice.of(names or (), paper, figure, wing)
    try:
        choice.check(known, folder)
        if show or as_json:
            _list(choice, known, size, as_json)
            return
        choice.check_there(known)
    except BadValue as error:
        _refuse(str(error))
    chosen = _of_this_size(choice.figures(known), size, names or [])
    if settings:
        _check_settings(settings, chosen, size)

    from paper_figures.making.gallery import build_all
    from paper_figures.making.progress import Durations, Reporter
    from paper_figures.making.record import Order

    order = Order(folder.resolve(), out.resolve(), cache.resolve(), size, tuple(settings or ()), fresh)
    for option, place in (("--out", order.out), ("--cache", order.cache)):
        _make_folder(option, place)
    durations = Durations(order.cache / "durations.json", size)
    reporter = Reporter(Console(), [label.name for label in chosen], durations)
    with interruption.telling(lambda: "Interrupted; what is finished is kept. The same command resumes."):
        records = build_all(chosen, order, reporter, workers)
    print(f"page: {order.out / 'index.html'}")
    if any(record["status"] == "failed" for record in records):
        raise typer.Exit(BUILD_FAILED)
    if check and not all(claim["holds"] for record in records for claim in record["claims"]):
        raise typer.Exit(CLAIM_FAILED)


def _make_folder(option: str, place: Path) -> None:
    """Before anything is computed; a folder that may only be read is enough where all is there already."""
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        _refuse(f"{option} is {str(place)!r}, but it cannot be a folder: {error.strerror}. Name another one.")


def _check_settings(settings: list[str], chosen: list[Label], size: str) -> None:
    """Refuse a bad setting before anything is computed; a figure that cannot be loaded is left to the build."""
    from paper_figures.figure import load_figure
    from paper_figures.making.parameters import check_settings, make_parameters

    loaded = []
    for label in chosen:
        with contextlib.suppress(Exception):
            loaded.append(load_figure(label))
    try:
        check_settings(settings, loaded)
        for figure in loaded:
            make_parameters(figure, size, settings)
    except BadValue as error:
        _refuse(str(error))


def _of_this_size(labels: list[Label], size: str, named: list[str]) -> list[Label]:
    """At the quick size only those that can be shown in its budget."""
    without = [label.name for label in labels if size == "quick" and not label.has_quick]
    if refused := [name for name in without if name in named]:
        _refuse(f"{', '.join(refused)} cannot be shown at --size quick (default only); write --size default.")
    if len(without) == len(labels):
        _refuse("None of these figures can be shown at --size quick (default only); write --size default.")
    return [label for label in labels if label.name not in without]


def _list(choice: Choice, known: dict[str, Label], size: str, as_json: bool) -> None:
    """Rows of papers where a paper or number is asked for; files by name where not, and those of a wing too."""
    from paper_figures.making.listing import print_files, print_json, print_rows

    rows = choice.rows(known)
    if as_json:
        print_json(rows, size)
    elif choice.by_number:
        print_rows(rows, size)
    else:
        print_files(choice.figures(known))


def _refuse(sentence: str) -> None:
    print(sentence, file=sys.stderr)
    raise typer.Exit(USAGE)


app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
app.command(cls=StrictCommand)(figures)
