"""A user's own table of runs becomes an Ensemble; crashed runs are left out and counted, not the file refused."""

from types import SimpleNamespace

import numpy as np
import pytest

from grok_theory.dynamics import GradientFlow
from grok_theory.errors import BadValue
from grok_theory.linear import TeacherStudent
from grok_theory.results import Ensemble, read_log
from grok_theory.tables.one_grid import runs_at, runs_on_their_grid

FLOW = GradientFlow()
PROBLEM = TeacherStudent(0.1 + 0.2, 5.0)


def write(path, text):
    path.write_text(text)
    return path


def from_log(path, **more):
    arguments = {"problem": PROBLEM, "dynamics": FLOW, "x": "step", "curves": {"test_loss": "val"}, "run": "seed"}
    return Ensemble.from_log(path, **(arguments | more))


def test_runs_from_a_table(tmp_path):
    path = write(tmp_path / "log.csv", "seed,step,val\n1,0,3\n1,10,2\nb,0,4\nb,10,0.5\n")
    ensemble = from_log(path)
    np.testing.assert_array_equal(ensemble["test_loss"], [[3, 2], [4, 0.5]])
    assert ensemble.x_name == "step"
    assert ensemble.status.name == "good"
    one = from_log(write(tmp_path / "one.csv", "step,val\n0,3\n10,2\n"), run=None)
    assert one.runs == 1


@pytest.mark.parametrize(
    ("lost", "reason"),
    [
        ("2,0,3\n2,10,nan\n", "run 2: val is nan at step 10 (line 7)"),
        ("2,0,3\n2,10,inf\n", "run 2: val is inf at step 10 (line 7)"),
        ("2,0,nan\n2,10,nan\n", "run 2: val is nan at step 0 (line 6)"),
        ("2,0,3\n2,10,\n", "run 2: it ends at step 0, before the others"),
        ("2,0,3\n", "run 2: it ends at step 0, before the others"),
        ("2,10,3\n", "run 2: val is missing at step 0"),
        ("2,0,\n2,10,\n", "run 2: no value in val"),
    ],
)
def test_a_crashed_run_is_left_out_and_counted(tmp_path, lost, reason):
    ensemble = from_log(write(tmp_path / "log.csv", "seed,step,val\n0,0,3\n0,10,2\n1,0,4\n1,10,.5\n" + lost))
    np.testing.assert_array_equal(ensemble["test_loss"], [[3, 2], [4, 0.5]])
    assert ensemble.status.name == "noted"
    assert "1 of 3 runs" in ensemble.status.text
    assert reason in ensemble.status.text
    assert ensemble.stats["left_out"] == reason
    assert "left out" in str(ensemble)


def test_a_value_missing_in_one_curve_leaves_its_run_out(tmp_path):
    text = "seed,step,train,val\n0,0,1,3\n0,10,1,2\n1,0,1,4\n1,10,,.5\n"
    ensemble = from_log(write(tmp_path / "log.csv", text), curves=["train", "val"])
    assert ensemble.runs == 1
    assert ensemble.stats["left_out"] == "run 1: train is missing at step 10"


def test_without_one_whole_run_it_has_failed(tmp_path):
    ensemble = from_log(write(tmp_path / "log.csv", "step,val\n0,nan\n10,nan\n"), run=None)
    assert ensemble.status.name == "failed"
    assert "No run" in ensemble.status.text
    assert np.isnan(ensemble["test_loss"]).all()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("seed,step,val\n1,0,3\n1,10,oops\n", r"log\.csv, line 3: val is 'oops', but it must be a number"),
        ("seed,step,val\n1,0,\n", "has no value beside step"),
        ("seed,step,val,lr\n1,0,,1\n", "has no value beside step"),
        ("seed,step\n1,0\n", r"no column 'val'; its columns are seed, step"),
        ("seed,step,val\n1,0,3\n2,1,3\n", "run '2' has other values of step than run '1'"),
        ("seed,step,val\n1,0,3\n1,1,3\n2,0,3\n", "run '2' has other values of step than run '1'"),
        ("seed,step,val\n1,0,3\n1,0,2\n", "line 3: step is 0 after 0"),
        ("seed,step,val\n1,5,3\n1,0,2\n", "line 3: step is 0 after 5"),
        ("seed,step,val\n1,,3\n", "has no value beside step"),
        ("seed,step,val\n1,nan,3\n", "line 2: step is nan"),
        ("seed,step,val\n,0,3\n", "line 2: seed is missing beside a value"),
        ("seed,step,val\n1,-1,3\n", r"x\[0\] is -1"),
        ("seed,step,val\n", "has no rows"),
        ("", "has no rows"),
    ],
)
def test_a_table_that_is_none_is_refused(tmp_path, text, message):
    with pytest.raises(BadValue, match=message):
        from_log(write(tmp_path / "log.csv", text))
    with pytest.raises(BadValue, match="cannot be read"):
        from_log(tmp_path / "missing.csv")
    with pytest.raises(BadValue, match="curves is empty, but at least one is needed"):
        from_log(write(tmp_path / "log.csv", "step,val\n0,1\n"), curves=[])


def test_curves_of_other_times_are_refused(tmp_path):
    text = "step,train,val\n0,1,\n1,,3\n2,1,\n3,,2\n"
    with pytest.raises(BadValue, match=r"has no whole run: train is missing at step 1.*one by one"):
        from_log(write(tmp_path / "log.csv", text), run=None, curves=["train", "val"])


def test_runs_at_other_times_on_a_grid(tmp_path):
    """Read between their records; a run that ends before the grid, or is nan beside one of its times, is left out."""
    rows = "0,0,4\n0,10,2\n0,20,1\n1,0,3\n1,5,1\n1,25,1\n2,0,3\n2,8,2\n3,0,1\n3,9,nan\n3,30,1\n"
    path = write(tmp_path / "log.csv", "seed,step,val\n" + rows)
    with pytest.raises(BadValue, match=r"other values of step.* pass grid=\[\.\.\.\], a list of step"):
        from_log(path)
    ensemble = Ensemble.from_log(path, PROBLEM, FLOW, [0, 5, 15], curves={"test_loss": "val"})
    np.testing.assert_allclose(ensemble["test_loss"], [[4, 3, 1.5], [3, 1, 1]], rtol=1e-15, atol=0)
    np.testing.assert_array_equal(ensemble.x, [0, 5, 15])
    assert ensemble.status.name == "noted"
    assert "2 of 4 runs" in ensemble.status.text
    assert "run 2: val reaches from step 0 to 8, the grid from 0 to 15" in ensemble.stats["left_out"]
    assert "run 3: val is not finite beside step 5" in ensemble.stats["left_out"]
    assert "run = seed (guessed)" in ensemble.stats["recognised"]


def recorded(**curves):
    """Curves of one run, each of {x: value}."""
    return {
        name: SimpleNamespace(x=np.array(list(curve), float), values=np.array(list(curve.values()), float))
        for name, curve in curves.items()
    }


def test_a_run_reaches_over_the_grid_where_its_first_and_last_record_do():
    """Up to the very ends; each that does not is told with its own reach."""
    values = {0: 1.0, 2: 3.0, 3: 3.0, 10: 10.0}
    runs = {
        "whole": recorded(val={0: 1.0, 4: 3.0, 10: 9.0}),
        "late": recorded(val={x: v for x, v in values.items() if x > 0}),
        "early": recorded(val={x: v for x, v in values.items() if x < 10}),
        "short": recorded(val={0: 1.0, 8: 1.0}),
        "none": recorded(val={}),
        "wider": recorded(val={-5: 0.0, 5: 10.0, 20: 40.0}),
        "nan": recorded(val={0: 1.0, 5: np.nan, 6: np.nan, 10: 1.0}),
    }
    told = runs_at("log", "step", {"val": "loss"}, runs, np.array([0.0, 5.0, 6.0, 10.0]))
    assert told.labels == ["whole", "wider"]
    np.testing.assert_allclose(told.curves["val"], [[1, 4, 5, 9], [5, 10, 12, 20]], rtol=1e-15, atol=0)
    assert told.left_out == {
        "late": "loss reaches from step 2 to 10, the grid from 0 to 10",
        "early": "loss reaches from step 0 to 3, the grid from 0 to 10",
        "short": "loss reaches from step 0 to 8, the grid from 0 to 10",
        "none": "loss reaches from step nowhere, the grid from 0 to 10",
        "nan": "loss is not finite beside step 5",
    }
    assert not told.empty
    # Where none is whole, those that reach over the grid are shown with their gaps.
    gaps = runs_at("log", "step", {"val": "loss"}, {k: runs[k] for k in ("late", "nan")}, np.array([0.0, 5.0, 10.0]))
    assert (gaps.labels, gaps.empty) == (["nan"], True)
    np.testing.assert_array_equal(gaps.curves["val"], [[1, np.nan, 1]])


def test_without_a_whole_run_the_first_is_told_with_what_it_lacks():
    """Each run has the times of all its curves, and no curve has them all."""
    runs = {
        "a": recorded(train={0: 1.0, 1: 1.0, 2: 1.0}, val={1: 2.0}),
        "b": recorded(train={0: 1.0}, val={0: 1.0, 1: 2.0, 2: 1.0}),
    }
    with pytest.raises(BadValue, match=r"^log has no whole run: run 'a': loss is missing at step 0\. Every curve"):
        runs_on_their_grid("log", "step", {"train": "train", "val": "loss"}, runs)


def test_a_run_is_left_out_for_the_first_of_what_it_lacks():
    """Three whole runs, one that lacks two times inside, one that ends two before the others, one of two wrong values.

    Half of the runs on the longer grid are no majority: then nobody knows which is short of records.
    """
    times = [0, 1, 2, 3, 4]
    whole = {label: recorded(val=dict.fromkeys(times, 1.0)) for label in ("x", "y", "z")}
    runs = whole | {
        "holes": recorded(val={0: 1.0, 2: 1.0, 4: 1.0}),
        "short": recorded(val={0: 1.0, 1: 1.0, 2: 1.0}),
        "wrong": recorded(val=dict(zip(times, [1.0, np.nan, 1.0, np.inf, 1.0], strict=True))),
    }
    told = runs_on_their_grid("log", "step", {"val": "loss"}, runs)
    assert told.labels == ["x", "y", "z"]
    assert told.left_out == {
        "holes": "loss is missing at step 1",
        "short": "it ends at step 2, before the others",
        "wrong": "loss is nan at step 1",
    }
    half = {label: runs[label] for label in ("x", "y", "short", "holes")}
    with pytest.raises(BadValue, match=r"^log: run 'short' has other values of step than run 'x'"):
        runs_on_their_grid("log", "step", {"val": "loss"}, half)
    del half["holes"]
    assert runs_on_their_grid("log", "step", {"val": "loss"}, half).labels == ["x", "y"]


def test_a_record_beside_nan_is_read_where_it_is(tmp_path):
    path = write(tmp_path / "log.csv", "step,val\n0,4\n10,2\n20,nan\n30,1\n")
    ensemble = from_log(path, run=None, grid=[0, 5, 10])
    np.testing.assert_array_equal(ensemble["test_loss"], [[4, 3, 2]])
    assert from_log(path, run=None, grid=[0, 15]).status.name == "failed"


def test_curves_of_other_times_on_a_grid(tmp_path):
    path = write(tmp_path / "log.csv", "step,train_loss,val_loss\n0,4,\n1,,3\n2,2,\n3,,1\n")
    ensemble = Ensemble.from_log(path, PROBLEM, FLOW, [1, 2])
    np.testing.assert_array_equal(ensemble["train_loss"], [[3, 2]])
    np.testing.assert_array_equal(ensemble["test_loss"], [[3, 2]])


@pytest.mark.parametrize(
    ("grid", "message"),
    [
        (
            [0, 40],
            r"no run that reaches over the grid: val reaches from step 0 to 10, .* Pass a grid inside the record",
        ),
        ([5, 0], r"grid\[1\] is 0"),
        ([[0]], "grid has shape"),
        ([0, np.nan], r"grid\[1\] is nan"),
    ],
)
def test_a_grid_that_is_none(tmp_path, grid, message):
    with pytest.raises(BadValue, match=message):
        from_log(write(tmp_path / "log.csv", "step,val\n0,3\n10,2\n"), run=None, grid=grid)


def test_a_log_becomes_an_ensemble(tmp_path):
    """Names of curves are those of theories; what the log left out is counted."""
    text = "seed,step,train_acc,test_acc\n0,0,.1,.1\n0,9,1,1\n1,0,.2,.1\n1,9,1,0\n2,0,.1,\n2,9,.5,\n"
    log = read_log(write(tmp_path / "log.csv", text))
    ensemble = Ensemble.from_log(log, PROBLEM, FLOW)
    assert list(ensemble.curves) == ["train_accuracy", "test_accuracy"]
    np.testing.assert_array_equal(ensemble["test_accuracy"], [[0.1, 1], [0.1, 0]])
    assert ensemble.stats["left_out"] == "run 2: no value in test_acc"
    assert "1 of 3 runs" in ensemble.status.text
    tau = Ensemble.from_log(log.scaled(x=(0.5, "time", "tau")), PROBLEM, FLOW)
    assert (tau.x_name, tau.x_unit) == ("time", "tau")
    one = Ensemble.from_log(log, PROBLEM, FLOW, curves={"feature": "test"})
    np.testing.assert_array_equal(one["feature"], ensemble["test_accuracy"])
    with pytest.raises(BadValue, match=r"curves names 'val', but the log has train, test"):
        Ensemble.from_log(log, PROBLEM, FLOW, curves=["val"])


def test_a_resumed_run(tmp_path):
    path = write(tmp_path / "log.csv", "step,val\n0,4\n10,3\n20,2\n10,7\n20,6\n30,5\n")
    np.testing.assert_array_equal(from_log(path, run=None)["test_loss"], [[4, 7, 6, 5]])
    np.testing.assert_array_equal(from_log(path, run=None, repeats="first")["test_loss"], [[4, 3, 2, 5]])
    with pytest.raises(BadValue, match="line 5: step is 10 after 20"):
        from_log(path, run=None, repeats="refuse")
