"""`grok-theory solve`: curves into every way out, and every word that is wrong in one sentence."""

import csv
import json
import re
from dataclasses import replace

import jax
import numpy as np
import pytest

import grok_theory as gt
from grok_theory.cli.curves_picture import panels_of
from grok_theory.errors import SolveFailed

LINEAR = ["linear.TeacherStudent", "samples_per_dim=0.5", "snr=5"]


def test_solve_prints_status_and_curves(run):
    code, out, err = run("solve", *LINEAR, "--times", "0.1:10:3")
    assert (code, err) == (0, "")
    assert "status    good" in out
    theory = gt.linear.solve(gt.linear.TeacherStudent(0.5, 5.0), np.geomspace(0.1, 10, 3))
    assert f"{float(theory['test_loss'][-1]):.6g}" in out


def test_solve_as_json_and_into_files(run, tmp_path):
    code, out, _ = run("solve", *LINEAR, "--times", "0,1,10", "--json", "--out", str(tmp_path / "a.npz"))
    assert code == 0
    told = json.loads(out)
    theory = gt.linear.solve(gt.linear.TeacherStudent(0.5, 5.0), np.array([0.0, 1.0, 10.0]))
    assert told["curves"]["test_loss"] == np.asarray(theory["test_loss"]).tolist()
    assert told["status"] == {"level": "good", "text": ""}
    assert told["x"] == [0.0, 1.0, 10.0]
    assert np.array_equal(gt.load(tmp_path / "a.npz")["test_loss"], theory["test_loss"])
    assert run("solve", *LINEAR, "--times", "0,1,10", "--out", str(tmp_path / "a.csv"))[0] == 0
    lines = (tmp_path / "a.csv").read_text().splitlines()
    column = lines[0].split(",").index("test_loss")
    assert [float(line.split(",")[column]) for line in lines[1:]] == np.asarray(theory["test_loss"]).tolist()


def test_a_method_is_written_as_in_python(run):
    code, out, _ = run("solve", *LINEAR, "--times", "1:20:4:steps", "--dynamics", "GradientDescent(learning_rate=0.1)")
    assert code == 0
    assert "GradientDescent(learning_rate=0.1)" in out
    code, _, err = run("solve", *LINEAR, "--method", "GradientDecent(0.1)")
    assert code == 2
    assert "there is no 'GradientDecent'; did you mean GradientDescent?" in err


@pytest.mark.parametrize("command", ["solve", "validate"])
def test_a_wing_without_the_verb_says_so(run, monkeypatch, command):
    monkeypatch.delattr(gt.linear, "solve")
    monkeypatch.setattr(gt.linear, "__all__", [name for name in gt.linear.__all__ if name != "solve"])
    code, _, err = run(command, *LINEAR)
    assert code == 2
    assert err.startswith("The wing linear has no solve; lazy_rich, ")


@pytest.mark.slow  # compiling that wing's solver takes most of it
def test_the_other_wings_are_solved_too(run):
    words = ["best_of_k.Prompt", "teacher_gap=0.5", "reward_gap=0.2", "temperature=1", "--times", "1,4,16"]
    code, out, _ = run("solve", *words, "--json")
    assert code == 0
    assert json.loads(out)["x"] == [1.0, 4.0, 16.0]


def test_names_of_a_wings_rooms_are_read_and_theory_begins_as_run_0_of_the_key(run):
    words = ["li2.GroupTask", "group=cyclic(3)", "width=2", "initial=ZeroReadout()", "--times", "0,5", "--json"]
    task = gt.li2.GroupTask(gt.li2.groups.cyclic(3))
    for key in (0, 4):
        code, out, err = run("solve", *words, *(["--seed", str(key)] if key else []))
        assert code == 0, err
        start = {"key": jax.random.key(key), "initial": gt.li2.training.ZeroReadout()}
        assert (
            json.loads(out)["curves"]["train_loss"]
            == gt.li2.solve(task, [0, 5], width=2, **start)["train_loss"].tolist()
        )
    code, _, err = run("solve", *LINEAR, "--seed", "1")
    assert code == 2
    assert "seed is 1, but linear.TeacherStudent is solved without a draw" in err


@pytest.mark.parametrize("command", ["solve", "validate"])
def test_a_picture_is_drawn_where_it_was_told_to(run, tmp_path, command):
    more = ["dim=20", "--runs", "3", "--margin", "9", "--curve", "test_loss"] if command == "validate" else []
    ending, begin = ("png", b"\x89PNG") if command == "solve" else ("svg", b"<?xml")
    path = tmp_path / f"{command}.{ending}"
    code, out, err = run(command, *LINEAR, "--times", "0.1,1,9", *more, "--plot", str(path))
    assert (code in (0, 3), err) == (True, "")
    assert f"drawn in {path}" in out
    assert path.read_bytes().startswith(begin)
    code, out, err = run(command, *LINEAR, *more, "--plot", str(tmp_path / "a.txt"))
    assert (code, out) == (2, "")
    assert err.startswith(f"plot is {str(tmp_path / 'a.txt')!r}, but it must end in .png or .pdf or .svg")
    json.loads(run(command, *LINEAR, "--times", "1,2", *more, "--json", "--plot", str(path))[1])


def test_losses_stand_in_one_panel():
    names = ["train_loss", "kappa", "test_loss", "test_accuracy", "train_accuracy"]
    assert panels_of(names) == [["train_loss", "test_loss"], ["kappa"], ["test_accuracy", "train_accuracy"]]


def test_a_wing_alone_lists_its_problems(run):
    code, out, _ = run("solve", "linear", "--json")
    assert code == 0
    assert {name.partition(".")[0] for name in json.loads(out)} == {"linear"}
    assert "One test point: where the mean answer stands" in run("solve", "best_of_k")[1]


def test_help_says_what_the_verbs_take_besides(run):
    code, out, _ = run("validate", "li2.GroupTask", "--help")
    assert code == 0
    of_solve, of_runs = out[out.index("And of solve") :].split("And of simulate")
    assert re.search(r"width +needed +\S", of_solve)
    assert re.search(r"train_hidden +True +False freezes the hidden layer", of_runs)
    assert "temperature  needed" in run("solve", "best_of_k.Prompt")[1]
    assert "Arrays may come from a file: inputs=@data.npz:x" in run("solve", "lazy_rich.MeanFieldNetwork")[1]


def test_solve_without_a_problem_lists_all(run):
    code, out, _ = run("solve", "--json")
    assert code == 0
    assert json.loads(out)["linear.TeacherStudent"][:2] == ["samples_per_dim", "snr"]


def test_a_problem_alone_and_its_help_say_the_fields(run):
    told = {}
    for words in ([], ["--help"]):
        code, out, _ = run("solve", "linear.TeacherStudent", *words)
        assert code == 0
        told[len(words)] = out[out.index("Fields of TeacherStudent") :].rstrip()
        row = next(line for line in told[len(words)].splitlines() if line.startswith("  samples_per_dim"))
        assert re.split(r"  +", row.strip())[:5] == [
            "samples_per_dim",
            "needed",
            "alpha = P/N",
            "samples per weight",
            "> 0",
        ]
    assert told[0] == told[1]
    code, out, _ = run("solve", "linear.TeacherStudent", "--json")
    assert [row["field"] for row in json.loads(out)][:2] == ["samples_per_dim", "snr"]
    assert json.loads(out)[4]["default"] == 0.0


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (["solve", "liner.TeacherStudent"], ["'liner.TeacherStudent'", "linear, lazy_rich", "Did you mean 'linear'?"]),
        (["solve", "linear.Teacher"], ["'linear.Teacher'", "Did you mean linear.TeacherStudent?"]),
        (["solve", "linear.TeacherStudent", "snr=5"], ["needs samples_per_dim", "Add samples_per_dim=..."]),
        (["solve", "best_of_k.Prompt", "teacher_gap=1", "reward_gap=1"], ["needs temperature", "Add temperature=..."]),
        (["solve", *LINEAR, "nose=1"], ["no field 'nose'", "Did you mean 'noise'?"]),
        (["solve", *LINEAR, "noise"], ["'noise'", "field=value"]),
        (["solve", *LINEAR, "noise=-1"], ["noise is -1.0", "positive"]),
        (["solve", *LINEAR, "noise=nan"], ["noise is", "nan"]),
        (["solve", *LINEAR, "noise=__import__('os').getcwd()"], ["noise is", "must be a number"]),
        (["solve", *LINEAR, "noise=2**9"], ["noise is '2**9'", "must be a number"]),
        (["solve", *LINEAR, "--times", "3:1:5"], ["times is '3:1:5'", "low:high:count"]),
        (["solve", *LINEAR, "--times", "1:3"], ["times is '1:3'", "low:high:count"]),
        (["solve", *LINEAR, "--times", "1,x"], ["times is '1,x'", "a list such as 0,1,2.5"]),
        (["solve", *LINEAR, "--times", "2,1"], ["times[1] is 1.0", "low:high:count"]),
        (["solve", *LINEAR, "--times", "-1,1"], ["times[0] is -1.0"]),
        (["solve", *LINEAR, "--times", ""], ["times"]),
        (["solve", *LINEAR, "--out", "/proc/none/a.csv"], ["/proc/none/a.csv", "cannot be written"]),
        (["validate", *LINEAR, "dim=101", "--runs", "2"], ["samples_per_dim * dim is 50.5", "nearest usable dim"]),
        (["validate", *LINEAR, "--runs", "0"], ["runs is 0"]),
        (["validate", *LINEAR, "dim=20", "--runs", "2", "--margin", "-1"], ["margin is -1.0"]),
        (["validate", *LINEAR, "dim=20", "--runs", "2", "--curve", "test_los"], ["'test_los'", "'test_loss'"]),
        (["validate", *LINEAR, "dim=20", "--runs", "2", "--where", "1"], ["where is '1'", "low:high"]),
        (["validate", *LINEAR, "--data", "none.csv"], ["none.csv", "cannot be read"]),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(run, words, parts):
    code, out, err = run(*words)
    assert code == 2
    assert out == ""
    assert "Traceback" not in err
    assert len(err.strip().splitlines()) == 1
    for part in parts:
        assert part in err


def test_a_solver_that_fails_is_exit_code_4(run, monkeypatch):
    def solve(problem, times):
        raise SolveFailed("It did not converge. Take smaller steps.")

    monkeypatch.setattr(gt.linear, "solve", solve)
    assert run("solve", *LINEAR) == (4, "", "It did not converge. Take smaller steps.\n")


def test_a_failed_solution_is_json_with_its_status_and_in_no_file(run, monkeypatch, tmp_path):
    good = gt.linear.solve(gt.linear.TeacherStudent(0.5, 5.0), np.array([0.0, 1.0]))

    def solve(problem, times, *, throw=True):
        return replace(good, status=gt.Status(2, failed="It did not converge. Take smaller steps.")).checked(throw)

    monkeypatch.setattr(gt.linear, "solve", solve)
    for command in ("solve", "validate"):
        code, out, err = run(command, *LINEAR, "--json", *(["--out", str(tmp_path / "a.npz")] * (command == "solve")))
        assert code == 4
        assert json.loads(out)["status"] == {"level": "failed", "text": "It did not converge. Take smaller steps."}
        assert err == "It did not converge. Take smaller steps.\n"
        code, out, err = run(command, *LINEAR)
        assert (code, out) == (4, "")
        assert err.startswith("It did not converge.")
    assert not list(tmp_path.iterdir())


def test_a_remark_is_told_by_every_way_out(run, monkeypatch, tmp_path):
    good = gt.linear.solve(gt.linear.TeacherStudent(0.5, 5.0), np.array([0.5, 1.0]))
    monkeypatch.setattr(gt.linear, "solve", lambda problem, times: replace(good, status=gt.Status(1, noted="Far out.")))
    assert "noted: Far out." in run("solve", *LINEAR)[1]
    assert json.loads(run("solve", *LINEAR, "--json")[1])["status"] == {"level": "noted", "text": "Far out."}
    code, _, err = run("solve", *LINEAR, "--out", str(tmp_path / "a.csv"))
    assert (code, err) == (0, "noted: Far out.\n")
    assert run("solve", *LINEAR, "--out", str(tmp_path / "a.npz"))[0] == 0
    assert gt.load(tmp_path / "a.npz").status.text == "Far out."
    words = ["validate", *LINEAR, "dim=20", "--runs", "4", "--times", "0.5,1", "--margin", "5", "--curve", "test_loss"]
    assert "theory: noted: Far out." in run(*words)[1]
    told = json.loads(run(*words, "--json")[1])
    assert told["status"] == {"level": "noted", "text": "Far out."}
    assert told["status_of_runs"]["level"] == "good"


def test_an_output_goes_where_it_was_told_or_nowhere(run, tmp_path, monkeypatch):
    """Refused before anything is computed: the solver here would say so."""
    monkeypatch.setattr(gt.linear, "solve", lambda problem, times: 1 / 0)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder.npz").mkdir()
    for name in (
        "folder",
        "folder/",
        "folder.npz",
        "theory",
        "theory.txt",
        "theory.json",
        "theory.npz.zip",
        "",
        ".csv",
    ):
        path = f"{tmp_path}/{name}"
        code, out, err = run("solve", *LINEAR, "--out", path)
        assert (code, out) == (2, "")
        assert err.startswith(f"out is {path!r}, but"), err
        assert ".npz or .csv" in err
        assert len(err.splitlines()) == 1
    for path in ("/dev/full", "/dev/null", "/dev/stdout", "-", ""):
        code, _, err = run("solve", *LINEAR, "--out", path)
        assert code == 2
        assert err.startswith(f"out is {path!r}, but"), err
    assert sorted(p.name for p in tmp_path.iterdir()) == ["folder", "folder.npz"]
    assert not list(tmp_path.glob("*/*"))


def test_a_table_keeps_its_columns_whatever_they_are_called(run, monkeypatch, tmp_path):
    good = gt.linear.solve(gt.linear.TeacherStudent(0.5, 5.0), np.array([0.5, 1.0]))
    named = replace(good, curves={'test, "held out"': good["test_loss"]}, numerical_error={})
    monkeypatch.setattr(gt.linear, "solve", lambda problem, times: named)
    assert run("solve", *LINEAR, "--out", str(tmp_path / "deep" / "a.CSV"))[0] == 0
    with open(tmp_path / "deep" / "a.CSV", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["time", 'test, "held out"']
    assert [float(row[1]) for row in rows[1:]] == np.asarray(good["test_loss"]).tolist()
