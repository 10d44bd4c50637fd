"""A column says of which part of the data a row is."""

import numpy as np
import pytest

from grok_theory import read_log
from grok_theory.errors import BadValue
from grok_theory.tables import read_table


@pytest.mark.parametrize("column", ["split", "mode", "phase", "Stage"])
def test_rows_of_parts(tmp_path, column):
    path = tmp_path / "log.csv"
    path.write_text(
        f"epoch,{column},loss,acc\n" + "".join(f"{e},train,{e},1\n{e},Valid,{e + 5},0\n" for e in (1, 2, 3))
    )
    log = read_log(path)
    assert (log.columns["train"], log.columns["test"]) == ("train/loss", "valid/loss")
    np.testing.assert_array_equal(log.runs[""]["train"].values, [1, 2, 3])
    np.testing.assert_array_equal(log.runs[""]["test"].values, [6, 7, 8])
    assert f"{column} says of which part (train, valid) a row is" in log.recognised
    named = read_log(path, train="train/acc", test="valid/acc")
    np.testing.assert_array_equal(named.runs[""]["test"].values, [0, 0, 0])


def test_a_name_of_two_parts_is_refused(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("epoch,split,loss\n1,train,2\n1,val,3\n")
    with pytest.raises(BadValue, match=r"no column 'loss'; its columns are epoch, train/loss, val/loss"):
        read_log(path, train="loss")


@pytest.mark.parametrize("text", ["epoch,split,loss\n1,a,2\n", "id,split,score\n1,test,2\n"])
def test_other_tables_stay(tmp_path, text):
    (tmp_path / "t.csv").write_text(text)
    assert read_table(tmp_path / "t.csv").names == text.split("\n")[0].split(",")
