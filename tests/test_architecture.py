"""The house stays as designed: data flows one way, files are one idea, nothing private of JAX is used."""

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "grok_theory"
WINGS = ("linear", "lazy_rich", "li2", "best_of_k")
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


def linted(folder):
    """What import-linter says of the package in `folder`, by the contracts of pyproject.toml."""
    program = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports('pyproject.toml'))"
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    command = [sys.executable, "-c", program]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_the_floors_hold_and_there_is_no_circle():
    said = linted(ROOT)
    assert said.returncode == 0, said.stdout
    assert "2 kept, 0 broken" in said.stdout


@pytest.mark.parametrize(
    ("place", "line", "said"),
    [
        ("linear/problem.py", "from .curves import mode_forms", "No circles BROKEN"),
        ("numerics/spectra.py", "from ..results import Solution", "The floors of the house BROKEN"),
        ("linear/curves.py", "from ..li2 import solve", "The floors of the house BROKEN"),
        ("a_new_room.py", "", "grok_theory.a_new_room"),
    ],
    ids=[
        "a circle inside a wing",
        "an import of what stands above",
        "a wing that sees another",
        "a room without floor",
    ],
)
def test_the_linter_sees(place, line, said, tmp_path):
    shutil.copytree(PACKAGE, tmp_path / "grok_theory", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    planted = tmp_path / "grok_theory" / place
    planted.write_text(f"{planted.read_text() if planted.exists() else ''}\n\ndef planted():\n    {line or 'return'}\n")
    found = linted(tmp_path)
    assert found.returncode != 0
    assert said in found.stdout


def test_only_the_command_knows_what_stands_beside_the_package():
    for path in FILES:
        beside = {name.split(".")[0] for name in imports(path)} & {"paper_figures", "benchmarks", "tests"}
        assert not beside or room(path) == "cli", f"{path} imports {beside}"


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
                own = room(path) == "cli" or path == PACKAGE / "sweeps" / "batch.py"
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
    for name in ("requirements.lock", "requirements-lint.lock", "requirements-browser.lock"):
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
