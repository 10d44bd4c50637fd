"""Build several figures, in a few processes at once, and the page that shows them; one that fails stops no other."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections import deque
from collections.abc import Sequence
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

from paper_figures.figure import HOME, Label, catalogue
from paper_figures.making.page import IDEAS, write_page
from paper_figures.making.progress import Reporter
from paper_figures.making.record import Order, is_whole
from paper_figures.making.worker import Worker

_HOUR = 3600.0


def build_all(labels: Sequence[Label], order: Order, reporter: Reporter, workers: int) -> list[dict[str, Any]]:
    """The records of the figures, in the order of `labels`; the page is written at the end in any case."""
    for folder in (order.out, order.cache):
        _sweep(folder)
    records: dict[str, dict[str, Any]] = {}
    # The longest first: the processes then end at about the same time.
    ahead = deque(sorted(labels, key=lambda each: -reporter.waiting[each.name]))
    count = max(1, min(workers, len(labels)))
    threads = max(1, (os.cpu_count() or 1) // count)
    crew: dict[Any, Worker] = {}
    try:
        with reporter:
            while len(records) < len(labels):
                while ahead and len(crew) < count:
                    worker = Worker(order, threads)
                    crew[worker.wire] = worker
                    _give(worker, ahead, reporter)
                for wire in wait(list(crew)):
                    said = crew[wire].hear()
                    _tell(said, reporter)
                    if said["event"] not in ("record", "death"):
                        continue
                    record = said["record"]
                    records[record["name"]] = record
                    if said["event"] == "death":
                        del crew[wire]
                        _write(order.out / f"{record['name']}.json", json.dumps(record, indent=1))
                    elif ahead:
                        _give(crew[wire], ahead, reporter)
                    else:
                        crew.pop(wire).end()
                    reporter.finished(record)
                    _write_page(order)  # not only at the end: a build that is killed leaves a page too
    finally:
        for worker in crew.values():
            worker.end()
        _write_page(order)
    return [records[label.name] for label in labels]


def _give(worker: Worker, ahead: deque[Label], reporter: Reporter) -> None:
    label = ahead.popleft()
    worker.build(label)
    reporter.figure(label.name)


def _tell(said: dict[str, Any], reporter: Reporter) -> None:
    match said:
        case {"event": "step", "name": name, "kind": kind, "step": step, "seconds": seconds}:
            reporter.step(name, kind, step, seconds)
        case {"event": "warn", "sentence": sentence}:
            reporter.warn(sentence)


def _write_page(order: Order) -> None:
    page = write_page(known_records(order.out, order.folder), guides(order.out))
    _write(order.out / "index.html", page)


def guides(out: Path) -> dict[str, str]:
    """From a wing to its page of the docs, as seen from `out`: of the built site, or else the text in a checkout."""
    places = {wing: (HOME.parent / "site" / f"{wing}.html", HOME.parent / "docs" / f"{wing}.md") for wing in IDEAS}
    there = {wing: next((path for path in both if path.exists()), None) for wing, both in places.items()}
    return {wing: os.path.relpath(path, out) for wing, path in there.items() if path}


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
