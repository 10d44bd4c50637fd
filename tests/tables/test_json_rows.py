"""JSON in the four shapes that hold a table: the same rows, and refusals by line."""

import json
import sys

import pytest

from grok_theory.errors import BadValue
from grok_theory.tables import read_table

ROWS = [{"step": 0, "loss": 1.5, "name": "a\u2028b"}, {"step": 10, "loss": None, "name": "c"}]
COLUMNS = {name: [row[name] for row in ROWS] for name in ROWS[0]}


def read(tmp_path, text):
    path = tmp_path / "t.json"
    path.write_text(text)
    return read_table(path)


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("ascii_only", [True, False])
def test_four_shapes_one_table(tmp_path, indent, ascii_only):
    dumps = lambda value, **more: json.dumps(value, ensure_ascii=ascii_only, **more)  # noqa: E731
    lines = read(tmp_path, "\n\n".join(map(dumps, ROWS)) + "\n")
    assert lines.cells == COLUMNS
    assert lines.places == ["line 1", "line 3"]
    nested = {"config": {"lr": 0.1}, "seed": 3, "history": ROWS, "empty": []}
    for shape in (ROWS, COLUMNS, nested):
        table = read(tmp_path, dumps(shape, indent=indent))
        assert table.cells == COLUMNS
        assert table.places == ["row 1", "row 2"]
        assert table.notes == (("config, seed, empty beside the rows is not used",) if shape is nested else ())


def test_null_beside_an_object_is_nothing(tmp_path):
    assert read(tmp_path, '{"a": null}\n{"a": {"x": 1}}\n').cells["a/x"] == [None, 1]


def test_objects_in_a_row_become_columns(tmp_path):
    table = read(tmp_path, '{"step": 1, "train": {"loss": 2, "by": {"class": 3}}}\n{"step": 2, "train": {"loss": 1}}\n')
    assert table.cells == {"step": [1, 2], "train/loss": [2, 1], "train/by/class": [3, None]}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": 1}\nnonsense\n', r"line 2: 'nonsense' is no JSON object"),
        ('{"a": 1}\n[1]\n', r"line 2: '\[1\]' is no JSON object"),
        ('{"a": 1}\n{"a": 2\n', r"line 2: .* is no JSON object"),
        ('{"a": 1, "a": 2}\n{"a": 1}\n', "line 1: 'a' is given twice"),
        ('{"a": 0}\n{"a": 1, "a": 2}\n', "line 2: 'a' is given twice"),
        ('{"a": 1, "a": 2}\n', "'a' is given twice"),
        ('[{"a": 1, "a": 2}]', "'a' is given twice"),
        ('{"t": {"a": 1}, "t/a": 2}\n', "line 1: 't/a' is given twice"),
        ('{"a": 0}\n{"a": 1e999}\n', "line 2: 1e999 is beyond the range"),
        ('{"a": 0}\n{"a": 1e-999}\n', "line 2: 1e-999 is beyond the range"),
        ('{"a": 2}\n{"a": {"x": 1}}\n', "line 1: 'a' is 2, but an object in line 2"),
        ('{"b": {"a": {"x": 1}}}\n{"b": {"a": 3}}\n', "line 2: 'b/a' is 3, but an object in line 1"),
        ('{"a": 2}\n{"a ": 1}\n', "columns 'a' and 'a ', which differ in spaces only"),
        ('# a run\n{"a": 1}\n', "line 1, column 1: this is no JSON"),
        ("{}", "has no rows"),
        ('{"a": [1, 2], "b": [1]}', r"different lengths: 'a' \(2\), 'b' \(1\)"),
        ('{"x": [{"a": 1}], "y": [{"a": 2}]}', "rows under 'x', 'y'"),
        ('[{"a": 1}, 2]', "row 2 of the list: '2' is no JSON object"),
        ("[]", "has no rows"),
        ("[[0, 1]]", "row 1 of the list"),
        ('{\n "a": 1\n}', "one JSON object without rows"),
        ('[{"a": 1},\n {"a": }]', "line 2, column 8: this is no JSON"),
        ("[0, 1]\n[1, 2]\n", "line 2, column 1: this is no JSON"),
        ("[" * 100_000, "nested too deeply"),
        ('{"a": 1}\n{"a": ' + "[" * 100_000 + "}\n", "line 2: it is nested too deeply"),
        ('{"a": 1}\n{"a": 1' + "0" * 5000 + "}\n", "line 2"),
    ],
)
def test_refused(tmp_path, text, message):
    with pytest.raises(BadValue, match=message) as caught:
        read(tmp_path, text)
    assert "t.json" in str(caught.value)
    assert sys.getrecursionlimit() >= 1000
