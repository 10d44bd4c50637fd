"""`python -m docs.making.front`: draw docs/grokking.svg, the first picture of README, by README's own lines."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
PICTURE = ROOT / "docs" / "grokking.svg"


def lines_of_the_picture() -> str:
    """The first Python block of README."""
    found = re.search(r"^```python\n(.*?)^```", (ROOT / "README.md").read_text(encoding="utf-8"), re.M | re.S)
    if found is None:
        raise SystemExit("README.md has no ```python block; it must begin with the one that draws its picture.")
    return found[1]


def draw(picture: Path = PICTURE) -> None:
    """Run them in a folder of their own and keep the picture, with numbers of two decimals: a third of the bytes."""
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
    drawn = re.sub(r"<metadata>.*?</metadata>\s*", "", drawn, flags=re.S)  # the date, which would change each time
    picture.write_text(re.sub(r"\d+\.\d{3,}", lambda number: f"{float(number[0]):.2f}", drawn), encoding="utf-8")


if __name__ == "__main__":
    draw()
    print(PICTURE)
