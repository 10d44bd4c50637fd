"""`grok-theory fit` and `find`: numbers of a Problem from a log, and designs, from the command line."""

import json

import jax
import numpy as np
import pytest

import grok_theory as gt

WORDS = ["linear.TeacherStudent", "samples_per_dim=2", "snr=1", "weight_decay=0.5", "dim=100"]


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    """One run with SNR 5, as a file."""
    x = np.geomspace(0.1, 10.0, 40)
    true = gt.linear.TeacherStudent(2.0, 5.0, weight_decay=0.5)
    runs = gt.linear.simulate(true, x, dim=100, runs=1, key=jax.random.key(2))
    rows = zip(x.tolist(), runs["train_loss"][0].tolist(), runs["test_loss"][0].tolist())
    path = tmp_path_factory.mktemp("fit") / "log.csv"
    path.write_text("time [tau],train_loss,test_loss\n" + "".join(f"{a!r},{b!r},{c!r}\n" for a, b, c in rows))
    return str(path)


def test_a_fit_is_that_of_python_and_its_exit_code_the_verdict(run, log, tmp_path):
    kept, picture = tmp_path / "fit.npz", tmp_path / "fit.png"
    code, said, _ = run("fit", log, *WORDS, "--free", "snr", "--json", "--out", str(kept), "--plot", str(picture))
    found, saved = json.loads(said), gt.load(kept)
    assert (code, found["verdict"]) == (0, "applies")
    assert found["columns"]["test"] == "test_loss"
    assert set(found["guessed"]) == {"x", "train", "test"}
    snr = found["parameters"]["snr"]
    assert (snr["value"], snr["low"], snr["high"]) == (saved["snr"].value, saved["snr"].low, saved["snr"].high)
    assert snr["low"] < 5.0 < snr["high"]
    assert picture.stat().st_size > 5000
    template = gt.linear.TeacherStudent(2.0, 1.0, weight_decay=0.5)
    assert saved["snr"].value == gt.fit(template, gt.read_log(log), free=["snr"], dim=100)["snr"].value


@pytest.mark.parametrize(
    ("words", "part"),
    [
        ([*WORDS], "free is not given"),
        ([*WORDS, "--free", "snrr"], "snrr"),
        ([*WORDS, "--free", "snr", "--free", "snr"], "names one twice"),
        ([*WORDS, "--free", "snr", "--confidence", "2"], "confidence is 2"),
        ([*WORDS[:-1], "--free", "snr"], "dim"),
        ([*WORDS, "--free", "snr", "--config", "dim=400"], "dim is 100, but the log's config says 400"),
        (
            ["best_of_k.LinearJudge", "examples_per_dim=2", "noise=1", "prior_scale=1", "--free", "noise"],
            "best_of_k.fit",
        ),
    ],
)
def test_bad_fits_are_one_sentence(run, log, words, part):
    code, _, said = run("fit", log, *words)
    assert code == 2
    assert part in said


def test_a_design_and_one_that_cannot_be(run, tmp_path):
    kept, picture = tmp_path / "design.npz", tmp_path / "design.png"
    words = ["find", "linear.TeacherStudent", "snr=5", "weight_decay=0.2", "--free", "samples_per_dim=0.5:20"]
    code, said, _ = run(
        *words, "--target", "AtMost(CurveAt(test_loss, 1000), 1.5)", "--json", "--out", str(kept), "--plot",
        str(picture),
    )  # fmt: skip
    found = json.loads(said)
    assert (code, found["verdict"], found["value"]) == (0, "reached", gt.load(kept).value)
    made = gt.linear.TeacherStudent(found["value"], 5.0, weight_decay=0.2)
    assert abs(float(gt.linear.solve(made, [1000.0])["test_loss"][0]) - 1.5) < 1e-6
    assert picture.stat().st_size > 5000
    code, said, _ = run(*words, "--target", "AtMost(CurveAt(test_loss, 1000), 0.5)")  # below the noise
    assert code == 1
    assert said.startswith("not reachable: ")


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["snr=5", "--target", "Least(CurveAt(test_loss, 9))"], "free is None, but it must be NAME=LOW:HIGH"),
        (["snr=5", "--free", "snr=1"], "target is not given"),
        (["snr=5", "--free", "snr=1", "--target", "Least(CurveAt(test_loss, 9))"], "free is 'snr=1'"),
        (["snr=5", "--free", "samples_per_dim=0.5:20", "--target", "Most(3)"], "there is no 'Most'"),
        (["snr=5", "--free", "samples_per_dim=9:1", "--target", "Least(CurveAt(test_loss, 9))"], "samples_per_dim"),
        (["snr=5", "--free", "snr_=1:9", "--target", "Least(CurveAt(test_loss, 9))"], "samples_per_dim"),
    ],
)
def test_bad_designs_are_one_sentence(run, words, part):
    code, _, said = run("find", "linear.TeacherStudent", *words)
    assert code == 2
    assert part in said


@pytest.mark.parametrize("word", ["overlay", "fit"])
def test_a_column_of_another_measure_is_one_sentence(run, tmp_path, word):
    path = tmp_path / "log.csv"
    path.write_text(
        "time [tau],train_rmse,test_rmse\n"
        + "".join(f"{x},{2 / (1 + x)},{2 / (1 + x)}\n" for x in np.geomspace(0.1, 10.0, 20))
    )
    more = ["snr=5", "dim=100", "--free", "snr"] if word == "fit" else ["snr=5", "--dim", "100"]
    code, _, said = run(word, str(path), "linear.TeacherStudent", "samples_per_dim=2", *more)
    assert code == 2
    assert "by its name the root of a mean of squares" in said
