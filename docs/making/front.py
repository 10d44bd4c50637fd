"""`python -m docs.making.front`: draw the two pictures of README.

docs/told_before.svg is the first figure of the gallery, at its default size (half a minute); docs/grokking.svg is drawn
by README's own lines.
"""

from __future__ import annotations

import io
import os
import re
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
PICTURE = ROOT / "docs" / "grokking.svg"
TOLD, FIGURE = ROOT / "docs" / "told_before.svg", "forecast_before_runs"


def lines_of_the_picture() -> str:
    """The first Python block of README."""
    found = re.search(r"^```python\n(.*?)^```", (ROOT / "README.md").read_text(encoding="utf-8"), re.M | re.S)
    if found is None:
        raise SystemExit("README.md has no ```python block; it must begin with the one that draws its picture.")
    return found[1]


def draw(picture: Path = PICTURE) -> None:
    """Run them in a folder of their own and keep the picture."""
    import matplotlib

    matplotlib.use("Agg")
    here = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            exec(compile(lines_of_the_picture(), "README.md", "exec"), {"__name__": "__main__"})
            drawn = Path("grokking.svg").read_text(encoding="utf-8")
        finally:
            os.chdir(here)
    picture.write_text(_slim(drawn), encoding="utf-8")


def draw_told(picture: Path = TOLD) -> None:
    """Compute the figure, see that its claims hold, and keep its picture."""
    import matplotlib

    matplotlib.use("Agg")
    import jax
    import matplotlib.pyplot as plt

    from grok_theory.plot import STYLE
    from paper_figures.figure import catalogue, load_figure
    from paper_figures.making.parameters import make_parameters

    jax.config.update("jax_enable_x64", True)
    figure = load_figure(catalogue()[FIGURE])
    parameters = make_parameters(figure, "default")
    data = {name: compute() for name, compute in figure.steps(parameters).items()}
    if failing := [claim.text for claim in figure.claims(parameters, data) if not claim.holds]:
        raise SystemExit(f"{FIGURE} is not shown while a claim fails: {failing[0]}.")
    with plt.style.context(STYLE):
        drawn = figure.draw(parameters, data)
        buffer = io.StringIO()
        drawn.savefig(buffer, format="svg")
        plt.close(drawn)
    picture.write_text(_slim(buffer.getvalue()), encoding="utf-8")


def _slim(drawn: str) -> str:
    """Without the date, which would change each time, and with numbers of two decimals: a third of the bytes."""
    drawn = re.sub(r"<metadata>.*?</metadata>\s*", "", drawn, flags=re.S)
    return re.sub(r"\d+\.\d{3,}", lambda number: f"{float(number[0]):.2f}", drawn)


if __name__ == "__main__":
    draw()
    draw_told()
    print(PICTURE, TOLD)
