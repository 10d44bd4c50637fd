"""A copy of the checkout in which sources are spoiled and tests run, quickly: one process imports, children only test.

Importing jax, scipy and sympy costs more than most tests, so a starter process imports what is not ours once and forks
a child for each run of pytest. Compiled functions are kept on disk between children; tests that were quick without a
fault go first, and the first failure ends a run. A child that hangs is killed with everything it started.
"""

from __future__ import annotations

import hashlib
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
_LEFT_OUT = (".git", ".venv", "out", "site", ".cache", "__pycache__", ".hypothesis")
_THEIRS = "jax jax.numpy jax.test_util scipy.stats scipy.optimize scipy.integrate sympy mpmath diffrax optimistix optax"


@dataclass(frozen=True)
class Outcome:
    """What the tests said: "killed", "survived" or "hung"; the test that noticed; seconds."""

    verdict: str
    by: str
    seconds: float


class Checkout:
    """A spoiled copy; `with Checkout() as checkout` starts the process that tests it and removes both at the end."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self.path = Path(self._folder.name) / "checkout"
        shutil.copytree(ROOT, self.path, ignore=shutil.ignore_patterns(*_LEFT_OUT))
        settings = {
            "PYTHONPATH": str(self.path),
            "JAX_COMPILATION_CACHE_DIR": self._folder.name,
            "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        }
        command = [sys.executable, "-c", "from benchmarks import planting; planting.serve()"]
        self._starter = subprocess.Popen(
            command, cwd=self.path, env=os.environ | settings, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def __enter__(self) -> Checkout:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._starter.stdin
        assert self._starter.stdout
        self._starter.stdin.close()
        self._starter.wait()
        self._starter.stdout.close()
        self._folder.cleanup()

    @cached_property
    def contents(self) -> str:
        """A short name for all sources and tests as they were copied, and what runs them: verdicts hang on these."""
        return contents(self.path, [p for p in whole_files(self.path) if p.suffix != ".md"])

    def test(self, tests: str, seconds: float) -> Outcome:
        """Run the files `tests` (separated by spaces) as the copy stands."""
        assert self._starter.stdin
        assert self._starter.stdout
        print(json.dumps({"tests": tests, "seconds": seconds}), file=self._starter.stdin, flush=True)
        return Outcome(**json.loads(self._starter.stdout.readline()))

    @contextmanager
    def spoiled(self, file: str, source: str):
        """`file` holds `source` inside the `with`."""
        target = self.path / file
        original = target.read_text()
        try:
            self._write(target, source)
            yield
        finally:
            self._write(target, original)

    def _write(self, target: Path, source: str) -> None:
        target.write_text(source)
        # Bytecode is matched by second and size: two faults of one second would be taken for each other.
        for stale in target.parent.glob(f"__pycache__/{target.stem}.*"):
            stale.unlink()


def serve() -> None:
    """The starter process: imports, then answers each line of stdin with one line, from a child forked for it."""
    import importlib

    for name in _THEIRS.split():
        importlib.import_module(name)
    answers, devnull = os.fdopen(os.dup(1), "w"), os.open(os.devnull, os.O_RDWR)
    seconds_without: dict[str, float] = {}
    for line in sys.stdin:
        request, began = json.loads(line), time.monotonic()
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            os.setsid()
            for stream in (0, 1, 2):
                os.dup2(devnull, stream)
            os.write(writing, json.dumps(_tested(request["tests"].split(), seconds_without)).encode())
            os._exit(0)
        os.close(writing)
        said = _read(reading, began + request["seconds"])
        hung = said is None
        if hung:
            os.killpg(child, signal.SIGKILL)
        os.waitpid(child, 0)
        failed, seconds = json.loads(said) if said else (["the process died"], {})
        if not failed:
            seconds_without |= seconds
        verdict = "hung" if hung else "killed" if failed else "survived"
        outcome = {"verdict": verdict, "by": "" if hung else "".join(failed[:1]), "seconds": time.monotonic() - began}
        print(json.dumps(outcome), file=answers, flush=True)


def _read(pipe: int, deadline: float) -> str | None:
    """All that a child writes before it ends; None after the deadline."""
    said = b""
    while True:
        if not select.select([pipe], [], [], max(0.0, deadline - time.monotonic()))[0]:
            os.close(pipe)
            return None
        part = os.read(pipe, 1 << 16)
        if not part:
            os.close(pipe)
            return said.decode()
        said += part


def _tested(tests: list[str], seconds_without: dict[str, float]) -> tuple[list[str], dict[str, float]]:
    """(tests that failed, seconds of each) of one run of pytest in this process."""
    import hypothesis
    import pytest

    phases = (hypothesis.Phase.explicit, hypothesis.Phase.generate)  # the simplest counter-example is nobody's interest
    hypothesis.settings.register_profile("planted", max_examples=40, deadline=None, derandomize=True, phases=phases)
    watch = _Watch(seconds_without)
    options = ["-q", "-x", "-p", "no:cacheprovider", "-p", "no:xdist", "--hypothesis-profile=planted"]
    ignored = ["-W", "ignore::pytest.PytestAssertRewriteWarning"]
    code = pytest.main([*options, *ignored, *tests], plugins=[watch])
    failed = watch.failed or ([] if code == 0 else [f"pytest ended with {code!s}"])
    return failed, watch.seconds


class _Watch:
    """A pytest plugin: the quick first; remembers what failed and how long each test took."""

    def __init__(self, seconds_without: dict[str, float]) -> None:
        self.failed: list[str] = []
        self.seconds: dict[str, float] = {}
        self._without = seconds_without

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        items.sort(key=lambda item: self._without.get(item.nodeid, 0.0))

    def pytest_runtest_logreport(self, report: Any) -> None:
        self.seconds[report.nodeid] = self.seconds.get(report.nodeid, 0.0) + report.duration
        if report.failed:
            self.failed.append(report.nodeid)


def whole_files(folder: Path) -> list[Path]:
    """Every file of a checkout but what is made in it."""
    made, found = {*_LEFT_OUT, ".pytest_cache", ".ruff_cache", "generated"}, []
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in made]
        found += [Path(place, name) for name in names]
    return found


def contents(folder: Path, files: list[Path]) -> str:
    """A short name for `files` of `folder` and for what runs them: versions, machine, switches."""
    # Not at the top: the starter process imports nothing of ours before it forks.
    from grok_theory.provenance import surroundings

    texts = [f"{p.relative_to(folder)} {hashlib.sha256(p.read_bytes()).hexdigest()}" for p in sorted(files)]
    libraries = [f"{name} {version(name)}" for name in ("pytest", "hypothesis", "sympy", "mpmath")]
    return digest(*texts, *libraries, *(f"{name} {said}" for name, said in surroundings().items()))


def digest(*texts: str) -> str:
    """A short name for what these texts are together."""
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:16]


class Journal:
    """Rows written one by one, so that a killed run goes on where it was: `out/name.jsonl`, keyed by content."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = path.read_text().splitlines() if path.exists() else []
        self._rows = {}
        for line in lines:
            try:
                row = json.loads(line)
            except json.JSONDecodeError:  # torn by a kill
                continue
            self._rows[row.pop("key")] = row

    def get(self, key: str) -> dict[str, Any] | None:
        """The row under `key`, if it was finished."""
        return self._rows.get(key)

    def add(self, key: str, row: dict[str, Any]) -> None:
        """Keep a finished row."""
        self._rows[key] = row
        with open(self._path, "a") as file:
            file.write("\n" * _is_torn(self._path) + json.dumps({"key": key} | row) + "\n")


def _is_torn(path: Path) -> bool:
    content = path.read_bytes() if path.exists() else b""
    return bool(content) and not content.endswith(b"\n")
