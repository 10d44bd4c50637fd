"""Does a sweep survive? Kills, damaged files, a lost cluster worker.

The sweep under test: TeacherStudents at random parameters, solved at 400 times in batches of 8 on two processes.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

os.environ["JAX_ENABLE_X64"] = "1"

import jax.numpy as jnp
import numpy as np

import grok_theory as gt
from benchmarks.report import Headline, Rows, facts, publish

# The function must have the same module in parent and child, or it is another function to the cache.
_CHILD = "import sys; from benchmarks.sweep import swept; swept(int(sys.argv[1]), sys.argv[2])"
TIMES = np.geomspace(0.01, 100.0, 400)


def run(problem):
    """The function that is swept."""
    return gt.linear.solve(problem, jnp.asarray(TIMES))


def problems(count: int) -> list:
    """Random TeacherStudents, the same in every process."""
    draw = np.random.default_rng(3)
    return [
        gt.linear.TeacherStudent(*(float(v) for v in draw.uniform([0.1, 0.1, 0.0], [4.0, 9.0, 2.0])))
        for _ in range(count)
    ]


def swept(count: int, cache: str | None, backend="processes", workers: int = 2) -> gt.sweeps.Sweep:
    return gt.sweep(run, problems(count), cache=cache, workers=workers, batch=8, backend=backend, version="1")


def fingerprints(sweep) -> list[bytes]:
    """Every curve of every result as bytes."""
    return [b"".join(np.asarray(values).tobytes() for values in result.curves.values()) for result in sweep]


def files(cache: str) -> dict[str, tuple[int, int]]:
    """Finished files with inode and time of change: a result computed again is a new file."""
    found = {}
    for path in Path(cache).glob("??/*.npz"):
        status = path.stat()
        found[path.name] = (status.st_ino, status.st_mtime_ns)
    return found


def kills(count: int, times: int, seed: int = 0) -> dict:
    """Kill -9 at random moments, resume, compare with the uninterrupted sweep."""
    draw = random.Random(seed)
    folder = tempfile.TemporaryDirectory
    with folder() as cache, folder() as whole, folder() as compiled:
        reference = fingerprints(swept(count, whole))
        killed = rewritten = orphans = 0
        finished = []
        while killed < times:
            before = files(cache)
            command = [sys.executable, "-c", _CHILD, str(count), cache]
            # Compiled code is kept between the starts, or most of the time would go into compiling.
            kept = {"JAX_COMPILATION_CACHE_DIR": compiled, "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0"}
            child = subprocess.Popen(command, stderr=subprocess.DEVNULL, env=os.environ | kept)
            # After a random number of new results, none included, and a random while: 20 kills fit into one sweep.
            left = (count - len(before)) // (times - killed)
            _wait_for(len(before) + draw.randint(0, max(1, left)), cache, child)
            time.sleep(draw.uniform(0.0, 0.3))
            if child.poll() is not None:
                assert child.returncode == 0, "the sweep failed by itself"
                break  # all was done before the kill
            workers = _children(child.pid)
            os.kill(child.pid, signal.SIGKILL)
            child.wait()
            killed += 1
            time.sleep(3.0)
            orphans += sum(_alive(pid) for pid in workers)
            after = files(cache)
            rewritten += sum(after[name] != mark for name, mark in before.items())
            finished.append(len(after))
            print(f"kill {killed}: {len(after)} finished, {rewritten} computed again", file=sys.stderr, flush=True)
        before = files(cache)
        last = swept(count, cache)
        after = files(cache)
        rewritten += sum(after[name] != mark for name, mark in before.items())
        return {
            "problems": count,
            "kills": killed,
            "finished after each kill": finished,
            "finished results recomputed": rewritten,
            "computed in the last run": last.computed,
            "bit-equal to the uninterrupted run": fingerprints(last) == reference,
            "workers alive 3 s after the kill": orphans,
            "damaged files": len(last.damaged),
        }


def corruptions(count: int, planted: int) -> dict:
    """Damage files in five ways; every one must be noticed, named and computed again."""
    draw = random.Random(1)
    with tempfile.TemporaryDirectory() as cache:
        reference = fingerprints(swept(count, cache))
        paths = draw.sample(sorted(Path(cache).glob("??/*.npz")), planted)
        kinds = dict.fromkeys(("bit flipped", "truncated", "emptied", "lengthened", "swapped"), 0)
        swaps = 2 * (planted // 10)
        for left, right in zip(paths[0:swaps:2], paths[1:swaps:2], strict=True):
            one, other = left.read_bytes(), right.read_bytes()
            left.write_bytes(other), right.write_bytes(one)
            kinds["swapped"] += 2
        for path in paths[swaps:]:
            content = bytearray(path.read_bytes())
            kind = draw.choices(("bit flipped", "truncated", "emptied", "lengthened"), (6, 2, 1, 1))[0]
            kinds[kind] += 1
            if kind == "bit flipped":
                content[draw.randrange(len(content))] ^= 1 << draw.randrange(8)
            elif kind == "truncated":
                content = content[: draw.randrange(1, len(content))]
            else:
                content = bytearray() if kind == "emptied" else content + b"\0"
            path.write_bytes(content)
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            again = swept(count, cache)
        named = sum(any(str(path) in sentence for sentence in again.damaged) for path in paths)
        return {
            "planted": planted,
            "kinds": kinds,
            "noticed": len(again.damaged),
            "named": named,
            "warned": sum("computed again" in str(warning.message) for warning in told),
            "computed again": again.computed,
            "bit-equal afterwards": fingerprints(again) == reference,
        }


def cluster(count: int) -> dict:
    """A local Dask cluster of two workers, one killed when half is done."""
    import threading

    from dask.distributed import Client, LocalCluster

    with tempfile.TemporaryDirectory() as whole, tempfile.TemporaryDirectory() as cache:
        reference = fingerprints(swept(count, whole))
        began = time.perf_counter()
        with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as local, Client(local) as client:
            pids = list(client.run(os.getpid).values())
            struck = []

            def strike() -> None:
                while len(files(cache)) < count // 2:
                    time.sleep(0.01)
                struck.append(len(files(cache)))
                os.kill(pids[0], signal.SIGKILL)

            thread = threading.Thread(target=strike, daemon=True)
            thread.start()
            sweep = swept(count, cache, backend=client)
        return {
            "problems": count,
            "finished when the worker was killed": struck,
            "results": sum(result is not None for result in sweep.results),
            "failed": len(sweep.failures),
            "bit-equal to the local sweep": not sweep.failures and fingerprints(sweep) == reference,
            "seconds": round(time.perf_counter() - began, 1),
        }


def costs(count: int) -> dict:
    """Seconds: one process, two processes, and reading it all back."""
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        first = swept(count, one, workers=1)
        both = swept(count, two)
        again = swept(count, one, workers=1)
        size = sum(path.stat().st_size for path in Path(one).glob("??/*.npz"))
        return {
            "problems": count,
            "one process": round(first.seconds, 2),
            "two processes": round(both.seconds, 2),
            "read from the cache, ms a problem": round(1e3 * again.seconds / count, 2),
            "kB a result": round(size / count / 1e3, 1),
            "one and two processes bit-equal": fingerprints(first) == fingerprints(both),
        }


def _wait_for(results: int, cache: str, child: subprocess.Popen) -> None:
    while len(files(cache)) < results and child.poll() is None:
        time.sleep(0.005)


def _children(pid: int) -> list[int]:
    try:
        return [int(part) for part in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def _alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def main(out: Path, *, quick: bool = False) -> None:
    """Measure all of it; one file `sweep_<name>.json` each."""
    count, times, planted, on_cluster = (32, 3, 20, 32) if quick else (300, 20, 200, 1000)
    for name, title, measure in (
        ("costs", "sweep: what it costs", lambda: costs(count)),
        ("corruptions", "sweep: damaged cache files", lambda: corruptions(count, planted)),
        ("cluster", "sweep: a local Dask cluster, one worker killed", lambda: cluster(on_cluster)),
        ("kills", "sweep: killed at random, resumed", lambda: kills(count, times)),
    ):
        began = time.perf_counter()
        measured = measure() | {"seconds in all": round(time.perf_counter() - began, 1)}
        rows = [{"what": what, "measured": value} for what, value in measured.items()]
        publish(f"sweep_{name}", title, rows, out)


def _kills(rows: Rows) -> str:
    found = facts(rows)
    equal = "bit-equal" if found["bit-equal to the uninterrupted run"] else "NOT bit-equal"
    again = found["finished results recomputed"]
    return f"{found['kills']} kills, {again} finished results computed again, {equal} at the end"


def _corruptions(rows: Rows) -> str:
    found = facts(rows)
    return f"{found['planted']} planted, {found['noticed']} noticed, {found['named']} named"


def _cluster(rows: Rows) -> str:
    found = facts(rows)
    equal = "bit-equal to the local sweep" if found["bit-equal to the local sweep"] else "NOT bit-equal"
    struck = ", ".join(map(str, found["finished when the worker was killed"]))
    return (
        f"{found['problems']} problems, one of two workers killed after {struck}: {found['results']} results, "
        f"{found['failed']} failed, {equal}, {found['seconds']:.0f} s"
    )


HEADLINES = (
    Headline("A sweep killed (-9) at random and resumed", "sweep_kills", _kills, in_readme=True),
    Headline("Damaged files in a cache", "sweep_corruptions", _corruptions),
    Headline("A sweep on a Dask cluster", "sweep_cluster", _cluster),
)
