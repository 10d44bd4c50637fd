"""Every log of tests/cases is the same runs at every door: `read_log`, `Ensemble.from_log`, `validate --data`."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from grok_theory import best_of_k, read_log
from grok_theory.cli.validate import _read_runs
from grok_theory.dynamics import GradientFlow
from grok_theory.results import Ensemble
from grok_theory.tables import read_table

CASES = Path(__file__).parents[1] / "cases"
FLOW = GradientFlow()
# File -> x, one curve, and times at which all runs are read, where they have not the same.
LOGS = {
    "c01_accuracy_only_log.jsonl": ("step", "test_accuracy", None),
    "c03_columns.json": ("step", "test_acc", None),
    "c03_flat.jsonl": ("step", "test_acc", None),
    "c03_history_in_results.json": ("step", "test_acc", None),
    "c03_list.json": ("step", "test_acc", None),
    "c04_log_history.jsonl": ("step", "eval_loss", None),
    "c04_trainer_state.json": ("step", "loss", None),
    "c05_lightning_metrics.csv": ("step", "val_loss", None),
    "c06_all_nan.csv": ("step", "train_gen_loss", None),
    "c08_resumed_repeats.csv": ("step", "val_loss", None),
    "c09_wandb_export.csv": ("Step", "train_loss", [0, 100, 150]),
    "c11_bom.csv": ("step", "test_loss", None),
    "c11_semicolon.csv": ("step", "test_loss", None),
    "c11_semicolon_dot.csv": ("step", "test_loss", None),
    "c11_two_seeds_other_grid.csv": ("step", "test_loss", [0, 10]),
    "c23_runs_one_diverged.csv": ("time", "test_loss", None),
    "c25_crashed_seed.csv": ("step", "train_loss", [0, 100]),
    "c28_trainer_stdout.txt": ("epoch", "eval_loss", None),
    "c29_text_log.txt": ("step", "val_loss", None),
    "c30_keras_csvlogger.csv": ("epoch", "val_loss", None),
    "c31_fastai_history.csv": ("epoch", "valid_loss", None),
    "c32_mlflow": ("step", "val_loss", None),
}
ANSWERS = {
    "c12_humaneval_results.jsonl": ("task_id", "passed", "passed"),
    "c13_ties.csv": ("prompt", "score", "value"),
    "c14_answers.jsonl": ("prompt", "score", "value"),
}


def test_no_case_is_forgotten():
    assert {path.name for path in CASES.iterdir()} - {"answers.json"} == {*LOGS, *ANSWERS}


@pytest.mark.parametrize("name", LOGS)
def test_the_same_runs_at_three_doors(name):
    x, curve, grid = LOGS[name]
    path = CASES / name
    log = read_log(path, x=x, train=curve, test=curve)
    runs = Ensemble.from_log(path, FLOW, FLOW, grid, curves=[curve], x=x)
    solution = SimpleNamespace(problem=FLOW, dynamics=FLOW, x_name=x, x_unit="", x=runs.x)
    if name != "c06_all_nan.csv":  # what has not one finite run is no data to judge
        judged = _read_runs(read_table(path), solution, [curve], None, {"repeats": "last", "grid": grid})[2]
        np.testing.assert_array_equal(judged[curve], runs[curve])
        np.testing.assert_array_equal(judged.x, runs.x)
    whole = [r["train"] for r in log.runs.values() if grid is not None or np.isfinite(r["train"].values).all()]
    whole = whole or [r["train"] for r in log.runs.values()]
    assert len(whole) == runs.runs
    for record, row in zip(whole, runs[curve], strict=True):
        at = np.isin(record.x, runs.x)
        assert at.sum() == runs.x.size
        np.testing.assert_array_equal(record.values[at], row)
        assert grid is not None or at.all()


@pytest.mark.parametrize("name", LOGS)
def test_a_log_that_was_read_is_the_same_runs(name):
    x, curve, grid = LOGS[name]
    log = read_log(CASES / name, x=x, train=curve, test=curve)
    runs = Ensemble.from_log(log, FLOW, FLOW, grid, curves={curve: "train"})
    other = Ensemble.from_log(CASES / name, FLOW, FLOW, grid, curves=[curve], x=x)
    np.testing.assert_array_equal(runs.x, other.x)
    np.testing.assert_array_equal(runs[curve], other[curve])
    assert (runs.x_name, runs.x_unit, runs.status.name) == (other.x_name, other.x_unit, other.status.name)


@pytest.mark.parametrize("name", ANSWERS)
def test_answers_are_the_cells_of_the_table(name):
    prompt, score, value = ANSWERS[name]
    table = read_table(CASES / name)
    records = best_of_k.read_records(CASES / name, prompt=prompt, score=score, value=value)
    assert list(records.prompts) == list(dict.fromkeys(table.labels(prompt)))
    for column, found in ((score, records.scores), (value, records.values)):
        np.testing.assert_array_equal(np.concatenate(found), table.numbers(column, booleans=True)[0])
