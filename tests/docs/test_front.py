"""README begins with two pictures, one made by its own lines; `python -m docs.making.front` draws both."""

import ast
import xml.etree.ElementTree as ET
from pathlib import Path

from docs.making.front import FIGURE, PICTURE, TOLD, lines_of_the_picture
from paper_figures.figure import catalogue
from paper_figures.making.page import IDEAS

README = (Path(__file__).parents[2] / "README.md").read_text()


def test_the_first_screen_has_a_picture_and_the_lines_that_make_it():
    first = README[: README.index("## ")]
    assert "(docs/grokking.svg)" in first
    assert lines_of_the_picture() in first
    body = [line for line in ast.parse(lines_of_the_picture()).body if not isinstance(line, ast.Import)]
    assert len(body) <= 13
    assert ast.unparse(body[-1]) == f"ax.figure.savefig({PICTURE.name!r})"


def test_the_picture_is_small_and_names_no_day():
    text = PICTURE.read_text()
    assert len(text) < 80_000
    assert "<dc:date>" not in text
    ET.fromstring(text)
    for words in ("It fits at t = 5 and generalizes at t = 2195", "train loss", "test loss"):
        assert words in text


def test_the_first_figure_of_the_gallery_is_the_first_picture():
    """What its text says is what the picture shows."""
    first = README[: README.index("## ")]
    assert first.index(f"(docs/{TOLD.name})") < first.index(f"(docs/{PICTURE.name})")
    label = catalogue()[FIGURE]
    assert label.wing == next(iter(IDEAS))
    text = TOLD.read_text()
    assert len(text) < 100_000
    assert "<dc:date>" not in text
    ET.fromstring(text)
    assert "told step 265, it was 209, 261, 167" in text
    assert "told step 265 for the test loss, it was 209, 261 and 167" in first
