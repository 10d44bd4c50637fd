"""What a figure file is: a module that says what it shows, computes it, draws it and states what must hold.

A figure file defines `PAPER`, `WING`, `Parameters`, `SIZES`, `steps`, `draw` and `claims`, and of a paper's figures
`FIGURES` and `STATES` (docs/figures.md). Which files are figures, and what they are called, is read from their text, so
that listing them imports nothing.
"""

from __future__ import annotations

import ast
import contextlib
import importlib.util
import inspect
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
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
    figures: tuple[str, ...] = ()  # numbers in the paper, with their panels: "3a"; "3" is the whole figure
    states: dict[str, str] = field(default_factory=dict)  # of these, what is not reproduced and why
    has_quick: bool = True  # one without an entry for "quick" in SIZES is shown at the default size only
    defaults: dict[str, Any] = field(default_factory=dict)  # of the parameters, as far as they are written out
    full: dict[str, Any] = field(default_factory=dict)  # what the full size changes of them

    @property
    def reduction(self) -> str:
        """In what the default size falls short of the full one, which has the paper's numbers where they are known."""
        changed = {name: value for name, value in self.full.items() if value != self.defaults.get(name, value)}
        return ", ".join(f"{name} {shown(self.defaults[name])} (full: {shown(changed[name])})" for name in changed)


def shown(value: Any) -> str:
    """A parameter in a few characters: of many values the first and the last."""
    if isinstance(value, tuple | list):
        parts = [shown(part) for part in value]
        return ", ".join(parts) if len(parts) < 5 else f"{parts[0]} ... {parts[-1]}"
    return f"{value:g}" if isinstance(value, float) else str(value)


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
    constants = _constants(tree.body)
    parameters = next((n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == "Parameters"), None)
    sizes = constants.get("SIZES", {"quick": {}})
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
        figures=tuple(map(str, constants.get("FIGURES", ()))),
        states=dict(constants.get("STATES", {})),
        has_quick="quick" in sizes,
        defaults=_constants(parameters.body) if parameters else {},
        full=dict(sizes.get("full", {})),
    )


def _constants(body: list[ast.stmt]) -> dict[str, Any]:
    """The names that `body` assigns values written out in full."""
    found = {}
    for node in body:
        if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
            continue
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            if isinstance(target, ast.Name):
                with contextlib.suppress(ValueError, TypeError, ArithmeticError):
                    found[target.id] = _value(node.value)
    return found


# Numbers, texts and their sums and fractions, alone or in tuples, lists and tables.
_WRITTEN_OUT = (
    *(ast.Constant, ast.Tuple, ast.List, ast.Dict, ast.BinOp, ast.UnaryOp),
    *(ast.operator, ast.unaryop, ast.expr_context),
)


def _value(node: ast.expr) -> Any:
    """What is written out, `1 / 32` too; ValueError for anything with a name in it."""
    if not all(isinstance(part, _WRITTEN_OUT) for part in ast.walk(node)):
        raise ValueError("not written out")
    return eval(compile(ast.Expression(node), "figure", "eval"), {"__builtins__": {}})


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
