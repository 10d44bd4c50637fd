"""The few lines of a figure file that make its theory, with the numbers of this build written out.

They are cut out of the file: the first call of a `solve` (or of another word for theory), the statements before it that
its names come from, and what helper functions of one `return` give. Where that cannot be told, nothing is shown.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import copy
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

# What makes a theory line, the most telling first.
_THEORY = ("forecast", "solve", "posterior", "local_maxima", "learning_curve", "grokking_time", "optimal_stopping")
_RUNS = ("simulate", "compare", "applies", "train")
# More than this explains less than the file itself.
_MOST, _LONG = 9, 40
_NOT_THEORY = ("draw", "claims", "steps")


def theory_lines(path: Path, parameters: Mapping[str, Any]) -> str:
    """The lines as text, with `parameters.NAME` replaced by its value; empty where none can be cut out."""
    text = path.read_text(encoding="utf-8")
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return ""
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    ours = {a.asname or a.name for node in imports if (node.module or "").startswith("grok_theory") for a in node.names}
    found = [e for name, node in functions.items() if name not in _NOT_THEORY and (e := _first_call(node, ours))]
    if not found:
        return ""
    _, function, call = min(found, key=lambda each: each[0])
    whole = _whole(text, function)
    try:
        lines = _Lines(tree, functions, parameters).of(function, call)
    except (ValueError, RecursionError, KeyError):
        return whole
    return "\n".join(lines) if len(lines) <= _MOST else whole


def _whole(text: str, function: ast.FunctionDef) -> str:
    """The function that makes the theory, as it stands in the file; empty where it is long."""
    found = ast.get_source_segment(text, function) or ""
    return found if found.count("\n") < _LONG else ""


def _name(call: ast.Call) -> str:
    return getattr(call.func, "attr", getattr(call.func, "id", ""))


def _rank(call: ast.Call, ours: set[str]) -> int:
    """How telling a call is; other functions of this package come last, and what is no theory not at all."""
    name = _name(call)
    if name in _THEORY:
        return _THEORY.index(name)
    root: ast.expr = call.func
    while isinstance(root, ast.Attribute):
        if root.attr == "groups":
            return -1
        root = root.value
    from_here = isinstance(root, ast.Name) and root.id in ours
    return len(_THEORY) if from_here and name[:1].islower() and name not in _RUNS else -1


def _first_call(function: ast.FunctionDef, ours: set[str]) -> tuple[int, ast.FunctionDef, ast.Call] | None:
    calls = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
    ranked = [(rank, call.lineno, number) for number, call in enumerate(calls) if (rank := _rank(call, ours)) >= 0]
    return (min(ranked)[0], function, calls[min(ranked)[2]]) if ranked else None


class _Lines:
    """Cuts the lines out of one file."""

    def __init__(self, tree: ast.Module, functions: dict[str, ast.FunctionDef], parameters: Mapping[str, Any]) -> None:
        self.functions, self.parameters = functions, parameters
        self.constants = {t.id: n for n in tree.body if isinstance(n, ast.Assign) for t in n.targets if _is_name(t)}
        self.loops: list[Any] = [n for n in ast.walk(tree) if isinstance(n, ast.comprehension | ast.For)]
        self.imports: dict[str, str] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                self.imports |= {name.asname or name.name: _import(node, name) for name in node.names}

    def of(self, function: ast.FunctionDef, call: ast.Call) -> list[str]:
        """Imports, what the call needs in the order of the file, and the call."""
        last = ast.Assign(targets=[ast.Name("theory", ast.Store())], value=self._plain(call))
        body, needed = [last], _loads(last)
        for statement in reversed(list(_before(function, call))):
            given = {
                name.id for target in _targets(statement) for name in ast.walk(target) if isinstance(name, ast.Name)
            }
            if given & needed:
                kept = self._plain(statement)
                body.insert(0, kept)
                needed = (needed - given) | _loads(kept)
        for name in sorted(needed):
            if (value := self._of_one(name)) is not None:
                body.insert(0, ast.Assign(targets=[ast.Name(name, ast.Store())], value=value))
                needed |= _loads(value)
            elif name in self.constants:
                body.insert(0, self._plain(self.constants[name]))
                needed |= _loads(self.constants[name])
        known = {name for line in body for name in _stores(line)}
        unknown = needed - known - set(self.imports) - set(dir(builtins))
        if unknown:
            raise KeyError(*unknown)
        return [
            *_together(self.imports[name] for name in sorted(needed) if name in self.imports),
            *(ast.unparse(ast.fix_missing_locations(line)) for line in body),
        ]

    def _of_one(self, name: str) -> ast.expr | None:
        """The first value that any loop of the file gives a name, `for ratio in parameters.ratios`."""
        for loop in self.loops:
            pairs = [(loop.target, loop.iter)]
            if isinstance(loop.iter, ast.Call) and _name(loop.iter) in ("zip", "enumerate"):
                several = (
                    loop.iter.args
                    if _name(loop.iter) == "zip"
                    else [ast.parse("[0]", mode="eval").body, *loop.iter.args]
                )
                pairs = list(zip(getattr(loop.target, "elts", []), several, strict=False))
            for target, values in pairs:
                if isinstance(target, ast.Name) and target.id == name:
                    with contextlib.suppress(KeyError):
                        return ast.Subscript(value=self._plain(values), slice=ast.Constant(0), ctx=ast.Load())
        return None

    def _plain(self, node: Any) -> Any:
        return ast.fix_missing_locations(_Written(self.functions, self.parameters).visit(copy.deepcopy(node)))


class _Written(ast.NodeTransformer):
    """Writes out `parameters.NAME`, and what a helper of imports and one `return` gives for its arguments."""

    def __init__(self, functions: dict[str, ast.FunctionDef], parameters: Mapping[str, Any], depth: int = 0) -> None:
        self.functions, self.parameters, self.depth = functions, parameters, depth

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        if isinstance(node.value, ast.Name) and node.value.id == "parameters":
            return ast.parse(repr(self.parameters[node.attr]), mode="eval").body
        return self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        helper = self.functions.get(getattr(node.func, "id", ""))
        if helper is None:
            return self.generic_visit(node)
        body = [s for s in helper.body if not isinstance(s, ast.Import | ast.ImportFrom) and not _is_text(s)]
        if not body or not isinstance(body[-1], ast.Return) or self.depth > 3 or body[-1].value is None:
            raise KeyError(helper.name)
        names = [argument.arg for argument in helper.args.args]
        given = dict(zip(names, node.args, strict=False)) | {k.arg: k.value for k in node.keywords if k.arg}
        for statement in body[:-1]:
            if not isinstance(statement, ast.Assign) or not _is_name(statement.targets[0]):
                raise KeyError(helper.name)
            given[statement.targets[0].id] = _Given(given).visit(copy.deepcopy(statement.value))
        value = _Given(given).visit(copy.deepcopy(body[-1].value))
        return _Written(self.functions, self.parameters, self.depth + 1).visit(value)


class _Given(ast.NodeTransformer):
    """Puts arguments in the place of their names."""

    def __init__(self, given: Mapping[str, ast.expr]) -> None:
        self.given = given

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return copy.deepcopy(self.given[node.id]) if node.id in self.given and node.id != "parameters" else node


def _before(function: ast.FunctionDef, call: ast.Call) -> Iterator[ast.stmt]:
    """The assignments of a function above the statement that calls, and those it stands in a loop over."""
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and node.lineno <= call.lineno and not any(n is call for n in ast.walk(node)):
            yield node
        loops = getattr(node, "generators", [node] if isinstance(node, ast.For) else [])
        if loops and any(n is call for n in ast.walk(node)):
            for loop in loops:
                first = ast.Subscript(value=loop.iter, slice=ast.Constant(0), ctx=ast.Load())
                yield ast.copy_location(ast.Assign(targets=[loop.target], value=first), node)


def _import(node: ast.Import | ast.ImportFrom, name: ast.alias) -> str:
    if isinstance(node, ast.ImportFrom):
        return ast.unparse(ast.ImportFrom(module=node.module, names=[name], level=node.level))
    return ast.unparse(ast.Import(names=[name]))


def _together(imports: Iterable[str]) -> list[str]:
    """One line a module."""
    names: dict[str, list[str]] = {}
    for line in dict.fromkeys(imports):
        head, _, name = line.rpartition("import ")
        names.setdefault(head, []).append(name)
    return [f"{head}import {', '.join(found)}" for head, found in names.items()]


def _targets(node: ast.AST) -> list[ast.expr]:
    return node.targets if isinstance(node, ast.Assign) else []


def _is_name(node: ast.AST) -> bool:
    return isinstance(node, ast.Name)


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _loads(node: ast.AST) -> set[str]:
    bound = _stores(node)
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)} - (
        bound if not isinstance(node, ast.Assign) else set()
    )


def _stores(node: ast.AST) -> set[str]:
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
