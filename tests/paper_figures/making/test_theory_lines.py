"""The lines that make a theory are cut out of a figure file, run by themselves, and give what the figure has."""

import textwrap

import pytest

from paper_figures.figure import catalogue
from paper_figures.making.mathematics import as_html, as_text
from paper_figures.making.theory_lines import theory_lines

TEXT = """
    import numpy as np

    FIRST = 0.5


    def steps(parameters):
        return {f"{ratio}": lambda ratio=ratio: _run(parameters, ratio) for ratio in parameters.ratios}


    def _problem(parameters, ratio):
        from grok_theory import linear

        snr = parameters.snr
        return linear.TeacherStudent(ratio, snr)


    def _run(parameters, ratio):
        from grok_theory import linear

        times = np.geomspace(FIRST, 2.0, parameters.points)
        other = np.ones(3)
        theory = linear.solve(_problem(parameters, ratio), times)
        return {"theory": theory["test_loss"], "other": other}
"""


def test_what_is_cut_out_runs_and_gives_the_theory(tmp_path):
    path = tmp_path / "figure.py"
    path.write_text(textwrap.dedent(TEXT))
    lines = theory_lines(path, {"ratios": [0.5, 2.0], "snr": 5.0, "points": 3})
    assert len(lines.splitlines()) <= 6
    assert "other" not in lines
    found: dict = {}
    exec(lines, found)
    from grok_theory import linear

    expected = linear.solve(linear.TeacherStudent(0.5, 5.0), found["times"])
    assert found["times"].shape == (3,)
    assert found["theory"]["test_loss"].tolist() == expected["test_loss"].tolist()


def test_where_a_name_has_no_origin_the_whole_function_is_shown(tmp_path):
    path = tmp_path / "figure.py"
    path.write_text(textwrap.dedent(TEXT).replace("FIRST = 0.5", "").replace("lambda ratio=ratio:", "lambda:"))
    lines = theory_lines(path, {"ratios": [0.5], "snr": 5.0, "points": 3})
    assert lines.startswith("def _run(")
    path.write_text("def steps(parameters):\n    return {}\n")
    assert theory_lines(path, {}) == ""


def test_two_in_three_figures_of_the_project_show_them():
    """Without the values of parameters: what is looked for is whether anything is found."""
    labels = catalogue().values()
    shown = [lines for label in labels if (lines := theory_lines(label.path, label.defaults))]
    assert len(shown) > 0.67 * len(labels)
    for lines in shown:
        compile(lines, "theory", "exec")


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("q = s^2/2 and `s^2`", "q = s<sup>2</sup>/2 and <code>s^2</code>"),
        ("d^-1/2, i^-1.3, e^I", "d<sup>−1/2</sup>, i<sup>−1.3</sup>, e<sup>I</sup>"),
        ("k^-min(2, s^2/q)", "k<sup>−min(2, s<sup>2</sup>/q)</sup>"),
        ("w_T, Z_71, Z_4xZ_4, train_loss", "w<sub>T</sub>, Z<sub>71</sub>, Z<sub>4</sub>xZ<sub>4</sub>, train_loss"),
        ("eps -> 0, alpha sigma^2 <= 1", "ε → 0, α σ<sup>2</sup> ≤ 1"),
        ("a < b & alphabet", "a &lt; b &amp; alphabet"),
    ],
)
def test_plain_formulas_are_drawn(text, html):
    assert as_html(text) == html
    assert "<" not in as_text(text)
