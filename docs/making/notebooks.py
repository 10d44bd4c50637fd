"""`python -m docs.making.notebooks [FOLDER]`: every notebook among the pages as a Python script.

A notebook is a page below docs/notebooks whose code-cell blocks are executed when the site is made; the site offers the
script of each for download, which saves its pictures.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
_CELL = re.compile(r"^```\{code-cell\}[^\n]*\n((?::[^\n]*\n)*)(.*?)^```$", re.M | re.S)
_SAVE = """for number in plt.get_fignums():
    plt.figure(number).savefig(f"{name}_{{number}}.png")
"""


def script(page: Path) -> str:
    """The cells of a notebook in order; a cell that ends in a bare name shows it, as a notebook does."""
    text = page.read_text(encoding="utf-8")
    title = re.search(r"^# (.+)$", text, re.M)
    parts = [f'"""{title[1] if title else page.stem}: made from docs/notebooks/{page.name}."""\n']
    for _options, code in _CELL.findall(text):
        lines = code.rstrip().removesuffix(";").split("\n")
        if lines[-1].isidentifier():
            lines[-1] = f"print({lines[-1]})"
        parts.append("\n".join(lines) + "\n")
    return "\n".join([*parts, _SAVE.format(name=page.stem)])


def notebooks() -> list[Path]:
    """The pages, by name."""
    return sorted(NOTEBOOKS.glob("*.md"))


def write_scripts(folder: Path) -> list[Path]:
    """NAME.py of each in a folder; what has not changed is not touched."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for page in notebooks():
        path = folder / f"{page.stem}.py"
        if not path.exists() or path.read_text(encoding="utf-8") != script(page):
            path.write_text(script(page), encoding="utf-8")
        written.append(path)
    return written


def with_download(page: str, text: str) -> str:
    """A notebook's page with a link to its script below the title."""
    name = page.removeprefix("notebooks/")
    link = f"{{download}}`As a Python script <../generated/{name}.py>`, which saves its pictures."
    return re.sub(r"^(# .+)$", lambda title: f"{title[1]}\n\n{link}", text, count=1, flags=re.M)


if __name__ == "__main__":
    for made in write_scripts(Path(sys.argv[1] if len(sys.argv) > 1 else "out/notebooks")):
        print(made)
