"""The reference says where a name is used, by the code of pages and figures; most names have an example."""

import pytest

pytest.importorskip("sphinx", reason="`make docs` installs Sphinx")

from docs.making import uses
from docs.making.names import places, thing_of

pytestmark = pytest.mark.example

CODE = """
import grok_theory as gt
from grok_theory import linear as lin
from grok_theory.best_of_k import Prompt as P
lin.solve(lin.TeacherStudent(0.5, 5.0), [1.0])["test_loss"]
gt.compare(P(1.0, 2.0), other.solve())
"""


def test_names_are_found_however_they_are_imported():
    found = {"linear", "linear.solve", "linear.TeacherStudent", "best_of_k.Prompt", "compare"}
    assert uses.used(CODE) - {"grok_theory.linear"} == {f"grok_theory.{name}" for name in found - {"linear"}}


def test_pages_figures_and_what_makes_a_record():
    assert "notebooks/phase_diagram" in uses.pages()["grok_theory.refine"]
    assert "lazy_rich_dmft_phases" in uses.figures()["grok_theory.lazy_rich.DMFT"]
    assert "grok_theory.linear.optimal_stopping" in uses.makers()["grok_theory.linear.OptimalStopping"]
    said = "\n".join(uses.lines("grok_theory.linear.GrokkingTime"))
    assert "*Made by* :py:obj:`grokking_time <grok_theory.linear.grokking_time>`" in said


def test_three_of_five_names_have_an_example_or_say_where_one_is():
    names = [name for name in dict.fromkeys(places().values()) if callable(thing_of(name))]
    shown = [name for name in names if uses.has_example(name)]
    assert len(shown) >= 0.6 * len(names), sorted(set(names) - set(shown))
