"""A sweep's cache when the disk is full, when it may not be written to, and when two processes fill it at once.

A full and a read-only disk are real ones: a small file system in memory, mounted in a namespace of the child process.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.report import Headline, Rows, publish
from benchmarks.sweep import fingerprints, swept

COUNT = 48  # results of 48 kB each
_NAMESPACE = ("unshare", "--user", "--map-root-user", "--mount")
_CHILD = "import sys; from benchmarks import disk; disk.child(*sys.argv[1:])"


def child(what: str, folder: str) -> None:
    """One of the measurements, in a process of its own; prints JSON."""
    print(json.dumps({"full": _full, "read-only": _read_only, "together": _together}[what](folder)))


def _mount(folder: str, *options: str) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", ",".join(options), "grok", folder], check=True)


def _said(attempt) -> str:
    import grok_theory as gt

    try:
        attempt()
    except gt.GrokTheoryError as error:
        return str(error)
    return ""


def _full(folder: str) -> dict[str, Any]:
    """A disk with room for ten results; then more room, and the same call again."""
    _mount(folder, "size=512k")
    said = _said(lambda: swept(COUNT, folder, workers=1))
    kept = len(list(Path(folder).glob("??/*.npz")))
    strays = len(list(Path(folder).glob("**/.*.part")))
    _mount(folder, "remount", "size=64m")
    again = swept(COUNT, folder, workers=1)
    return {
        "said": said,
        "sentence names folder and remedy": folder in said and "Free space" in said,
        "finished before": kept,
        "half-written files left": strays,
        "computed after space was made": again.computed,
        "nothing finished computed again": again.computed == COUNT - kept,
        "damaged files": len(again.damaged),
        "fingerprint": _hashed(again),
    }


def _read_only(folder: str) -> dict[str, Any]:
    """Nothing new is swept or saved; a finished cache is read all the same."""
    import jax.numpy as jnp

    import grok_theory as gt

    _mount(folder, "size=64m")
    whole = swept(COUNT, folder, workers=1)
    _mount(folder, "remount", "ro")
    again = swept(COUNT, folder, workers=1)
    solution = gt.linear.solve(gt.linear.TeacherStudent(0.5, 5.0), jnp.array([1.0]))
    said = [_said(lambda: swept(COUNT + 1, folder, workers=1)), _said(lambda: solution.save(Path(folder) / "a.npz"))]
    return {
        "said": said,
        "sentences that name path and remedy": sum(folder in s and "name a" in s.lower() for s in said),
        "a finished cache read": f"{again.reused} of {COUNT}, {again.computed} computed",
        "bit-equal": fingerprints(again) == fingerprints(whole),
    }


def _together(folder: str) -> dict[str, Any]:
    sweep = swept(COUNT, folder, workers=1)
    return {"computed": sweep.computed, "damaged": len(sweep.damaged), "fingerprint": _hashed(sweep)}


def _hashed(sweep) -> str:
    import hashlib

    return hashlib.sha256(b"".join(fingerprints(sweep))).hexdigest()


def _start(what: str, folder: str, *, alone: bool) -> subprocess.Popen:
    command = [sys.executable, "-c", _CHILD, what, folder]
    return subprocess.Popen(
        [*_NAMESPACE, *command] if alone else command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"JAX_ENABLE_X64": "1"},
        cwd=Path(__file__).parents[1],
    )


def _answer(process: subprocess.Popen) -> dict[str, Any]:
    said, wrong = process.communicate()
    if process.returncode:
        raise SystemExit(f"a child of benchmarks.disk failed:\n{wrong}")
    return json.loads(said.splitlines()[-1])


def refusals() -> list[dict[str, Any]]:
    """Full and read-only; one row a fact. Where the machine allows no namespaces, that is what it says."""
    if subprocess.run([*_NAMESPACE, "true"], capture_output=True, check=False).returncode:
        return [{"disk": "full, read-only", "what": "not possible here: no mount namespaces", "measured": ""}]
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        whole = _answer(_start("together", folder, alone=False))
    for what in ("full", "read-only"):
        with tempfile.TemporaryDirectory() as folder:
            found = _answer(_start(what, folder, alone=True))
        if "fingerprint" in found:
            found["bit-equal to a sweep that had room"] = found.pop("fingerprint") == whole["fingerprint"]
        rows += [{"disk": what, "what": name, "measured": value} for name, value in found.items()]
    return rows


def two_processes(times: int) -> list[dict[str, Any]]:
    """Two starts of one sweep at once on one empty cache, again and again."""
    reference = _hashed(swept(COUNT, None, workers=1))
    rows = []
    for number in range(times):
        with tempfile.TemporaryDirectory() as folder:
            began = time.perf_counter()
            both = [_start("together", folder, alone=False) for _ in range(2)]
            found = [_answer(process) for process in both]
            kept = len(list(Path(folder).glob("??/*.npz")))
        rows.append(
            {
                "start": number + 1,
                "results kept": f"{kept} of {COUNT}",
                "computed by each": " and ".join(str(one["computed"]) for one in found),
                "damaged": sum(one["damaged"] for one in found),
                "both bit-equal to one process alone": all(one["fingerprint"] == reference for one in found),
                "seconds": round(time.perf_counter() - began, 1),
            }
        )
    return rows


def main(out: Path, *, quick: bool = False) -> None:
    publish("disk_refusals", "a sweep on a disk that is full or read-only", refusals(), out)
    publish("disk_two_processes", "two processes on one cache", two_processes(1 if quick else 5), out)


def _full_disk(rows: Rows) -> str:
    full = {row["what"]: row["measured"] for row in rows if row["disk"] == "full"}
    if not full:
        return "not possible on this machine"
    said = "one sentence" if full["sentence names folder and remedy"] else "NO CLEAR SENTENCE"
    again = "nothing finished computed again" if full["nothing finished computed again"] else "COMPUTED AGAIN"
    equal = "bit-equal" if full["bit-equal to a sweep that had room"] else "NOT bit-equal"
    return f"{said}, {full['finished before']} results kept; with space again: {again}, {equal}"


def _two_processes(rows: Rows) -> str:
    good = sum(row["both bit-equal to one process alone"] and not row["damaged"] for row in rows)
    return f"{good} of {len(rows)} starts of both at once: all results whole and bit-equal"


HEADLINES = (
    Headline("A full disk", "disk_refusals", _full_disk),
    Headline("Two processes on one cache", "disk_two_processes", _two_processes),
)
