"""What a number depends on: the text that computes it and the rooms it names, and nothing else."""

import re

import pytest

from paper_figures.making import sources


def test_mending_the_picture_changes_no_number(write):
    path = write("one")
    before = sources.computing_text(path)
    text = path.read_text()
    path.write_text(text.replace("figsize=(3.4, 2)", "figsize=(3, 2)").replace("Powers in", "All of"))
    assert sources.computing_text(path) == before
    path.write_text(text.replace("x**number", "x**(number + 1)"))
    assert sources.computing_text(path) != before


def test_a_helper_beside_the_figure_counts(figures, write):
    path = write("one")
    path.write_text(path.read_text() + "\nfrom paper_figures.tools import double\n")
    (figures / "tools.py").write_text("def double(x):\n    return 2 * x\n")
    before = sources.computing_text(path)
    (figures / "tools.py").write_text("def double(x):\n    return 3 * x\n")
    assert sources.computing_text(path) != before


@pytest.fixture
def house(tmp_path, monkeypatch):
    """A small package: the wings `left` and `right` stand on `below`, `bounds` on the wings, `errors` beside them."""
    for name, text in {
        "errors.py": "",
        "refine.py": "from .sweeps import sweep\n",
        "sweeps/__init__.py": "Z = 1\n",
        "plot/lines.py": "",
        "below/__init__.py": "X = 1\n",
        "left/problem.py": "from ..below import X\n",
        "right/problem.py": "Y = 1\n",
        "bounds/__init__.py": "from ..right.problem import Y\n",
    }.items():
        path = tmp_path / "grok_theory" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.setattr(sources, "PACKAGE", tmp_path / "grok_theory")
    monkeypatch.setattr(sources, "WINGS", ("left", "right"))

    def hashed(text):
        for function in (sources._rooms, sources._room_hash):
            function.cache_clear()
        return sources.theory_hash(text)

    yield tmp_path / "grok_theory", hashed
    for function in (sources._rooms, sources._room_hash):
        function.cache_clear()


@pytest.mark.parametrize(
    ("changed", "counts"),
    [
        ("left/problem.py", True),
        ("below/__init__.py", True),
        ("errors.py", True),
        ("refine.py", True),
        ("sweeps/__init__.py", True),  # a figure calls it as `gt.refine`, which names no room
        ("right/problem.py", False),
        ("bounds/__init__.py", False),
        ("plot/lines.py", False),
    ],
)
def test_only_the_rooms_a_figure_stands_on_count(house, changed, counts):
    package, hashed = house
    text = "from grok_theory import left"
    before = hashed(text)
    (package / changed).write_text("Z = 2\n" + (package / changed).read_text())
    assert (hashed(text) != before) is counts


def test_a_room_on_the_wings_brings_all_of_them(house):
    package, hashed = house
    before = hashed("from grok_theory import bounds")
    (package / "right" / "problem.py").write_text("Y = 2\n")
    assert hashed("from grok_theory import bounds") != before


def test_no_room_below_or_beside_the_wings_imports_one():
    """What `theory_hash` takes for granted, also for a room that is new."""
    wings = sources._needed("linear lazy_rich li2 best_of_k bounds formulas verify") - sources._needed("")
    for room in sources._needed("") - {"__init__"}:
        path = sources._rooms()[room]
        for file in path.rglob("*.py") if path.is_dir() else [path]:
            imported = re.findall(r"^\s*from \.*(\w+)", file.read_text(), re.M)
            assert not wings & set(imported), file


def test_the_wings_of_this_package_are_kept_apart():
    linear = sources.theory_hash("from grok_theory import linear")
    assert linear == sources.theory_hash("import grok_theory as gt\ngt.linear.solve")
    assert linear != sources.theory_hash("from grok_theory import li2")


def test_versions_of_what_computes_are_known():
    assert {"jax", "jaxlib", "numpy"} <= set(sources.circumstances())
    assert "matplotlib" not in sources.circumstances()
    assert "matplotlib" in sources.versions()


def test_all_that_a_sweep_knows_a_figure_knows_too():
    from grok_theory import provenance

    of_package = {"sources of grok_theory", "grok_theory"}  # room by room, by `theory_hash`
    assert provenance.circumstances().keys() - of_package < sources.circumstances().keys()


def test_what_the_wings_stand_on_counts_for_every_figure():
    """Kernels have a Problem too, and are no wing: lazy_rich is solved with them."""
    needed = sources._needed("from grok_theory import lazy_rich")
    assert {"kernels", "numerics", "results", "observables", "lazy_rich"} <= needed
    assert not needed & {"linear", "li2", "best_of_k", "bounds"}
