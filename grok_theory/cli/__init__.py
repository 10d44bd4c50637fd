"""The command `grok-theory`: one file a command, each exposing a function `command`.

No command file imports JAX, NumPy or a wing at its top, so that `--help` stays quick.

Exit codes: 0 good; 1 theory and runs disagree, a self-test failed, or a claim does not hold; 2 bad usage or input;
3 underpowered (`validate`), or a figure could not be built (`figures`); 4 the solver has no trustworthy answer;
130 interrupted.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from importlib.util import find_spec
from typing import Annotated

import typer

# In the order of the help text; a name without a file is not there yet.
COMMANDS = ("solve", "validate", "delay", "judge", "formulas", "figures", "doctor")

app = typer.Typer(
    name="grok-theory",
    help="Theories of when and why neural networks generalize late: solve them, check them against real runs.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    epilog="Exit codes: 0 good, 1 disagrees or a check failed, 2 bad input, 3 underpowered, 4 no trustworthy answer, "
    "130 interrupted.",
)

for _name in COMMANDS:
    if find_spec(f"{__name__}.{_name}") is not None:
        _module = import_module(f"{__name__}.{_name}")
        app.command(_name, context_settings=getattr(_module, "CONTEXT", None))(_module.command)


@app.callback()
def _every_command(
    debug: Annotated[bool, typer.Option("--debug", help="Show the whole traceback of an error.")] = False,
    version: Annotated[bool, typer.Option("--version", help="Show the version.")] = False,
) -> None:
    # Both are dealt with in `main`, which takes them at any place of the line; here they are only documented.
    pass


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and leave with its exit code; an error is one sentence on stderr."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    debug = "--debug" in words
    words = [word for word in words if word != "--debug"]
    if words == ["--version"]:
        print(f"grok-theory {import_module('grok_theory').__version__}")
        sys.exit(0)
    try:
        app(words, prog_name="grok-theory")
    except KeyboardInterrupt as interrupt:
        # A sweep says how to resume.
        print(f"\n{interrupt or 'Interrupted.'}", file=sys.stderr)
        sys.exit(130)
    except BrokenPipeError:
        # The reader has gone (`| head`): no error of ours. Without this, Python complains while it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as error:
        if debug:
            raise
        print(_sentence(error), file=sys.stderr)
        sys.exit(_code(error))


def _sentence(error: Exception) -> str:
    from ..errors import GrokTheoryError

    if isinstance(error, GrokTheoryError):
        return str(error)
    return f"{type(error).__name__}: {error} (this is not foreseen; --debug shows where)."


def _code(error: Exception) -> int:
    from ..errors import SolveFailed

    return 4 if isinstance(error, SolveFailed) else 2
