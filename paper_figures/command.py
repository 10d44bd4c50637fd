"""The command `python -m paper_figures [names]`: build figures, their numbers, and the page that shows them.

Exit codes: 0 all built (and, with --check, all claims hold); 1 a claim does not hold (only with --check); 2 bad
usage; 3 a figure could not be built; 130 interrupted (what is finished is kept; the same command resumes).
"""

from __future__ import annotations

import contextlib
import difflib
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from grok_theory import interruption
from grok_theory.cli.strict import StrictCommand
from paper_figures.figure import HOME, SIZE_NAMES, Label, catalogue

CLAIM_FAILED, USAGE, BUILD_FAILED = 1, 2, 3


def figures(
    names: Annotated[list[str] | None, typer.Argument(help="Figures to build; all of them if none is named.")] = None,
    show: Annotated[bool, typer.Option("--list", help="List the figures and build nothing.")] = False,
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
    known = catalogue(folder.resolve())
    chosen = _chosen(names or [], known, folder)
    if show:
        _list(chosen)
        return
    chosen = _of_this_size(chosen, size, names or [])
    if size not in SIZE_NAMES:
        _refuse(f"--size is {size!r}, but it must be one of {', '.join(SIZE_NAMES)}.")
    if settings:
        _check_settings(settings, chosen, size)

    from paper_figures.gallery import build_all
    from paper_figures.progress import Durations, Reporter
    from paper_figures.record import Order

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
    from grok_theory.errors import BadValue
    from paper_figures.figure import load_figure
    from paper_figures.parameters import check_settings, make_parameters

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


def _chosen(names: list[str], known: dict[str, Label], folder: Path) -> list[Label]:
    if not known:
        _refuse(f"{folder} holds no figure files (a figure file assigns PAPER at top level).")
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=3, cutoff=0.4)
            hint = f"the nearest: {', '.join(near)}." if near else "`--list` shows them all."
            _refuse(f"There is no figure {name!r}; {hint}")
    return [known[name] for name in dict.fromkeys(names)] if names else list(known.values())


def _of_this_size(labels: list[Label], size: str, named: list[str]) -> list[Label]:
    """At the quick size only those that can be shown in its budget."""
    without = [label.name for label in labels if size == "quick" and not label.has_quick]
    if refused := [name for name in without if name in named]:
        _refuse(f"{', '.join(refused)} cannot be shown at --size quick (default only); write --size default.")
    if len(without) == len(labels):
        _refuse("None of these figures can be shown at --size quick (default only); write --size default.")
    return [label for label in labels if label.name not in without]


def _list(labels: list[Label]) -> None:
    table = Table("figure", "shows", "paper", box=None, pad_edge=False)
    for label in labels:
        table.add_row(label.name, label.title, label.paper)
    Console(width=None if sys.stdout.isatty() else 160).print(table)


def _refuse(sentence: str) -> None:
    print(sentence, file=sys.stderr)
    raise typer.Exit(USAGE)


app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
app.command(cls=StrictCommand)(figures)
