"""What a statistical test is asked under many keys."""

from types import SimpleNamespace

import pytest
from many_keys import Sparing, without_key


def test_a_name_without_its_key():
    assert without_key("t.py::test_a[key7]") == "t.py::test_a"
    assert without_key("t.py::test_a[key7-0.5]") == "t.py::test_a[0.5]"
    assert without_key("t.py::test_a[0.5-key12]") == "t.py::test_a[0.5]"


def test_a_test_whose_keys_have_taken_its_seconds_begins_no_other():
    sparing = Sparing(1.0)
    sparing.pytest_runtest_setup(SimpleNamespace(nodeid="t.py::test_a[key0]"))
    for key in range(2):
        sparing.pytest_runtest_logreport(SimpleNamespace(nodeid=f"t.py::test_a[key{key}]", duration=0.5))
    with pytest.raises(pytest.skip.Exception, match="have taken 1 s"):
        sparing.pytest_runtest_setup(SimpleNamespace(nodeid="t.py::test_a[key2]"))
    sparing.pytest_runtest_setup(SimpleNamespace(nodeid="t.py::test_b[key2]"))
