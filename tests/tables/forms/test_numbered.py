"""Histories without times, such as that of Keras."""

import json

import numpy as np
import pytest

from grok_theory import read_log
from grok_theory.errors import BadValue

HISTORY = {"loss": [3.0, 2.0, 1.0], "accuracy": [0.1, 0.5, 0.9], "val_loss": [4.0, 4.0, 2.0], "val_accuracy": [0, 0, 1]}


@pytest.mark.parametrize(
    "shape",
    [
        HISTORY,
        {**HISTORY, "lr": [0.1, 0.1, 0.01]},
        {"history": HISTORY, "params": {"epochs": 3}},
        {"model": "mlp", "results": {"history": HISTORY, "betas": [0.9, 0.999]}},
        {**HISTORY, "betas": [0.9, 0.999]},
    ],
)
@pytest.mark.parametrize("indent", [None, 1])
def test_epochs_count_from_zero(tmp_path, shape, indent):
    path = tmp_path / "history.json"
    path.write_text(json.dumps(shape, indent=indent))
    log = read_log(path)
    assert log.columns == {"x": "epoch", "train": "loss", "test": "val_loss", "run": None}
    np.testing.assert_array_equal(log.runs[""]["test"].x, [0, 1, 2])
    np.testing.assert_array_equal(log.runs[""]["test"].values, HISTORY["val_loss"])
    assert "there are no times: epoch counts the rows, from 0" in log.recognised


def test_every_run_counts_its_own(tmp_path):
    path = tmp_path / "history.json"
    path.write_text(json.dumps({"seed0": HISTORY, "seed1": HISTORY}))
    log = read_log(path)
    assert list(log.runs) == ["seed0", "seed1"]
    np.testing.assert_array_equal(log.runs["seed1"]["train"].x, [0, 1, 2])


@pytest.mark.parametrize("text", ["when,train_loss,test_loss\n5,1,2\n6,1,2\n", "train_loss,test_loss\n1,2\n,1\n"])
def test_what_may_have_times_of_its_own_is_refused(tmp_path, text):
    (tmp_path / "log.csv").write_text(text)
    with pytest.raises(BadValue, match="no column that looks like x"):
        read_log(tmp_path / "log.csv")
