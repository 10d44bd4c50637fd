"""Many benchmarks in one go: those that time one after the other, then the others, a core each."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from functools import partial
from pathlib import Path

from benchmarks.names import ALONE, SIDE_BY_SIDE
from benchmarks.planting import Journal, contents, digest, whole_files
from benchmarks.report import Headline, publish

ROOT = Path(__file__).parents[1]
# A process a core already: linear algebra that also takes every core would wait for itself.
_ONE_CORE = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")}


def run(names: Sequence[str], out: Path, *, quick: bool, say: Callable[[str], None]) -> list[str]:
    """Run some, and return those that failed when there are several: no other is lost."""
    if len(names) == 1:
        say(f"{names[0]}: {_seconds(names[0], out, quick=quick):.0f} s")
        return []
    return [name for name, _, ended in _said(names, out, quick=quick, say=say) if ended]


def run_all(out: Path, *, quick: bool, say: Callable[[str], None]) -> list[str]:
    """All that `make bench` makes, and how long each took; stopped, it goes on where it was among the same sources."""
    path = out / "whole.jsonl"
    journal = Journal(path)
    of = digest(contents(ROOT, [p for p in whole_files(ROOT) if p.suffix == ".py"]), str(quick))
    names, failed = [*ALONE, *SIDE_BY_SIDE], []
    left = [name for name in names if journal.get(digest(of, name)) is None]
    for name, seconds, ended in _said(left, out, quick=quick, say=say):
        if ended:
            failed.append(name)
        else:
            journal.add(digest(of, name), {"benchmark": name, "minutes": seconds / 60, "alone": name in ALONE})
    if not failed:
        rows = [found for name in names if (found := journal.get(digest(of, name)))]
        alone, shared = (sum(row["minutes"] for row in rows if row["alone"] is which) for which in (True, False))
        title = f"{len(rows)} benchmarks: {alone:.0f} minutes one by one, then {shared:.0f} minutes of a core"
        publish("whole", title, rows, out)
        path.unlink()
    return failed


def _said(
    names: Sequence[str], out: Path, *, quick: bool, say: Callable[[str], None]
) -> Iterator[tuple[str, float, int]]:
    """Name, seconds and exit code of each as it ends, after its own words."""
    alone, together = [n for n in names if n not in SIDE_BY_SIDE], [n for n in SIDE_BY_SIDE if n in names]
    for name, seconds, ended, text in _each(alone, together, out, quick=quick):
        say(f"{text}\n{name} failed: exit code {ended} after {seconds:.0f} s" if ended else text)
        yield name, seconds, ended


def _seconds(name: str, out: Path, *, quick: bool) -> float:
    began = time.perf_counter()
    importlib.import_module(f"benchmarks.{name}").main(out, quick=quick)
    return time.perf_counter() - began


def _each(alone: list[str], together: list[str], out: Path, *, quick: bool) -> Iterator[tuple[str, float, int, str]]:
    """Name, seconds, exit code and words of each as it ends: `alone` one by one, then `together`, as many as cores."""
    one = partial(_process, out=out, quick=quick)
    yield from map(one, alone)
    threads = ThreadPoolExecutor(os.cpu_count())
    try:
        for ended in as_completed([threads.submit(one, name, environment=os.environ | _ONE_CORE) for name in together]):
            yield ended.result()
    finally:
        threads.shutdown(cancel_futures=True)


def _process(
    name: str, *, out: Path, quick: bool, environment: Mapping[str, str] | None = None
) -> tuple[str, float, int, str]:
    """One in a process of its own, with all that it prints: what one leaves behind cannot touch the next."""
    line = [sys.executable, "-m", "benchmarks", name, "--out", str(out.resolve()), *(["--quick"] if quick else [])]
    began = time.perf_counter()
    ended = subprocess.run(
        line, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    return name, time.perf_counter() - began, ended.returncode, ended.stdout.removesuffix("\n")


HEADLINES = (Headline("All that `make bench` makes", "whole"),)
