"""`--resume FILE`: what has passed among the same files is left out, so that a run of hours goes on where it ended.

FILE has a line a test that passed, under a name for all sources, tests and libraries: a change of any of them begins
anew. A test that was red runs again. The names are read once, before workers start: all of them see the same tests.
"""

import json
from pathlib import Path

import pytest

from benchmarks.planting import contents, whole_files

ROOT = Path(__file__).parents[1]


class Resuming:
    """The plugin; `passed` are the tests of earlier runs, in a worker those that the controller read."""

    def __init__(self, path: Path, passed: list[str] | None = None):
        self.path = path
        self.tells = passed is None  # a worker's reports reach the controller
        self.passed = frozenset(_read(path) if passed is None else passed)

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node):
        """Of xdist: what a worker is told as it starts."""
        node.workerinput["passed"] = sorted(self.passed)

    def pytest_collection_modifyitems(self, config, items):
        config.hook.pytest_deselected(items=[item for item in items if item.nodeid in self.passed])
        items[:] = [item for item in items if item.nodeid not in self.passed]

    def pytest_runtest_logreport(self, report):
        if self.tells and report.when == "call" and report.passed:
            with open(self.path, "a") as file:
                file.write(json.dumps(report.nodeid) + "\n")

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session, exitstatus):
        if exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED and self.passed:
            session.exitstatus = pytest.ExitCode.OK  # all of them had passed


def _read(path: Path) -> list[str]:
    """The tests of `path`, which is begun anew where it is of other files."""
    path.parent.mkdir(parents=True, exist_ok=True)
    name = contents(ROOT, whole_files(ROOT))
    lines = path.read_text().splitlines() if path.exists() else []
    if lines[:1] != [json.dumps(name)]:
        path.write_text(json.dumps(name) + "\n")
        return []
    return [told for line in lines[1:] if (told := _whole(line))]


def _whole(line: str) -> str:
    """The name on a line; "" for the last one of a run that was killed while it wrote."""
    try:
        return json.loads(line)
    except ValueError:
        return ""
