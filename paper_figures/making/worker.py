"""One process that builds figures: it hears names through a pipe and tells what happens while it happens.

Figures are built in processes of their own so that two use two cores, and so that one that crashes (a segfault, the
memory of the machine) is a failed figure and not the end of the build.

Processes and pipes are those of multiprocessing. The pools (joblib's, concurrent.futures) give up all that is under way
when one process dies, do not say what killed whom, and hand back an answer at the end where steps are told meanwhile.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from multiprocessing.connection import Connection
from typing import Any

from grok_theory import interruption
from paper_figures.figure import Label, catalogue
from paper_figures.making.record import Order, failed_record

# Not forked: threads of XLA and of linear algebra do not survive a fork.
_PROCESSES = multiprocessing.get_context("spawn")


class Worker:
    """A process and the figure it builds; `wire` is ready when it has something to tell or has died."""

    def __init__(self, order: Order, threads: int) -> None:
        self.order = order
        self.label: Label | None = None
        self.wire, its_end = _PROCESSES.Pipe()
        # Not a daemon: figures start processes of their own.
        self.process = _PROCESSES.Process(target=work, args=(order, threads, its_end))
        with _without_ctrl_c():
            self.process.start()
        its_end.close()  # the process has the only one: when it dies, reading ends

    def build(self, label: Label) -> None:
        """Have the process build this figure."""
        self.label = label
        with contextlib.suppress(BrokenPipeError):  # reading will say that it died
            self.wire.send(label.name)

    def hear(self) -> dict[str, Any]:
        """What it tells next; of a process that has died, the record of the figure that failed with it."""
        try:
            return self.wire.recv()
        except (EOFError, ConnectionError):
            self.process.join()
        assert self.label is not None
        code = self.process.exitcode or 0
        how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
        return {"event": "death", "record": failed_record(self.label, self.order, f"The process that built it {how}.")}

    def end(self) -> None:
        """End the process, whatever it does."""
        self.process.terminate()
        self.process.join()


@contextlib.contextmanager
def _without_ctrl_c() -> Iterator[None]:
    """A process started meanwhile never hears Ctrl-C, which a terminal sends to all: its parent ends it."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def work(order: Order, threads: int, wire: Connection) -> None:
    """Build figure after figure until nobody sends a name any more; `threads` are for linear algebra."""
    interruption.take_over(silent=True)  # SIGTERM, from the process that ordered the figures, leaves no half file
    threading.Thread(target=_end_with_parent, daemon=True).start()
    os.dup2(2, 1)  # whatever a figure prints is not what the build says
    # Linear algebra that takes every core in every process waits for itself: the cores are shared out. The last one is
    # for processes that a figure starts: they do not inherit the setting of this one.
    shared = {"OMP_NUM_THREADS": str(threads), "OPENBLAS_NUM_THREADS": str(threads)}
    os.environ |= shared | dict(os.environ) | {"JAX_ENABLE_X64": "1"}
    import jax

    from grok_theory.compilations import keep_all_compilations

    jax.config.update("jax_enable_x64", True)
    keep_all_compilations()  # what one process has compiled, the others load
    from paper_figures.making.build import build_figure

    known = catalogue(order.folder)
    with contextlib.suppress(EOFError, BrokenPipeError):
        while True:
            name = wire.recv()
            # Most quick figures compile longer than they compute: XLA then optimizes less (40 % less processor time).
            # Where a figure says otherwise, that would double its time.
            lightly = order.size == "quick" and not known[name].computes_long
            jax.config.update("jax_disable_most_optimizations", lightly)
            record = build_figure(
                known[name],
                order,
                told=lambda kind, step, seconds, name=name: wire.send(
                    {"event": "step", "name": name, "kind": kind, "step": step, "seconds": seconds}
                ),
                warn=lambda sentence: wire.send({"event": "warn", "sentence": sentence}),
            )
            wire.send({"event": "record", "record": record})


def _end_with_parent() -> None:
    # After kill -9 of the parent nobody else ends this process; finished steps are on disk by then.
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        interruption.leave(1)
