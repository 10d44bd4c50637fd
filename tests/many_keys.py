"""A statistical test under many keys: what `python -m benchmarks keys` reads of each, and how long a test may take."""

import json
import re
from collections import Counter

import pytest


def without_key(name):
    """A test's name without the mark that `--keys` adds."""
    return re.sub(r"\[key\d+\]|-key\d+|(?<=\[)key\d+-", "", name)


class Teller:
    """Writes what `python -m benchmarks keys` reads: which test, red or not, seconds, stated rate, p-values."""

    def __init__(self, path):
        self.path = path

    def pytest_runtest_logreport(self, report):
        told = dict(report.user_properties)
        if "rate" in told and (report.when == "call" or report.failed):
            p_values = [value for name, value in report.user_properties if name == "p_value"]
            row = {
                "id": report.nodeid,
                "test": without_key(report.nodeid),
                "red": report.failed,
                "seconds": report.duration,
            }
            with open(self.path, "a") as file:
                file.write(json.dumps(row | {"rate": told["rate"], "p_values": p_values}) + "\n")


class Sparing:
    """Once the keys of a test have taken its seconds, the others are left out, and not told."""

    def __init__(self, seconds):
        self.seconds = seconds
        self.spent = Counter()

    def pytest_runtest_setup(self, item):
        if self.spent[without_key(item.nodeid)] >= self.seconds:
            pytest.skip(f"its keys have taken {self.seconds:g} s")

    def pytest_runtest_logreport(self, report):
        self.spent[without_key(report.nodeid)] += report.duration
