"""The house stays as designed: data flows one way, files are one idea, nothing private of JAX is used."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "grok_theory"
WINGS = ("linear", "lazy_rich", "li2", "best_of_k")
# Ground floor first. A room may import from its own floor's lower-numbered rooms and from floors below; never up.
FLOORS = {
    "errors": 0,
    "interruption": 0,
    "pytrees": 1,
    "archives": 1,
    "provenance": 1,
    "record_classes": 1,
    "saved_results": 1.6,
    "structures": 1.2,
    "storage": 1.4,
    "tables": 1.4,
    "reports": 1,
    "numerics": 2,
    "between": 2.5,
    "results": 3,
    "kernels": 4,
    "observables": 4,
    **dict.fromkeys(WINGS, 5),
    "bounds": 6,
    "comparison": 6,
    "size_law": 6.5,
    "verify": 7,
    "sweeps": 7,
    "refinement": 7.5,
    "formulas": 7.5,
    "plot": 8,
    "cli": 9,
}
FILES = sorted(p for p in PACKAGE.rglob("*.py") if p != PACKAGE / "__init__.py")


def room(path):
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def imports(path):
    """Absolute dotted names of everything `path` imports, wherever in the file."""
    package = list(path.relative_to(ROOT).with_suffix("").parts[:-1])
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*start, *([node.module] if node.module else [])])
            yield from (f"{module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_nothing_imports_what_stands_above_it(path):
    here = room(path)
    assert here in FLOORS, f"{here} has no floor: add it to FLOORS where it belongs."
    for name in imports(path):
        parts = name.split(".")
        if parts[0] in ("paper_figures", "benchmarks", "tests"):
            assert here == "cli", f"{path.name} imports {name}"
        if parts[0] != "grok_theory" or len(parts) == 1 or parts[1] not in FLOORS:
            continue
        there = parts[1]
        assert there == here or FLOORS[there] < FLOORS[here], f"{here} imports {there}, which does not stand below it"


def test_the_test_itself_sees_imports():
    found = set(imports(PACKAGE / "comparison.py"))
    assert {"grok_theory.results.Solution", "grok_theory.errors.BadValue", "numpy"} <= found


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_only_the_public_part_of_jax_is_used(path):
    for name in imports(path):
        assert not re.match(r"jax(lib)?\._|jax\.(interpreters|extend|lib)\b", name), name
    assert "jax._src" not in path.read_text()


def test_nobody_flips_the_float64_switch():
    """It changes its user's programs. The command sets it for its own process, a sweep for its workers."""
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "update":
                given = [arg.value for arg in node.args if isinstance(arg, ast.Constant)]
                own = room(path) == "cli" or path == PACKAGE / "sweeps" / "task.py"
                assert "jax_enable_x64" not in given or own, path


def test_files_are_one_idea():
    for path in [*FILES, *(ROOT / "paper_figures").rglob("*.py")]:
        lines = len(path.read_text().splitlines())
        assert lines <= 400, f"{path.relative_to(ROOT)} has {lines} lines: look for the seam"
        assert path.stem not in ("utils", "base", "helpers", "common", "misc"), path


def test_the_wings_have_the_same_rooms():
    for wing in WINGS:
        folder = PACKAGE / wing
        if folder.exists():
            assert (folder / "__init__.py").exists(), wing
            assert (folder / "problem.py").exists(), wing


def test_every_public_name_can_be_loaded():
    import grok_theory

    for name in grok_theory.__all__:
        assert getattr(grok_theory, name) is not None, name
    with pytest.raises(AttributeError, match="has no attribute 'solv'"):
        _ = grok_theory.solv


def test_compare_is_the_function_however_it_is_reached():
    import grok_theory
    from grok_theory.comparison import compare

    assert grok_theory.compare is compare


def test_the_lock_has_hashes_and_no_addresses():
    for name in ("requirements.lock", "requirements-lint.lock"):
        text = (ROOT / name).read_text()
        assert "://" not in text
        assert "--index" not in text
        assert "--find-links" not in text
        for entry in re.findall(r"^(\S+==\S+.*?)(?=^\S|\Z)", text, re.M | re.S):
            assert "--hash=sha256:" in entry, entry
    assert not (ROOT / "uv.lock").exists()
    assert not (ROOT / "pylock.toml").exists()


def test_the_lock_keeps_the_bounds_of_jax():
    locked = re.findall(r"^(jax|jaxlib)==(\S+)", (ROOT / "requirements.lock").read_text(), re.M)
    assert {name for name, _ in locked} == {"jax", "jaxlib"}
    assert not {version for _, version in locked} & {"0.10.2", "0.11.0"}


def test_a_stated_relative_tolerance_is_what_is_asked():
    """np.isclose adds 1e-8 unless told otherwise: rtol=1e-15 of a number of order one would ask for eight digits."""
    hollow = []
    for path in sorted((ROOT / "tests").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith((".isclose", ".allclose")):
                said = {keyword.arg for keyword in node.keywords}
                if "rtol" in said and "atol" not in said:
                    hollow.append(f"{path.name}:{node.lineno}")
    assert not hollow, hollow
