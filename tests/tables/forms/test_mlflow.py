"""MLflow writes a file a metric, in a folder a run."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from grok_theory import read_log
from grok_theory.errors import BadValue
from grok_theory.tables import read_table

CASES = Path(__file__).parents[2] / "cases"


def test_a_folder_of_metrics(tmp_path):
    table = read_table(CASES / "c32_mlflow")
    assert table.names == ["step", "train_loss", "val_loss"]
    assert table.places[0] == "train_loss line 1"
    folder = tmp_path / "run"
    shutil.copytree(CASES / "c32_mlflow", folder)
    (folder / "metrics" / "model.bin").write_bytes(b"\x00\xff")
    (folder / "metrics" / "system").mkdir()
    (folder / "metrics" / "system" / "gpu").write_text("1 0.5 3\n")
    assert read_table(folder).cells == read_table(folder / "metrics").cells
    assert "system/gpu" in read_table(folder).names
    (folder / "metrics" / "train_loss").write_text("1 0.5 3\n2 0.4\n")
    with pytest.raises(BadValue, match=r"train_loss, line 2: '2 0.4' is not `time value step`"):
        read_table(folder)


def write(folder, **metrics):
    for name, lines in metrics.items():
        (folder / "metrics").mkdir(parents=True, exist_ok=True)
        (folder / "metrics" / name).write_text(
            "".join(f"{1700000000000 + i} {v} {s}\n" for i, (s, v) in enumerate(lines))
        )


@pytest.mark.parametrize("named", [True, False])
def test_a_folder_of_several_runs(tmp_path, named):
    """A train curve of one run never meets the test curve of another."""
    for run, shift in (("a1", 0), ("b2", 1)):
        write(tmp_path / "0" / run, train_loss=[(0, 2 + shift), (10, shift)], val_loss=[(0, 3 + shift), (20, shift)])
        if named:
            (tmp_path / "0" / run / "tags").mkdir()
            (tmp_path / "0" / run / "tags" / "mlflow.runName").write_text(f"wild-{run}")
    log = read_log(tmp_path)
    assert list(log.runs) == (["wild-a1", "wild-b2"] if named else ["0/a1", "0/b2"])
    for i, curves in enumerate(log.runs.values()):
        np.testing.assert_array_equal(curves["train"].values, [2 + i, i])
        np.testing.assert_array_equal(curves["test"].x, [0, 20])


def test_metrics_named_one_by_one(tmp_path):
    write(tmp_path / "a", train_loss=[(0, 2), (10, 1)], val_loss=[(0, 3), (10, 2)])
    files = sorted((tmp_path / "a" / "metrics").iterdir())
    assert read_table(files[0]).names == ["step", "train_loss"]
    log = read_log(files)
    assert list(log.runs) == [""]
    np.testing.assert_array_equal(log.runs[""]["test"].values, [3, 2])


def test_a_resumed_run_counts_curve_by_curve(tmp_path):
    """The files say nothing of which curve was written first: neither costs the other its records."""
    train = [(s, 10 - s) for s in (0, 1, 2, 3, 4)] + [(s, 20 - s) for s in (3, 4, 5, 6)]
    val = [(s, 30 - s) for s in (0, 2, 4, 6)]
    write(tmp_path / "a", train_loss=train, val_loss=val)
    log = read_log(tmp_path / "a")
    np.testing.assert_array_equal(log.runs[""]["train"].values, [10, 9, 8, 17, 16, 15, 14])
    np.testing.assert_array_equal(log.runs[""]["test"].values, [30, 28, 26, 24])
    assert "2 repeated records are not used" in str(log)


def test_three_numbers_a_line_elsewhere_are_no_metric(tmp_path):
    (tmp_path / "log.txt").write_text("1 0.5 3\n2 0.4 4\n")
    with pytest.raises(BadValue, match="the header is missing"):
        read_table(tmp_path / "log.txt")
