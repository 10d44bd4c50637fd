"""What a figure file is: a module that says what it shows, computes it, draws it and states what must hold.

A figure file defines `PAPER`, `WING`, `Parameters`, `SIZES`, `steps`, `draw` and `claims` (docs/figures.md). Which
files are figures, and what they are called, is read from their text, so that listing them imports nothing.
"""

from __future__ import annotations

import ast
import importlib.util
import inspect
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

HOME = Path(__file__).resolve().parent
SIZE_NAMES = ("quick", "default", "full")
DPI = 220  # of the PNG


@dataclass(frozen=True)
class Claim:
    """A statement about a figure's numbers, checked each time the figure is built.

    **Arguments:**
    - `text`: what is claimed, one sentence.
    - `holds`: whether the numbers bear it out.
    - `measured`: the numbers themselves, as text.
    """

    text: str
    holds: bool
    measured: str = ""

    def __post_init__(self) -> None:
        # Comparisons of arrays give NumPy or JAX booleans; JSON and `is True` want the plain one.
        object.__setattr__(self, "holds", bool(self.holds))


@dataclass(frozen=True)
class Label:
    """What a figure file says about itself, read from its text without running it."""

    name: str
    path: Path
    title: str
    caption: str
    paper: str
    wing: str
    computes_long: bool = False  # even at the quick size it computes longer than it compiles


@dataclass(frozen=True)
class Figure:
    """A figure file, loaded: its label and the five things it defines."""

    label: Label
    parameters: type
    sizes: dict[str, dict[str, Any]]
    steps: Callable[[Any], dict[str, Callable[[], dict[str, Any]]]]
    draw: Callable[[Any, dict[str, dict[str, Any]]], Any]
    claims: Callable[[Any, dict[str, dict[str, Any]]], list[Claim]]

    @property
    def name(self) -> str:
        return self.label.name


def catalogue(folder: Path = HOME) -> dict[str, Label]:
    """All figure files in `folder`, by name: those that assign `PAPER` at top level."""
    labels = {}
    for path in sorted(folder.glob("*.py")):
        text = path.read_text(encoding="utf-8")
        if re.search(r"^PAPER\b", text, flags=re.MULTILINE):
            labels[path.stem] = read_label(path, text)
    return labels


def read_label(path: Path, text: str) -> Label:
    """The label of one figure file; a file that cannot be parsed gets one too, and fails when it is loaded."""
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        return Label(path.stem, path, path.stem, f"This file cannot be read: {error}.", "", "")
    constants = {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    title, _, rest = inspect.cleandoc(ast.get_docstring(tree) or path.stem).partition("\n")
    caption = re.sub(r"^Caption:\s*", "", rest.strip())
    return Label(
        name=path.stem,
        path=path,
        title=title.strip().rstrip("."),
        caption=caption,
        paper=str(constants.get("PAPER", "")),
        wing=str(constants.get("WING", "")),
        computes_long=bool(constants.get("COMPUTES_LONG", False)),
    )


def load_figure(label: Label) -> Figure:
    """Run a figure file and check that it defines what a figure needs; TypeError names what is missing."""
    module = _run(label)
    wanted = ("Parameters", "SIZES", "steps", "draw", "claims")
    missing = [name for name in wanted if not hasattr(module, name)]
    if missing:
        raise TypeError(
            f"{label.path.name} does not define {', '.join(missing)}; docs/figures.md shows a whole figure."
        )
    unknown = set(module.SIZES) - set(SIZE_NAMES)
    if unknown:
        raise TypeError(f"{label.path.name} has SIZES for {sorted(unknown)}; the sizes are {', '.join(SIZE_NAMES)}.")
    return Figure(label, module.Parameters, module.SIZES, module.steps, module.draw, module.claims)


def _run(label: Label) -> ModuleType:
    # By path and not by name, so that a folder of a user's own figures works like ours.
    name = f"paper_figures.{label.name}" if label.path.parent == HOME else f"_figures_elsewhere.{label.name}"
    spec = importlib.util.spec_from_file_location(name, label.path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up while the class is made
    spec.loader.exec_module(module)
    return module
