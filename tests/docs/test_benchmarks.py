"""The table of published figures: made from files, each row by a benchmark that there is."""

import json
import re
from pathlib import Path

import pytest

from benchmarks import headlines, names, summary

ROOT = Path(__file__).parents[2]
SAVED = {"date": "2026-01-02 03:04 UTC", "commit": "abc1234", "title": "3 of 4 found"}


def rows_of(page: Path) -> list[list[str]]:
    inside = page.read_text().partition(summary.BEGIN)[2].partition(summary.END)[0]
    lines = [line for line in inside.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines[1:]]


@pytest.mark.parametrize("page", ["README.md", "docs/benchmarks.md"])
def test_every_published_row_is_made_by_a_benchmark_that_there_is(page):
    rows = rows_of(ROOT / page)
    assert len(rows) >= 15
    known = {headline.what: headline for headline in headlines.HEADLINES}
    for what, measured, command, when in rows:
        assert command.strip("`") == known[what].benchmark, what
        assert known[what].benchmark in names.NAMES
        assert measured
        assert measured == "not run yet" or re.fullmatch(r"20\d\d-\d\d-\d\d, \w+( \w+)?", when), what


def test_the_readme_shows_what_is_chosen_for_it():
    chosen = [h.what for h in headlines.HEADLINES if h.in_readme and h.benchmark in names.NAMES]
    assert [row[0] for row in rows_of(ROOT / "README.md")] == chosen


def test_long_ones_are_left_to_their_names():
    assert set(names.SHORT) | set(names.LONG) >= set(names.NAMES)
    assert {"mutations", "coverage"}.isdisjoint(names.SHORT)
    assert {"report", "summary", "headlines", "names"}.isdisjoint(names.NAMES)


def test_a_row_tells_number_command_date_and_commit(tmp_path):
    headline = next(h for h in headlines.HEADLINES if h.file == "robustness")
    assert summary.row(headline, tmp_path) == "| Bad inputs | not run yet | `robustness` | |"
    counts = {"tried": 9, "refused": 8, "unclear": 1, "crashed": 0, "accepted": 0}
    (tmp_path / "robustness.json").write_text(json.dumps(SAVED | {"rows": [{"door": "all 2", **counts}]}))
    assert summary.row(headline, tmp_path) == (
        "| Bad inputs | 9 at 2 doors: 8 refused by name with a remedy, 1 unclear, 0 crashed, 0 accepted | `robustness` "
        "| 2026-01-02, abc1234 |"
    )


def test_a_row_whose_benchmark_did_not_run_here_stays_as_published(tmp_path):
    headline = next(h for h in headlines.HEADLINES if h.file == "robustness")
    old = "| Bad inputs | 5 at 1 doors: all refused | `robustness` | 2025-01-02, 1234abc |"
    assert summary.row(headline, tmp_path, f"before\n{old}\nafter") == old
    other = old.replace("Bad inputs", "Bad inputs elsewhere")
    assert "not run yet" in summary.row(headline, tmp_path, other)


def test_a_file_that_says_it_in_its_title_is_quoted(tmp_path):
    headline = next(h for h in headlines.HEADLINES if h.file == "mutations")
    (tmp_path / "mutations.json").write_text(json.dumps(SAVED | {"rows": []}))
    assert "| 3 of 4 found |" in summary.row(headline, tmp_path)


def test_what_is_above_its_tolerance_is_shouted():
    rows = [
        {"formula": "a.b", "worst error": 1e-3, "share": 2.0, "allowed": 1e-9, "at": "1"},
        {"formula": "c.d", "worst error": float("nan"), "share": float("nan"), "allowed": 1e-9, "at": "2"},
    ]
    said = next(h for h in headlines.HEADLINES if h.file == "formulas").read(rows)
    assert said == "ABOVE TOLERANCE: a.b, c.d; largest of the 2 exact ones nan (c.d at 2)"


def test_the_table_is_put_between_its_marks():
    page = f"before\n{summary.BEGIN}\nold\n{summary.END}\nafter\n"
    assert summary.placed(page, "new") == f"before\n{summary.BEGIN}\n\nnew\n\n{summary.END}\nafter\n"
    with pytest.raises(SystemExit, match="are missing; put them where the table belongs"):
        summary.placed("no marks", "new")


@pytest.mark.slow
def test_no_door_takes_a_bad_input():
    """Thousands of bad inputs at public doors: each refused in a sentence that names argument, value and remedy."""
    from benchmarks.robustness import survey

    rows, faults = survey()
    assert not faults
    assert rows[-1]["tried"] > 1500
