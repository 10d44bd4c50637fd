"""Notebooks among the pages: plain Python that runs as a script, each with pictures; the site shows what came out."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from docs.making.notebooks import notebooks, script, with_download, write_scripts

ROOT = Path(__file__).parents[2]
SITE = ROOT / "site"
EVERY = pytest.mark.parametrize("page", notebooks(), ids=lambda page: page.stem)


def test_there_are_notebooks_for_every_way_in():
    assert len(notebooks()) >= 9


@EVERY
def test_a_notebook_is_plain_python(page):
    code = script(page)
    compile(code, page.name, "exec")
    assert not re.search(r"^\s*[%!?]", code, re.M)
    assert code.count("plt.subplots") + code.count("gt.plot.") >= 2
    assert page.read_text().startswith("---\nfile_format: mystnb\n")


def test_a_script_shows_what_a_notebook_shows(tmp_path, monkeypatch, capsys):
    page = tmp_path / "made.md"
    cells = ("import matplotlib.pyplot as plt", ":tags: [hide-input]\nshown = 6 * 7\nshown", "plt.figure();")
    page.write_text("# A title\n\n" + "\n\n".join(f"```{{code-cell}} python3\n{cell}\n```" for cell in cells) + "\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "Agg")
    exec(compile(script(page), "made.py", "exec"), {})
    assert capsys.readouterr().out == "42\n"
    assert (tmp_path / "made_1.png").exists()


def test_scripts_are_offered(tmp_path):
    assert [path.stem for path in write_scripts(tmp_path)] == [page.stem for page in notebooks()]
    assert with_download("notebooks/a", "---\n---\n# A\n\n# B\n").count("<../generated/a.py>") == 1


@pytest.mark.example
@EVERY
def test_the_site_keeps_the_output_of_a_notebook(page):
    built = SITE / "notebooks" / f"{page.stem}.html"
    if not SITE.exists():
        pytest.skip("`make docs` makes the site")
    text = built.read_text()
    assert len(re.findall(r"<img [^>]*_images/", text)) >= 2
    assert f"{page.stem}.py" in text


@pytest.mark.slow
@EVERY
def test_a_notebook_runs_as_a_script(page, tmp_path):
    path = tmp_path / f"{page.stem}.py"
    path.write_text(script(page))
    assert ran(path).stdout
    assert list(tmp_path.glob("*.png"))


def ran(path: Path) -> subprocess.CompletedProcess:
    setting = {**os.environ, "MPLBACKEND": "Agg", "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, path.name], cwd=path.parent, env=setting, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done
