"""Killed, interrupted, bereft of a worker: a sweep goes on where it stopped."""

import os
import re
import signal
import subprocess
import sys
import textwrap
import threading
import time

import jax.numpy as jnp
import pytest
from sweep_work import digits, marks, points, sweep


def test_ctrl_c_keeps_what_is_finished_and_says_how_to_go_on(tmp_path):
    def run(problem):
        if problem["x"] > 1:
            raise KeyboardInterrupt
        return problem["x"]

    with pytest.raises(KeyboardInterrupt, match=r"after 3 of 6 problems.*kept in '.*call sweep again with the same"):
        sweep(run, points(6), batch=1, cache=tmp_path)
    with pytest.raises(KeyboardInterrupt, match="which are lost because no cache was given"):
        sweep(run, points(6), batch=1)
    assert len(marks(tmp_path)) == 3


SCRIPT = """
    import os, sys, time
    os.environ["JAX_ENABLE_X64"] = "1"
    import grok_theory as gt
    def run(problem):
        time.sleep(0.02)
        with open(sys.argv[2], "a") as log:
            log.write(f"{problem['x']}\\n")
        return {"y": problem["x"] ** 2}
    found = gt.sweep(run, [{"x": float(i)} for i in range(60)], cache=sys.argv[1], workers=1, batch=1, version="1")
    print(found.reused, found.computed)
"""


def start(tmp_path, text=SCRIPT, *, command=False):
    """The sweep as a script of a user, or as a command of the package, which is in charge of its signals."""
    script = tmp_path / "script.py"
    first = "from grok_theory import interruption; interruption.take_over()\n" if command else ""
    script.write_text(first + textwrap.dedent(text))
    words = [sys.executable, str(script), str(tmp_path / "cache"), str(tmp_path / "log")]
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_a_command_that_sweeps_says_how_to_go_on_and_takes_its_workers_along(tmp_path):
    child = start(tmp_path, SCRIPT.replace("workers=1", "workers=2").replace("sleep(0.02)", "sleep(0.2)"), command=True)
    wait_for(4, tmp_path)
    child.send_signal(signal.SIGINT)
    out, said = child.communicate(timeout=60)
    assert (child.returncode, out) == (130, "")
    assert re.fullmatch(r"Interrupted after \d+ of 60 problems\. They are kept in '.*': call sweep again .*\.\n", said)
    kept = len(marks(tmp_path / "cache"))
    time.sleep(1.0)  # five problems' worth: a worker that lived on would have finished some
    assert len(marks(tmp_path / "cache")) == kept >= 4
    assert none_stays(tmp_path)


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGKILL])
def test_a_worker_that_is_ended_while_it_writes_leaves_no_half_file(tmp_path, ending):
    # Ctrl-C ends it by SIGTERM; after kill -9 it notices by itself that its parent has gone.
    slow_disk = SCRIPT.replace("time.sleep(0.02)", "os.fsync = lambda file: time.sleep(99)")
    child = start(tmp_path, slow_disk.replace("workers=1", "workers=2"), command=True)
    deadline = time.monotonic() + 60
    while not any(file.parent.name != "cache" for file in half_files(tmp_path)) and time.monotonic() < deadline:
        time.sleep(0.005)  # the parent writes to the cache as well, to see whether it can
    assert half_files(tmp_path)
    child.send_signal(ending)
    child.communicate(timeout=60)
    assert none_stays(tmp_path)


def half_files(tmp_path):
    return list((tmp_path / "cache").rglob(".*.part"))


def none_stays(tmp_path):
    """Is no half file left once the workers, who outlive the command for a moment, have ended?"""
    deadline = time.monotonic() + 30
    while half_files(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not half_files(tmp_path)


def wait_for(results, tmp_path):
    deadline = time.monotonic() + 60
    while len(marks(tmp_path / "cache")) < results and time.monotonic() < deadline:
        time.sleep(0.005)


def test_killed_and_interrupted_sweeps_go_on_where_they_stopped(tmp_path):
    slow = SCRIPT.replace("sleep(0.02)", "sleep(0.05)")  # not done before this process has its turn again
    child = start(tmp_path, slow)
    wait_for(10, tmp_path)
    child.kill()
    child.communicate()
    after_kill = marks(tmp_path / "cache")
    child = start(tmp_path, slow)
    wait_for(len(after_kill) + 10, tmp_path)
    child.send_signal(signal.SIGINT)
    _, said = child.communicate(timeout=60)
    assert child.returncode in (130, -signal.SIGINT)  # the shell calls the latter 130
    assert "call sweep again with the same arguments" in said
    after_interrupt = marks(tmp_path / "cache")
    assert after_kill.items() <= after_interrupt.items()
    out, _ = start(tmp_path, slow).communicate(timeout=60)
    assert out.split() == [str(len(after_interrupt)), str(60 - len(after_interrupt))]
    logged = (tmp_path / "log").read_text().split()
    assert len(set(logged)) == 60
    assert len(logged) <= 62  # only what was under way when it was stopped was begun twice


def test_two_processes_compute_the_same_bits_and_tell_their_errors():
    def run(problem):
        if problem["x"] == 0.1:
            raise ValueError("the first is wrong")
        return {"y": float(jnp.exp(problem["x"]))}

    both, here = (sweep(run, points(5), batch=1, workers=workers) for workers in (2, 1))
    assert [failure.index for failure in both.failures] == [0]
    assert both.failures[0].reason == "ValueError: the first is wrong"
    assert all(digits(both.results[i]) == digits(here.results[i]) for i in range(1, 5))


@pytest.mark.slow
def test_a_problem_that_kills_its_worker_is_isolated():
    def run(problem):
        if problem["x"] == 0.1 + 0.37 * 2:
            os.kill(os.getpid(), signal.SIGKILL)
        return problem["x"]

    found = sweep(run, points(5), batch=1, workers=2)
    assert [failure.index for failure in found.failures] == [2]
    assert "a worker process died each time" in found.failures[0].reason


@pytest.mark.slow
def test_two_sweeps_share_one_cache(tmp_path):
    children = [start(tmp_path) for _ in range(3)]
    counts = [tuple(map(int, child.communicate(timeout=120)[0].split())) for child in children]
    assert all(reused + computed == 60 for reused, computed in counts)
    assert len(marks(tmp_path / "cache")) == 60


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # distributed's own
def test_a_dask_cluster_loses_a_worker_and_nothing_else(tmp_path):
    distributed = pytest.importorskip("dask.distributed")

    def run(problem):
        import time

        time.sleep(0.1)
        return {"y": float(jnp.exp(problem["x"]))}

    problems = points(40)
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        pids = list(client.run(os.getpid).values())

        def strike():
            while len(marks(tmp_path)) < 10:
                time.sleep(0.01)
            os.kill(pids[0], signal.SIGKILL)

        threading.Thread(target=strike, daemon=True).start()
        found = sweep(run, problems, batch=1, cache=tmp_path, backend=client)
    assert not found.failures
    assert [*map(digits, found)] == [*map(digits, sweep(run, problems, batch=1))]
