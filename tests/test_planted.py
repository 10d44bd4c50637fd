"""The table of planted faults cannot rot: every text is still there once, and the spoiled source is still Python."""

import ast
from pathlib import Path

import pytest

from benchmarks.planted import FAULTS
from benchmarks.planting import Checkout

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.what)
def test_a_fault_can_be_planted(fault):
    text = (ROOT / fault.file).read_text()
    assert ast.dump(ast.parse(fault.spoil(text))) != ast.dump(ast.parse(text))
    assert (ROOT / fault.tests).is_file()


@pytest.mark.parametrize("place", ["grok_theory/numerics/runs.py", "tests/conftest.py", "pyproject.toml"])
def test_a_verdict_hangs_on_every_source(tmp_path, place):
    """A fault it would notice: a row of the journal found again, though a module that the test reads has changed."""

    def contents():
        checkout = object.__new__(Checkout)
        checkout.path = tmp_path
        return checkout.contents

    path = tmp_path / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("X = 1\n")
    before = contents()
    assert contents() == before
    path.write_text("X = 2\n")
    assert contents() != before
