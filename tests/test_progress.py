"""Progress is shown on a terminal and nowhere else."""

import io
from types import SimpleNamespace

import jax
import pytest
from rich.console import Console

from grok_theory import durations, progress
from grok_theory.numerics.runs import run_batched


def test_nothing_is_said_to_a_file():
    file = io.StringIO()
    shown, task = progress.bar("of many", 3, console=Console(file=file))
    with shown:
        shown.advance(task)
    assert file.getvalue() == ""


def test_a_terminal_sees_what_was_done_and_it_is_gone_at_the_end():
    file = io.StringIO()
    console = Console(file=file, force_terminal=True, width=100, color_system=None)
    shown, task = progress.bar("of many", 7, done=2, console=console)
    with shown:
        shown.advance(task)
        shown.refresh()
        assert "of many" in file.getvalue()
        assert "3/7" in file.getvalue()
    assert file.getvalue().endswith("\x1b[2K")  # the line is wiped


def test_waiting_says_nothing_where_nobody_looks(capsys):
    with progress.waiting("solving"):
        pass
    assert capsys.readouterr() == ("", "")


def test_a_bar_comes_where_the_work_takes_long(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    for soon, seen in ((0.0, True), (60.0, False)):
        monkeypatch.setattr(progress, "SOON", soon)
        monkeypatch.setattr("sys.stderr", terminal := Terminal())
        monkeypatch.setenv("TERM", "xterm")
        assert list(progress.counted(range(3), "prompts")) == [0, 1, 2]
        assert ("prompts" in terminal.getvalue()) == seen


def test_counting_says_nothing_where_nobody_looks(capsys, monkeypatch):
    monkeypatch.setattr(progress, "SOON", 0.0)
    assert list(progress.counted("ab", "prompts")) == ["a", "b"]
    assert capsys.readouterr() == ("", "")


class Terminal(io.StringIO):
    def isatty(self):
        return True


def as_terminal(monkeypatch, tmp_path):
    """stderr as a terminal, and a home of its own; in the test itself, since pytest sets stderr after the fixtures."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("TERM", "xterm")
    shown = Terminal()
    monkeypatch.setattr("sys.stderr", shown)
    return shown


def test_a_wait_says_how_long_it_took_the_last_time(monkeypatch, tmp_path):
    terminal = as_terminal(monkeypatch, tmp_path)
    for said in ("usually under 0:20", "about 0:00 left"):
        with progress.waiting("solving it", usual=20.0):
            progress._waits[-1][0].refresh()
        assert "solving it" in terminal.getvalue()
        seconds = durations.expected("solving it")
        assert 0 <= seconds < 20
        durations.learn("solving it", 0.4)
        assert said in terminal.getvalue()
    (tmp_path / "grok_theory" / "durations.json").write_text('{"a": "x"')
    assert durations.expected("solving it") is None


def test_what_failed_teaches_nothing(monkeypatch, tmp_path):
    as_terminal(monkeypatch, tmp_path)
    with pytest.raises(ZeroDivisionError), progress.waiting("dividing"):
        1 / 0  # noqa: B018
    assert durations.expected("dividing") is None


def test_as_many_durations_are_kept_as_said(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(durations, "MOST", 3)
    for name in "abcda":
        durations.learn(name, 1.0)
    assert [durations.expected(name) for name in "abcd"] == [1.0, None, 1.0, 1.0]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"counted": "runs", "remaining": 61.0}, "3/20 runs, 1:01 left"),
        ({"counted": "runs", "expected": 9.0}, "3/20 runs, about 0:05 left"),
        ({"expected": 9.0}, "about 0:05 left"),
        ({"expected": 2.0}, "longer than the last time (0:02)"),
        ({"usual": 20.0}, "usually under 0:20"),
        ({"usual": 2.0}, "longer than usual (0:02)"),
        ({}, "no estimate the first time"),
    ],
)
def test_the_time_left_in_words(fields, said):
    task = SimpleNamespace(
        fields=fields, completed=3.0, total=20.0, elapsed=4.0, time_remaining=fields.get("remaining")
    )
    assert progress.left_in_words(task) == said


def test_what_is_counted_inside_a_wait_counts_on_its_line_and_below_a_bar_is_silent(monkeypatch, tmp_path):
    terminal = as_terminal(monkeypatch, tmp_path)
    monkeypatch.setattr(progress, "SOON", 0.0)
    with progress.waiting("many runs"):
        seen = []
        for i in progress.counted(range(3), "runs"):
            shown, task = progress._waits[-1]
            seen.append((shown.tasks[task].completed, shown.tasks[task].total))
            assert i == len(seen) - 1
        assert seen == [(0, 3), (1, 3), (2, 3)]
        with progress.waiting("inside"):  # one line at a time
            assert len(progress._on) == 1
    shown, task = progress.bar("sweep", 2, console=Console(file=terminal, force_terminal=True))
    with shown:
        assert list(progress.counted(range(3), "hidden")) == [0, 1, 2]
    assert "hidden" not in terminal.getvalue()
    assert progress._on == []
    assert progress._waits == []


def test_runs_are_counted_one_by_one(monkeypatch):
    seen = []
    monkeypatch.setattr(progress, "counted", lambda items, title: seen.append((len(items), title)) or iter(items))
    run_batched(jax.random.uniform, jax.random.key(0), 5, batch=2)
    run_batched(jax.random.uniform, jax.random.key(0), 5, batch=1)
    assert seen == [(3, "batches of 2 runs"), (5, "runs")]
