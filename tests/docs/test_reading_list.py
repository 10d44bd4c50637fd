"""The reading list: 40 papers, each with a place that exists or the reason that the other page gives."""

import importlib
import re
from pathlib import Path

import pytest

import grok_theory as gt

DOCS = Path(__file__).parents[2] / "docs"
ROW = re.compile(r"^\| (\d+) \| (.+?) \| (.+?) \| (.+?) \| (.+?) \|$", re.M)
ROWS = ROW.findall((DOCS / "reading_list.md").read_text())


def test_there_are_forty_different_papers():
    assert [int(row[0]) for row in ROWS] == list(range(1, 41))
    assert len({row[1] for row in ROWS}) == 40
    counts = {state: sum(row[2] == state for row in ROWS) for _, _, state, _, _ in ROWS}
    assert counts == {"solved": 10, "measured": 1, "quoted": 1, "in part": 4, "not covered": 24}


def test_those_without_a_theory_are_those_of_the_other_page():
    text = (DOCS / "papers_not_covered.md").read_text()
    reasons = dict(re.findall(r"^\| (?!paper |---)(.+?) \| (.+?) \|$", text, re.M))
    assert {row[1]: row[4] for row in ROWS if row[2] == "not covered"} == reasons
    for row in ROWS:
        if row[2] == "in part":
            assert f"*{row[1].split(' (')[0]}*" in text


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_place_exists_and_has_what_is_named(row):
    room, page = re.fullmatch(r"\[(.+)\]\((.+\.md)\)", row[3]).groups()
    assert (DOCS / page).exists()
    if row[2] == "not covered":
        return
    if room.startswith("`"):
        place = importlib.import_module(f"grok_theory.{room.strip('`')}")
    else:
        place = gt.observables
    for name in re.findall(r"`(\w+)`", row[4]):
        assert hasattr(place, name), name
