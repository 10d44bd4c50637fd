"""The command `grok-theory`: quick help, exit codes that mean something, one sentence for an error."""

import csv
import json
import os
import re
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import jax
import numpy as np
import pytest

import grok_theory as gt
from grok_theory import cli
from grok_theory.cli import doctor, values
from grok_theory.errors import BadValue, SolveFailed

ROOT = Path(__file__).parents[1]
LINEAR = ["linear.TeacherStudent", "samples_per_dim=0.5", "snr=5"]


@pytest.fixture
def run(capsys):
    """Call the command in this process: (exit code, stdout, stderr)."""

    def call(*words):
        with pytest.raises(SystemExit) as left:
            cli.main(list(words))
        said = capsys.readouterr()
        return left.value.code or 0, said.out, said.err

    return call


def test_help_does_not_import_jax_or_numpy():
    code = (
        "import sys; from grok_theory import cli\n"
        "try: cli.main(sys.argv[1:])\n"
        "except SystemExit: pass\n"
        "sys.exit(any(name in sys.modules for name in ('jax', 'numpy', 'matplotlib', 'scipy')))"
    )
    for words in (["--help"], ["solve", "--help"], ["doctor", "--help"], ["--version"]):
        done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, timeout=180)
        assert done.returncode == 0, done.stderr


def test_every_command_says_what_it_does(run):
    code, out, _ = run("--help")
    assert code == 0
    for name in ("solve", "validate", "figures", "doctor"):
        assert re.search(rf"│ {name} +\w", out)


def test_version(run):
    assert run("--version") == (0, f"grok-theory {gt.__version__}\n", "")


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
        code, out, err = run("solve", *words, *(["--key", str(key)] if key else []))
        assert code == 0, err
        start = {"key": jax.random.key(key), "initial": gt.li2.training.ZeroReadout()}
        assert (
            json.loads(out)["curves"]["train_loss"]
            == gt.li2.solve(task, [0, 5], width=2, **start)["train_loss"].tolist()
        )
    code, _, err = run("solve", *LINEAR, "--key", "1")
    assert code == 2
    assert "key is 1, but linear.TeacherStudent is solved without a draw" in err


def test_validate_holds_runs_against_a_theory_that_begins_as_they_do(run):
    words = ["li2.GroupTask", "group=cyclic(3)", "width=2", "--times", "0,5", "--dynamics", "GradientDescent(0.1)"]
    code, out, err = run("validate", *words, "train_hidden=false", "dtype=float64", "--runs", "1", "--key", "2")
    assert code in (0, 3), err  # one run is no sample, but the run is the theory's
    assert "GroupTask" in out


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


def test_unknown_commands_and_options_are_exit_code_2(run):
    assert run("slove")[0] == 2
    assert run("solve", "--tims", "1")[0] == 2


def test_debug_shows_the_traceback(capsys):
    with pytest.raises(BadValue, match="noise is -1"):
        cli.main(["solve", *LINEAR, "noise=-1", "--debug"])


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


def test_what_is_not_foreseen_is_one_sentence_too(run, monkeypatch):
    monkeypatch.setattr(gt.linear, "solve", lambda problem, times: 1 / 0)
    code, _, err = run("solve", *LINEAR)
    assert code == 2
    assert err == "ZeroDivisionError: division by zero (this is not foreseen; --debug shows where).\n"


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
    first, other = run(*words, "--json"), run(*words, "--key", "1", "--json")
    assert json.loads(first[1])["runs"] == 8
    assert first[0] == other[0] == 0
    assert first[1] != other[1]


def test_doctor_finds_this_machine_good_on_every_device(run, monkeypatch):
    monkeypatch.setenv("XLA_FLAGS", "--xla_force_host_platform_device_count=2")
    code, out, _ = run("doctor", "--json")
    found = json.loads(out)
    assert code == 0, out
    assert found["good"]
    names = [check["name"] for check in found["self_test"]["checks"]]
    assert [sum(name.endswith(device) for name in names) for device in ("cpu:0", "cpu:1")] == [5, 5]
    assert found["versions"]["numpy"] == np.__version__


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "killed by signal 11"),
        ("import time; time.sleep(60)", "not done after 1 s"),
        ('print(\'{"name": "x", "good": false, "measured": "1"}\')', "WRONG"),
        ("raise RuntimeError('no device')", "RuntimeError: no device"),
    ],
)
def test_doctor_turns_a_broken_jax_into_a_red_line(run, monkeypatch, script, words):
    real = subprocess.run
    monkeypatch.setattr(doctor.subprocess, "run", lambda line, **more: real([sys.executable, "-c", script], **more))
    code, out, _ = run("doctor", "--seconds", "1")
    assert code == 1
    assert words in out
    assert "not good" in out


def test_doctor_knows_the_versions_that_crash(run, monkeypatch):
    monkeypatch.setattr(doctor, "version", lambda name: "0.11.0" if name == "jaxlib" else "1.0")
    monkeypatch.setattr(doctor, "_self_test", lambda seconds: {"good": True, "checks": [], "said": ""})
    code, out, _ = run("doctor")
    assert code == 1
    assert "jaxlib 0.11.0 is known to crash" in out


def test_figures_lists_them_and_says_what_is_missing(run, monkeypatch):
    code, out, err = run("figures", "--list")
    assert (code, err) == (0, "")
    assert "linear_spectrum" in out
    monkeypatch.setitem(sys.modules, "paper_figures.command", None)
    code, out, err = run("figures", "--list")
    assert (code, out) == (2, "")
    assert len(err.strip().splitlines()) == 1
    assert "pip install 'grok_theory[figures]'" in err


def test_ctrl_c_is_exit_code_130():
    code = (
        "import sys, time\n"
        "import grok_theory as gt\n"
        "from grok_theory import cli\n"
        "gt.linear.solve = lambda problem, times: (print('solving', flush=True), time.sleep(60))\n"
        "cli.main(sys.argv[1:])"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, "solve", *LINEAR], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "solving\n"
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=180)
    assert process.returncode == 130
    assert "Traceback" not in said


@pytest.mark.slow
def test_a_reader_that_goes_away_is_no_error():
    line = f"{sys.executable} -m grok_theory.cli solve | true; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=60, cwd=ROOT, env=os.environ)
    assert "Traceback" not in done.stderr
    assert done.returncode in (0, 1)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5", 5), ("-0.5", -0.5), ("1e-3", 1e-3), ("1,2", (1, 2)), ("[1, 2.5]", (1, 2.5)), ("relu", "relu"),
        ("True", True), ("none", None), ("two words", "two words"), ("'5'", "5"), ("pair(1, second=2)", (1, 2)),
    ],
)  # fmt: skip
def test_values_are_read_as_written(text, value):
    got = values.read_value("field", text, {"pair": lambda first, second: (first, second)})
    assert got == value
    assert type(got) is type(value)


@pytest.mark.parametrize(
    "text", ["pair(1)", "pair(*[1])", "other(1)", "1 + 1", "pair.x", "lambda: 1", "{1: 2}", "[x for x in y]"]
)
def test_nothing_else_is_evaluated(text):
    with pytest.raises(BadValue, match=r"^field is "):
        values.read_value("field", text, {"pair": lambda first, second: (first, second)})


def test_axes_are_read_as_written():
    assert np.allclose(values.read_axis("0.1:10:3"), [0.1, 1, 10])
    assert np.allclose(values.read_axis("0:10:3"), [0, 5, 10])
    assert np.allclose(values.read_axis("1:3:3:linear"), [1, 2, 3])
    assert values.read_axis("1:5:40:steps").tolist() == [1, 2, 3, 4, 5]
    assert values.read_axis("7").tolist() == [7]
    assert values.read_axis("5:5:5").tolist() == [5] * 5  # logs of the ends round
    close = values.read_axis("0.3:0.30000000000000004:9")
    assert close[0] == 0.3
    assert (np.diff(close) >= 0).all()
