"""CSV read cell by cell: against Python's csv module where it is well formed, refused by line where it is not."""

import csv
import io

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from grok_theory.errors import BadValue
from grok_theory.tables import read_table
from grok_theory.tables.separated import separated_rows

CELLS = st.text(alphabet="abc 01.,;\t\"\n'#-é\u2028", max_size=6)


@given(
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL, csv.QUOTE_NONNUMERIC]),
    st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=6),
)
def test_what_the_csv_module_writes_is_read_back(separator, end, quoting, rows):
    """Line ends, separators and quotes inside quotes come back; cells without quotes are stripped, empty ones None."""
    file = io.StringIO(newline="")
    writer = csv.writer(file, delimiter=separator, lineterminator=end, quoting=quoting)
    writer.writerow(["prompt", "score", "value"])
    lines = []
    for row in rows:
        lines.append(2 if not lines else 1 + file.getvalue().count("\n"))
        writer.writerow(row)
    text = file.getvalue()
    quoted = {cell for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator) for cell in row}
    assert quoted  # the module reads what it wrote
    # A cell that opens with # is a comment or a row: refused in a test of its own.
    assume(not any(row[0].lstrip().startswith("#") for row in rows))
    names, found, notes = separated_rows("t.csv", text)
    assert names == ["prompt", "score", "value"]
    assert not notes
    whole = [(line, row) for line, row in zip(lines, rows) if any(c.strip(" \t") for c in row)]
    kept = [(line, cells) for line, cells in found if any((c or "").strip(" \t") for c in cells)]
    assert [line for line, _ in kept] == [line for line, _ in whole]
    for (_, cells), (_, row) in zip(kept, whole):
        assert [(c or "").strip(" \t") for c in cells] == [c.strip(" \t") for c in row]


def read(tmp_path, content, **more):
    path = tmp_path / "t.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_table(path, **more)


GOOD = [
    ("a,b\n1,2\n", [["1", "2"]]),
    ("\ufeffa,b\n1,2\n", [["1", "2"]]),
    ("a;b\n1;2\n", [["1", "2"]]),
    ("a\tb\n1\t2\n", [["1", "2"]]),
    ("a|b\n1|2,5\n", [["1", "2,5"]]),
    ("a b\n1 2\n", [["1", "2"]]),
    ("  a    b\n\n# half way\n 10  nan \n", [["10", "nan"]]),
    ("a,b\r1,2\r3,4\r", [["1", "2"], ["3", "4"]]),
    ("# made by hand\n\na,b\n\n1,2\n# the rest is better\n3,4\n\n", [["1", "2"], ["3", "4"]]),
    ("sep=;\na;b\n1,5;2\n", [["1,5", "2"]]),
    ('a, b\n1, "x, y"\n', [["1", "x, y"]]),
    ("a,b\n1,\n,\n", [["1", None]]),
    ("a,b\n1,2\na,b\n3,4\n", [["1", "2"], ["3", "4"]]),
    ("a,b\n1,2\n\ufeffa,b\n3,4\n", [["1", "2"], ["3", "4"]]),
    (",a,b\n0,1,2\n1,3,4\n", [["1", "2"], ["3", "4"]]),
    ("a,b,\n1,2,\n3,4,\n", [["1", "2"], ["3", "4"]]),
    ("a,b\n'1,2'\n", [["'1", "2'"]]),
    ("a\n1\n2\n", [["1"], ["2"]]),
    ("a;b\n1,5;x\n2;y\n", [["1,5", "x"], ["2", "y"]]),
    ("a,b;c\nx,1\ny,2\n", [["x", "1"], ["y", "2"]]),
]


@pytest.mark.parametrize(("text", "rows"), GOOD)
def test_read_right(tmp_path, text, rows):
    table = read(tmp_path, text)
    assert [list(row) for row in zip(*table.cells.values())] == rows


def test_a_repeated_header_is_said(tmp_path):
    assert read(tmp_path, "a,b\n1,2\na,b\n3,4\n").notes == ("the header is repeated in line 3",)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_tells_the_encoding(tmp_path, encoding):
    assert read(tmp_path, "é,b\n1,2\n".encode(encoding)).names == ["é", "b"]


def test_latin_1_by_name(tmp_path):
    content = "é,b\n1,2\n".encode("latin-1")
    assert read(tmp_path, content, encoding="latin-1").names == ["é", "b"]
    with pytest.raises(BadValue, match=r"line 1 holds the byte 0xe9, which is no utf-8.*--encoding latin-1"):
        read(tmp_path, content)
    for name in ("latin-l", "base64", ""):
        with pytest.raises(BadValue, match=r"encoding is .* must be the name of a text encoding"):
            read(tmp_path, content, encoding=name)


BAD = [
    ("", "has no rows"),
    ("\n# only this\n", "has no rows"),
    ("a,b\n", "has no rows"),
    ("a,b\n1,2,3\n", r"line 2: more cells \(3\) than the header has names \(2\)"),
    ("a,b\n1,2\n3\n", r"line 3: fewer cells \(1\)"),
    ('p,b\n"x\ny",1\nz\n', r"line 4: fewer cells"),  # the physical line, after a line end inside quotes
    ("a,a\n1,2\n", "line 1: columns 1 and 2 are both called 'a'"),
    ("a, a \n1,2\n", "line 1: columns 1 and 2 are both called 'a'"),
    ("a,,c\n1,2,3\n", "column 2 has no name, but holds '2'"),
    (",a\n7,1\n", "column 1 has no name, but holds '7'"),
    ('a,b\n"x,1\n2,3\n', "line 2: a quote is opened and never closed"),
    ('a,b\n"x"y,1\n', "line 2: there is text after a closing quote"),
    ("0,1.5\n1,1.2\n", "the header is missing"),
    ("# a,b\n0,1.5\n1,1.2\n", "line 2: the header is missing.*Line 1 begins with # and is a comment"),
    ("a,b\n#1,2\n3,4\n", "line 2: it begins with #, but has as many cells"),
    ("a;b,c\n1;2,3\n", r"may be separated by"),
    (b"a,b\n1,\x00\n", "line 2 holds a zero byte"),
    ("a,b\n1,2\n".encode("utf-16-le"), "holds a zero byte"),
    (b"\x89PNG\r\n\x1a\n\x00\x00\xff\xfe", "it is not text"),
    (b"a,b\n1,\xff\n", "line 2 holds the byte 0xff"),
]


@pytest.mark.parametrize(("content", "message"), BAD)
def test_refused_by_file_and_line(tmp_path, content, message):
    with pytest.raises(BadValue, match=message) as caught:
        read(tmp_path, content)
    assert "t.csv" in str(caught.value)


def test_what_is_no_file(tmp_path):
    for path, message in [
        (tmp_path, "it is a directory"),
        (tmp_path / "none.csv", "it cannot be read: No such file"),
        ("/dev/zero", "it is a device"),
        ("a\0b", "no file can be called so"),
    ]:
        with pytest.raises(BadValue, match=message):
            read_table(path)
