"""Numbers as files write them: against exact decimals, and refused where float() would be silently wrong."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grok_theory.errors import BadValue
from grok_theory.tables import read_table
from grok_theory.tables.cells import (
    NotANumber,
    is_missing,
    is_number,
    number,
    plain_numbers,
    same_number,
    writes_commas,
)


def column(tmp_path, cells, separator=";"):
    path = tmp_path / "t.csv"
    path.write_text(f"n{separator}v\n" + "".join(f"{i}{separator}{cell}\n" for i, cell in enumerate(cells)))
    return read_table(path).numbers("v")


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=7))
def test_a_decimal_comma_is_the_decimal(value):
    """The nearest double of the exact decimal, with either mark."""
    exact = Fraction(value)
    for text, comma in ((f"{value:f}", False), (f"{value:f}".replace(".", ","), True), (f"{value:e}", False)):
        found = number(text, comma=comma)
        assert abs(Fraction(found) - exact) <= abs(exact) / 2**53


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (["0,5", "1", "-2,25"], [0.5, 1, -2.25]),
        (["1,234", "0,5"], [1.234, 0.5]),  # one cell tells that the comma is no thousands separator
        (["1,5e-3", "nan", ""], [1.5e-3, np.nan, np.nan]),
        (["1e5", "+3", ".5", "5.", "-inf", "Infinity", "NaN"], [1e5, 3, 0.5, 5, -np.inf, np.inf, np.nan]),
        (["1", "NA", "null", "N/A"], [1, np.nan, np.nan, np.nan]),
    ],
)
def test_read_right(tmp_path, cells, values):
    found, logged = column(tmp_path, cells)
    np.testing.assert_array_equal(found, values)
    assert logged.tolist() == [cell not in ("", "NA", "null", "N/A") for cell in cells]


@pytest.mark.parametrize(
    ("cells", "line", "reason"),
    [
        (["1,234", "2,500"], 2, "thousands or decimals"),
        (["1,234,567"], 2, "thousands or decimals"),
        (["0,5", "1.5"], 2, "commas and with points"),
        (["1.5", "0,5"], 3, "commas and with points"),
        (["1.234,5"], 2, "must be a number"),
        *((["1", text], 3, "must be a number") for text in ("1_0", "0x10", "١٢", "１", "1 000", "1'000", "5%", "oops")),
        *((["1", text], 3, "must be a number") for text in ("1e", "--1", "1.2.3", "1f", "1d5", "½", "#N/A", "00:03")),
        (["true"], 2, "not true or false"),
        (["1e999"], 2, "within the range"),
        (["1e-400"], 2, "within the range"),
        (["9007199254740992", "9007199254740993"], 3, "do not tell from 9007199254740992 in line 2"),
    ],
)
def test_refused_with_its_line(tmp_path, cells, line, reason):
    with pytest.raises(BadValue, match=rf"t\.csv, line {line}: v is .*{reason}"):
        column(tmp_path, cells)


def test_a_point_beside_decimal_commas_may_set_off_thousands(tmp_path):
    """1.000 of a table that writes 0,5 is a thousand, and was read as one."""
    path = tmp_path / "t.csv"
    path.write_text("step;loss\n1.000;0,5\n2.000;0,25\n")
    table = read_table(path)
    np.testing.assert_array_equal(table.numbers("loss")[0], [0.5, 0.25])
    with pytest.raises(BadValue, match=r"line 2: step is '1\.000'.*the point may set off thousands or decimals"):
        table.numbers("step")
    path.write_text("step;loss\n1.000;0.5\n2.5;0.25\n")
    np.testing.assert_array_equal(read_table(path).numbers("step")[0], [1, 2.5])


CELLS = st.one_of(
    st.sampled_from(
        [None, "", "1", "+2", ".5", "5.", "-1e3", "1E-2", "0", "0e5", "1e-400", "1e400", "+", ".", "1e", "--1"]
    ),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.integers(-(10**20), 10**20).map(str),
)


@given(st.lists(CELLS, max_size=6) | st.lists(st.none() | st.floats(-1e9, 1e9) | st.integers(-9, 9), max_size=6))
def test_a_column_at_once_is_its_cells_one_by_one(cells):
    """Where whole columns are read at once, every cell is its exact decimal, and none that is no number was taken."""
    found = plain_numbers(cells)
    if found is None:
        return
    for cell, value, logged in zip(cells, *found, strict=True):
        assert logged == (cell not in (None, ""))
        exact = Fraction(cell) if logged else None  # knows neither 1_0 (in strings of a sign and digits) nor "+"
        assert np.isnan(value) if exact is None else abs(Fraction(value) - exact) <= abs(exact) / 2**53


WHOLE = 2**53  # from here on two whole numbers may be one of float64


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (["1", "2.5"], [1, 2.5]),
        (["1", None, ""], [1, np.nan, np.nan]),
        ([1, 2], [1, 2]),
        ([1, 2.5, None], [1, 2.5, np.nan]),
        (["0", "0e5", "-0.0", "300", str(WHOLE - 1), str(1 - WHOLE)], [0, 0, 0, 300, WHOLE - 1, 1 - WHOLE]),
        ([WHOLE - 1], [WHOLE - 1]),
        ([], []),
        ([str(WHOLE)], None),
        (["1", str(-WHOLE)], None),
        ([WHOLE], None),
        (["1", 2], None),
        ([True], None),
        (["nan"], None),
        (["1,5"], None),
        (["1_0"], None),
        (["1e-400"], None),
        (["1e400"], None),
        ([10**400], None),
    ],
)
def test_which_columns_are_read_at_once(cells, values):
    """Every column of plain numbers below 2^53 is, and no other."""
    found = plain_numbers(cells)
    assert (found is None) == (values is None)
    if found is not None:
        np.testing.assert_array_equal(found[0], values)
        assert found[1].tolist() == [cell not in (None, "") for cell in cells]


@pytest.mark.parametrize(
    ("cells", "pair"),
    [
        ([str(WHOLE), str(WHOLE + 1)], (0, 1)),
        (["1", str(-WHOLE - 1), "7", str(-WHOLE)], (1, 3)),
        ([WHOLE, 1, 2 * WHOLE, 2 * WHOLE + 1, WHOLE + 1], (2, 3)),
        ([str(WHOLE), f"{WHOLE}.0", f"{WHOLE},0", "9007199254740992e0"], None),  # written otherwise, and the same
        (["107", "107.00000000000000001"], None),  # decimals are rounded everywhere
        ([str(WHOLE), str(WHOLE + 2)], None),
        ([str(WHOLE), None, "inf"], None),
    ],
)
def test_whole_numbers_that_became_one(cells, pair):
    values = np.array([np.nan if cell is None else float(str(cell).replace(",", ".")) for cell in cells])
    assert same_number(cells, values) == pair


def test_true_and_false_are_numbers_where_they_are_asked_for():
    for cell, value in ((True, 1.0), (False, 0.0), ("true", 1.0), ("False", 0.0), (" TRUE ", 1.0)):
        assert number(cell, booleans=True) == value
        with pytest.raises(NotANumber, match="not true or false"):
            number(cell)


def test_what_counts_as_written_and_as_a_number():
    for cell in (None, "", "  ", "NA", "n/a", " Null ", "NONE"):
        assert is_missing(cell)
        assert number(cell) is None
        assert not is_number(cell)
    for cell in (0, 1.5, "0", "-1e3", "0,5", "1.5", float("nan"), "inf", " -Infinity "):
        assert not is_missing(cell)
        assert is_number(cell)
        assert is_number(cell, finite=True) == np.isfinite(number(cell, comma=True))
    for cell in ("oops", "1,2,3", True, [1], "1e999", "1e-999"):
        assert not is_number(cell)


@pytest.mark.parametrize(
    ("cells", "commas"),
    [
        (["0,5", "1"], True),
        (["1,234", "0,5"], True),
        (["1,234"], False),
        (["0,5", "1.5"], False),
        (["1.5", "0,5"], False),
        ([",5", None, 3, "x"], True),
        (["1", "x,5"], False),
        ([], False),
    ],
)
def test_which_columns_write_commas(cells, commas):
    assert writes_commas(cells) == commas


def test_json_numbers(tmp_path):
    path = tmp_path / "t.jsonl"
    path.write_text('{"v": 1}\n{"v": "2.5"}\n{"v": null}\n{}\n{"v": NaN}\n{"v": 123456789012345678901234567890}\n')
    with pytest.raises(BadValue, match=r"t\.jsonl has no column 'w'; its columns are v"):
        read_table(path).column("w")
    values, logged = read_table(path).numbers("v")
    np.testing.assert_array_equal(values, [1, 2.5, np.nan, np.nan, np.nan, float(Decimal("1.2345678901234568e29"))])
    assert logged.tolist() == [True, True, False, False, True, True]
    for cell, reason in [("true", "not true or false"), ("[1]", "must be a number"), ('"1,5e"', "must be a number")]:
        path.write_text(f'{{"v": 0}}\n{{"v": {cell}}}\n')
        with pytest.raises(BadValue, match=rf"line 2: v is .*{reason}"):
            read_table(path).numbers("v")
    path.write_text('{"v": 0}\n{"v": 1' + "0" * 400 + "}\n")
    with pytest.raises(BadValue, match=r"line 2: v is .*within the range"):
        read_table(path).numbers("v")


@pytest.mark.parametrize(
    ("first", "second", "kinds"),
    [
        ('"1"', "1", "a whole number.*a text"),
        ("1", "1.0", "a number with a decimal point.*a whole number"),
        ('"true"', "true", "a true or false.*a text"),
        ('"[1]"', "[1]", "a list.*a text"),
        ("1.0", '"1.0"', "a text.*a number with a decimal point"),
        ('"01"', '"1"', "a text.*'01'"),
        ("1e22", '"1e+22"', "a text.*a number with a decimal point"),
    ],
)
def test_labels_are_not_merged(tmp_path, first, second, kinds):
    path = tmp_path / "t.jsonl"
    path.write_text(f'{{"p": {first}}}\n{{"p": {second}}}\n')
    with pytest.raises(BadValue, match=f"line 2: p is .*{kinds}"):
        read_table(path).labels("p")


def test_labels_apart(tmp_path):
    path = tmp_path / "t.jsonl"
    path.write_text('{"p": 1}\n{"p": 2}\n{"p": null}\n{"p": "null"}\n{"p": ""}\n{"p": "A"}\n{"p": "a"}\n{"p": NaN}\n')
    assert read_table(path).labels("p") == ["1", "2", None, "null", None, "A", "a", None]
    path.write_text('{"p": 9007199254740993}\n{"p": 9007199254740992}\n')
    assert read_table(path).labels("p") == ["9007199254740993", "9007199254740992"]


def test_spaces_around_a_label_are_none_of_it(tmp_path):
    """Of unquoted cells the reader takes them off: a quoted one, and a text of JSON, is the same name."""
    path = tmp_path / "t.csv"
    path.write_text('p,v\np1,1\n"p1 ",2\n" p1",3\n p1 ,4\n"p 1",5\n" ",6\n')
    assert read_table(path).labels("p") == ["p1", "p1", "p1", "p1", "p 1", None]
    path = tmp_path / "t.jsonl"
    path.write_text('{"p": "p1"}\n{"p": "p1\\n"}\n{"p": " 1"}\n')
    assert read_table(path).labels("p") == ["p1", "p1", "1"]
    path.write_text('{"p": 1}\n{"p": " 1"}\n')
    with pytest.raises(BadValue, match="line 2: p is '1', a text"):
        read_table(path).labels("p")
