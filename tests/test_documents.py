"""What the documents say runs: every ```python block of README and docs, and every `>>>` of the package."""

import contextlib
import doctest
import importlib
import io
import os
import re
from pathlib import Path

import jax
import pytest

ROOT = Path(__file__).parents[1]
# Those below docs/generated are made from other files when the site is.
WRITTEN = [ROOT / "README.md", *(p for p in sorted((ROOT / "docs").rglob("*.md")) if p.parent.name != "generated")]
PAGES = [p for p in WRITTEN if "```python\n" in p.read_text()]
MODULES = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for path in sorted((ROOT / "grok_theory").rglob("*.py"))
    if ">>> " in path.read_text()
]


@pytest.fixture
def as_a_user(request, compiled_lightly, tmp_path, monkeypatch):
    """A scratch folder, and JAX as a user has it rather than with the strictness of the tests."""
    monkeypatch.chdir(tmp_path)
    if "grok_theory.best_of_k" in request.node.name:  # they compute longer than they compile
        jax.config.update("jax_disable_most_optimizations", False)
    jax.config.update("jax_numpy_rank_promotion", "allow")
    jax.config.update("jax_numpy_dtype_promotion", "standard")
    yield tmp_path
    jax.config.update("jax_disable_most_optimizations", compiled_lightly)
    jax.config.update("jax_numpy_rank_promotion", "raise")
    jax.config.update("jax_numpy_dtype_promotion", "strict")
    if "matplotlib.pyplot" in __import__("sys").modules:
        importlib.import_module("matplotlib.pyplot").close("all")


@pytest.mark.example
@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_the_examples_of_a_page_run(page, as_a_user):
    """Blocks of one page share a namespace. A block followed by ```text must print exactly that text."""
    blocks = re.findall(r"^```python\n(.*?)^```\n(?:\s*^```text\n(.*?)^```)?", page.read_text(), re.M | re.S)
    names: dict = {"__name__": "__main__"}
    for code, expected in blocks:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(code, str(page), "exec"), names)
        if expected:
            assert printed.getvalue().strip() == expected.strip(), code


@pytest.mark.example
@pytest.mark.parametrize("name", MODULES)
def test_the_examples_in_docstrings_run(name, as_a_user):
    module = importlib.import_module(name)
    failed, tried = doctest.testmod(module, optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    assert tried > 0
    assert failed == 0


def test_links_between_the_documents_lead_somewhere():
    for page in (ROOT / "CONTRIBUTING.md", *WRITTEN):
        for target in re.findall(r"\]\(([^)#\s]+)", page.read_text()):
            if "://" not in target and not target.startswith("mailto:"):
                assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_no_page_names_a_path_of_somebodys_machine():
    home = os.path.expanduser("~") + "/"
    for page in WRITTEN:
        assert home not in page.read_text()
        assert str(ROOT.parent) + "/" not in page.read_text()


def test_code_points_at_nothing_by_section_number():
    """Neither pages nor papers keep their section numbers: an equation is named, a page is linked by its heading."""
    pointing = []
    for path in sorted((ROOT / "grok_theory").rglob("*.py")):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if re.search(r"\bsections? \d|\b[Ww]ing spec\b|\bthe spec\b", line):
                pointing.append(f"{path.relative_to(ROOT)}:{number}")
    assert not pointing, pointing
