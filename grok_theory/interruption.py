"""Ctrl-C and SIGTERM in a process that is a command: one sentence, exit code 130 or 143, nothing half-written.

Python raises KeyboardInterrupt between two instructions of the main thread, wherever these are. In the middle of a call
back from XLA or of the garbage collector it is printed and lost, inside an import it comes out as another error, during
a long compilation it waits, and the ordinary end of the interpreter while XLA's threads compute is a segmentation
fault. So a command raises nothing: the signal wakes a thread, which removes the files that are being written, ends the
processes started from here, says the sentence and leaves at once. Libraries keep Python's own way: `sweep` called from
a script or notebook raises KeyboardInterrupt.

Only the standard library is imported here, and little of it: a command calls `take_over` before anything else.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

_WORDS = {signal.SIGINT: "Interrupted", signal.SIGTERM: "Terminated"}
_KEPT = "what was finished is kept."
# Waiting for a reader of stdout that does not read must not keep the process alive.
_FLUSH_SECONDS = 0.3

_owner = 0  # the process that took over; a forked child must not answer for it
_leaving = threading.Lock()
_listening = (0, -1)  # the process with the thread that hears signals, and the end of the pipe that wakes it
_silent = False
_sentences: list[Callable[[], str]] = []
_unfinished: set[str] = set()


def take_over(*, silent: bool = False) -> None:
    """From here on a Ctrl-C or SIGTERM ends this process with its sentence; `silent`: without one.

    Only the main thread can; a signal that is ignored (nohup) stays ignored, and another program's handler stays.
    """
    global _owner, _silent
    if threading.current_thread() is not threading.main_thread():
        return
    _silent = silent
    if _owner == os.getpid():
        return
    _owner = os.getpid()
    _fill_standard_streams()
    _quiet_trackers()
    for number, usual in ((signal.SIGINT, signal.default_int_handler), (signal.SIGTERM, signal.SIG_DFL)):
        if signal.getsignal(number) is usual:
            signal.signal(number, _heard)
    _listen()


def give_back() -> None:
    """Python's own handling again."""
    global _owner
    if _owner != os.getpid() or threading.current_thread() is not threading.main_thread():
        return
    _owner = 0
    for number, usual in ((signal.SIGINT, signal.default_int_handler), (signal.SIGTERM, signal.SIG_DFL)):
        if signal.getsignal(number) is _heard:
            signal.signal(number, usual)
    if os.name == "posix":
        signal.set_wakeup_fd(-1)


@contextmanager
def telling(sentence: Callable[[], str]) -> Iterator[None]:
    """Meanwhile an interrupted command says `sentence()`: how far it came, how to go on."""
    _sentences.append(sentence)
    try:
        yield
    finally:
        _sentences.remove(sentence)


@contextmanager
def unfinished(path: str | os.PathLike) -> Iterator[None]:
    """Meanwhile `path` is a file that is being written: an interrupted command removes it."""
    name = os.fspath(path)
    _unfinished.add(name)
    try:
        while _leaving.locked():  # no new file for a process that is about to end
            time.sleep(1.0)
        yield
    finally:
        _unfinished.discard(name)


def leave(code: int) -> None:
    """End the process now: what was printed is written, no file is half-written, nothing else is waited for."""
    _leaving.acquire(blocking=False)  # from here on no new file is begun
    try:
        _flush()
        _remove_unfinished()
    finally:
        os._exit(code)


def _heard(number: int, frame: object = None) -> None:
    if os.getpid() != _owner:
        os._exit(128 + number)  # a fork of the command, which has nothing to say
    if not _leaving.acquire(blocking=False):
        return  # already leaving, in the other thread
    try:
        _end_children()
        _flush()
        _say(number)
        _remove_unfinished()
    finally:
        os._exit(128 + number)


def _remove_unfinished() -> None:
    for name in list(_unfinished):
        with suppress(OSError):
            os.unlink(name)


def _say(number: int) -> None:
    text = "" if _silent else f"{_WORDS.get(signal.Signals(number), 'Ended')}; {_KEPT}"
    if _sentences and not _silent:
        with suppress(Exception):
            text = _sentences[-1]()
    for stream in (1, 2):
        with suppress(OSError):
            if os.name == "posix" and os.isatty(stream):
                # The line of a progress bar is wiped, and the cursor that it hid is back.
                os.write(stream, b"\r\x1b[2K\x1b[?25h")
    if text:
        with suppress(OSError):
            os.write(2, f"{text}\n".encode(errors="backslashreplace"))


def _flush() -> None:
    # In a thread: whoever was interrupted may hold the lock of stdout, or wait for its reader.
    def flush() -> None:
        with suppress(Exception):
            sys.stdout.flush()

    with suppress(RuntimeError):
        thread = threading.Thread(target=flush, daemon=True)
        thread.start()
        thread.join(_FLUSH_SECONDS)


def _end_children() -> None:
    """SIGTERM to the processes started from here, where the system tells which these are; joblib's tracker ignores it.

    Elsewhere (no /proc) workers of sweeps and figures notice by themselves that their parent has gone.
    """
    me = str(os.getpid())
    with suppress(OSError):
        for entry in os.listdir("/proc"):
            if entry.isdigit():
                with suppress(OSError, IndexError):
                    with open(f"/proc/{entry}/stat", "rb") as file:
                        # "pid (name) state parent ...": the name may hold anything, even brackets.
                        parent = file.read().rpartition(b")")[2].split()[1].decode()
                    if parent == me:
                        os.kill(int(entry), signal.SIGTERM)


def _listen() -> None:
    """A thread that hears signals while the main thread is inside compiled code, and a pipe that wakes it."""
    global _listening
    if os.name != "posix":
        return  # the handler itself does it, as soon as the main thread comes back to Python
    if _listening[0] != os.getpid():
        reading, writing = os.pipe()
        os.set_blocking(writing, False)
        _listening = (os.getpid(), writing)

        def listen() -> None:
            while number := os.read(reading, 1):
                if number[0] in _WORDS and signal.getsignal(number[0]) is _heard:
                    _heard(number[0])

        threading.Thread(target=listen, daemon=True, name="interruption").start()
    signal.set_wakeup_fd(_listening[1], warn_on_full_buffer=False)


def _quiet_trackers() -> None:
    # joblib's tracker removes what its workers leave when they are ended, and warns of it in several lines.
    said = os.environ.get("PYTHONWARNINGS", "")
    if "resource_tracker" not in said:
        os.environ["PYTHONWARNINGS"] = f"{said},ignore:resource_tracker".lstrip(",")


def _fill_standard_streams() -> None:
    # Of a closed stdin, stdout or stderr the next opened file would take the number, and get what is said to it.
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(number, True)
    os.close(number)
