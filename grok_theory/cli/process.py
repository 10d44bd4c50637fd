"""A command that is a whole process: its standard streams, its exit code, and an end that nothing can spoil."""

from __future__ import annotations

import atexit
import io
import os
import sys
from collections.abc import Callable
from contextlib import suppress

from .. import interruption
from .words import register


def alone(run: Callable[[list[str]], int]) -> None:
    """Run the arguments of this process, and end it with the exit code that `run` returns."""
    from .answers import say, sentence

    interruption.take_over()
    if "--debug" not in sys.argv and os.environ.get("TF_CPP_MIN_LOG_LEVEL", "1") == "1":
        # 1 is what JAX sets. What XLA's compiler notes for its makers (C++ lines on stderr) helps no user.
        os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    if sys.stderr is None:  # closed; a print to it would come out on stdout
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115 (for as long as the process lives)
    if sys.stdout is None:
        say("stdout is closed, so that the answer has nowhere to go. Leave it open, or send it to a file: > FILE.")
        interruption.leave(2)
    _prepare_streams()
    try:
        code = run(sys.argv[1:])
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 0 if ended.code is None else 1
    except BaseException:
        sys.excepthook(*sys.exc_info())  # --debug
        code = 2
    try:
        print(end="", flush=True)
    except Exception as error:
        say(sentence(error))
        code = 2
    # What other libraries have to tidy up; not the interpreter, which would wait for, or crash with, running threads.
    with suppress(BaseException):
        atexit._run_exitfuncs()
    interruption.leave(code)


def _prepare_streams() -> None:
    """Whatever the encoding, a character it lacks is written in words; a full disk is told once; a reader may go."""
    register()
    if os.name == "posix" and isinstance(sys.stdout, io.TextIOWrapper):
        old = sys.stdout
        old.flush()
        sys.stdout = io.TextIOWrapper(
            io.BufferedWriter(_Output(old.fileno(), "w", closefd=False)),
            encoding=old.encoding,
            errors="in_words",
            line_buffering=old.line_buffering,
            write_through=old.write_through,
        )
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="in_words")


class _Output(io.FileIO):
    """stdout: silent after its reader has gone (`| head`), so that the exit code stays the verdict; else it refuses."""

    lost = False

    def write(self, data):  # type: ignore[override]
        if self.lost:
            return len(data)
        try:
            return super().write(data)
        except BrokenPipeError:
            self.lost = True
            return len(data)
        except BlockingIOError:
            raise
        except OSError as error:
            from ..errors import BadValue

            self.lost = True
            raise BadValue(
                f"stdout cannot be written: {error.strerror}. Free space, or send the answer elsewhere: > FILE."
            ) from error
