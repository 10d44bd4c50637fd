"""W&B exports its charts with a run a column."""

from pathlib import Path

import numpy as np
import pytest

from grok_theory import read_log
from grok_theory.tables import read_table

CASES = Path(__file__).parents[2] / "cases"


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


@pytest.mark.parametrize("ends", [("", "__MIN", "__MAX"), ("",)])
def test_a_metric_a_file(tmp_path, ends):
    """Charts are exported one by one: their runs are called alike, and are the same."""
    for m, shift in (("train_loss", 0), ("val_loss", 1)):
        names = [f"{run} - {m}{end}" for run in ("a", "b") for end in ends]
        lines = ["Step," + ",".join(names)] + [f"{t}," + ",".join([str(shift + t)] * len(names)) for t in (0, 5)]
        (tmp_path / f"wandb_{m}.csv").write_text("\n".join(lines))
    log = read_log(sorted(tmp_path.iterdir()))
    assert list(log.runs) == ["a", "b"]
    np.testing.assert_array_equal(log.runs["b"]["train"].values, [0, 5])
    np.testing.assert_array_equal(log.runs["b"]["test"].values, [1, 6])
