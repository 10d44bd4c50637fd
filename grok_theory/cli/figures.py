"""`grok-theory figures`: build the figures of a checkout."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

CHECKOUT = Path(__file__).resolve().parents[2]
# Names and options are those of `python -m paper_figures`, which reads and explains them.
CONTEXT = {"ignore_unknown_options": True, "help_option_names": []}


def command(
    words: Annotated[list[str] | None, typer.Argument(help="As for `python -m paper_figures`.", metavar="...")] = None,
) -> None:
    """Build figures with their numbers and claims (in a checkout); --help shows the options."""
    if not (CHECKOUT / "paper_figures" / "__main__.py").exists():
        print(
            "The figures are not part of the installed package: clone the repository of grok_theory and run "
            "`make figures` there.",
            file=sys.stderr,
        )
        raise typer.Exit(2)
    sys.path.insert(0, str(CHECKOUT))
    from paper_figures.command import app

    from .answer import answer

    raise typer.Exit(answer(app, words or [], "grok-theory figures"))
