"""TensorBoard's CSV export: one curve a file, called by the file."""

import numpy as np
import pytest

from grok_theory import read_log
from grok_theory.tables import read_table
from grok_theory.tables.forms.tensorboard import run_and_tag


def write(folder, name, values, step=10):
    rows = [f"{1.7e9 + i},{step * i},{v}" for i, v in enumerate(values)]
    (folder / name).write_text("Wall time,Step,Value\n" + "\n".join(rows) + "\n")
    return folder / name


@pytest.mark.parametrize("name", ["run-seed3-tag-train_loss.csv", "run-seed3-tag-train_loss (1).csv"])
def test_the_file_names_run_and_curve(tmp_path, name):
    table = read_table(write(tmp_path, name, [2, 1]))
    assert table.names == ["run", "Step", "train_loss"]
    assert table.cells["run"] == ["seed3"] * 2
    np.testing.assert_array_equal(table.numbers("train_loss")[0], [2, 1])


def test_a_file_of_another_name_is_called_by_it(tmp_path):
    assert read_table(write(tmp_path, "val_loss.csv", [2, 1])).names == ["Step", "val_loss"]


def test_tags_of_several_runs_come_together(tmp_path):
    """No train curve of one seed meets the test curve of another, in whatever order they are named."""
    files = [
        write(tmp_path, f"run-s{seed}-tag-{tag}.csv", [shift + seed, seed], step=10 + shift)
        for tag, shift in (("val_loss", 5), ("train_loss", 2))
        for seed in (1, 0)
    ]
    log = read_log(files)
    assert sorted(log.runs) == ["s0", "s1"]
    assert log.columns == {"x": "Step", "train": "train_loss", "test": "val_loss", "run": "run"}
    for seed in (0, 1):
        np.testing.assert_array_equal(log.runs[f"s{seed}"]["train"].values, [2 + seed, seed])
        np.testing.assert_array_equal(log.runs[f"s{seed}"]["test"].x, [0, 15])


def test_folders_of_keras_are_one_run(tmp_path):
    files = [write(tmp_path, f"run-{part}-tag-epoch_loss.csv", [2, 1]) for part in ("train", "validation")]
    log = read_log(files)
    assert list(log.runs) == [""]
    assert log.columns["train"] == "train/epoch_loss"
    assert log.columns["test"] == "validation/epoch_loss"


@pytest.mark.parametrize(
    ("run", "tag", "found"),
    [
        ("seed0/train", "epoch_loss", ("seed0", "train/epoch_loss")),
        ("seed0_validation", "epoch_loss", ("seed0", "validation/epoch_loss")),
        (".", "train/loss", ("", "train/loss")),
        ("eval/", "loss", ("", "eval/loss")),
        ("lr0.1", "loss/train", ("lr0.1", "loss/train")),
        ("pretrain", "loss", ("pretrain", "loss")),
    ],
)
def test_run_and_tag(run, tag, found):
    assert run_and_tag(run, tag) == found
