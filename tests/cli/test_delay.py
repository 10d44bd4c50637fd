"""`grok-theory delay`: tables and JSON lines, missing values, several runs, bounds, pictures, refusals."""

import json

import numpy as np
import pytest

from grok_theory.cli import main

STEPS = np.arange(0, 1001, 20)


def curves(seed):
    train, test = np.exp(-STEPS / 15), 1 / (1 + np.exp((STEPS - 200 - 60 * seed) / 20))
    return train, test


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write_table(path, seeds, delimiter=","):
    """Train at every step, test at every second one: the other cells are empty."""
    lines = [delimiter.join(["seed", "step", "train_loss", "val_loss"])]
    for seed in seeds:
        for i, (step, a, b) in enumerate(zip(STEPS, *curves(seed))):
            lines.append(delimiter.join([str(seed), str(step), f"{a:.17g}", f"{b:.17g}" if i % 2 == 0 else ""]))
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def run(*words):
    with pytest.raises(SystemExit) as ended:
        main(["delay", *words])
    return ended.value.code or 0


BELOW = ("--train-threshold", "0.1", "--test-threshold", "0.1")


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_table_of_several_runs(folder, capsys, delimiter):
    log = write_table(folder / "log.csv", range(8), delimiter)
    assert run(log, *BELOW, "--json", "--no-plot") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["columns"] == {"x": "step", "train": "train_loss", "test": "val_loss", "run": "seed"}
    assert len(found["runs"]) == 8
    # Interpolated between the steps at which the test loss was logged, 40 apart.
    train, test = curves(0)
    exact = np.interp(-0.1, -test[::2], STEPS[::2]) - np.interp(-0.1, -train, STEPS)
    assert found["runs"][0]["delay"] == pytest.approx(exact, rel=1e-12, abs=0)
    delays = sorted(r["delay"] for r in found["runs"])
    assert found["median"] == [pytest.approx((delays[3] + delays[4]) / 2)] * 2
    assert found["interval"] == [delays[0], delays[7]]


def test_report_and_picture(folder, capsys):
    assert run(write_table(folder / "log.csv", [0, 1, 40]), *BELOW) == 0
    text = capsys.readouterr().out
    assert "not reached" in text
    assert "1 of them censored" in text
    assert "drawn in log-delay.png" in text
    assert (folder / "log-delay.png").stat().st_size > 5000


def test_one_run_and_a_bound(folder, capsys):
    assert run(write_table(folder / "log.csv", [40]), *BELOW, "--plot", "here.png") == 0
    text = capsys.readouterr().out
    assert "delay more than 96" in text
    assert (folder / "here.png").exists()


def test_json_lines_with_accuracies(folder, capsys):
    """Train and test logged by different lines; null and absent are missing, NaN is a value past no threshold."""
    lines = []
    for i, step in enumerate(STEPS):
        train, test = (1 - c[i] for c in curves(0))
        lines.append(json.dumps({"_step": int(step), "acc": float("nan") if i == 3 else train, "val": None}))
        lines.append(json.dumps({"_step": int(step), "val": test}))
    (folder / "log.jsonl").write_text("\n".join(lines) + "\n\n")
    words = (
        "--train",
        "acc",
        "--test",
        "val",
        "--train-threshold",
        "0.9",
        "--test-threshold",
        "0.9",
        "--rising",
        "--json",
    )
    assert run("log.jsonl", *words, "--no-plot") == 0
    found = json.loads(capsys.readouterr().out)["runs"][0]
    exact = [np.interp(0.9, 1 - c, STEPS) for c in curves(0)]
    assert found["train_time"] == pytest.approx(exact[0], rel=1e-12, abs=0)
    assert found["test_time"] == pytest.approx(exact[1], rel=1e-12, abs=0)


def test_patience_and_directions(folder, capsys):
    rows = ["x,train,test", "0,1,0", "1,0,1", "2,1,0", "3,0,1", "4,0,1", "5,0,1"]
    (folder / "log.csv").write_text("\n".join(rows))
    words = ("--train-threshold", "0.5", "--test-threshold", "0.5", "--test-rising", "--json", "--no-plot")
    assert run("log.csv", *words) == 0
    assert json.loads(capsys.readouterr().out)["runs"][0]["train_time"] == 0.5
    assert run("log.csv", *words, "--patience", "1.5") == 0
    found = json.loads(capsys.readouterr().out)["runs"][0]
    assert (found["train_time"], found["test_time"]) == (2.5, 2.5)


@pytest.mark.parametrize(
    ("text", "words", "message"),
    [
        (None, (), "cannot be read"),
        ("", (), "has no rows"),
        ("step,train_loss,test_loss\n", (), "has no rows"),
        ("step,train_loss,test_loss\n1,a,2\n", (), "line 2: train_loss is 'a', but it must be a number"),
        ("step,train_loss,test_loss\n1,1,2\n1,1,3\n", (), "line 3: step is 1 after 1"),
        ("step,train_loss,test_loss\n1,1,\n", ("--test", "test_loss"), "has no value in test_loss"),
        ("step,train_nll,train_mse\n1,1,2\n", (), "several curves of the train part and none of the other"),
        ("step,train_loss,test_loss\n1,1,1,1\n", (), "line 2: more cells"),
        ("when,train_loss,test_loss\n1,1,1\n", (), "Name it with --x"),
        ("step,train_loss,test_loss\n1,1,1\n", ("--train", "trian"), "no column 'trian'"),
        ('{"step": 1, "train": 1, "test": 1}\nnonsense\n', (), "line 2: 'nonsense' is no JSON object"),
        ("step,train_loss,test_loss\n1,1,1\n", ("--patience", "-1"), "patience is -1"),
        ("step,train_loss,test_loss\n1,1,1\n", ("--confidence", "2"), "confidence is 2"),
    ],
)
def test_refusals_are_one_sentence(folder, capsys, text, words, message):
    if text is not None:
        (folder / "log.csv").write_text(text)
    assert run("log.csv", *BELOW, *words) == 2
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error


@pytest.mark.parametrize("name", ["folder", "picture", "picture.txt", "picture.npz", "folder/", "/dev/full", "log.csv"])
def test_a_picture_goes_where_it_was_told_or_nowhere(folder, capsys, name):
    log = write_table(folder / "log.csv", [0])
    (folder / "folder").mkdir()
    assert run(log, *BELOW, "--plot", name) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(f"plot is {name!r}, but")
    assert ".png or .pdf or .svg" in said.err
    assert sorted(path.name for path in folder.iterdir()) == ["folder", "log.csv"]


def test_a_picture_s_folder_is_made(folder):
    assert run(write_table(folder / "log.csv", [0]), *BELOW, "--plot", "deep/er/a.PDF") == 0
    assert (folder / "deep" / "er" / "a.PDF").read_bytes().startswith(b"%PDF")


def test_several_files_are_several_runs(folder, capsys):
    files = [write_table(folder / f"wd{i}.csv", [i]) for i in (0, 3, 40)]
    assert run(*files, *BELOW, "--json", "--plot", "all.png") == 0
    found = json.loads(capsys.readouterr().out)
    assert [r["run"] for r in found["runs"]] == ["wd0", "wd3", "wd40"]
    assert found["columns"]["run"] == "file"
    assert "3 files, 3 runs" in found["notes"]
    assert found["runs"][2]["delay"] is None
    assert (folder / "all.png").exists()
    assert run(*files, *BELOW) == 0
    assert "drawn in delay.png" in capsys.readouterr().out


def test_the_standard_input(folder, capsys, monkeypatch):
    with open(write_table(folder / "log.csv", [0])) as file:
        monkeypatch.setattr("sys.stdin", file)
        assert run("-", *BELOW, "--json", "--no-plot") == 0
    found = json.loads(capsys.readouterr().out)
    exact = np.interp(-0.1, -curves(0)[0], STEPS)
    assert found["runs"][0]["train_time"] == pytest.approx(exact, rel=1e-12, abs=0)


def test_runs_lists_every_run(folder, capsys):
    """Those that were left out with their reasons, and more than a screen of them."""
    log = folder / "log.csv"
    write_table(log, range(40))
    log.write_text(log.read_text() + "crashed,0,2,2\ncrashed,20,nan,nan\n")
    words = (str(log), *BELOW, "--no-plot")
    assert run(*words) == 0
    printed = capsys.readouterr().out
    assert "40 runs: --runs lists them" in printed
    assert "1 of 41 runs are left out" in printed
    assert "left out: run crashed: train_loss is nan from step 20 on" in printed
    assert run(*words, "--runs") == 0
    lines = capsys.readouterr().out.splitlines()
    assert sum(line.startswith("│") for line in lines) == 41
    (crashed,) = (line for line in lines if line.startswith("│ crashed"))
    assert "train_loss is nan from step 20 on" in crashed


@pytest.mark.parametrize(("kind", "scale"), [("acc", "linear"), ("loss", "log")])
def test_axes_of_the_picture(folder, monkeypatch, kind, scale):
    """Steps by decades; accuracies are shares, and losses span decades."""
    seen = []

    def keep(figure, path, **more):
        (axes,) = figure.axes
        seen.extend([axes.get_xscale(), axes.get_yscale()])

    monkeypatch.setattr("grok_theory.cli.picture.write_picture", keep)
    shown = curves(0) if kind == "loss" else [1 - values for values in curves(0)]
    rows = [f"{s},{a},{b}" for s, a, b in zip(STEPS, *shown)]
    (folder / "log.csv").write_text(f"step,train_{kind},test_{kind}\n" + "\n".join(rows))
    levels = BELOW if kind == "loss" else ("--train-threshold", "0.9", "--test-threshold", "0.9")
    assert run("log.csv", *levels) == 0
    assert seen == ["symlog", scale]  # symlog: the first step is 0
