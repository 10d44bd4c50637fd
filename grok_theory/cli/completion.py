"""`grok-theory completion SHELL`: the script that lets a shell complete commands, problems, fields and options."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from .shell_scripts import SCRIPTS


def command(
    shell: Annotated[str | None, typer.Argument(help="bash, zsh or fish.")] = None,
    line: Annotated[
        str | None,  # what the scripts ask with
        typer.Option(metavar="TEXT", hidden=True, help="What is typed so far: print what its last word may become."),
    ] = None,
) -> None:
    """Print the script that lets a shell complete: eval "$(grok-theory completion bash)" in ~/.bashrc."""
    if line is not None:
        from .known_words import candidates

        print("\n".join(candidates(line)))
        return
    if shell not in SCRIPTS:
        said = "is not said" if shell is None else f"is {shell!r}"
        print(f"shell {said}, but it must be bash, zsh or fish. Write grok-theory completion bash.", file=sys.stderr)
        raise typer.Exit(2)
    print(SCRIPTS[shell], end="")
