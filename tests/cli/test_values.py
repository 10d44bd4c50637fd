"""Words of the command line are read as written, and nothing is evaluated."""

import numpy as np
import pytest

from grok_theory.cli import values
from grok_theory.errors import BadValue


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5", 5), ("-0.5", -0.5), ("1e-3", 1e-3), ("1,2", (1, 2)), ("[1, 2.5]", (1, 2.5)), ("relu", "relu"),
        ("True", True), ("none", None), ("two words", "two words"), ("'5'", "5"), ("pair(1, second=2)", (1, 2)),
    ],
)  # fmt: skip
def test_values_are_read_as_written(text, value):
    got = values.read_value("field", text, {"pair": lambda first, second: (first, second)})
    assert got == value
    assert type(got) is type(value)


@pytest.mark.parametrize(
    "text", ["pair(1)", "pair(*[1])", "other(1)", "1 + 1", "pair.x", "lambda: 1", "{1: 2}", "[x for x in y]"]
)
def test_nothing_else_is_evaluated(text):
    with pytest.raises(BadValue, match=r"^field is "):
        values.read_value("field", text, {"pair": lambda first, second: (first, second)})


def test_axes_are_read_as_written():
    assert np.allclose(values.read_axis("0.1:10:3"), [0.1, 1, 10])
    assert np.allclose(values.read_axis("0:10:3"), [0, 5, 10])
    assert np.allclose(values.read_axis("1:3:3:linear"), [1, 2, 3])
    assert values.read_axis("1:5:40:steps").tolist() == [1, 2, 3, 4, 5]
    assert values.read_axis("7").tolist() == [7]
    assert values.read_axis("5:5:5").tolist() == [5] * 5  # logs of the ends round
    close = values.read_axis("0.3:0.30000000000000004:9")
    assert close[0] == 0.3
    assert (np.diff(close) >= 0).all()
