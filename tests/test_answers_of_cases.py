"""The logs of tests/cases by the commands as a user types them, against the answers worked out beside them."""

import json
from pathlib import Path

import pytest

from grok_theory.cli import main

CASES = Path(__file__).parent / "cases"
ANSWERS = json.loads((CASES / "answers.json").read_text())
HISTORY = ANSWERS["c03_history_in_results.json"]["interpolated"]
STATE = [ANSWERS["c04_trainer_state.json"][which] for which in ("train", "test")]
LIGHTNING = ANSWERS["c05_lightning_metrics.csv"]
# File -> thresholds, options, [train time, test time].
ONE_RUN = [
    *((f"c03_{kind}", (0.99, 0.95), ["--rising"], HISTORY) for kind in ("history_in_results.json", "list.json")),
    *((f"c03_{kind}", (0.99, 0.95), ["--rising"], HISTORY) for kind in ("columns.json", "flat.jsonl")),
    ("c04_trainer_state.json", (1.09, 1.07), [], STATE),
    ("c04_log_history.jsonl", (1.09, 1.07), [], STATE),
    ("c05_lightning_metrics.csv", (6.5, 6.5), ["--train", "train_loss_epoch"], LIGHTNING["epoch"]),
    ("c05_lightning_metrics.csv", (6.5, 6.5), ["--train", "train_loss_step"], LIGHTNING["step"]),
    *(
        (name, thresholds, [], [ANSWERS[name]["train"], ANSWERS[name]["test"]])
        for name, thresholds in (
            ("c08_resumed_repeats.csv", (0.05, 0.1)),
            ("c28_trainer_stdout.txt", (0.5, 0.5)),
            ("c29_text_log.txt", (1.0, 1.0)),
            ("c30_keras_csvlogger.csv", (0.4, 0.4)),
            ("c31_fastai_history.csv", (0.4, 0.4)),
            ("c32_mlflow", (0.5, 0.5)),
        )
    ),
]


def said(capsys, *words):
    with pytest.raises(SystemExit) as ended:
        main([*map(str, words)])
    printed = capsys.readouterr()
    return ended.value.code or 0, (json.loads(printed.out) if printed.out.startswith("{") else printed.err)


def delays(capsys, name, thresholds, *options):
    train, test = thresholds
    words = ("--train-threshold", train, "--test-threshold", test, *options, "--json", "--no-plot")
    code, found = said(capsys, "delay", CASES / name, *words)
    assert code == 0, found
    return found


@pytest.mark.parametrize(("name", "thresholds", "options", "times"), ONE_RUN)
def test_the_times_of_a_run(capsys, name, thresholds, options, times):
    (run,) = delays(capsys, name, thresholds, *options)["runs"]
    assert [run["train_time"], run["test_time"]] == pytest.approx(times, rel=1e-4, abs=0)
    assert run["delay"] == pytest.approx(times[1] - times[0], rel=1e-3, abs=0)


@pytest.mark.parametrize("name", ["c03_flat.jsonl", "c03_list.json"])
def test_thresholds_of_accuracies_are_not_those_of_losses(capsys, name):
    """Without a direction and with losses there, .99 and .95 are refused by name, or taken as accuracies."""
    words = ("--train-threshold", 0.99, "--test-threshold", 0.95, "--json", "--no-plot")
    code, found = said(capsys, "delay", CASES / name, *words)
    assert (code == 2 and "--rising" in found) or found["runs"][0]["train_time"] == pytest.approx(
        HISTORY[0], rel=1e-4, abs=0
    )


@pytest.mark.parametrize("options", [[], ["--rising"]])
def test_accuracies_alone(capsys, options):
    right = ANSWERS["c01_accuracy_only_log.jsonl"]
    words = ("--train-threshold", 0.999, "--test-threshold", 0.99, *options, "--json", "--no-plot")
    code, found = said(capsys, "delay", CASES / "c01_accuracy_only_log.jsonl", *words)
    if code:
        assert "--train" in found
        return
    (run,) = found["runs"]
    assert right["train"][0] <= run["train_time"] <= right["train"][1]
    assert right["test"][0] <= run["test_time"] <= right["test"][1]
    assert right["delay"][0] <= run["delay"] <= right["delay"][1]


def test_one_curve_a_run(capsys):
    found = delays(capsys, "c09_wandb_export.csv", (0.05, 0.05))
    right = ANSWERS["c09_wandb_export.csv"]["train_per_run"]
    assert {run["run"]: run["train_time"] for run in found["runs"]} == pytest.approx(right, rel=1e-6, abs=0)
    assert all(run["test_time"] is run["delay"] is None for run in found["runs"])
    assert found["columns"]["test"] is None


def test_a_crashed_run_is_left_out_and_one_that_is_nan_never_crosses(capsys):
    right = ANSWERS["c25_crashed_seed.csv"]["per_seed"]
    found = delays(capsys, "c25_crashed_seed.csv", (0.1, 0.1))
    assert [row["run"] for row in found["left_out"]] == ["1"]
    for run in found["runs"]:
        assert [run["train_time"], run["test_time"]] == pytest.approx(right[run["run"]], rel=1e-4, abs=0)
    words = ("--train", "train_disc_loss", "--test", "train_gen_loss")
    (run,) = delays(capsys, "c06_all_nan.csv", (0.1, 0.1), *words)["runs"]
    assert run["test_time"] is run["delay"] is None


def test_a_verdict_without_the_run_that_failed(capsys):
    right = ANSWERS["c23_runs_one_diverged.csv"]
    wing, *fields = right["problem"].split()
    words = ("--data", CASES / "c23_runs_one_diverged.csv", "--margin", right["margin"], "--json")
    code, found = said(capsys, "validate", wing, *fields, *words)
    assert code in (0, 1, 3)
    assert found["runs"] == 19
    assert "1 of 20" in str(found)


def judged(capsys, name, *options):
    code, found = said(capsys, "judge", CASES / name, *options, "--json", "--no-plot")
    assert code == 0, found
    return found


def by_k(rows):
    assert all(0 <= end <= 1 for row in rows for end in row["interval"])
    return {row["k"]: row["value"] for row in rows}


def test_recorded_answers(capsys):
    right = ANSWERS["c12_humaneval_results.jsonl"]["pass@1,2,3,4"]
    assert by_k(judged(capsys, "c12_humaneval_results.jsonl")["pass_at_k"]) == pytest.approx(
        dict(enumerate(right, start=1)), rel=1e-12, abs=0
    )
    right = ANSWERS["c13_ties.csv"]["T=0,k=1..4"]
    assert by_k(judged(capsys, "c13_ties.csv")["best_of_k"]) == pytest.approx(
        dict(enumerate(right, start=1)), rel=1e-12, abs=0
    )
    found = judged(capsys, "c14_answers.jsonl")
    assert by_k(found["majority_vote"])[5] == pytest.approx(
        ANSWERS["c14_answers.jsonl"]["majority@5"], rel=1e-12, abs=0
    )
    kept = by_k(found["best_of_k"])
    assert [kept[k] for k in (1, 2, 5)] == pytest.approx(
        ANSWERS["c14_answers.jsonl"]["best_of_k@1,2,5"], rel=1e-12, abs=0
    )
