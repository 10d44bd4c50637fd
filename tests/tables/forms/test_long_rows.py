"""A row a value: run, tag, step, value."""

import numpy as np
import pytest

from grok_theory import read_log
from grok_theory.tables import read_table


@pytest.mark.parametrize("tag", ["tag", "metric", "Metric Name", "key"])
def test_tags_become_columns(tmp_path, tag):
    path = tmp_path / "long.csv"
    rows = [f"{run},{t},{s},{s + i}" for run in "ab" for i, t in enumerate(("train/loss", "val/loss")) for s in (0, 10)]
    path.write_text(f"run,{tag},step,value\n" + "\n".join(rows) + "\n")
    log = read_log(path)
    assert list(log.runs) == ["a", "b"]
    np.testing.assert_array_equal(log.runs["b"]["train"].values, [0, 10])
    np.testing.assert_array_equal(log.runs["b"]["test"].values, [1, 11])
    assert f"each row is the value of one {tag}" in log.recognised


def test_line_numbers_stay(tmp_path):
    path = tmp_path / "long.csv"
    path.write_text("tag,step,value\ntrain_loss,0,2\nval_loss,0,3\n")
    table = read_table(path)
    assert table.places == ["line 2", "line 3"]
    assert table.cells == {"step": ["0", "0"], "train_loss": ["2", None], "val_loss": [None, "3"]}


@pytest.mark.parametrize(
    "text",
    [
        "name,score,value\na,1,2\n",  # recorded answers: no times
        "name,step,value,train_loss\na,1,2,3\n",  # a wide table
        "name,step,value\n1,1,2\n",  # numbers name no curve
    ],
)
def test_other_tables_stay(tmp_path, text):
    (tmp_path / "t.csv").write_text(text)
    assert read_table(tmp_path / "t.csv").names == text.split("\n")[0].split(",")
