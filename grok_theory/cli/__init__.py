"""The command `grok-theory`: one file a command, each exposing a function `command`.

No command file imports JAX, NumPy or a wing at its top, so that `--help` stays quick. This file imports even less: a
Ctrl-C must find `interruption` in charge while the rest is imported.

Exit codes: 0 good; 1 theory and runs disagree, a self-test failed, or a claim does not hold; 2 bad usage or input, or
an output that cannot be written; 3 underpowered (`validate`), cannot tell (`overlay`), or a figure could not be built
(`figures`); 4 the solver has no trustworthy answer; 130 interrupted, 143 terminated.
"""

from __future__ import annotations

import sys
from typing import Any

from .. import interruption


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and leave with its exit code; an error is one sentence on stderr.

    Without `arguments` it is the whole process: it takes those of the process and ends it. With them it raises
    SystemExit with the exit code.
    """
    interruption.take_over()
    if arguments is not None:
        try:
            sys.exit(_answered(arguments))
        finally:
            interruption.give_back()
    from .process import alone

    alone(_answered)


def _answered(words: list[str]) -> int:
    from .answers import answer
    from .commands import app

    if words == ["--version"]:
        from .. import __version__

        print(f"grok-theory {__version__}")
        return 0
    return answer(app, words, "grok-theory")


def __getattr__(name: str) -> Any:
    if name == "app":  # the Typer application, for those who hang it into their own
        from .commands import app

        return app
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
