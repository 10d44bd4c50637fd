"""Any file may be gzipped."""

import gzip

import pytest

from grok_theory.errors import BadValue
from grok_theory.tables import read_table


def test_gzip(tmp_path):
    path = tmp_path / "log.csv.gz"
    content = b"step,train_loss\n0,1.5\n"
    path.write_bytes(gzip.compress(content))
    assert read_table(path).cells == {"step": ["0"], "train_loss": ["1.5"]}
    path.write_bytes(gzip.compress(content)[:-6])
    with pytest.raises(BadValue, match="its gzip is damaged"):
        read_table(path)
