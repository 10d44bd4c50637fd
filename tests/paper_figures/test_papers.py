"""Every numbered figure of the four papers has a file here that names it, or a written reason."""

import re

import pytest

from paper_figures.figure import catalogue
from paper_figures.making.cpu_seconds import kept
from paper_figures.making.figure_map import Shown, counted, paper_of, shown_rows
from paper_figures.papers import PAPERS, REASONS, ROWS, Row, covers

# The numbers of the papers, written down apart from the list under test.
NUMBERS = {
    "advani": "1 2 3 4 5 6 7A 7B 7C 7D 7E 7F 8 9A 9B 10",
    "kumar": "1b 1c 2a 2b 2c 3a 3b 3e 4 5 6a 6b 7a 7b 7c 7d 7e 7f 8 9 10 11 12 13 14 15 16 17 18 19",
    "tian": "3 5 6 7 8 9 10 11 12 13 14 15 16 17",
    "halder": "1 2 3 4 5",
}
FIGURES = catalogue()


def test_the_rows_are_the_numbers_of_the_papers():
    assert {key: " ".join(row.number for row in ROWS if row.paper == key) for key in PAPERS} == NUMBERS
    assert len({(row.paper, row.figure) for row in ROWS}) == 48


SHOWN = {f"{shown.row.paper} {shown.row.number}": shown for shown in shown_rows(FIGURES.values())}


@pytest.mark.parametrize("name", SHOWN)
def test_every_row_has_a_figure_or_a_reason(name):
    shown = SHOWN[name]
    reason = REASONS.get((shown.row.paper, shown.row.number))
    assert bool(shown.files) != bool(reason), "a row has a figure, or a reason why it has none, and not both"
    if reason:
        assert len(reason) >= 20
    else:
        assert shown.state in ("R", "P", "S")
        assert (shown.state == "R") == (not shown.missing)


def test_a_reason_is_of_a_row():
    assert set(REASONS) <= {(row.paper, row.number) for row in ROWS}


@pytest.mark.parametrize("name", list(FIGURES))
def test_the_numbers_of_a_file_are_rows_of_its_paper(name):
    label = FIGURES[name]
    text = label.path.read_text()
    assert re.search(r"^FIGURES = \(", text, re.M), "a figure file says which figures of a paper it shows, if only ()"
    key = paper_of(label)
    assert bool(key) == bool(label.figures), "numbers are those of one of the four papers, which PAPER names"
    for number in label.figures:
        assert any(covers(number, row.number) for row in ROWS if row.paper == key), number
    assert set(label.states) <= set(label.figures)
    for said in label.states.values():
        assert re.fullmatch(r"[PS]: .{10,}", said), "a state says what is missing"


def test_a_file_is_read_with_its_numbers_sizes_and_reduction(write):
    path = write("own")
    changes = {
        "\nWING": '\nFIGURES = ("3a", "4")\nSTATES = {"4": "P: no theory line"}\nWING',
        '"quick": {"points": 5}': '"full": {"points": 99, "ratios": (1.0, 2.0, 3.0, 4.0, 5.0)}',
    }
    text = path.read_text()
    for old, new in changes.items():
        text = text.replace(old, new)
    path.write_text(text)
    label = catalogue(path.parent)["own"]
    assert label.figures == ("3a", "4")
    assert label.states == {"4": "P: no theory line"}
    assert not label.has_quick
    assert label.reduction == "points 12 (full: 99), ratios 0.5, 2 (full: 1 ... 5)"


def test_at_most_forty_figures_are_shown_at_the_quick_size():
    """A figure that costs more than it shows there is for the default size only."""
    assert sum(label.has_quick for label in FIGURES.values()) <= 40


def test_times_are_kept_by_figure_and_size(figures, write):
    """What was measured before stays; figures that are gone, sizes that a figure has not, and settings do not."""
    path = write("long")
    path.write_text(path.read_text().replace('"quick": {"points": 5}', '"full": {"points": 99}'))
    before = {"small": {"full": 9.0, "quick": 3.0}, "gone": {"full": 1.0}, "long": {"quick": 2.0, "full": 5.0}}
    one = {"name": "small", "status": "built", "settings": [], "size": "quick", "cpu_seconds": 1.26}
    records = [one, one | {"name": "wide", "settings": ["points=3"]}, one | {"name": "wide", "status": "failed"}]
    assert kept(before, records, catalogue(figures)) == {"long": {"full": 5.0}, "small": {"full": 9.0, "quick": 1.3}}


def test_a_whole_figure_is_as_far_as_its_worst_panel():
    of = {"1": "RR", "2": "R-", "3": "P-", "4": "SR", "5": "--"}
    panels = [(number + "ab"[i], state) for number, states in of.items() for i, state in enumerate(states)]
    rows = [Shown(Row("halder", number, ""), state.replace("-", "none"), (), "") for number, state in panels]
    assert counted(rows)["halder"] == {"R": 1, "P": 2, "S": 1, "none": 1}
