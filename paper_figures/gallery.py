"""Build several figures, in a few processes at once, and the page that shows them; one that fails stops no other."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from paper_figures.figure import HOME, Label, catalogue
from paper_figures.page import write_page
from paper_figures.progress import Reporter
from paper_figures.record import Order, failed_record, is_whole

_HOUR = 3600.0


def build_all(labels: Sequence[Label], order: Order, reporter: Reporter, workers: int) -> list[dict[str, Any]]:
    """The records of the figures, in the order of `labels`; the page is written at the end in any case."""
    for folder in (order.out, order.cache):
        _sweep(folder)
    records: dict[str, dict[str, Any]] = {}
    # The longest first: the processes then end at about the same time.
    ahead: queue.SimpleQueue[Label] = queue.SimpleQueue()
    for label in sorted(labels, key=lambda each: -reporter.waiting[each.name]):
        ahead.put(label)
    heard: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    count = max(1, min(workers, len(labels)))
    # Linear algebra that takes every core in every process waits for itself: the cores are shared out.
    threads = str(max(1, (os.cpu_count() or 1) // count))
    crew = [_Worker(order, ahead, heard, threads) for _ in range(count)]
    try:
        with reporter:
            for worker in crew:
                worker.thread.start()
            while len(records) < len(labels):
                said = heard.get()
                _hear(said, reporter, records)
                if said["event"] == "record":  # not only at the end: a build that is killed leaves a page too
                    _write_page(order)
    finally:
        for worker in crew:
            worker.end()
        _write_page(order)
    return [records[label.name] for label in labels]


def _write_page(order: Order) -> None:
    _write(order.out / "index.html", write_page(known_records(order.out, order.folder)))


def known_records(out: Path, folder: Path) -> list[dict[str, Any]]:
    """The records of all figures built so far into `out`, in the catalogue's order.

    Left out are those that cannot be read and those of another time, which lack what the page shows.
    """
    records = []
    for name in catalogue(folder):
        with contextlib.suppress(OSError, ValueError, RecursionError):
            record = json.loads((out / f"{name}.json").read_bytes())
            if isinstance(record, dict) and is_whole(record) and record["name"] == name:
                records.append(record)
    return records


def _hear(said: dict[str, Any], reporter: Reporter, records: dict[str, dict[str, Any]]) -> None:
    match said:
        case {"event": "figure", "name": name}:
            reporter.figure(name)
        case {"event": "step", "name": name, "kind": kind, "step": step, "seconds": seconds}:
            reporter.step(name, kind, step, seconds)
        case {"event": "warn", "sentence": sentence}:
            reporter.warn(sentence)
        case {"event": "record", "record": record}:
            records[record["name"]] = record
            reporter.finished(record)
        case {"event": "broken", "error": error}:
            raise error


class _Worker:
    """Feeds one process with figures; when the process dies, its figure has failed and a new process goes on."""

    def __init__(self, order: Order, ahead: queue.SimpleQueue, heard: queue.SimpleQueue, threads: str) -> None:
        self.order, self.ahead, self.heard = order, ahead, heard
        self.environment = {"OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads} | os.environ
        self.process: subprocess.Popen[str] | None = None
        self.ending = False
        self.thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        if hasattr(signal, "pthread_sigmask"):
            # Inherited by the process: Ctrl-C on a terminal goes to all, and this one is ended by its parent.
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            self._build_what_is_ahead()
        except Exception as error:  # in a thread nobody else would hear of it
            self.heard.put({"event": "broken", "error": error})

    def _build_what_is_ahead(self) -> None:
        while not self.ending:
            try:
                label = self.ahead.get_nowait()
            except queue.Empty:
                return
            self.heard.put({"event": "figure", "name": label.name})
            record = self._build(label)
            if record is not None:
                self.heard.put({"event": "record", "record": record})

    def _build(self, label: Label) -> dict[str, Any] | None:
        """Have the process build one figure; the record of its death, or None where it has told its own."""
        process = self.process = self.process or self._started()
        assert process.stdin is not None
        assert process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(label.name + "\n")
            process.stdin.flush()
        for line in process.stdout:
            said = json.loads(line)
            self.heard.put(said)
            if said["event"] == "record":
                return None
        code, self.process = process.wait(), None
        how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
        record = failed_record(label, self.order, f"The process that built it {how}.", "")
        if not self.ending:
            _write(self.order.out / f"{label.name}.json", json.dumps(record, indent=1))
        return record

    def _started(self) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "paper_figures.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=HOME.parent,
            env=self.environment,
        )
        assert process.stdin is not None
        asked = dataclasses.asdict(self.order) | {k: str(getattr(self.order, k)) for k in ("folder", "out", "cache")}
        process.stdin.write(json.dumps(asked) + "\n")
        return process

    def end(self) -> None:
        self.ending = True
        if self.process is not None:
            self.process.terminate()
            self.process.wait()


def _write(path: Path, text: str) -> None:
    # Imported late: it brings JAX, and by now the build runs in its own processes.
    from grok_theory.storage import write_whole

    write_whole(path, text.encode())


def _sweep(folder: Path) -> None:
    """Remove what writes cut off by kill -9 have left; a younger file may belong to another build."""
    for part in folder.rglob(".*.part"):
        with contextlib.suppress(OSError):
            if part.stat().st_mtime < time.time() - _HOUR:
                part.unlink()
