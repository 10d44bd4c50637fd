"""`grok-theory figures`: build the figures, or say which of which paper there are, in a checkout or installed."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

# Names and options are those of `python -m paper_figures`, which reads and explains them.
CONTEXT = {"ignore_unknown_options": True, "help_option_names": []}


def command(
    words: Annotated[list[str] | None, typer.Argument(help="As for `python -m paper_figures`.", metavar="...")] = None,
) -> None:
    """Build figures, into out/figures of this folder, or list a paper's with --paper NAME; --help shows the options."""
    try:
        from paper_figures.making.command import app
    except ModuleNotFoundError as missing:
        print(
            f"The figures need {missing.name}, which is not installed: pip install 'grok_theory[figures]'.",
            file=sys.stderr,
        )
        raise typer.Exit(2) from None

    from .answers import answer

    words = words or []
    # Who asks for a paper here wants to see what there is of it; `make figures` builds.
    if any(word.partition("=")[0] in ("--paper", "--figure", "--wing") for word in words):
        words = ["--list", *words]
    raise typer.Exit(answer(app, words, "grok-theory figures"))
