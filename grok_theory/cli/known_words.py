"""What may stand at a place of a command line, for the shell's completion: read from sources, without importing JAX.

The framework completes, too, but not `field=value`: in bash it reads the words that the shell has split at every `=`,
and whatever it offers is followed by a space. Options and commands are asked of it.
"""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..rooms import WINGS

PACKAGE = Path(__file__).parents[1]


def candidates(line: str) -> list[str]:
    """What the last word of a line, as typed so far, may become; empty where that is for the shell, as names of files.

    A word that ends in `=` wants a value behind it, without a space.
    """
    words = typed(line)[1:]  # without the program's name
    if not words:
        return []
    *before, last = words
    command = next((word for word in before if not word.startswith("-")), None)
    return sorted({word for word in _at(command, before, last) if word.startswith(last)} - {last})


def typed(line: str) -> list[str]:
    """The words of a line whose quotes may still be open; the last is empty after a space."""
    for closing in ("", '"', "'"):
        try:
            words = shlex.split(line + closing)
        except ValueError:
            continue
        return [*words, ""] if not words or (line[-1:].isspace() and not closing) else words
    return []


def _at(command: str | None, before: list[str], last: str) -> Iterator[str]:
    from .commands import COMMANDS
    from .problem_fields import VERBS
    from .shell_scripts import SCRIPTS

    if command is None:
        yield from ("--help", "--version", "--debug") if last.startswith("-") else COMMANDS
    elif command not in COMMANDS:
        return
    elif last.startswith("-"):
        yield from options(command)
    elif before[-1] in _with_values(command):
        return  # the value of an option
    elif command in VERBS:  # its line names a Problem, and then its fields
        known = problems()
        named = next((word for word in before if word in known), None)
        given = {word.partition("=")[0] for word in before}
        yield from known if named is None else [f"{field}=" for field in known[named] if field not in given]
    elif command == "formulas":
        yield from (*WINGS, *formula_names())
    elif command == "completion":
        yield from SCRIPTS
    elif command == "figures":
        from paper_figures.figure import catalogue

        yield from catalogue()


def options(command: str) -> list[str]:
    """The long options of a command that its help shows."""
    shown = [option for option in _options(command) if not option.hidden]
    return [name for option in shown for name in (*option.opts, *option.secondary_opts) if name.startswith("--")]


def _with_values(command: str) -> set[str]:
    return {name for option in _options(command) if not option.is_flag for name in option.opts}


def _options(command: str) -> list[Any]:
    import typer.main

    from .commands import app

    if command == "figures":
        from paper_figures.making.command import app as figures

        asked: Any = typer.main.get_command(figures)
    else:
        every: Any = typer.main.get_command(app)
        asked = every.commands[command]
    taken = asked.get_params(asked.make_context(command, [], resilient_parsing=True))
    return [option for option in taken if option.param_type_name == "option"]


def problems() -> dict[str, list[str]]:
    """WING.PROBLEM -> its fields: the public classes of each wing that are declared with `@problem`."""
    found = {}
    for wing in WINGS:
        public = _public(PACKAGE / wing / "__init__.py")
        for path in sorted((PACKAGE / wing).rglob("*problem.py")):
            for node in ast.parse(path.read_text(encoding="utf-8")).body:
                if isinstance(node, ast.ClassDef) and node.name in public and _is_problem(node):
                    found[f"{wing}.{node.name}"] = [
                        part.target.id
                        for part in node.body
                        if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name)
                    ]
    return found


def _is_problem(node: ast.ClassDef) -> bool:
    return any(isinstance(each, ast.Name) and each.id == "problem" for each in node.decorator_list)


def _public(path: Path) -> set[str]:
    """The names in a file's `__all__`."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == "__all__" for t in node.targets):
            return {part.value for part in ast.walk(node.value) if isinstance(part, ast.Constant)}
    return set()


def formula_names() -> list[str]:
    """The names of the register, as its files write them: `name="linear.late_test_loss"`."""
    written = re.compile(r'^    name="([a-z][\w.]+)",$', re.M)
    files = sorted((PACKAGE / "formulas").rglob("*.py"))
    return [name for path in files for name in written.findall(path.read_text(encoding="utf-8"))]
