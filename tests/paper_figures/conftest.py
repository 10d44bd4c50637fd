"""A tiny set of figures in a folder of its own, so that the framework is tested without the theories."""

import textwrap

import pytest

FIGURE = '''
"""{title}.

Caption: What the figure {name} shows, in `code` and <angle> brackets & more.

A second paragraph.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from paper_figures.figure import Claim

PAPER = "{paper}"
WING = "{wing}"


@dataclass(frozen=True)
class Parameters:
    points: int = 12
    height: float = 1.0
    ratios: tuple[float, ...] = (0.5, 2.0)
    pair: tuple[int, int] = (1, 2)
    fast: bool = False
    best: float | None = None
    key: int = 7


SIZES = {{"quick": {{"points": 5}}}}
LOG = Path(__file__).with_name("computed.log")


def steps(parameters):
    def compute(number):
        {delay}
        with LOG.open("a") as log:
            log.write(f"{name} {{number}}\\n")
        x = np.linspace(0.0, 1.0, parameters.points)
        y = parameters.height * x**number
        return {{"x": x, "y": y, "table": np.outer(x, x), "name": "power", "pair": [1.0, 2.0]}}

    return {{f"power {{number}}": lambda number=number: compute(number) for number in range({steps})}}


def draw(parameters, data):
    import matplotlib.pyplot as plt

    {drawing}
    figure, ax = plt.subplots(figsize=({width}, 2))
    for step in data.values():
        ax.plot(step["x"], step["y"])
    return figure


def claims(parameters, data):
    greatest = max(step["y"].max() for step in data.values())
    return [Claim("The greatest is at most 1.", greatest <= 1, f"{{greatest:g}}")]
'''


def write_figure(folder, name, **changes):
    """Write a figure file; `changes` replace parts of its text."""
    parts = {
        "title": f"Powers in {name}",
        "paper": "A. & B. 2020",
        "wing": "linear",
        "delay": "pass",
        "steps": 2,
        "drawing": "pass",
        "width": 3.4,
    }
    path = folder / f"{name}.py"
    path.write_text(textwrap.dedent(FIGURE).lstrip().format(name=name, **(parts | changes)))
    return path


@pytest.fixture(scope="session")
def write_into():
    """`write_into(folder, name, **changes)`, for fixtures that live longer than one test."""
    return write_figure


@pytest.fixture
def figures(tmp_path):
    """A folder with two good figures, and `write(name, **changes)` for more."""
    folder = tmp_path / "figures"
    folder.mkdir()
    write_figure(folder, "small")
    write_figure(folder, "wide", width=7, paper="beyond the paper", wing="best_of_k")
    return folder


@pytest.fixture
def write(figures):
    return lambda name, **changes: write_figure(figures, name, **changes)


@pytest.fixture
def computed(figures):
    """Which steps were computed so far, in order."""

    def read():
        log = figures / "computed.log"
        return log.read_text().splitlines() if log.exists() else []

    return read
