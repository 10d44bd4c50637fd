"""The build fails where a closed form has no entry, an entry does not equal its oracle, or an oracle cannot fail."""

import ast
import dataclasses
from pathlib import Path

import jax
import numpy as np
import pytest

from grok_theory import linear
from grok_theory.errors import BadValue
from grok_theory.formulas import find, register
from grok_theory.formulas.entries import ROOMS, entries_of
from grok_theory.formulas.formula import STATUSES, Draw, Range
from grok_theory.verify.differences import relative_difference

ROOT = Path(__file__).parents[2]
ENTRIES = list(register().values())
# Files in which every public function is a formula, and the few that are not, each with its reason.
CLOSED_FORM_FILES = [*sorted((ROOT / "grok_theory").glob("*/closed_forms.py")), ROOT / "grok_theory/li2/discovery.py"]
EXAMPLES = 2  # `make verify` draws 200
LONG = ("linear.log_stopping_time",)  # a root of quadratures, seconds each: `make verify` only
NOT_FORMULAS = {
    "best_of_k.second_moments": "reads moments off a Problem",
    "best_of_k.judged": "the same Problem seen by the judge",
}


def public_functions(path):
    return [
        node.name
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
    ]


@pytest.mark.parametrize("path", CLOSED_FORM_FILES, ids=lambda p: f"{p.parent.name}/{p.name}")
def test_every_closed_form_is_in_the_register(path):
    for name in public_functions(path):
        full = f"{path.parent.name}.{name}"
        assert full in register() or full in NOT_FORMULAS, (
            f"{full} has no entry: add one with its oracle to grok_theory/formulas/{path.parent.name}.py"
        )


def test_exceptions_still_exist():
    there = {f"{path.parent.name}.{name}" for path in CLOSED_FORM_FILES for name in public_functions(path)}
    assert set(NOT_FORMULAS) <= there


def test_names_are_unique():
    listed = [formula.name for room in ROOMS for formula in entries_of(room)]
    assert len(listed) == len(set(listed)) == len(ENTRIES)


@pytest.mark.parametrize("formula", ENTRIES, ids=lambda f: f.name)
def test_an_entry_is_complete(formula):
    assert formula.status in STATUSES
    assert formula.says, formula.source
    assert formula.by
    assert formula.symbol
    assert formula.latex or formula.expression
    assert formula.domain
    assert all(isinstance(part, Range | Draw) for part in formula.domain.values())
    assert formula.function.__module__.startswith(f"grok_theory.{formula.wing}")
    if formula.status == "corrected":
        assert formula.printed or "printed" in formula.note, "say what is printed, in `printed` or at least in `note`"


@pytest.mark.parametrize("formula", [f for f in ENTRIES if f.name not in LONG], ids=lambda f: f.name)
def test_a_formula_equals_its_oracle_and_the_oracle_can_fail(formula):
    seen = []

    def watched(*arguments):
        seen.append((formula(*arguments), formula.oracle(*arguments)))
        return seen[-1][1]

    found = dataclasses.replace(formula, oracle=watched).verify(EXAMPLES)
    assert found.worst <= formula.rtol
    # A formula off by ten times what is allowed would be noticed: no oracle compares nothing with nothing.
    factor = 1 + 10 * formula.rtol + 1e-14
    assert any(relative_difference(_scaled(ours, factor), truth).error > formula.rtol for ours, truth in seen)


def _scaled(value, factor):
    return jax.tree_util.tree_map(lambda part: np.asarray(part) * factor, value)


@pytest.mark.slow
@pytest.mark.parametrize("formula", ENTRIES, ids=lambda f: f.name)
def test_a_formula_equals_its_oracle_at_many_points(formula):
    formula.verify(200)


@pytest.mark.parametrize("formula", [f for f in ENTRIES if f.printed], ids=lambda f: f.name)
def test_the_printed_form_is_off_where_it_is_shown(formula):
    for printed in formula.printed:
        ours, truth = printed.read(formula(*printed.at)), printed.read(formula.oracle(*printed.at))
        wrong = float(printed.value(*printed.at))
        assert abs(wrong - truth) > 3 * abs(ours - truth) or abs(wrong / truth - 1) > 0.1
        assert abs(wrong - ours) > 1e-3 * abs(ours)


def test_find_takes_short_names_and_names_near_ones():
    assert find("late_test_loss").name == "linear.late_test_loss"
    assert find("linear.late_test_loss") is find("late_test_loss")
    with pytest.raises(BadValue, match=r"'late_tset_loss', .* Did you mean linear\.late_test_loss"):
        find("late_tset_loss")
    with pytest.raises(BadValue, match=r"no such formula\. Pass no name to see all"):
        find("zzz")


def test_a_missing_oracle_library_is_one_sentence(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "mpmath", None)
    with pytest.raises(BadValue, match=r"need mpmath, which is not installed\. Install it: pip install mpmath sympy"):
        find("late_test_loss").verify(1)


def test_a_range_can_be_that_of_a_field():
    alpha = Range.of_field(linear.TeacherStudent, "samples_per_dim", r"\alpha")
    assert (alpha.low, alpha.high, alpha.special) == (0.05, 20.0, (1.0, 0.5, 2.0))
    with pytest.raises(BadValue, match=r"DeepLinear\.depth is drawn from no range of numbers"):
        Range.of_field(linear.DeepLinear, "depth", "D")
