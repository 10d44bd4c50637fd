"""Figure files are found, described and loaded; what is missing is named."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from paper_figures.figure import HOME, Claim, catalogue, load_figure

OURS = catalogue()


def test_the_catalogue_reads_what_a_figure_says_about_itself(figures):
    labels = catalogue(figures)
    assert list(labels) == ["small", "wide"]
    label = labels["small"]
    assert (label.title, label.paper, label.wing) == ("Powers in small", "A. & B. 2020", "linear")
    assert label.caption.startswith("What the figure small shows")
    assert label.caption.endswith("A second paragraph.")


def test_only_files_with_a_paper_are_figures(figures):
    (figures / "shared_helper.py").write_text("X = 1\n")
    assert list(catalogue(figures)) == ["small", "wide"]


def test_a_file_that_cannot_be_parsed_is_listed_and_fails_when_loaded(figures):
    (figures / "torn.py").write_text('PAPER = "x"\ndef (\n')
    label = catalogue(figures)["torn"]
    assert "cannot be read" in label.caption
    with pytest.raises(SyntaxError):
        load_figure(label)


def test_a_figure_without_its_parts_is_refused_by_name(figures):
    (figures / "half.py").write_text('"""Half."""\nPAPER = "x"\nSIZES = {}\n')
    with pytest.raises(TypeError, match=r"half\.py does not define Parameters, steps, draw, claims"):
        load_figure(catalogue(figures)["half"])


def test_an_unknown_size_in_a_figure_is_refused(figures, write):
    path = write("odd")
    path.write_text(path.read_text().replace('"quick"', '"tiny"'))
    with pytest.raises(TypeError, match=r"odd\.py has SIZES for \['tiny'\]; the sizes are quick, default, full"):
        load_figure(catalogue(figures)["odd"])


def test_a_claim_holds_a_plain_boolean():
    assert Claim("x", np.bool_(True)).holds is True
    assert Claim("x", np.array(0.5) > 1, "0.5").holds is False


def test_listing_imports_neither_jax_nor_numpy():
    code = (
        "import sys; from paper_figures.figure import catalogue; catalogue();"
        "sys.exit(any(name in sys.modules for name in ('jax', 'numpy', 'matplotlib')))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=HOME.parent, timeout=60).returncode == 0


@pytest.mark.parametrize("name", list(OURS))
def test_every_figure_of_the_project_says_what_it_shows(name):
    label = OURS[name]
    assert label.title != name, "the docstring begins with a title"
    assert len(label.title) <= 120
    assert label.caption, "the docstring has a caption"
    assert label.paper
    assert label.wing
    assert Path(label.path).name == f"{name}.py"
