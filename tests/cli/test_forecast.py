"""`grok-theory forecast`: words, JSON, pictures, siblings and refusals, on recorded runs and made ones."""

import json
from pathlib import Path

import numpy as np
import pytest

from grok_theory.observables import calibrate, forecast_delay

LOGS = Path(__file__).parents[1] / "logs"
ONE = str(LOGS / "A_p23_quad_mse_60-adamw_lr0.005_wd0.5-s1.csv")
OTHER = str(LOGS / "A_p23_quad_mse_60-adamw_lr0.002_wd0.5-s4.csv")
GOAL = ("--train-threshold", "0.99", "--test-threshold", "0.95", "--rising", "--chance", "0.0435")
LOSS = ("--train-threshold", "0.99", "--test-threshold", "0.5", "--train", "train_acc", "--test", "test_loss")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_words_of_a_backtest(run, folder):
    code, out, _ = run("forecast", ONE, *GOAL, "--at", "60")
    assert code == 0
    assert out.splitlines()[0].startswith("columns: x = step (guessed), train = train_acc")
    assert out.splitlines()[1] == (
        "now 58: memorized at 33.41, test 0 % of the way: no date can be given; not before 69.6. Log on; ask again "
        "when the test curve has moved a fifth."
    )
    assert not list(folder.iterdir())


def test_json_is_the_forecast_of_the_arrays(run, folder):
    code, out, _ = run("forecast", ONE, *LOSS, "--chance", "0.0435", "--at", "150", "--json", "--plot", "a/b.png")
    said = json.loads(out)
    d = np.genfromtxt(ONE, delimiter=",", names=True)
    d = d[d["step"] <= 150]
    asked = {"train_threshold": 0.99, "test_threshold": 0.5, "rising": (True, False), "chance": 0.0435}
    found = forecast_delay(d["step"], d["train_acc"], d["test_loss"], **asked)
    assert code == 0
    assert found.dated
    assert said["runs"][0]["time"] == found.time
    assert said["runs"][0]["interval"] == list(found.interval)
    assert said["rising"] == {"train": True, "test": False}
    assert said["columns"]["test"] == "test_loss"
    assert (folder / "a" / "b.png").stat().st_size > 5000


def test_siblings(run, folder):
    words = ("--sibling", OTHER, "--sibling-decay-rate", "0.001", "--decay-rate", "0.0025", "--at", "60")
    code, out, _ = run("forecast", ONE, *GOAL, *words, "--json")
    said = json.loads(out)
    assert code == 0
    assert said["runs"][0]["from_siblings"]
    assert said["siblings"][0]["delay"] == pytest.approx(751.201 - 85.7734, rel=1e-3, abs=0)
    assert said["runs"][0]["time"] == pytest.approx(
        33.41 + (751.2 - 85.77) * 0.4**0.8 * (33.41 / 85.77) ** 0.2, rel=1e-3, abs=0
    )
    both = ("--sibling", OTHER, *words)
    assert len(json.loads(run("forecast", ONE, *GOAL, *both, "--json")[1])["siblings"]) == 2
    assert "from 2 siblings" in run("forecast", ONE, *GOAL, *both, "--confidence", "0.9")[1].lower()


def test_several_runs_per_cent_and_own_table(run, folder):
    """Accuracies in per cent give the dates of those in fractions; a table of one's own is read from its file."""
    x = np.arange(0, 400, 10)
    for seed in range(6):
        train, test = 100 - 100 * np.exp(-x / 20), 10 + 90 / (1 + np.exp((340 + 10 * seed - x) / 60))
        rows = "\n".join(f"{a},{b:.17g},{c:.17g}" for a, b, c in zip(x, train, test))
        (folder / f"run{seed}.csv").write_text("step,train_acc,val_acc\n" + rows)
    files = [f"run{seed}.csv" for seed in range(6)]
    words = ("--train-threshold", "99", "--test-threshold", "95", "--chance", "0.1")
    said = json.loads(run("forecast", *files, *words, "--json", "--plot", "all.png")[1])["runs"]
    assert [each["run"] for each in said] == [f"run{seed}" for seed in range(6)]
    asked = {"train_threshold": 0.99, "test_threshold": 0.95, "rising": True, "chance": 0.1}
    shares = forecast_delay(x, train / 100, test / 100, **asked)
    assert said[5]["time"] == pytest.approx(shares.time, rel=1e-9, abs=0)
    assert (folder / "all.png").exists()
    d = np.arange(0, 2000, 5)
    whole = [(d, 1 - np.exp(-d / 20), 0.1 + 0.9 / (1 + np.exp((g - d) / 60))) for g in range(300, 900, 100)]
    calibrate(whole, **asked, progress=(0.2, 0.5)).save("own.npz")
    own = json.loads(run("forecast", files[0], *words, "--table", "own.npz", "--json")[1])["runs"][0]
    assert own["time"] != said[0]["time"]
    code, _, err = run("forecast", files[0], *words, "--table", "run0.csv")
    assert code == 2
    assert "run0.csv" in err


def test_a_log_that_names_another_optimizer(run, folder):
    x = np.arange(0, 400, 10)
    rows = "\n".join(f"{a},{1 - np.exp(-a / 20):.6g},{0.1 + 0.9 / (1 + np.exp((370 - a) / 60)):.6g},muon" for a in x)
    (folder / "log.csv").write_text("step,train_acc,val_acc,optimizer\n" + rows)
    out = run("forecast", "log.csv", *GOAL)[1]
    assert "muon is of another kind" in out
    assert "expected at" in run("forecast", "log.csv", *GOAL, "--optimizer", "adamw")[1]


def test_a_log_with_one_curve_has_no_forecast(run, folder):
    (folder / "log.csv").write_text("step,val_acc\n0,0.1\n10,0.2\n20,0.3\n")
    code, _, err = run("forecast", "log.csv", *GOAL)
    assert code == 2
    assert "log has no train curve" in err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--chance", "1"), "chance is 1.0"),
        (("--at", "-5"), "at is -5, but the log begins at step 0"),
        (("--confidence", "0.9"), "confidence is 0.9, but the table knows 0.8"),
        (("--sibling", OTHER), "sibling-decay-rate is given 0 times for 1 siblings"),
        (("--sibling", OTHER, "--sibling-decay-rate", "0.001"), "decay_rate is left out"),
        (("--sibling-decay-rate", "0.001"), "sibling-decay-rate is given 1 times for 0 siblings"),
        (("--plot", "a.txt"), "plot is 'a.txt'"),
        (("--table", "none.npz"), "none.npz"),
    ],
)
def test_refusals_are_one_sentence(run, folder, words, message):
    goal = GOAL if words[0] != "--chance" else GOAL[:-2]
    code, _, err = run("forecast", ONE, *goal, *words)
    assert code == 2
    assert message in err
    assert "Traceback" not in err


def test_a_sibling_that_never_grokked_is_no_sibling(run, folder):
    never = str(LOGS / "A_p23_quad_mse_60-adamw_lr0.005_wd0-s4.csv")
    words = ("--decay-rate", "0.0025", "--sibling-decay-rate", "0.001", "--at", "60")
    code, _, err = run("forecast", ONE, *GOAL, "--sibling", never, *words)
    assert code == 2
    assert "no run in it grokked" in err
    code, out, _ = run("forecast", ONE, *GOAL, "--sibling", never, "--sibling", OTHER, *words)
    assert code == 0
    assert "has no delay: left out" in out
    assert f"sibling {OTHER}: columns: x = step (guessed)" in out
    assert "from one sibling" in out.lower()


def test_delay_points_to_it(run, folder):
    never = str(LOGS / "A_p23_quad_mse_60-adamw_lr0.005_wd0-s4.csv")
    assert "grok-theory forecast" in run("delay", never, *GOAL[:5], "--no-plot")[1]
    assert "grok-theory forecast" not in run("delay", ONE, *GOAL[:5], "--no-plot")[1]
