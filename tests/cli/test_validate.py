"""`grok-theory validate`: the verdict is the exit code."""

import json

import numpy as np
import pytest

import grok_theory as gt

LINEAR = ["linear.TeacherStudent", "samples_per_dim=0.5", "snr=5"]


def test_validate_holds_runs_against_a_theory_that_begins_as_they_do(run):
    words = ["li2.GroupTask", "group=cyclic(3)", "width=2", "--times", "0,5", "--dynamics", "GradientDescent(0.1)"]
    code, out, err = run("validate", *words, "train_hidden=false", "dtype=float64", "--runs", "1", "--seed", "2")
    assert code in (0, 3), err  # one run is no sample, but the run is the theory's
    assert "GroupTask" in out


@pytest.fixture
def table(tmp_path):
    """Runs in a file: the theory itself times a factor, with a given spread between runs."""

    def write(factor, spread, runs=12):
        times = np.geomspace(0.1, 10, 5)
        theory = np.asarray(gt.linear.solve(gt.linear.TeacherStudent(0.5, 5.0), times)["test_loss"])
        rng = np.random.default_rng(3)
        lines = ["run,time,test_loss"]
        for run in range(runs):
            values = factor * theory * np.exp(spread * rng.standard_normal(5))
            lines += [f"{run},{float(t)!r},{float(v)!r}" for t, v in zip(times, values, strict=True)]
        path = tmp_path / "runs.csv"
        path.write_text("\n".join(lines) + "\n")
        return ["validate", *LINEAR, "--times", "0.1:10:5", "--data", str(path)]

    return write


@pytest.mark.parametrize(
    ("factor", "spread", "code", "verdict"),
    [(1.0, 0.01, 0, "agrees"), (1.3, 0.01, 1, "disagrees"), (1.0, 0.5, 3, "underpowered")],
)
def test_the_verdict_is_the_exit_code(run, table, factor, spread, code, verdict):
    left, out, _ = run(*table(factor, spread))
    assert left == code
    assert out.startswith(f"{verdict}: 12 runs of TeacherStudent")
    left, out, _ = run(*table(factor, spread), "--json")
    assert left == code
    assert json.loads(out)["verdict"] == verdict


def test_validate_simulates_with_the_given_key(run):
    words = ["validate", *LINEAR, "dim=20", "--runs", "8", "--times", "0.5,2", "--curve", "test_loss", "--margin", "2"]
    first, other = run(*words, "--json"), run(*words, "--seed", "1", "--json")
    assert json.loads(first[1])["runs"] == 8
    assert first[0] == other[0] == 0
    assert first[1] != other[1]


def test_a_theory_without_times_reads_its_own_x_and_curve(run, tmp_path):
    """`samples` and `error` of best of k: no name of times, and no test loss."""
    path = tmp_path / "runs.csv"
    path.write_text("samples,error,run\n1,3.2,0\n4,0.8,0\n1,3.3,1\n4,0.81,1\n1,3.25,2\n4,.79,2\n")
    words = ["validate", "best_of_k.Prompt", "teacher_gap=1.5", "reward_gap=3", "temperature=0", "--margin", "0.1"]
    plain = run(*words, "--data", str(path))
    assert plain == run(*words, "--data", str(path), "--curve", "error")
    assert plain == run(*words, "--data", str(path), "--times", "1,4")
    code, out, _ = plain
    assert code == 3
    assert "columns: x = samples, error = error, run = run (guessed)" in out
    path.write_text("samples,loss\n1,3.2\n4,0.8\n")
    code, _, said = run(*words, "--data", str(path))
    assert (code, "curves, bias, error, judged_error; its columns are samples, loss" in said) == (2, True)
