"""What a cached number depends on besides its parameters: the theory's text, the figure's text, library versions."""

from __future__ import annotations

import ast
import functools
import hashlib
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from paper_figures.figure import HOME

PACKAGE = HOME.parent / "grok_theory"
# What only shows numbers: a change there leaves every number as it was.
_SHOWING = ("plot.py", "cli")
_LIBRARIES = ("jax", "jaxlib", "numpy", "scipy", "diffrax", "optimistix", "optax", "scikit-learn", "matplotlib")
# These make the numbers; matplotlib draws them.
_COMPUTING = tuple(name for name in _LIBRARIES if name != "matplotlib")


@functools.cache
def theory_hash() -> str:
    """SHA-256 over the sources of grok_theory, without what only shows numbers."""
    digest = hashlib.sha256()
    for path in sorted(PACKAGE.rglob("*.py")):
        inside = path.relative_to(PACKAGE)
        if inside.parts[0] not in _SHOWING:
            digest.update(f"{inside.as_posix()}\0{path.stat().st_size}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def computing_text(path: Path) -> str:
    """The part of a figure file that its numbers depend on, and the files it imports from its own folder.

    `draw`, `claims`, docstring and comments are left out: mending a picture or the wording of a claim does not
    compute anything again.
    """
    tree = ast.parse(path.read_text(encoding="utf-8"))
    shown = ("draw", "claims")
    body = [node for node in tree.body if not (isinstance(node, ast.FunctionDef) and node.name in shown)]
    if body and ast.get_docstring(tree) is not None:
        body = body[1:]
    tree.body = body
    parts = [ast.unparse(tree)]
    for name in _neighbours(tree):
        neighbour = path.parent / f"{name}.py"
        if neighbour.exists() and name != "figure":
            parts.append(computing_text(neighbour))
    return "\n".join(parts)


def _neighbours(tree: ast.Module) -> list[str]:
    names = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("paper_figures"):
            inside = node.module.removeprefix("paper_figures").removeprefix(".")
            names += [inside] if inside else [alias.name for alias in node.names]
        elif isinstance(node, ast.Import):
            names += [a.name.removeprefix("paper_figures.") for a in node.names if a.name.startswith("paper_figures.")]
    return sorted(set(names))


@functools.cache
def versions() -> dict[str, str]:
    """Versions of Python and of the libraries a figure uses; those not installed are left out."""
    found = {"python": sys.version.split()[0]}
    for name in ("grok_theory", *_LIBRARIES):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def computing_versions() -> dict[str, str]:
    """The versions among `versions()` on which numbers depend."""
    return {name: number for name, number in versions().items() if name in _COMPUTING}


@functools.cache
def commit() -> str:
    """The commit of the checkout, with `+` where files differ from it; empty outside git."""

    def git(*words: str) -> str:
        try:
            done = subprocess.run(["git", *words], cwd=HOME.parent, capture_output=True, text=True, timeout=20)
        except (OSError, subprocess.TimeoutExpired):
            return ""
        return done.stdout.strip() if done.returncode == 0 else ""

    head = git("rev-parse", "--short=12", "HEAD")
    changed = head and git("status", "--porcelain", "--untracked-files=no", "--", "grok_theory", "paper_figures")
    return head + ("+" if changed else "")
