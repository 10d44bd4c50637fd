"""What a cached number depends on besides its parameters: texts of theory and figure, libraries, machine, settings."""

from __future__ import annotations

import ast
import contextlib
import functools
import hashlib
import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from grok_theory import provenance
from grok_theory.rooms import WINGS
from paper_figures.figure import HOME

PACKAGE = HOME.parent / "grok_theory"
# What only shows numbers: a change there leaves every number as it was.
_SHOWING = ("plot", "cli")
# Rooms that import wings.
_ON_WINGS = ("bounds", "formulas", "verify")
# Where they are installed: scikit-learn brings the digits, matplotlib draws.
_MORE = ("scikit-learn", "matplotlib")


def theory_hash(text: str) -> str:
    """SHA-256 over the sources of grok_theory that a figure with this computing text depends on.

    Everything, except the wings and what stands on them where the text does not name them: a wing never imports another
    one (import-linter), so a change in one wing leaves the numbers of the others where they are.
    """
    digest = hashlib.sha256()
    for room in sorted(_needed(text)):
        digest.update(f"{room} {_room_hash(room)}\n".encode())
    return digest.hexdigest()


def _needed(text: str) -> set[str]:
    rooms = _rooms()
    wings = rooms.keys() & set(WINGS)
    named = {room for room in (*wings, *_ON_WINGS) if re.search(rf"\b{room}\b", text)}
    return rooms.keys() - wings - set(_ON_WINGS) | named | (wings if named & set(_ON_WINGS) else set())


@functools.cache
def _rooms() -> dict[str, Path]:
    found = {path.stem: path for path in sorted(PACKAGE.iterdir()) if path.is_dir() or path.suffix == ".py"}
    return {name: path for name, path in found.items() if name not in (*_SHOWING, "__pycache__")}


@functools.cache
def _room_hash(room: str) -> str:
    path, digest = _rooms()[room], hashlib.sha256()
    for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
        if file.is_file() and "__pycache__" not in file.parts:
            content = file.read_bytes()
            digest.update(f"{file.relative_to(PACKAGE).as_posix()}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def computing_text(path: Path) -> str:
    """The part of a figure file that its numbers depend on, and the files it imports from its own folder.

    `draw`, `claims`, docstring, comments and what says of which paper it is are left out: mending a picture or the
    wording of a claim does not compute anything again.
    """
    tree = ast.parse(path.read_text(encoding="utf-8"))
    shown = {"draw", "claims", "PAPER", "FIGURES", "STATES", "WING"}
    body = [node for node in tree.body if not shown & set(_defined(node))]
    if body and ast.get_docstring(tree) is not None:
        body = body[1:]
    tree.body = body
    parts = [ast.unparse(tree)]
    for name in _neighbours(tree):
        neighbour = path.parent / f"{name}.py"
        if neighbour.exists() and name != "figure":
            parts.append(computing_text(neighbour))
    return "\n".join(parts)


def _defined(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.FunctionDef):
        return [node.name]
    return [each.id for each in getattr(node, "targets", ()) if isinstance(each, ast.Name)]


def _neighbours(tree: ast.Module) -> list[str]:
    names = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("paper_figures"):
            inside = node.module.removeprefix("paper_figures").removeprefix(".")
            names += [inside] if inside else [alias.name for alias in node.names]
        elif isinstance(node, ast.Import):
            names += [a.name.removeprefix("paper_figures.") for a in node.names if a.name.startswith("paper_figures.")]
    return sorted(set(names))


def versions() -> dict[str, str]:
    """Versions of Python and of the libraries a figure uses; those not installed are left out."""
    found = {"python": sys.version.split()[0], **provenance.versions()}
    for name in _MORE:
        with contextlib.suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def circumstances() -> dict[str, str]:
    """On what else than texts and parameters numbers depend: versions of libraries, machine, settings of JAX."""
    return provenance.surroundings() | {name: number for name, number in versions().items() if name == "scikit-learn"}


@functools.cache
def commit() -> str:
    """The commit of the checkout, with `+` where files differ from it; empty outside git."""

    if not (HOME.parent / ".git").exists():
        return ""  # installed: what repository may lie around it is somebody else's

    def git(*words: str) -> str:
        try:
            done = subprocess.run(["git", *words], cwd=HOME.parent, capture_output=True, text=True, timeout=20)
        except (OSError, subprocess.TimeoutExpired):
            return ""
        return done.stdout.strip() if done.returncode == 0 else ""

    head = git("rev-parse", "--short=12", "HEAD")
    changed = head and git("status", "--porcelain", "--untracked-files=no", "--", "grok_theory", "paper_figures")
    return head + ("+" if changed else "")
