"""Where rows are in one JSON object: at any depth, one object a run, one a part, and as pandas writes them."""

import json

import numpy as np
import pandas as pd
import pytest

from grok_theory import read_log
from grok_theory.errors import BadValue
from grok_theory.tables import read_table

COLUMNS = {"step": [0, 10, 20], "train_loss": [2.0, 1.0, 0.5], "test_loss": [3.0, 2.5, 0.25]}
ROWS = [dict(zip(COLUMNS, row)) for row in zip(*COLUMNS.values())]


def read(tmp_path, value, reader=read_table, **more):
    path = tmp_path / "t.json"
    path.write_text(value if isinstance(value, str) else json.dumps(value))
    return reader(path, **more)


@pytest.mark.parametrize("orient", ["columns", "index", "split", "records", "table"])
def test_what_pandas_writes(tmp_path, orient):
    table = read(tmp_path, pd.DataFrame(COLUMNS).to_json(orient=orient))
    for name, values in COLUMNS.items():
        np.testing.assert_array_equal(table.numbers(name)[0], values)


@pytest.mark.parametrize("rows", [ROWS, COLUMNS])
def test_at_any_depth(tmp_path, rows):
    table = read(tmp_path, {"config": {"layers": [64, 64]}, "results": {"seed": 1, "log": rows}})
    assert {name: table.cells[name] for name in COLUMNS} == COLUMNS
    assert table.places[0] == "row 1"


@pytest.mark.parametrize("rows", [ROWS, COLUMNS])
def test_one_object_a_run(tmp_path, rows):
    log = read(tmp_path, {"runs": {"a": rows, "b": rows}, "git": "abc"}, read_log)
    assert list(log.runs) == ["a", "b"]
    np.testing.assert_array_equal(log.runs["b"]["test"].values, COLUMNS["test_loss"])
    assert "a, b are read as runs; git beside the rows is not used" in log.recognised


@pytest.mark.parametrize(
    "value",
    [
        {
            "train": [{"step": 0, "loss": 2}, {"step": 10, "loss": 1}],
            "val": [{"step": 0, "loss": 3}, {"step": 20, "loss": 4}],
        },
        {"train": {"step": [0, 10], "loss": [2, 1]}, "val": {"step": [0, 20], "loss": [3, 4]}},
        {"step": [0, 20], "train": {"loss": [2, 1]}, "val": {"loss": [3, 4]}},
    ],
)
def test_one_object_a_part(tmp_path, value):
    log = read(tmp_path, value, read_log)
    assert (log.columns["train"], log.columns["test"]) == ("train/loss", "val/loss")
    np.testing.assert_array_equal(log.runs[""]["train"].values, [2, 1])
    np.testing.assert_array_equal(log.runs[""]["test"].values, [3, 4])
    np.testing.assert_array_equal(log.runs[""]["test"].x, [0, 20])


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"train": {"loss": [2, 1]}, "val": {"loss": [3]}}, r"different lengths: 'train' \(2\), 'val' \(1\)"),
        ({"step": [0], "train": {"loss": [2, 1]}, "val": {"loss": [3, 1]}}, "different lengths"),
        ({"a": {"b": {"step": [1]}}, "c": {"step": [1]}}, "rows in several places: 'a/b', 'c'"),
        ({"a": [{"prompt": 1, "score": 1}], "b": [{"prompt": 1, "score": 2}]}, "rows under 'a', 'b'"),
        ({"a": {"loss": [1]}, "b": {"acc": [1]}}, "rows under 'a', 'b'"),
    ],
)
def test_refused(tmp_path, value, message):
    with pytest.raises(BadValue, match=message):
        read(tmp_path, value)
