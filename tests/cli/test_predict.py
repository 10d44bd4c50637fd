"""`grok-theory predict` and `overlay --dim`: the band of one run from the command line."""

import json

import jax
import numpy as np
import pytest

import grok_theory as gt

WORDS = ["linear.TeacherStudent", "samples_per_dim=2", "snr=5"]
TIMES = ["--times", "0.1:10:40"]


def test_a_forecast_is_printed_with_its_times(run):
    code, said, _ = run(
        "predict", *WORDS, "dim=100", *TIMES, "--threshold", "2.5", "--fraction", "train_loss=0.5", "--delay", "1:3"
    )
    assert code == 0
    assert "90% of runs stay inside along the whole curve" in said
    assert "test_loss first below 2.5: " in said
    assert "train_loss first below 0.5 of its start: " in said
    assert "test time over train time" in said


def test_json_says_what_python_does(run, tmp_path):
    path, picture = tmp_path / "told.npz", tmp_path / "told.png"
    code, said, _ = run(
        "predict", *WORDS, "dim=100", *TIMES, "--threshold", "0.5", "--level", "0.99", "--json",
        "--out", str(path), "--plot", str(picture),
    )  # fmt: skip
    found, told = json.loads(said), gt.load(path)
    assert code == 0
    assert found["curves"]["test_loss"]["high"] == np.asarray(told["test_loss"].high).tolist()
    assert (found["level"], found["dim"], found["times"][0]["high"]) == (0.99, 100, None)
    assert told.crossing("test_loss", 0.5).probability == found["times"][0]["probability"]
    assert picture.stat().st_size > 5000


@pytest.mark.parametrize(
    ("words", "part"),
    [
        ([], "dim is None, but it must be an integer"),
        (["dim=100", "--threshold", "test_loss"], "threshold is 'test_loss', but it must be VALUE or CURVE=VALUE"),
        (["dim=100", "--threshold", "loss=1"], "no curve 'loss'"),
        (["dim=100", "--delay", "1"], "delay is '1', but it must be TRAIN:TEST"),
        (["dim=100", "--level", "1.5"], "level is 1.5"),
        (["dim=100", "--method", "Interpolated"], "method is 'Interpolated', but"),
        (["dim=100", "--plot", "told.txt"], "plot is 'told.txt'"),
    ],
)
def test_bad_words_are_one_sentence(run, words, part):
    code, _, said = run("predict", *WORDS, *words)
    assert code == 2
    assert part in said


def test_a_wing_without_forecasts_names_those_that_have(run):
    code, _, said = run("predict", "best_of_k.LinearJudge", "samples_per_dim=2")
    assert code == 2
    assert "has no forecast; linear" in said


def log_file(path, factor=1.0):
    x = np.geomspace(0.1, 10.0, 40)
    runs = gt.linear.simulate(gt.linear.TeacherStudent(2.0, 5.0), x, dim=100, runs=1, key=jax.random.key(2))
    rows = zip(x.tolist(), (factor * runs["train_loss"][0]).tolist(), (factor * runs["test_loss"][0]).tolist())
    path.write_text("time [tau],train_loss,test_loss\n" + "".join(f"{a!r},{b!r},{c!r}\n" for a, b, c in rows))
    return str(path)


def test_the_exit_code_of_an_overlay_is_its_verdict(run, tmp_path):
    own, other = log_file(tmp_path / "own.csv"), log_file(tmp_path / "other.csv", 2.0)
    code, said, _ = run("overlay", own, *WORDS, "--dim", "100", "--plot", str(tmp_path / "own.svg"))
    assert (code, said.splitlines()[1].partition(":")[0]) == (0, "applies")
    code, said, _ = run("overlay", other, *WORDS, "--dim", "100", "--json", "--test-samples", "1000")
    found = json.loads(said)
    assert (code, found["verdict"]) == (1, "does not apply")
    assert found["applicability"]["curves"]["train_loss"]["outside"] == 1
    assert "leaves the 99% band" in found["reason"]
    assert len(found["curves"]["train"][0]["low"]) == 40
    code, said, _ = run("overlay", own, *WORDS)
    assert (code, "forecast" in said) == (3, True)
    code, _, said = run("overlay", own, *WORDS, "--test-samples", "10")
    assert (code, "Say --dim too" in said) == (2, True)
    code, _, said = run("overlay", own, *WORDS, "--dim", "100", "--width", "10")
    assert (code, "no hidden layer" in said) == (2, True)
