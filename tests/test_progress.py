"""Progress is shown on a terminal and nowhere else."""

import io

from rich.console import Console

from grok_theory import progress


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
