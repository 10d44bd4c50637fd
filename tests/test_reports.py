"""One table for every printed result."""

from grok_theory.reports import table


def test_columns_are_aligned_and_nothing_trails():
    rows = [("name", "value", ""), ("a", "1.5", "long remark"), ("bcdef", "-10", "")]
    assert table(rows, right=(1,)) == ["  name   value", "  a        1.5  long remark", "  bcdef    -10"]
    assert table(rows, indent="")[2] == "bcdef  -10"
