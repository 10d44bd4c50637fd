"""A long run of tests goes on where it ended, runs what was red again, and begins anew where a file has changed."""

import sys
from typing import ClassVar

import pytest

import tests.resuming
from tests.resuming import Resuming

TESTS = "def test_right():\n    pass\n\n\ndef test_wrong():\n    assert {wrong}\n"


@pytest.fixture
def ended(tmp_path, monkeypatch):
    """Runs two tests in this process; what it says is which of them ran, and the exit code."""
    monkeypatch.setattr(tests.resuming, "contents", lambda *_: (tmp_path / "state").read_text())
    (tmp_path / "state").write_text("as it was")

    def ended(wrong):
        file = tmp_path / "test_it.py"
        file.write_text(TESTS.format(wrong=wrong))
        ran = []

        class Watch:
            def pytest_runtest_call(self, item):
                ran.append(item.name)

        options = ["-c", "/dev/null", "-p", "no:cacheprovider", "--import-mode=importlib", f"--rootdir={tmp_path}"]
        sys.modules.pop("test_it", None)
        code = pytest.main([*options, str(file)], plugins=[Watch(), Resuming(tmp_path / "passed")])
        return ran, code

    return ended


def test_what_passed_is_left_out_and_what_was_red_runs_again(ended):
    assert ended("0 > 1") == (["test_right", "test_wrong"], pytest.ExitCode.TESTS_FAILED)
    assert ended("0 > 1") == (["test_wrong"], pytest.ExitCode.TESTS_FAILED)


def test_a_run_of_which_all_had_passed_is_green(ended):
    assert ended("1 > 0") == (["test_right", "test_wrong"], pytest.ExitCode.OK)
    assert ended("1 > 0") == ([], pytest.ExitCode.OK)


def test_a_changed_file_begins_anew(ended, tmp_path):
    ended("1 > 0")
    (tmp_path / "state").write_text("changed")
    assert ended("1 > 0")[0] == ["test_right", "test_wrong"]


def test_a_line_that_a_kill_tore_is_no_test(ended, tmp_path):
    ended("1 > 0")
    told = (tmp_path / "passed").read_text()
    (tmp_path / "passed").write_text(told[:-5])
    assert ended("1 > 0")[0] == ["test_wrong"]


def test_workers_are_told_what_the_controller_read(tmp_path, monkeypatch):
    class Node:
        workerinput: ClassVar = {}

    monkeypatch.setattr(tests.resuming, "contents", lambda *_: "as it was")
    (tmp_path / "passed").write_text('"as it was"\n"a::b"\n')
    Resuming(tmp_path / "passed").pytest_configure_node(Node)
    assert Resuming(tmp_path / "passed", Node.workerinput["passed"]).passed == {"a::b"}
