"""mmengine's scalars.json, whose validation counts epochs where training counts steps; mmcv's log.json."""

import json

import numpy as np
import pytest

from grok_theory import read_log


def write(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def training(i, loss, **more):
    return {"lr": 0.1, "data_time": 0.01, "loss": loss, "time": 0.2, "iter": i, "memory": 9, "step": i, **more}


@pytest.mark.parametrize("by_epoch", [True, False])
def test_validation_stands_at_the_training_step(tmp_path, by_epoch):
    """At its own `step`, which counts epochs, validation would have generalized a hundred times too early."""
    rows = []
    for epoch in (1, 2, 3):
        for i in (100 * epoch - 50, 100 * epoch):
            rows.append(training(i, 1 / i, **({"epoch": epoch} if by_epoch else {})))
        step = epoch if by_epoch else 100 * epoch
        rows.append({"accuracy/top1": 30.0 * epoch, "loss": 1.0 / epoch, "data_time": 0.01, "time": 0.1, "step": step})
    path = write(tmp_path / "scalars.json", rows)
    log = read_log(path)
    assert (log.columns["x"], log.columns["train"], log.columns["test"]) == ("step", "loss", "val/loss")
    np.testing.assert_array_equal(log.runs[""]["train"].x, [50, 100, 150, 200, 250, 300])
    np.testing.assert_array_equal(log.runs[""]["test"].x, [100, 200, 300])
    np.testing.assert_array_equal(log.runs[""]["test"].values, [1, 1 / 2, 1 / 3])
    assert "mmengine" in log.recognised
    by_name = read_log(path, train="loss", test="accuracy/top1").runs[""]["test"]
    np.testing.assert_array_equal(by_name.values, [30, 60, 90])


def test_mmcv_has_one_record_an_epoch(tmp_path):
    rows = [{"env_info": "Linux", "seed": 0, "exp_name": "a.py"}]
    for epoch in (1, 2, 3):
        rows += [{"mode": "train", "epoch": epoch, "iter": i, "lr": 0.1, "loss": epoch + 1 / i} for i in (50, 100)]
        rows.append({"mode": "val", "epoch": epoch, "iter": 30, "lr": 0.1, "loss": 2 * epoch, "accuracy_top-1": 50})
    log = read_log(write(tmp_path / "log.json", rows))
    assert log.columns["x"] == "epoch"
    np.testing.assert_array_equal(log.runs[""]["train"].x, [1, 2, 3])
    np.testing.assert_array_equal(log.runs[""]["train"].values, [1.01, 2.01, 3.01])
    np.testing.assert_array_equal(log.runs[""]["test"].values, [2, 4, 6])
    assert "mmcv's log: 3 records before the last of their epoch are not used" in log.recognised
