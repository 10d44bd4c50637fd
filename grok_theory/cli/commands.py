"""The commands, in the order of the help text; a name without a file is not there yet."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Annotated

import typer

from .strict import StrictCommand

COMMANDS = (
    "solve",
    "validate",
    "predict",
    "overlay",
    "delay",
    "forecast",
    "fit",
    "find",
    "judge",
    "formulas",
    "figures",
    "doctor",
    "cache",
    "completion",
)

app = typer.Typer(
    name="grok-theory",
    help="Theories of when and why neural networks generalize late: solve them, check them against real runs.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    epilog="Exit codes: 0 good, 1 disagrees or a check failed, 2 bad input, 3 underpowered or cannot tell, "
    "4 no trustworthy answer, 130 interrupted.",
)

for _name in COMMANDS:
    if find_spec(f"{__package__}.{_name}") is not None:
        _module = import_module(f"{__package__}.{_name}")
        app.command(
            _name, cls=getattr(_module, "COMMAND", StrictCommand), context_settings=getattr(_module, "CONTEXT", None)
        )(_module.command)


@app.callback()
def _every_command(
    debug: Annotated[bool, typer.Option("--debug", help="Show the whole traceback of an error.")] = False,
    version: Annotated[bool, typer.Option("--version", help="Show the version.")] = False,
) -> None:
    # `answer` takes the first at any place of the line, `main` the second; here they are only documented.
    pass
