"""A run a column (W&B), a folder of metrics (MLflow), gzip."""

import gzip
import shutil
from pathlib import Path

import numpy as np
import pytest

from grok_theory import read_log
from grok_theory.errors import BadValue
from grok_theory.tables import read_table

CASES = Path(__file__).parents[1] / "cases"


def test_a_run_a_column():
    table = read_table(CASES / "c09_wandb_export.csv")
    assert table.names == ["run", "Step", "train_loss"]
    assert table.labels("run") == ["swept-galaxy-5"] * 4 + ["lively-sun-6"] * 3  # logged nothing at step 50
    np.testing.assert_array_equal(table.numbers("Step")[0], [0, 50, 100, 150, 0, 100, 150])
    np.testing.assert_array_equal(table.numbers("train_loss")[0], [1.5, 0.3, 0.05, 0.02, 1.6, 0.2, 0.04])
    assert table.places[4:] == ["line 2", "line 4", "line 5"]
    assert "columns RUN - METRIC are read as runs" in table.notes[0]


def test_two_metrics_of_two_runs(tmp_path):
    path = tmp_path / "wandb.csv"
    names = [f"{run} - {m}{end}" for run in ("a - b", "c") for m in ("train_loss", "val_loss") for end in ("", "__MIN")]
    lines = [",".join(["Step", *names])]
    lines += [f"{t}," + ",".join(f"{t + i}" for i in range(8)) for t in (1, 2, 3)]
    path.write_text("\n".join(lines))
    log = read_log(path)
    assert list(log.runs) == ["a - b", "c"]
    assert log.columns == {"x": "Step", "train": "train_loss", "test": "val_loss", "run": "run"}
    np.testing.assert_array_equal(log.runs["c"]["test"].values, [7, 8, 9])


def test_columns_with_a_dash_are_no_runs(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("step,loss - smooth,loss - raw\n0,1,2\n")
    assert read_table(path).names == ["step", "loss - smooth", "loss - raw"]


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


def test_a_folder_of_several_runs_is_refused(tmp_path):
    """A train curve of one run with the test curve of another would be a delay of neither."""
    for run, name in (("a", "train_loss"), ("b", "val_loss")):
        (tmp_path / run / "metrics").mkdir(parents=True)
        (tmp_path / run / "metrics" / name).write_text("1 0.5 -1\n2 0.4 0\n")
    with pytest.raises(BadValue, match=r"holds the metrics of 2 runs, .*Name the folder of one run"):
        read_table(tmp_path)
    assert read_table(tmp_path / "a").numbers("step")[0].tolist() == [-1, 0]


def test_gzip(tmp_path):
    path = tmp_path / "log.csv.gz"
    content = b"step,train_loss\n0,1.5\n"
    path.write_bytes(gzip.compress(content))
    assert read_table(path).cells == {"step": ["0"], "train_loss": ["1.5"]}
    path.write_bytes(gzip.compress(content)[:-6])
    with pytest.raises(BadValue, match="its gzip is damaged"):
        read_table(path)
