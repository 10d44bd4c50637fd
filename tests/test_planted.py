"""The table of planted faults cannot rot: every text is still there once, and the spoiled source is still Python."""

import ast
from pathlib import Path

import pytest

from benchmarks.planted import FAULTS

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.what)
def test_a_fault_can_be_planted(fault):
    text = (ROOT / fault.file).read_text()
    assert ast.dump(ast.parse(fault.spoil(text))) != ast.dump(ast.parse(text))
    assert (ROOT / fault.tests).is_file()
