"""The table of published figures: made from files, each row by a benchmark that there is."""

import json
import re
from pathlib import Path

import pytest

from benchmarks import compare, coverage, mutations, names, report, reproducibility, running, start, summary
from paper_figures.figure import catalogue

ROOT = Path(__file__).parents[2]
HEADLINES = {headline.file: (benchmark, headline) for benchmark, headline in summary.headlines()}
SAVED = {"date": "2026-01-02 03:04 UTC", "commit": "abc1234", "machine": "m, 2 cores", "title": "3 of 4 found"}


def rows_of(page: Path) -> list[list[str]]:
    inside = page.read_text().partition(summary.BEGIN)[2].partition(summary.END)[0]
    lines = [line for line in inside.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines[1:]]


@pytest.mark.parametrize("page", ["README.md", "docs/benchmarks.md"])
def test_every_published_row_is_made_by_a_benchmark_that_there_is(page):
    rows = rows_of(ROOT / page)
    known = {headline.what: benchmark for benchmark, headline in summary.headlines()}
    assert len(known) == len(summary.headlines()) > 40
    for what, measured, command, when in rows:
        assert command.strip("`") == known[what], what
        assert measured
        assert measured == "not run yet" or re.fullmatch(r"20\d\d-\d\d-\d\d, \w+( \w+)?", when), what


def test_the_page_shows_all_of_them_and_the_readme_a_few():
    found = [headline for _, headline in summary.headlines()]
    assert [row[0] for row in rows_of(ROOT / "docs" / "benchmarks.md")] == [headline.what for headline in found]
    chosen = [headline.what for headline in found if headline.in_readme]
    assert [row[0] for row in rows_of(ROOT / "README.md")] == chosen
    assert 4 <= len(chosen) <= 8


def test_each_has_one_turn_and_what_is_about_tests_is_left_to_its_name():
    turns = [*names.ALONE, *names.SIDE_BY_SIDE, *names.OF_TESTS]
    assert sorted(turns) == names.NAMES
    assert {"start", "side_by_side", "linear"} <= set(names.ALONE)  # seconds
    assert {"report", "summary", "names", "running"}.isdisjoint(names.NAMES)


@pytest.fixture
def trials(monkeypatch, tmp_path):
    """Benchmarks that do nothing, except that one fails."""
    (tmp_path / "benchmarks").mkdir()
    (tmp_path / "benchmarks" / "__init__.py").touch()
    (tmp_path / "benchmarks" / "__main__.py").write_text("import sys; print(sys.argv[1:]); sys.exit('red' in sys.argv)")
    for name, value in {"ROOT": tmp_path, "ALONE": ("a", "b"), "SIDE_BY_SIDE": ("red", "c")}.items():
        monkeypatch.setattr(running, name, value)
    return tmp_path


def test_one_that_fails_loses_no_other(trials):
    said: list[str] = []
    assert running.run(["c", "red", "b"], trials, quick=True, say=said.append) == ["red"]
    assert said[0] == f"['b', '--out', '{trials}', '--quick']"
    assert len(said) == 3
    assert any("red failed: exit code 1" in text for text in said)


def test_all_of_them_go_on_where_they_stopped_and_tell_how_long_they_took(trials, monkeypatch):
    said: list[str] = []
    assert running.run_all(trials, quick=False, say=said.append) == ["red"]
    assert len(said) == 4
    assert not (trials / "whole.json").exists()
    source = trials / "benchmarks" / "__main__.py"
    text = source.read_text()
    monkeypatch.setattr(running, "SIDE_BY_SIDE", ("c",))
    assert running.run_all(trials, quick=False, say=said.append) == []
    assert len(said) == 4  # nothing again
    found = json.loads((trials / "whole.json").read_text())
    assert found["title"] == "3 benchmarks: 0 minutes one by one, then 0 minutes of a core"
    assert [(row["benchmark"], row["alone"]) for row in found["rows"]] == [("a", True), ("b", True), ("c", False)]
    running.run_all(trials, quick=False, say=said.append)
    assert len(said) == 7  # whole: begun anew
    (trials / "whole.jsonl").write_text(json.dumps({"key": "of other sources", "benchmark": "a"}) + "\n")
    source.write_text(text + "\n# changed")
    running.run_all(trials, quick=False, say=said.append)
    assert len(said) == 10


def test_cells_that_look_like_marks_are_printed_as_they_are(tmp_path, capsys):
    report.publish("a", "a", [{"was": "file[/sys/a.npz]", "became": "[bold]"}], tmp_path)
    printed = capsys.readouterr().out
    assert "file[/sys/a.npz]" in printed
    assert "[bold]" in printed


def test_first_calls_tell_the_worst_and_all_stand_in_the_page():
    row = {"call": "f", "first [CPU s]": 3.0, "other length": 0.01, "second process": 1.5, "warm": 0.002}
    other = {"call": "g", "first [CPU s]": 1.0, "other length": 0.5, "second process": 0.4, "warm": 0.1}
    rows = [row | {"peak memory [MiB]": 300}, other | {"peak memory [MiB]": 200}]
    assert start._calls(rows) == (
        "first: 1 of 2 within 2, at most 3 (f); other length at most 0.5 (g), second process at most 1.5 (f), "
        "warm at most 0.1 (g)"
    )
    assert "| f | 3.00 | 0.01 | 1.50 | 0.0020 | 300 |" in start.TABLES[0].made(rows)


def test_a_row_tells_number_command_date_and_commit(tmp_path):
    headline = HEADLINES["robustness"]
    assert summary.row(*headline, tmp_path) == "| Bad inputs | not run yet | `robustness` | |"
    counts = {"tried": 9, "refused": 8, "unclear": 1, "crashed": 0, "accepted": 0}
    (tmp_path / "robustness.json").write_text(json.dumps(SAVED | {"rows": [{"door": "all 2", **counts}]}))
    assert summary.row(*headline, tmp_path) == (
        "| Bad inputs | 9 at 2 doors: 8 refused by name with a remedy, 1 unclear, 0 crashed, 0 accepted | `robustness` "
        "| 2026-01-02, abc1234 |"
    )


def test_a_row_whose_benchmark_did_not_run_here_stays_as_published(tmp_path):
    headline = HEADLINES["robustness"]
    old = "| Bad inputs | 5 at 1 doors: all refused | `robustness` | 2025-01-02, 1234abc |"
    assert summary.row(*headline, tmp_path, f"before\n{old}\nafter") == old
    other = old.replace("Bad inputs", "Bad inputs elsewhere")
    assert "not run yet" in summary.row(*headline, tmp_path, other)


def test_a_file_that_says_it_in_its_title_is_quoted(tmp_path):
    (tmp_path / "mutations.json").write_text(json.dumps(SAVED | {"rows": []}))
    assert "| 3 of 4 found |" in summary.row(*HEADLINES["mutations"], tmp_path)


def test_what_is_above_its_tolerance_is_shouted():
    rows = [
        {"formula": "a.b", "worst error": 1e-3, "share": 2.0, "allowed": 1e-9, "at": "1"},
        {"formula": "c.d", "worst error": float("nan"), "share": float("nan"), "allowed": 1e-9, "at": "2"},
    ]
    said = HEADLINES["formulas"][1].read(rows)
    assert said == "ABOVE TOLERANCE: a.b, c.d; largest of the 2 exact ones nan (c.d at 2)"


def test_the_table_is_put_between_its_marks():
    page = f"before\n{summary.BEGIN}\nold\n{summary.END}\nafter\n"
    assert summary.placed(page, "new") == f"before\n{summary.BEGIN}\n\nnew\n\n{summary.END}\nafter\n"
    with pytest.raises(SystemExit, match="are missing; put them where the table belongs"):
        summary.placed("no marks", "new")


def test_tables_of_pages_have_their_marks_and_are_made_of_rows(tmp_path):
    for table in summary.page_tables():
        assert summary.placed((ROOT / "docs" / f"{table.page}.md").read_text(), "", table.begin, table.end)
    rooms, keys = (table for table in summary.page_tables() if table.page == "testing")
    row = {"test": "linear/test_a.py::test_b[1]", "keys": 200, "red": 0, "99 %": "0.00% to 2.61%", "stated": 1e-5}
    rows = [row | {"smallest p": 0.0123, "p < 0.1": "9.0%", "seconds": 3.4}]
    (tmp_path / "testing.md").write_text(f"before\n{rooms.begin}\n{rooms.end}\n{keys.begin}\nold\n{keys.end}\nafter\n")
    (tmp_path / "keys.json").write_text(json.dumps(SAVED | {"rows": rows}))
    summary.write_page_tables(tmp_path, tmp_path)
    page = (tmp_path / "testing.md").read_text()
    assert "| `linear/test_a b[1]` | 200 | 0 | 0.00% to 2.61% | 1e-05 | 0.01 | 9.0% | 3 |" in page
    assert "old" not in page
    counted = {"branches taken": 3, "branches": 4, "lines reached": 1, "lines": 2}
    assert rooms.made([{"room": "kernels"} | counted]).endswith("| kernels | 3 of 4 | 50.0% |")


def test_the_page_of_mutants_counts_each_file_and_lists_what_survives():
    file = "grok_theory/storage.py"
    rows = [
        {"file": file, "line": n, "was": "a | b", "became": "a", "verdict": v}
        for n, v in ((9, "survived"), (2, "hung"))
    ]
    (table,) = mutations.TABLES
    assert "| `storage.py` | 1 of 2 |" in table.made(rows)
    assert table.made(rows).endswith("| `storage.py 9` | `a \\| b` | `a` |")


def test_a_row_of_two_levels_is_the_worst_of_its_cells():
    words = ("in windows %", "without levels %", "false agreements %", "without levels, %")
    rows = [
        dict.fromkeys(words, 0.5) | {"runs": runs, "false alarms %": alarms}
        for runs, alarms in ((3, 0.1), (3, 1.2), (8, 0))
    ]
    made = next(table for table in compare.TABLES if table.file == "compare_two_levels").made(rows).splitlines()
    assert made[2] == "| 3 | 2 | 1.20 % | 0.50 % | 0.50 % | 0.50 % | 0.50 % |"
    assert made[3].startswith("| 8 | 1 | 0.00 % |")


def test_rows_of_laws_and_columns_of_sizes():
    made = {table.file: table.made for table in compare.TABLES}
    rows = [{"law": "a", "runs": 8, "times": n, "false alarms %": n / 10} for n in (1, 50)]
    assert made["compare_calibration"](rows).splitlines()[::2] == [
        "| law of the runs | runs | 1 time | 50 times |",
        "| a | 8 | 0.1 % | 5.0 % |",
    ]
    rows = [{"law at one x": "a", "runs": n, "false alarms %": float(n)} for n in (3, 8)]
    assert made["compare_one_time"](rows).splitlines()[::2] == [
        "| law at one x | 3 runs | 8 runs |",
        "| a | 3.0 % | 8.0 % |",
    ]


def test_figures_that_are_built_twice_have_a_quick_size():
    known = catalogue()
    assert [name for name in reproducibility.FIGURES if not known[name].has_quick] == []


def test_files_are_counted_by_room():
    def file(reached, branches):
        return {"summary": dict(covered_lines=reached, num_statements=4, covered_branches=branches, num_branches=2)}

    found = {"files": {"p/linear/a.py": file(4, 1), "p/linear/runs/b.py": file(2, 2), "p/storage.py": file(1, 0)}}
    room, beside = sorted(coverage.by_room(found), key=lambda row: -row["lines"])
    assert room == {"room": "linear", "branches taken": 3, "branches": 4, "lines reached": 6, "lines": 8}
    assert beside["room"] == "files beside the rooms"


@pytest.mark.slow
def test_no_door_takes_a_bad_input():
    """Thousands of bad inputs at public doors: each refused in a sentence that names argument, value and remedy."""
    from benchmarks.robustness import survey

    rows, faults = survey()
    assert not faults
    assert rows[-1]["tried"] > 1500
