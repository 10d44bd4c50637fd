"""A sweep keeps what is finished, notices damage, and repeats every bit."""

import functools
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import grok_theory as gt
from grok_theory import storage
from grok_theory.results import Dynamics, Solution, Status
from grok_theory.sweeps import address, cache, dispatch, task

SCALE = 3.0


def square(problem):
    return {"y": problem["x"] ** 2, "decay": jnp.exp(-problem["x"] * jnp.arange(5.0))}


def points(count):
    return [{"x": 0.1 + 0.37 * i} for i in range(count)]


def sweep(run, problems, **options):
    return gt.sweep(run, problems, **({"version": "1", "workers": 1, "batch": 4} | options))


def digits(result):
    return b"".join(np.asarray(leaf).tobytes() for leaf in jax.tree_util.tree_leaves(result))


def marks(folder):
    return {path.name: (path.stat().st_ino, path.stat().st_mtime_ns) for path in Path(folder).glob("??/*.npz")}


def test_results_come_in_order_and_are_those_of_the_function():
    found = sweep(square, points(10))
    assert len(found) == 10
    assert found.computed == 10
    for result, problem in zip(found, points(10), strict=True):
        np.testing.assert_allclose(result["decay"], np.exp(-problem["x"] * np.arange(5)), rtol=1e-15)
    np.testing.assert_allclose(found.read(lambda result: result["y"]), [p["x"] ** 2 for p in points(10)], rtol=1e-15)


def test_solutions_of_the_linear_wing_stay_solutions(tmp_path):
    times = np.array([0.0, 1.0, 10.0])
    problems = [gt.linear.TeacherStudent(samples_per_dim=a, snr=5.0) for a in (0.5, 1.0, 2.0)]
    run = functools.partial(gt.linear.solve, times=times)
    for _ in range(2):  # computed, then read
        found = sweep(run, problems, cache=tmp_path, batch=3)
        assert isinstance(found[0], Solution)
        assert found[0].problem == problems[0]
        assert found[0].dynamics == Dynamics("gradient flow")
        np.testing.assert_allclose(found[0]["test_loss"][-1], 4.333484019821, rtol=1e-12)
        assert "status    good" in str(found[0])
    assert found.reused == 3


def test_a_member_s_digits_do_not_depend_on_its_companions():
    draw = np.random.default_rng(0)
    whole = sweep(square, points(8), batch=8)
    for slot in range(8):
        others = [{"x": float(x)} for x in draw.uniform(0, 5, 8)]
        others[slot] = points(8)[slot]
        assert digits(sweep(square, others, batch=8)[slot]) == digits(whole[slot])


def test_a_sweep_interrupted_anywhere_repeats_every_bit(tmp_path):
    whole = sweep(square, points(11), cache=tmp_path / "whole")
    for kept in (1, 2, 5, 10):
        folder = tmp_path / str(kept)
        full = sweep(square, points(11), cache=folder)
        paths = sorted(folder.glob("??/*.npz"))
        for path in paths[kept:]:
            path.unlink()
        before = marks(folder)
        again = sweep(square, points(11), cache=folder)
        assert (again.reused, again.computed) == (kept, 11 - kept)
        assert before.items() <= marks(folder).items()
        assert [*map(digits, again)] == [*map(digits, whole)] == [*map(digits, full)]


def test_one_number_has_one_address(tmp_path):
    ways = [0.5, np.float64(0.5), np.float32(0.5), jnp.asarray(0.5), np.array(0.5)]
    problems = [gt.linear.TeacherStudent(way, snr) for way, snr in zip(ways, (1, 1.0, np.int64(1), 1, 1), strict=True)]
    assert len({address.text_of(address.canonical(problem)) for problem in problems}) == 1
    found = sweep(lambda problem: 2 * problem.samples_per_dim, problems, cache=tmp_path)
    assert found.computed == 1
    assert len(found) == 5
    modes = [[0.5, 1.5], (0.5, 1.5), np.array([0.5, 1.5]), jnp.array([0.5, 1.5])]
    assert len({address.text_of(address.canonical(gt.best_of_k.LinearJudge(1, 1, 1, m))) for m in modes}) == 1


def test_other_numbers_functions_versions_have_other_addresses(tmp_path):
    def times(factor):
        return lambda problem: problem["x"] * factor

    assert sweep(times(2.0), points(3), cache=tmp_path).computed == 3
    assert sweep(times(3.0), points(3), cache=tmp_path).computed == 3  # the closure differs
    assert sweep(times(2.0), points(3), cache=tmp_path).computed == 0
    assert sweep(lambda problem: problem["x"] - 2.0, points(3), cache=tmp_path).computed == 3  # the code differs
    assert sweep(times(2.0), points(3), cache=tmp_path, version="2").computed == 3
    assert sweep(times(2.0), [{"x": np.nextafter(0.1, 1)}], cache=tmp_path).computed == 1


def test_a_global_number_that_changes_is_noticed(tmp_path, monkeypatch):
    def run(problem):
        return problem["x"] * SCALE

    assert sweep(run, points(2), cache=tmp_path).computed == 2
    monkeypatch.setitem(globals(), "SCALE", 4.0)
    assert sweep(run, points(2), cache=tmp_path).computed == 2


def test_addresses_are_the_same_in_every_process():
    script = (
        "from grok_theory.sweeps import address\n"
        "def run(p, n=1): return p in {'x', 'y', 'z'}\n"  # a set's order changes with the seed of the process
        "print(address.fingerprint(run))"
    )
    found = set()
    for seed in ("1", "2"):
        environment = os.environ | {"PYTHONHASHSEED": seed}
        done = subprocess.run(
            [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
        )
        found.add(done.stdout)
    assert len(found) == 1
    assert "run" in found.pop()


@dataclass
class Opaque:
    inside: object


def test_what_has_no_address_is_named(tmp_path):
    with pytest.raises(gt.BadValue, match=r"problem\.inside is object, but a cache needs an address.*or cache=None"):
        sweep(lambda problem: 1.0, [Opaque(object())], cache=tmp_path, batch=1)
    assert sweep(lambda problem: 1.0, [Opaque(object())], batch=1)[0] == 1.0


def damage(path, kind, draw):
    content = bytearray(path.read_bytes())
    if kind == "bit":
        content[draw.integers(len(content))] ^= 1 << int(draw.integers(8))
    elif kind == "short":
        content = content[: draw.integers(len(content))]
    else:
        content += b"\0"
    path.write_bytes(content)


def test_every_damaged_file_is_noticed_named_and_computed_again(tmp_path):
    draw = np.random.default_rng(5)
    whole = sweep(square, points(24), cache=tmp_path)
    paths = sorted(tmp_path.glob("??/*.npz"))
    for path, kind in zip(paths[:18], ["bit"] * 8 + ["short"] * 5 + ["long"] * 5, strict=True):
        damage(path, kind, draw)
    one, other = paths[18].read_bytes(), paths[19].read_bytes()
    paths[18].write_bytes(other)
    paths[19].write_bytes(one)
    with pytest.warns(RuntimeWarning, match="It is computed again") as told:
        again = sweep(square, points(24), cache=tmp_path)
    assert (again.computed, again.reused, len(again.damaged), len(told)) == (20, 4, 20, 20)
    assert all(any(str(path) in sentence for sentence in again.damaged) for path in paths[:20])
    assert sum("another problem, function or version" in sentence for sentence in again.damaged) == 2
    assert [*map(digits, again)] == [*map(digits, whole)]
    assert sweep(square, points(24), cache=tmp_path).reused == 24


def test_a_problem_that_fails_keeps_the_rest(tmp_path):
    def run(problem):
        if problem["x"] > 1:
            raise gt.SolveFailed("It is too large. Take a smaller x.")
        if problem["x"] > 0.8:
            return object()
        return {"y": problem["x"]}

    found = sweep(run, points(5), batch=1, cache=tmp_path)
    assert [failure.index for failure in found.failures] == [2, 3, 4]
    assert "only numbers, texts, arrays" in found.failures[0].reason
    assert found.failures[1].reason == "It is too large. Take a smaller x."
    np.testing.assert_array_equal(np.isnan(found.read(lambda result: result["y"])), [False] * 2 + [True] * 3)
    with pytest.raises(gt.SolveFailed, match=r"no result for problem 4, \{'x': 1\.58\}: It is too large"):
        found[4]
    assert "problem 3" in str(found)
    assert sweep(run, points(5), batch=1, cache=tmp_path).reused == 2  # what raised is tried again


def test_a_result_that_says_it_failed_is_a_failure(tmp_path):
    def run(problem):
        level = jnp.where(problem["x"] > 1, 2, 0).astype(jnp.int8)
        return {"y": jnp.where(level == 2, jnp.nan, 1.0), "status": Status(level, failed="It did not converge.")}

    for _ in range(2):
        found = sweep(run, points(5), cache=tmp_path)
        assert [failure.index for failure in found.failures] == [3, 4]
        assert found.failures[0].reason == "It did not converge."
        assert found.results[3] is not None
    assert found.reused == 5


def test_problems_of_different_structure_are_mixed(tmp_path):
    def run(problem):
        return jnp.sum(jnp.asarray(problem["x"]))

    mixed = [{"x": 1.0}, {"x": np.arange(3.0)}, {"x": 2.0}, {"x": np.arange(4.0)}, {"x": np.arange(3.0) + 1}]
    np.testing.assert_array_equal(sweep(run, mixed).read(float), [1, 3, 2, 6, 6])


def test_keys_go_through(tmp_path):
    problems = [{"key": jax.random.key(i)} for i in range(3)]
    found = sweep(lambda problem: jax.random.uniform(problem["key"]), problems, cache=tmp_path)
    np.testing.assert_array_equal(found.read(float), [float(jax.random.uniform(p["key"])) for p in problems])


def test_what_cannot_be_traced_gets_the_remedy():
    with pytest.raises(gt.BadValue, match=r"run cannot be traced by JAX .*batch is 4.*Pass batch=1"):
        sweep(lambda problem: 1.0 if problem["x"] > 1 else 0.0, points(3))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"version": ""}, "version is '', but it must be a text. Pass"),
        ({"batch": 0}, "batch is 0, but it must be an integer of at least 1. Pass"),
        ({"workers": 0}, "workers is 0, but it must be an integer of at least 1. Pass"),
        ({"backend": "prozesses"}, "backend is 'prozesses'.*Did you mean 'processes'.*or a joblib backend"),
    ],
)
def test_bad_arguments_are_named(wrong, message):
    arguments = {"run": square, "problems": points(2), "version": "1"} | wrong
    with pytest.raises(gt.BadValue, match=message):
        gt.sweep(**arguments)


def test_a_folder_that_cannot_be_written_gets_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(gt.BadValue, match=r"cannot be written: .*name a folder you may write to"):
        sweep(square, points(2), cache=tmp_path / "file")


def test_a_full_disk_stops_with_one_sentence_and_keeps_what_is_finished(tmp_path, monkeypatch):
    write, written = storage.write_whole, []

    def fills_up(path, content):
        if len(written) == 4:
            raise gt.BadValue(f"path is {str(path)!r}, but it cannot be written: No space left on device. Free space.")
        written.append(path)
        return write(path, content)

    monkeypatch.setattr(cache.storage, "write_whole", fills_up)
    with pytest.raises(gt.BadValue, match="No space left on device"):
        sweep(square, points(8), cache=tmp_path)
    monkeypatch.undo()
    assert sweep(square, points(8), cache=tmp_path).reused == 3


def test_strays_of_killed_processes_are_swept_and_living_ones_left(tmp_path):
    sweep(square, points(2), cache=tmp_path)
    folder = next(tmp_path.glob("??"))
    old, young = folder / ".a.npz.xyz.part", folder / ".b.npz.xyz.part"
    old.write_bytes(b"half"), young.write_bytes(b"half")
    os.utime(old, (0, 0))
    sweep(square, points(2), cache=tmp_path)
    assert not old.exists()
    assert young.exists()


def test_what_another_process_finished_meanwhile_is_not_computed(tmp_path):
    member = task.Member(0, 0, {"x": 2.0}, "ab" * 32, {"run": "square"})
    store = cache.Cache(str(tmp_path))
    store.put(member.address, cache.sealed({"y": 7.0}, member.address, member.about, 0.0))
    import pickle

    batch = task.Batch(pickle.dumps(square), 4, (member,), store, os.getpid())
    (outcome,) = task.compute(batch)
    assert outcome.reused
    assert cache.opened(outcome.content, member.address, "x") == {"y": 7.0}


def test_a_task_in_float32_refuses():
    batch = task.Batch(b"", 4, (), None, os.getpid())
    with jax.enable_x64(False), pytest.raises(gt.Float64Required, match="JAX_ENABLE_X64"):
        task.compute(batch)


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


def start(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(textwrap.dedent(SCRIPT))
    command = [sys.executable, str(script), str(tmp_path / "cache"), str(tmp_path / "log")]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for(results, tmp_path):
    deadline = time.monotonic() + 60
    while len(marks(tmp_path / "cache")) < results and time.monotonic() < deadline:
        time.sleep(0.005)


def test_killed_and_interrupted_sweeps_go_on_where_they_stopped(tmp_path):
    child = start(tmp_path)
    wait_for(10, tmp_path)
    child.kill()
    child.communicate()
    after_kill = marks(tmp_path / "cache")
    child = start(tmp_path)
    wait_for(len(after_kill) + 10, tmp_path)
    child.send_signal(signal.SIGINT)
    _, said = child.communicate(timeout=60)
    assert child.returncode in (130, -signal.SIGINT)  # the shell calls the latter 130
    assert "call sweep again with the same arguments" in said
    after_interrupt = marks(tmp_path / "cache")
    assert after_kill.items() <= after_interrupt.items()
    out, _ = start(tmp_path).communicate(timeout=60)
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


def test_deaths_are_told_apart_from_errors():
    from concurrent.futures.process import BrokenProcessPool

    assert dispatch._is_death(BrokenProcessPool())
    assert not dispatch._is_death(gt.BadValue("x"))
