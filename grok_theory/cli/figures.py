"""`grok-theory figures`: build the figures, in a checkout or from the installed package."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

# Names and options are those of `python -m paper_figures`, which reads and explains them.
CONTEXT = {"ignore_unknown_options": True, "help_option_names": []}


def command(
    words: Annotated[list[str] | None, typer.Argument(help="As for `python -m paper_figures`.", metavar="...")] = None,
) -> None:
    """Build figures with their numbers and claims, into out/figures of this folder; --help shows the options."""
    try:
        from paper_figures.command import app
    except ModuleNotFoundError as missing:
        print(
            f"The figures need {missing.name}, which is not installed: pip install 'grok_theory[figures]'.",
            file=sys.stderr,
        )
        raise typer.Exit(2) from None

    from .answers import answer

    raise typer.Exit(answer(app, words or [], "grok-theory figures"))
