"""What `grok-theory delay` must not answer with a number that looks exact: directions, units, crashes ..."""

import json
from pathlib import Path

import pytest

from grok_theory.cli import main

CASES = Path(__file__).parents[1] / "cases"


@pytest.fixture
def log(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def write(text, name="log.csv"):
        (tmp_path / name).write_text(text)
        return name

    return write


def answer(capsys, *words):
    with pytest.raises(SystemExit) as ended:
        main(["delay", *map(str, words), "--no-plot", "--json"])
    assert not ended.value.code
    return json.loads(capsys.readouterr().out)


def refusal(capsys, *words):
    with pytest.raises(SystemExit) as ended:
        main(["delay", *map(str, words), "--no-plot"])
    assert ended.value.code == 2
    error = capsys.readouterr().err
    assert "Traceback" not in error
    return error


def thresholds(train, test):
    return "--train-threshold", train, "--test-threshold", test


ACCURACIES = "step,train_acc,test_acc\n" + "".join(
    f"{10 * i},{min(1, 0.2 + 0.2 * i)},{0.1 if i < 8 else 1.0}\n" for i in range(12)
)


def test_what_is_called_an_accuracy_rises(log, capsys):
    found = answer(capsys, log(ACCURACIES), *thresholds(0.9, 0.9))
    assert found["rising"] == {"train": True, "test": True}
    (run,) = found["runs"]
    assert run["train_interval"] == [30, 40]
    assert run["test_interval"] == [70, 80]
    assert run["delay_interval"] == [30, 50]
    assert run["delay"] == pytest.approx(run["test_time"] - run["train_time"])


@pytest.mark.parametrize(
    ("text", "words", "message"),
    [
        ("step,train_loss,test_loss\n0,2,2\n1,1,1\n", ("--rising",), "no column that looks like the train accuracy"),
        (
            "step,train_loss,test_loss\n0,2,2\n1,1,1\n",
            ("--rising", "--train", "train_loss", "--test", "test_loss"),
            "train is said to rise, but its column 'train_loss' is called a loss",
        ),
        ("step,train,test\n0,.1,.1\n1,.9,.1\n2,1,1\n", (), "train is said to fall past 0.99, but it starts past that"),
        ("step,train,test\n0,2,2\n1,.01,2\n2,0,.5\n", ("--rising",), "train is said to rise past 0.99"),
        (ACCURACIES.replace("acc", "accuracy"), ("pc",), "in per cent, but the values go up to 1: fractions"),
        ("step,train_acc,test_acc\n0,10,10\n1,90,10\n2,100,99\n", (), "is a fraction, but the values go up to 100"),
        (
            "step,train_acc,test_acc\n0,0,0\n1,.9,10\n2,1,99\n",
            (),
            "0.99 of test_acc is a fraction, but the values go up",
        ),
        (
            "step,train_acc,test_acc\n0,0,0\n1,90,.5\n2,100,.99\n",
            ("pc",),
            "test_acc goes up to 0.99 and train_acc to 100: one seems to be a fraction",
        ),
        ("step,train,test\n0,0,0\n1,90,50\n2,100,99\n", ("--rising",), "0.99 of train is a fraction, but the values"),
        (
            "step,train,test\n0,.9,.9\n1,.5,.5\n2,0,0\n",
            ("--rising",),
            "it begins at 0.9 and ends at 0: it seems to fall",
        ),
        (
            "step,train_error,test_error\n0,90,90\n1,5,80\n2,.1,3\n",
            (),
            "0.99 of train_error is a fraction, but the values go up to 90: per cent. Write 99, or call the column mse",
        ),
        (
            "step,train_loss,test_loss\n0,2,2\n1,.5,nan\n2,.5,.5\n3,.5,nan\n4,.5,.5\n",
            ("--patience", "2"),
            "test_loss is nan between numbers",
        ),
        (
            "Step,a - train_loss,a - train_loss__MIN\n0,2,2\n1,1,1\n",
            ("--train", "a - train_loss"),
            "Columns RUN - METRIC are read as runs: name train_loss, and run",
        ),
        (
            "step,train_loss,test_loss\n5,.1,.1\n6,.01,.05\n",
            (),
            "both past their thresholds at the first record (x = 5)",
        ),
        ("step,train_loss,test_loss,train_acc,test_acc\n0,2,2,.1,.1\n1,1,1,1,1\n", (), "look like accuracies"),
    ],
)
def test_refused(log, capsys, text, words, message):
    name = log(text)
    levels = (95, 95) if "pc" in words else (0.99, 0.99)
    assert message in refusal(capsys, name, *thresholds(*levels), *(w for w in words if w != "pc"))


def test_past_at_the_first_record(log, capsys):
    """Train is fitted when the record begins at 50: the delay has bounds, and no number."""
    name = log("step,train_loss,test_loss\n50,.01,2\n100,.01,2\n150,.001,1\n200,.001,.05\n")
    (run,) = answer(capsys, name, *thresholds(0.1, 0.1))["runs"]
    assert (run["train_time"], run["train_interval"]) == (None, [0, 50])
    assert (run["test_time"], run["test_interval"]) == (pytest.approx(150 + 50 * 0.9 / 0.95), [150, 200])
    assert (run["delay"], run["delay_interval"]) == (None, [100, 200])
    assert run["note"] == "before the first record"
    with pytest.raises(SystemExit):
        main(["delay", name, *map(str, thresholds(0.1, 0.1))])
    printed = capsys.readouterr().out
    assert "at most 50 (before the first record)" in printed
    assert Path("log-delay.png").exists()


def test_a_patience_for_each_curve(log, capsys):
    name = log("x,train,test\n" + "".join(f"{i},{v},{v}\n" for i, v in enumerate([1, 0, 1, 0, 0, 0, 0, 0])))
    words = (*thresholds(0.5, 0.5), "--test-patience", 2)
    (run,) = answer(capsys, name, *words)["runs"]
    assert (run["train_interval"], run["test_interval"]) == ([0, 1], [2, 3])
    (run,) = answer(capsys, name, *words, "--patience", 1)["runs"]
    assert run["train_interval"] == [2, 3]
    (run,) = answer(capsys, name, *thresholds(0.5, 0.5), "--train-patience", 1, "--test-patience", 0)["runs"]
    assert (run["train_interval"], run["test_interval"]) == ([2, 3], [0, 1])


def test_crashed_runs_are_left_out_and_counted(log, capsys):
    rows = ["seed,step,train_loss,test_loss"]
    for seed, test in enumerate((["2", "1", ".05"], ["2", "nan", "nan"], ["nan"] * 3, [""] * 3, ["2", "2", "2"])):
        rows += [f"{seed},{10 * i},{[2, 0.05, 0.01][i]},{v}" for i, v in enumerate(test)]
    found = answer(capsys, log("\n".join(rows)), *thresholds(0.1, 0.1))
    assert [run["run"] for run in found["runs"]] == ["0", "4"]
    assert found["left_out"] == [
        {"run": "2", "reason": "test_loss is nan throughout"},
        {"run": "3", "reason": "no value in test_loss"},
        {"run": "1", "reason": "test_loss is nan from step 10 on"},
    ]
    assert found["runs"][1]["note"] == "censored"
    assert found["runs"][1]["delay"] is None
    assert found["columns"] == {"x": "step", "train": "train_loss", "test": "test_loss", "run": "seed"}
    with pytest.raises(SystemExit):
        main(["delay", "log.csv", *map(str, thresholds(0.1, 0.1)), "--no-plot"])
    assert "left out: run 3: no value in test_loss" in capsys.readouterr().out


def test_accuracies_of_two_scales_with_their_thresholds(log, capsys):
    """The train accuracy a fraction, that of the test in per cent, and each threshold in its own unit."""
    name = log("step,train_acc,test_acc\n0,0,0\n10,1,0\n20,1,100\n30,1,100\n")
    (run,) = answer(capsys, name, *thresholds(0.9, 95))["runs"]
    assert (run["train_time"], run["test_time"]) == (pytest.approx(9), pytest.approx(19.5))


NAMES = ["[/foo]", "[red]a[/red]", "a\\nb", "\x1b[31mred", "a - b", "$x^{$", "x" * 150]


def test_names_are_shown_as_they_are(log, capsys):
    """No markup, no formula, no control characters, and none is cut."""
    rows = [{"run": r, "$s_$": s, "train $\\foo{$ loss": 2 - s, "test loss": 2 - s} for r in NAMES for s in (0, 1, 2)]
    log("".join(json.dumps(row) + "\n" for row in rows), "log.jsonl")
    words = ("log.jsonl", *map(str, thresholds(0.5, 0.5)), "--x", "$s_$")
    with pytest.raises(SystemExit) as ended:
        main(["delay", *words])
    assert not ended.value.code
    printed = capsys.readouterr().out
    for name in NAMES:
        assert f" {name if name.isprintable() else repr(name)} " in printed
    assert Path("log-delay.png").exists()


def test_a_picture_of_the_largest_numbers(log, capsys):
    name = log("step,train_loss,test_loss\n0,1.7e308,1\n1,1e300,1\n1e300,-1.7e308,1\n1.7e308,0,0\n")
    with pytest.raises(SystemExit) as ended:
        main(["delay", name, *map(str, thresholds(0.5, 0.5))])
    assert not ended.value.code
    assert Path("log-delay.png").exists()


RIGHT = [
    ("c01_accuracy_only_log.jsonl", (0.999, 0.99), ("--rising",), 99.98557, 6979.501),
    ("c03_history_in_results.json", (0.99, 0.95), ("--rising",), 871.394, 1629.11),
    ("c03_list.json", (0.99, 0.95), ("--rising",), 871.394, 1629.11),
    ("c03_columns.json", (0.99, 0.95), ("--train", "train_acc", "--test", "test_acc"), 871.394, 1629.11),
    ("c03_flat.jsonl", (0.99, 0.95), ("--train", "train_acc"), 871.394, 1629.11),
    ("c04_trainer_state.json", (1.09, 1.07), (), 14.9629, 18.5387),
    ("c04_log_history.jsonl", (1.09, 1.07), (), 14.9629, 18.5387),
    ("c05_lightning_metrics.csv", (6.5, 6.5), (), 583.247, 547.958),
    ("c05_lightning_metrics.csv", (6.5, 6.5), ("--train", "train_loss_epoch"), 678.786, 547.958),
    ("c08_resumed_repeats.csv", (0.05, 0.1), (), 450, 593.333),
    ("c28_trainer_stdout.txt", (0.5, 0.5), (), 2.3454, 8.8848),
    ("c29_text_log.txt", (1.0, 1.0), (), 1203.294, 3451.556),
    (
        "c29_text_log.txt",
        (1.0, 1.0),
        ("--pattern", r"step (?P<step>\d+): train loss (?P<train>\S+), val loss (?P<val>\S+)"),
        1203.294,
        3451.556,
    ),
    ("c32_mlflow", (0.5, 0.5), (), 306.458, 1394.979),
    ("c30_keras_csvlogger.csv", (0.4, 0.4), (), 11.7614, 41.3987),
    ("c31_fastai_history.csv", (0.4, 0.4), (), 6.9472, 16.7248),
]


@pytest.mark.parametrize(("name", "levels", "words", "train", "test"), RIGHT)
def test_real_logs(capsys, name, levels, words, train, test):
    (run,) = answer(capsys, CASES / name, *thresholds(*levels), *words)["runs"]
    assert run["train_time"] == pytest.approx(train, rel=1e-5, abs=0)
    assert run["test_time"] == pytest.approx(test, rel=1e-5, abs=0)
    assert run["train_interval"][0] <= train <= run["train_interval"][1]
    assert run["test_interval"][0] <= test <= run["test_interval"][1]


def test_real_logs_with_crashes(capsys):
    found = answer(capsys, CASES / "c25_crashed_seed.csv", *thresholds(0.1, 0.1))
    times = {run["run"]: [run["train_time"], run["test_time"]] for run in found["runs"]}
    assert times == {"0": pytest.approx([97.436, 197.436], abs=1e-3), "2": pytest.approx([97.938, 293.75], abs=1e-3)}
    assert [row["run"] for row in found["left_out"]] == ["1"]
    words = ("--train", "train_disc_loss", "--test", "train_gen_loss")
    (run,) = answer(capsys, CASES / "c06_all_nan.csv", *thresholds(0.1, 0.1), *words)["runs"]
    assert (run["train_time"], run["test_time"], run["delay"], run["note"]) == (None, None, None, "not fitted")


def test_a_log_of_losses_of_two_kinds_is_refused(capsys):
    message = refusal(capsys, CASES / "c01_accuracy_only_log.jsonl", *thresholds(0.999, 0.99))
    assert "--rising takes train_accuracy with test_accuracy" in message
