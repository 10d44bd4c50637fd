"""Run a Typer application: whatever happens comes out as an exit code and, if it is an error, as one sentence."""

from __future__ import annotations

import re
import sys
import warnings
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import typer.main


def answer(app: Any, words: Sequence[str], name: str) -> int:
    """The exit code of the command line `words` under the program name `name`.

    `--debug` anywhere among them lets errors of the program through, with their tracebacks.
    """
    debug = "--debug" in words
    words = [word for word in words if word != "--debug"]
    shown = warnings.formatwarning
    warnings.formatwarning = lambda message, *_, **__: f"Warning: {' '.join(str(message).split())}\n"
    try:
        # Without the framework's own ending: it turns a Ctrl-C into silence and a closed pipe into exit code 1, which
        # is a verdict here.
        code = typer.main.get_command(app)(list(words), prog_name=name, standalone_mode=False)
        return code if isinstance(code, int) else 0
    except KeyboardInterrupt as interrupt:
        say(str(interrupt) or "Interrupted.")
        return 130
    except SystemExit as ended:
        if ended.code is not None and not isinstance(ended.code, int):
            say(str(ended.code))
            return 1
        return ended.code or 0
    except Exception as error:
        if hasattr(error, "format_message") and hasattr(error, "exit_code"):  # bad usage, as the framework finds it
            say(_usage(error, name))
            return 2
        if debug:
            raise
        say(sentence(error))
        _tell_json(error, words)
        return _code(error)
    finally:
        warnings.formatwarning = shown


def say(text: str) -> None:
    """One line on stderr; where stderr is closed or full, nobody hears it and the exit code must do."""
    if sys.stderr is not None:
        with suppress(OSError):
            print(re.sub(r"\S{301,}", _shortened, " ".join(text.split())), file=sys.stderr, flush=True)


def _shortened(word: re.Match) -> str:
    # A value of a thousand characters, shown back whole, would hide what is said of it.
    return f"{word[0][:60]}...{word[0][-20:]}"


def sentence(error: BaseException) -> str:
    """What is wrong, in words for the user."""
    from ..errors import GrokTheoryError

    if isinstance(error, GrokTheoryError):
        return str(error)
    if isinstance(error, MemoryError) or "RESOURCE_EXHAUSTED" in str(error):
        said = " ".join(str(error).split())[:200]
        return f"The memory of this machine does not suffice{f' ({said})' if said else ''}. Ask for fewer or smaller."
    said = " ".join(str(error).split())
    said = said if len(said) <= 500 else said[:497] + "..."
    return f"{type(error).__name__}: {said} (this is not foreseen; --debug shows where)."


def _usage(error: Any, name: str) -> str:
    said = " ".join(str(error.format_message()).split())
    context = getattr(error, "ctx", None)
    path = getattr(context, "command_path", name) or name
    if not said:  # without any argument: the help was shown
        return f"No command is named. `{name} --help` explains them."
    return f"{said if said.endswith(('.', '?', '!')) else said + '.'} `{path} --help` shows what there is."


def _tell_json(error: Exception, words: Sequence[str]) -> None:
    """A solver without an answer answers a machine too: with its status."""
    from ..errors import SolveFailed

    if isinstance(error, SolveFailed) and "--json" in words:
        from .as_json import write_json

        write_json({"status": {"level": "failed", "text": str(error)}})


def _code(error: Exception) -> int:
    from ..errors import SolveFailed

    return 4 if isinstance(error, SolveFailed) else 2
