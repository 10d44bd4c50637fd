"""What is no table is told from one by its first bytes; what comes out of a pipe is read to its end, up to a bound."""

import bz2
import contextlib
import os
import threading

import pytest

from grok_theory.errors import BadValue
from grok_theory.tables import read_table, text


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"PK\x03\x04rest", "a zip archive or a spreadsheet. Unpack it, or save the sheet as CSV"),
        (bz2.compress(b"a,b\n1,2\n"), "packed with bzip2. Unpack it"),
        (b"PAR1\x15\x04", "a Parquet file"),
        (b"\x93NUMPY\x01\x00", "a NumPy array"),
        (b"\x89HDF\r\n", "an HDF5 file"),
    ],
)
def test_other_files_are_named(tmp_path, content, message):
    path = tmp_path / "runs.csv"
    path.write_bytes(content)
    with pytest.raises(BadValue, match=rf"runs\.csv cannot be read: it is {message}"):
        read_table(path)


def through_a_pipe(tmp_path, content):
    path = tmp_path / "pipe"
    os.mkfifo(path)

    def write():
        with contextlib.suppress(BrokenPipeError):
            path.write_bytes(content)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        return read_table(path)
    finally:
        writer.join()


def test_a_pipe_is_read(tmp_path):
    assert through_a_pipe(tmp_path, b"a,b\n1,2\n").cells == {"a": ["1"], "b": ["2"]}


def test_a_pipe_without_end_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(text, "LARGEST", 1000)
    with pytest.raises(BadValue, match="more than 1000 bytes come out of it"):
        through_a_pipe(tmp_path, b"y\n" * 100_000)
