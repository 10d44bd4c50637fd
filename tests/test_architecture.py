"""The house stays as designed: data flows one way, files are one idea, nothing private of JAX is used."""

import ast
import importlib
import inspect
import os
import re
import shutil
import subprocess
import sys
import traceback
from functools import cache
from pathlib import Path

import pytest

from grok_theory.rooms import WINGS

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "grok_theory"
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


@pytest.mark.parametrize("wing", WINGS)
def test_the_wings_have_the_same_rooms(wing):
    for place in ("__init__.py", "problem.py", "verbs.py", "methods.py", "closed_forms.py", "runs/__init__.py"):
        assert (PACKAGE / wing / place).exists(), f"{wing} has no {place}"


@cache
def at_import(path):
    """The tree of a file without what only type checkers see."""
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            node.body = []
    return tree


@cache
def imported(path, root):
    """Name here -> (dotted module, name there) of everything a file imports from the package."""
    found = {}
    for node in ast.walk(at_import(path)):
        if isinstance(node, ast.ImportFrom):
            package = list(path.relative_to(root).parts[:-1])
            start = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*start, *([node.module] if node.module else [])])
            found |= {alias.asname or alias.name: (module, alias.name) for alias in node.names}
    return {here: there for here, there in found.items() if there[0].split(".")[0] == "grok_theory"}


def file_of(module, root):
    place = root.joinpath(*module.split("."))
    return next((p for p in (place.with_suffix(".py"), place / "__init__.py") if p.exists()), None)


def reached(path, root):
    """File -> the file that imports it, for all that importing `path` runs, whether directly or by others."""
    by, waiting = {path: None}, [path]
    while waiting:
        for module, name in imported(one := waiting.pop(), root).values():
            other = file_of(f"{module}.{name}", root) or file_of(module, root)
            if other not in by:
                by[other] = one
                waiting.append(other)
    return by


def names_in(node):
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}


def answering(node):
    """Names of what a function returns the answer of: those it calls in a `return`, and what a local one is made of."""
    local = {}
    for part in ast.walk(node):
        if isinstance(part, ast.Assign):
            local |= {ast.unparse(target): names_in(part.value) for target in part.targets}
    names = set()
    for value in (part.value for part in ast.walk(node) if isinstance(part, ast.Return) and part.value):
        # What a method of an answer is called with, as in `solver(...).checked(...)`, is no answer.
        calls = [part.func for part in ast.walk(value) if isinstance(part, ast.Call)]
        calls = [call for call in calls if not isinstance(call, ast.Attribute)]
        names |= set().union(*map(names_in, calls or [value]))
    return names.union(*(local.get(name, ()) for name in names))


def answers(path, verb, root):
    """The files of the functions that answer a verb of a file of verbs, through the tables and helpers there."""
    tree, known = at_import(path), imported(path, root)
    own = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    for node in tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value:
            named = node.targets if isinstance(node, ast.Assign) else [node.target]
            own |= {ast.unparse(target): node.value for target in named}
    files, seen, waiting = set(), set(), [verb]
    while waiting:
        name = waiting.pop()
        if name in own and name not in seen:
            node = own[name]
            waiting += answering(node) if isinstance(node, ast.FunctionDef) else names_in(node)
        elif name in known and name not in seen:
            files |= defined_in(*known[name], root)
        seen.add(name)
    return {file for file in files if path.parent in file.parents}


def defined_in(module, name, root):
    """The files that answer for a function of that name: where it is defined, behind packages and files of verbs."""
    path = file_of(module, root)
    if path is None:
        return set()
    if any(isinstance(node, ast.FunctionDef) and node.name == name for node in at_import(path).body):
        # What says what may be asked, and how, is shared; it answers nothing.
        door = path.stem in ("problem", "methods")
        return set() if door else answers(path, name, root) if path.stem == "verbs" else {path}
    known = imported(path, root)
    return defined_in(*known[name], root) if name in known else set()


def theory_and_runs(wing, root):
    """Files that answer a verb other than `simulate` and `forecast`, which may be made of both, and files of runs."""
    verbs = root / "grok_theory" / wing / "verbs.py"
    public = [n.name for n in at_import(verbs).body if isinstance(n, ast.FunctionDef) and not n.name.startswith("_")]
    theory = set().union(*(answers(verbs, verb, root) for verb in public if verb not in ("simulate", "forecast")))
    runs = {file for file in verbs.parent.rglob("*.py") if "runs" in (*file.parent.parts, file.stem)}
    assert theory, wing
    assert answers(verbs, "simulate", root) & runs, wing
    return theory, runs


def crossings(wing, root=ROOT):
    """Every way in which a file of theory reaches one of runs, or the reverse."""
    theory, runs = theory_and_runs(wing, root)
    ways = []
    for starts, ends in ((theory, runs), (runs, theory)):
        for start in sorted(starts):
            by = reached(start, root)
            for end in sorted(ends & set(by)):
                way = [end]
                while by[way[-1]]:
                    way.append(by[way[-1]])
                ways.append(" > ".join(str(file.relative_to(root / "grok_theory")) for file in reversed(way)))
    return ways


@pytest.mark.parametrize("wing", [*WINGS, "kernels"])
def test_theory_and_runs_never_meet(wing):
    assert not crossings(wing)


def test_the_files_of_theory_are_found():
    theory, _ = theory_and_runs("lazy_rich", ROOT)
    places = {str(file.relative_to(PACKAGE / "lazy_rich")) for file in theory}
    assert places == {
        "dmft/solve.py",
        "population.py",
        "lazy_limit.py",
        "stability.py",
        *(f"mean_field/{name}.py" for name in ("particles", "linear_moments", "tangent_limit")),
    }


@pytest.mark.parametrize(
    ("place", "line", "way"),
    [
        ("linear/depth.py", "from .runs.deep_linear import train_deep", "linear/depth.py > linear/runs/deep_linear.py"),
        ("linear/runs/regression.py", "from ..curves import STEP", "linear/runs/regression.py > linear/curves.py"),
        (
            "linear/curve_names.py",
            "from .valid import mark_valid",
            "linear/runs/deep_linear.py > linear/curve_names.py > linear/valid.py > linear/curves.py",
        ),
    ],
    ids=["theory that asks a run", "a run that asks theory", "by way of a third file"],
)
def test_a_meeting_of_theory_and_runs_is_seen(place, line, way, tmp_path):
    shutil.copytree(PACKAGE, tmp_path / "grok_theory", ignore=shutil.ignore_patterns("__pycache__"))
    planted = tmp_path / "grok_theory" / place
    planted.write_text(f"{planted.read_text()}\n\ndef planted():\n    {line}\n")
    assert way in crossings("linear", tmp_path)


def test_no_file_is_called_like_a_function_of_its_own():
    """Importing such a file hides the function, or is hidden by it, where its package shows the function."""
    hiding = [
        str(path.relative_to(PACKAGE))
        for path in FILES
        if any(isinstance(node, ast.FunctionDef) and node.name == path.stem for node in at_import(path).body)
    ]
    assert not hiding, hiding


def test_no_public_name_is_a_file_beside_it():
    """`package.name` must be one thing, whether or not somebody imported the file `package/name.py` before."""
    for init in sorted(PACKAGE.rglob("__init__.py")):
        if "__all__" not in init.read_text():
            continue
        package = ".".join(init.parent.relative_to(ROOT).parts)
        files = {path.stem for path in init.parent.glob("*.py")} | {path.name for path in init.parent.glob("*/")}
        for name in files.intersection((shown := importlib.import_module(package)).__all__):
            assert getattr(shown, name) is importlib.import_module(f"{package}.{name}"), f"{package}.{name}"


def test_every_public_name_can_be_loaded():
    import grok_theory

    for name in grok_theory.__all__:
        assert getattr(grok_theory, name) is not None, name
    with pytest.raises(AttributeError, match=r"has no attribute 'solv'\. It has"):
        _ = grok_theory.solv


def test_completion_offers_public_names_and_a_mistyped_one_is_told_the_nearest():
    import grok_theory
    from grok_theory.rooms import NAMESPACES

    inner = (name for name in NAMESPACES if "." in name)
    rooms = [name for name in grok_theory.__all__ if inspect.ismodule(getattr(grok_theory, name))]
    for room in (importlib.import_module(f"grok_theory.{name}") for name in (*rooms, *inner)):
        assert dir(room) == sorted(room.__all__), room.__name__
    with pytest.raises(
        AttributeError, match=r"'grok_theory' has no attribute 'liner'\. Did you mean: 'linear'\?"
    ) as told:
        _ = grok_theory.liner
    assert "\n" not in "".join(traceback.format_exception_only(told.value)).rstrip("\n")
    with pytest.raises(AttributeError, match=r"'TeacherStudnt'\. Did you mean: 'TeacherStudent'\?"):
        _ = grok_theory.linear.TeacherStudnt


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
