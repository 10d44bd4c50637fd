"""Several files are several runs, or hold the curves of one; the standard input is a file, too."""

import io
import sys
from pathlib import Path

import numpy as np
import pytest

from grok_theory import read_log
from grok_theory.errors import BadValue
from grok_theory.tables import read_table


def write(path, columns, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(",".join(columns) + "\n" + "".join(",".join(map(str, row)) + "\n" for row in rows))
    return path


BOTH = ("step", "train_loss", "test_loss")


@pytest.mark.parametrize(
    ("names", "runs"),
    [
        (("seed0.csv", "seed1.csv"), ["seed0", "seed1"]),
        (("version_0/metrics.csv", "version_1/metrics.csv"), ["version_0", "version_1"]),
        (("a/x/log.csv", "b/x/log.csv"), ["a", "b"]),
        (("a/one.csv", "two.csv"), ["a/one", "two"]),
        (("train_small.csv", "test_small.csv"), ["train_small", "test_small"]),  # whole logs: no parts of one
    ],
)
def test_a_run_a_file(tmp_path, names, runs):
    files = [write(tmp_path / name, BOTH, [(0, 2 + i, 3), (10, i, 1)]) for i, name in enumerate(names)]
    log = read_log(files)
    assert list(log.runs) == runs
    assert log.columns["run"] == "file"
    assert "2 files, 2 runs" in log.recognised
    np.testing.assert_array_equal(log.runs[runs[1]]["train"].values, [3, 1])


def test_runs_of_a_file_keep_their_names(tmp_path):
    """Seeds of one name in two files are not one run."""
    for name in ("wd0.csv", "wd1.csv"):
        write(tmp_path / name, ("seed", *BOTH), [(seed, s, 2, 3) for seed in (0, 1) for s in (0, 10)])
    log = read_log(sorted(tmp_path.iterdir()))
    assert list(log.runs) == ["wd0/0", "wd0/1", "wd1/0", "wd1/1"]


@pytest.mark.parametrize("column", ["loss", "train_loss"])
def test_a_part_a_file(tmp_path, column):
    other = column.replace("train", "val")
    for seed in (0, 1):
        write(tmp_path / f"seed{seed}_train.csv", ("step", column), [(0, 2 + seed), (10, seed)])
        write(tmp_path / f"seed{seed}_val.csv", ("step", other), [(0, 5 + seed), (20, 1 + seed)])
    log = read_log(sorted(tmp_path.iterdir()))
    assert sorted(log.runs) == ["seed0", "seed1"]
    for seed in (0, 1):
        np.testing.assert_array_equal(log.runs[f"seed{seed}"]["train"].values, [2 + seed, seed])
        np.testing.assert_array_equal(log.runs[f"seed{seed}"]["test"].x, [0, 20])
    one = read_log(sorted(tmp_path.glob("seed0*")))
    assert list(one.runs) == [""]
    assert "2 files of one run" in one.recognised


def test_messages_name_the_file(tmp_path):
    files = [write(tmp_path / n, BOTH, [(0, 2, 3), (10, v, 1)]) for n, v in (("a.csv", 1), ("b.csv", "oops"))]
    with pytest.raises(BadValue, match=r"b\.csv line 3: train_loss is 'oops'"):
        read_log(files)
    with pytest.raises(BadValue, match=r"a\.csv is named twice"):
        read_log([files[0], files[0]])
    with pytest.raises(BadValue, match="path is an empty list"):
        read_log([])
    with pytest.raises(BadValue, match=r"no\.csv.*cannot be read"):
        read_log([files[0], tmp_path / "no.csv"])


def test_a_column_that_tells_runs_apart_is_asked_for(tmp_path):
    """Without another name for them, curves of two files never become one."""
    rows = [("a", 0, 2), ("a", 10, 1)]
    files = [write(tmp_path / f"{n}.csv", ("run", "step", "train_loss"), rows) for n in ("train_loss", "train-loss")]
    log = read_table(files)
    assert set(log.labels("file")) == {"train_loss/a", "train-loss/a"}


@pytest.mark.parametrize("name", ["-", Path("-")])
def test_the_standard_input(monkeypatch, name):
    content = io.TextIOWrapper(io.BytesIO(b"step,train_loss,test_loss\n0,2,3\n10,1,x\n"))
    monkeypatch.setattr(sys, "stdin", content)
    table = read_table(name)
    assert table.where(0) == "standard input, line 2"
    with pytest.raises(BadValue, match=r"standard input, line 3: test_loss is 'x'"):
        table.numbers("test_loss")
