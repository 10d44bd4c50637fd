"""`delay`, `validate --data` and `judge` hang on one reader: the same file is the same table, or the same refusal."""

import json
from pathlib import Path

import numpy as np
import pytest

from grok_theory import best_of_k, read_log
from grok_theory.cli import main
from grok_theory.dynamics import GradientFlow
from grok_theory.errors import BadValue
from grok_theory.observables import log_delay
from grok_theory.results import Ensemble

FLOW = GradientFlow()
# Well-formed logs of two curves in every spelling: the same three rows.
SPELLINGS = {
    "comma.csv": b"t,a,b\n0,1.5,2\n1,0.5,1.25\n2,0.25,0.5\n",
    "bom.csv": b"\xef\xbb\xbft,a,b\r\n0,1.5,2\r\n1,0.5,1.25\r\n2,0.25,0.5\r\n",
    "semicolon.csv": b"t;a;b\n0;1,5;2\n1;0,5;1,25\n2;0,25;0,5\n",
    "points.csv": b"t;a;b\n0;1.5;2\n1;0.5;1.25\n2;0.25;0.5\n",
    "tab.tsv": b"t\ta\tb\n0\t1.5\t2\n1\t0.5\t1.25\n2\t0.25\t0.5\n",
    "quoted.csv": b'"t","a","b"\n"0","1.5","2"\n"1","0.5","1.25"\n"2","0.25","0.5"\n',
    "old_mac.csv": b"t,a,b\r0,1.5,2\r1,0.5,1.25\r2,0.25,0.5\r",
    "wide.csv": "t,a,b\n0,1.5,2\n1,0.5,1.25\n2,0.25,0.5\n".encode("utf-16"),
    "comments.csv": b"# a run\n\nt,a,b\n0,1.5,2\n# half way\n1,0.5,1.25\n\n2,0.25,0.5",
    "index.csv": b",t,a,b\n0,0,1.5,2\n1,1,0.5,1.25\n2,2,0.25,0.5\n",
    "again.csv": b"t,a,b\n0,1.5,2\nt,a,b\n1,0.5,1.25\n2,0.25,0.5\n",
    "lines.jsonl": b'{"t": 0, "a": 1.5, "b": 2}\n{"t": 1, "a": 0.5, "b": 1.25}\n{"t": 2, "a": 0.25, "b": 0.5}\n',
    "list.json": b'[{"t": 0, "a": 1.5, "b": 2}, {"t": 1, "a": 0.5, "b": 1.25}, {"t": 2, "a": 0.25, "b": 0.5}]',
    "columns.json": b'{"t": [0, 1, 2], "a": [1.5, 0.5, 0.25], "b": [2, 1.25, 0.5]}',
}
SPELLINGS["nested.json"] = b'{"lr": 1, "history": ' + SPELLINGS["list.json"] + b"}"
REFUSED = {
    "surplus.csv": b"t,a,b\n0,1.5,2\n1,0.5,1.25,7\n2,0.25,0.5\n",
    "short.csv": b"t,a,b\n0,1.5,2\n1,0.5\n2,0.25,0.5\n",
    "twice.csv": b"t,a,b,a\n0,1.5,2,1\n1,0.5,1.25,1\n",
    "underscore.csv": b"t,a,b\n0,1.5,2\n1_0,0.5,1.25\n",
    "thousands.csv": b"t;a;b\n0;1,500;2\n1;1,250;1\n",
    "both.csv": b"t;a;b\n0;1,5;2\n1;0.5;1\n",
    "nameless.csv": b"t,,b,a\n0,1.5,2,1\n1,0.5,1.25,1\n",
    "header.csv": b"t,a,b\n",
    "empty.csv": b"",
    "zero.csv": b"t,a,b\n0,1.5,2\x00\n",
    "binary.csv": bytes(range(256)),
    "latin.csv": "t,a,b,é\n0,1,2,3\n".encode("latin-1"),
    "open.csv": b't,a,b\n0,"1.5,2\n1,0.5,1.25\n',
    "twice.jsonl": b'{"t": 0, "a": 1.5, "b": 2, "b": 3}\n{"t": 1, "a": 1, "b": 1}\n',
    "deep.jsonl": b'{"t": 0, "a": 1.5, "b": 2}\n{"t": 1, "a": ' + b"[" * 100_000 + b"}\n",
    "cut.jsonl": b'{"t": 0, "a": 1.5, "b": 2}\n{"t": 1, "a": 1, "b\n',
}


def log_door(path, names):
    log = read_log(path, x=names[0], train=names[1], test=names[2])
    return np.array([log.runs[""]["train"].x, log.runs[""]["train"].values, log.runs[""]["test"].values])


def ensemble_door(path, names):
    runs = Ensemble.from_log(path, problem=FLOW, dynamics=FLOW, x=names[0], curves=names[1:])
    return np.array([runs.x, *(runs[name][0] for name in names[1:])])


def records_door(path, names):
    records = best_of_k.read_records(path, prompt=names[0], score=names[1], value=names[2])
    return np.array(
        [[float(p) for p in records.prompts], *(np.concatenate(c) for c in (records.scores, records.values))]
    )


DOORS = (log_door, ensemble_door, records_door)


@pytest.mark.parametrize("name", SPELLINGS)
def test_the_same_table_in_every_spelling(tmp_path, name):
    (tmp_path / name).write_bytes(SPELLINGS[name])
    for door in DOORS:
        np.testing.assert_array_equal(
            door(tmp_path / name, ("t", "a", "b")), [[0, 1, 2], [1.5, 0.5, 0.25], [2, 1.25, 0.5]]
        )


@pytest.mark.parametrize("name", REFUSED)
def test_the_same_refusal_at_every_door(tmp_path, name):
    (tmp_path / name).write_bytes(REFUSED[name])
    said = set()
    for door in DOORS[: 2 if name == "underscore.csv" else 3]:  # 1_0 may be the name of a prompt
        with pytest.raises(BadValue) as caught:
            door(tmp_path / name, ("t", "a", "b"))
        said.add(str(caught.value).replace("a finite number", "a number"))
    assert len(said) == 1, said
    assert name in said.pop()


# Every log of the cases, with its axis and two curves. Where both curves stand at the same times the third door, of
# recorded answers, reads them too.
CASES = [
    ("c11_bom.csv", ("step", "train_loss", "test_loss")),
    ("c11_semicolon.csv", ("step", "train_loss", "test_loss")),
    ("c11_semicolon_dot.csv", ("step", "train_loss", "test_loss")),
    ("c01_accuracy_only_log.jsonl", ("step", "train_accuracy", "test_error_rate")),
    *((f"c03_{shape}", ("step", "train_loss", "test_acc")) for shape in ("columns.json", "flat.jsonl", "list.json")),
    ("c03_history_in_results.json", ("step", "train_loss", "test_acc")),
    ("c30_keras_csvlogger.csv", ("epoch", "loss", "val_accuracy")),
    ("c31_fastai_history.csv", ("epoch", "train_loss", "accuracy")),
]


@pytest.mark.parametrize(("name", "columns"), CASES)
def test_real_files_are_one_table(name, columns):
    path = Path(__file__).parents[1] / "cases" / name
    first, *others = (door(path, columns) for door in DOORS)
    assert first.size
    for other in others:
        np.testing.assert_array_equal(other, first)


@pytest.mark.parametrize("threshold", [1, 1.5, 0.9, 5])
def test_one_per_cent_of_errors_may_be_asked_for(tmp_path, threshold):
    """100, 50, 25, ... per cent: the first record at or below it, by its logarithm; less than one is a fraction."""
    rows = "".join(f"{t},{100 * 0.5**t},{100 * 0.5**t}\n" for t in range(12))
    path = tmp_path / "log.csv"
    path.write_text(f"step,train_error_rate,test_error_rate\n{rows}")
    asked = {"train_threshold": threshold, "test_threshold": threshold}
    if threshold < 1:
        with pytest.raises(BadValue, match=r"the threshold 0\.9 of train_error_rate is a fraction.*Write 90"):
            log_delay(read_log(path), **asked)
    else:
        crossing = log_delay(read_log(path), **asked).delay.train
        assert crossing.lower < crossing.time <= crossing.upper
        assert crossing.upper == np.ceil(np.log2(100 / threshold))


def test_runs_on_different_times_are_refused_with_the_remedy():
    path = Path(__file__).parents[1] / "cases" / "c11_two_seeds_other_grid.csv"
    with pytest.raises(BadValue, match=r"run '1' has other values of step than run '0'.*Interpolate"):
        Ensemble.from_log(path, problem=FLOW, dynamics=FLOW, x="step", curves=["test_loss"], run="seed")


def test_an_ensemble_of_nan_is_not_good():
    path = Path(__file__).parents[1] / "cases" / "c06_all_nan.csv"
    runs = Ensemble.from_log(path, problem=FLOW, dynamics=FLOW, x="step", curves=["train_gen_loss"])
    assert runs.status.name == "failed"


def validate(*words):
    with pytest.raises(SystemExit) as ended:
        main(["validate", "linear.TeacherStudent", "samples_per_dim=0.5", "snr=5", *map(str, words)])
    return ended.value.code


def test_validate_judges_the_whole_runs_and_counts_the_other(capsys):
    path = Path(__file__).parents[1] / "cases" / "c23_runs_one_diverged.csv"
    words = ("--times", "0.1:10:6", "--data", path, "--margin", 0.1)
    code = validate(*words)
    printed = capsys.readouterr().out
    assert code in (0, 1, 3)
    assert "19 runs of TeacherStudent" in printed
    assert "1 of 20 runs" in printed
    assert "columns: x = time, test_loss = test_loss, run = seed (guessed)" in printed
    assert validate(*words, "--json") == code
    found = json.loads(capsys.readouterr().out)
    assert found["runs"] == 19
    assert found["columns"]["run"] == "seed"
    assert found["guessed"] == ["run"]
    assert "is nan at time" in found["left_out"]


def test_validate_says_what_was_not_used(capsys, tmp_path):
    """A resumed run wrote two times again: the last count, and that is said, in both forms."""
    path = Path(__file__).parents[1] / "cases" / "c23_runs_one_diverged.csv"
    head, *rows = path.read_text().splitlines()
    place = head.split(",").index("seed")
    first = [row for row in rows if row.split(",")[place] == rows[0].split(",")[place]]
    (tmp_path / "again.csv").write_text("\n".join([head, *rows[: len(first)], *first[-2:], *rows[len(first) :]]) + "\n")
    words = ("--times", "0.1:10:6", "--data", tmp_path / "again.csv", "--margin", 0.1)
    code = validate(*words)
    line = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("columns: "))
    assert "2 repeated records are not used" in line
    assert validate(*words, "--json") == code
    assert json.loads(capsys.readouterr().out)["recognised"] == line


def test_validate_reads_between_the_records(capsys, monkeypatch):
    path = Path(__file__).parents[1] / "cases" / "c23_runs_one_diverged.csv"
    words = ("--times", "0.2:9:6", "--data", path, "--margin", 0.1)
    assert validate(*words) == 2
    assert "Say --times as the data has them, or --interpolate" in capsys.readouterr().err
    assert validate(*words, "--interpolate") in (0, 1, 3)
    assert "19 runs of TeacherStudent" in capsys.readouterr().out
    with path.open() as file:
        monkeypatch.setattr("sys.stdin", file)
        assert validate("--times", "0.1:10:6", "--data", "-", "--margin", 0.1) in (0, 1, 3)
    assert "1 of 20 runs of standard input are left out" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("run,time,test_loss\n0,0.1,nan\n0,1,nan\n", "No run of"),
        ("run,step,test_loss\n0,0.1,1\n", "has no column 'time'; its columns are run, step, test_loss"),
        ("run,time,val\n0,0.1,1\n", "has no column 'test_loss'"),
        ("run,time,test_loss\n0,0.1,1,\n", "line 2: more cells"),
    ],
)
def test_validate_refuses(tmp_path, capsys, text, message):
    path = tmp_path / "runs.csv"
    path.write_text(text)
    assert validate("--times", "0.1,1", "--data", path) == 2
    assert message in capsys.readouterr().err
