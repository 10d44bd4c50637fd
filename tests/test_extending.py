"""The page that makes a wing is true: its files make one, with three lines outside its folder, and it works."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "extending.md").read_text()


def blocks(kind):
    """(what stands behind `kind=`, the block's text) of every block of that kind."""
    return re.findall(rf"^```(?:python|diff) {kind}=?(.*?)$\n(.*?)^```$", PAGE, re.M | re.S)


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """A copy of the package with the wing of the page in it."""
    folder = tmp_path_factory.mktemp("house")
    shutil.copytree(ROOT / "grok_theory", folder / "grok_theory", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    for place, text in blocks("file"):
        path = folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    for place, text in blocks("line"):
        lines = text.splitlines()
        before, after = ("".join(f"{line[1:]}\n" for line in lines if line[0] in signs) for signs in (" -", " +"))
        path = folder / place
        assert path.read_text().count(before) == 1, place
        path.write_text(path.read_text().replace(before, after))
    return folder


def python(house, *words):
    environment = {**os.environ, "PYTHONPATH": str(house), "JAX_PLATFORMS": "cpu"}
    return subprocess.run(
        [sys.executable, *words], cwd=house, env=environment, capture_output=True, text=True, check=False
    )


def test_three_lines_join_it():
    added = [line for _, text in blocks("line") for line in text.splitlines() if line.startswith("+")]
    assert len(added) == 3
    inside = [text for place, text in blocks("file") if "/noisy_mean/" in place]
    assert len(inside) == 8


def test_it_does_what_the_page_prints(house):
    (_, code), expected = blocks("run")[0], re.search(r"^```text\n(.*?)^```", PAGE, re.M | re.S).group(1)
    said = python(house, "-c", code)
    assert said.returncode == 0, said.stderr[-2000:]
    assert said.stdout == expected


def test_the_house_stands(house):
    code = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports('pyproject.toml'))"
    said = python(house, "-c", code)
    assert said.returncode == 0, said.stdout


def test_the_command_the_strategies_and_the_register_know_it(house):
    solved = python(house, "-m", "grok_theory.cli", "solve", "noisy_mean.NoisyMean", "samples=10", "--times", "0,1,2")
    assert solved.returncode == 0, solved.stderr
    assert "test_loss" in solved.stdout
    refused = python(house, "-m", "grok_theory.cli", "solve", "noisy_mean.NoisyMean", "samples=0.5", "--times", "0,1")
    assert refused.returncode == 2
    assert "samples is 0.5" in refused.stderr
    code = (
        "import jax; jax.config.update('jax_enable_x64', True)\n"
        "import grok_theory as gt\n"
        "assert 'noisy_mean.NoisyMean' in gt.verify.public_problems()\n"
        "assert 'standard deviation of the label noise; range: >= 0' in gt.noisy_mean.NoisyMean.__doc__\n"
        "gt.formulas.find('noisy_mean.best_time').verify(20)\n"
    )
    said = python(house, "-c", code)
    assert said.returncode == 0, said.stderr[-2000:]
