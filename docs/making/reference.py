"""The API reference: public names, signatures and docstrings, read from the sources.

Only a Problem is imported: what its fields are stands in its declarations, not in its docstring.
"""

from __future__ import annotations

import ast
import re
from importlib import import_module
from pathlib import Path

from docs.making.docstrings import markdown_of
from docs.making.pages import ROOT, Page
from grok_theory.rooms import NAMESPACES

PACKAGE = ROOT / "grok_theory"
ROOMS = (
    *NAMESPACES,
    "kernels",
    "observables",
    "bounds",
    "plot",
    "verify",
    "formulas",
)


def reference_pages() -> list[Page]:
    """One page a room, and one for the names of the package itself."""
    pages = [_page("grok_theory", _top_names())]
    for room in ROOMS:
        place = PACKAGE.joinpath(*room.split("."))
        folder, module = place / "__init__.py", place.with_suffix(".py")
        if folder.exists():
            pages.append(_page(f"grok_theory.{room}", _names_of_package(folder)))
        elif module.exists():
            pages.append(_page(f"grok_theory.{room}", [(name, module) for name in _defined(module)]))
    return pages


def _page(name: str, names: list[tuple[str, Path]]) -> Page:
    source = PACKAGE.joinpath(*name.split(".")[1:])
    about = ast.get_docstring(ast.parse(_file_of(source).read_text())) or ""
    parts = [f"# {name}", markdown_of(about)]
    for public, path in names:
        node = _find(path, public)
        if node is not None:
            parts.append(_entry(name, node, path))
    place = name.removeprefix("grok_theory.").replace(".", "_")
    return Page(f"api_{place}.html", name, "\n\n".join(parts), group="API")


def _file_of(path: Path) -> Path:
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def _top_names() -> list[tuple[str, Path]]:
    return _lazy_names(PACKAGE / "__init__.py") or []


def _lazy_names(init: Path) -> list[tuple[str, Path]] | None:
    """The names of a package that loads them when first used, from its table _NAMES: name -> module."""
    for node in ast.parse(init.read_text()).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "_NAMES":
            table = ast.literal_eval(node.value)
            return [(name, _source(init.parent.joinpath(*at.split(".")), name)) for name, at in table.items()]
    return None


def _names_of_package(init: Path) -> list[tuple[str, Path]]:
    """What `from .file import name` brings, in the order of __all__."""
    lazy = _lazy_names(init)
    if lazy is not None:
        return lazy
    where, public = {}, []
    for node in ast.parse(init.read_text()).body:
        if isinstance(node, ast.ImportFrom) and node.level == 1 and node.module:
            for alias in node.names:
                where[alias.asname or alias.name] = _source(init.parent.joinpath(*node.module.split(".")), alias.name)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "__all__":
            # An entry that is not a plain text, such as *other.__all__, stands for names imported here as well.
            parts = getattr(node.value, "elts", [])
            public = [part.value for part in parts if isinstance(part, ast.Constant)]
            if len(public) < len(parts):
                public += [name for name in where if name not in public]
    return [(name, where[name]) for name in public if name in where]


def _source(path: Path, name: str) -> Path:
    """The file that defines `name`: `path` itself, or where its __init__ takes it from."""
    file = _file_of(path)
    if file.name == "__init__.py" and _find(file, name) is None:
        for node in ast.parse(file.read_text()).body:
            if isinstance(node, ast.ImportFrom) and node.module and name in [alias.name for alias in node.names]:
                return _source(file.parent.joinpath(*node.module.split(".")), name)
    return file


def _defined(path: Path) -> list[str]:
    return [n.name for n in ast.parse(path.read_text()).body if hasattr(n, "name") and not n.name.startswith("_")]


def _find(path: Path, name: str) -> ast.FunctionDef | ast.ClassDef | None:
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == name:
            return node
    return None


def _entry(module: str, node: ast.FunctionDef | ast.ClassDef, path: Path) -> str:
    about = markdown_of(ast.get_docstring(node) or "")
    if isinstance(node, ast.ClassDef) and _is_problem(node):
        # Where `grok_theory.fields` writes them in the docstring: before the first section.
        text, *sections = re.split(r"^(?=\*\*[A-Z][\w ]*\*\*$)", about, flags=re.MULTILINE)
        about = f"{text.rstrip()}\n\n**Parameters**\n\n{_fields(module, node.name)}\n\n{''.join(sections)}".rstrip()
    parts = [f"## {node.name}", f"```python\n{_signature(node)}\n```", about]
    for method in node.body if isinstance(node, ast.ClassDef) else ():
        if isinstance(method, ast.FunctionDef) and not method.name.startswith("_") and ast.get_docstring(method):
            parts.append(f"### {node.name}.{method.name}")
            parts.append(f"```python\n{_signature(method)}\n```\n\n{markdown_of(ast.get_docstring(method) or '')}")
    parts.append(f"Source: `{path.relative_to(ROOT)}`, line {node.lineno}.")
    return "\n\n".join(part for part in parts if part)


def _is_problem(node: ast.ClassDef) -> bool:
    return any(isinstance(mark, ast.Name) and mark.id == "problem" for mark in node.decorator_list)


def _fields(module: str, name: str) -> str:
    """The fields of a Problem as a table."""
    from grok_theory.fields import quantities

    rows = ["| field | symbol | range | unit | meaning |", "|---|---|---|---|---|"]
    for field, quantity in quantities(getattr(import_module(module), name)).items():
        cells = f"`{field}`", quantity.symbol, quantity.range.words, quantity.unit, quantity.meaning
        rows.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
    return "\n".join(rows)


def _signature(node: ast.FunctionDef | ast.ClassDef) -> str:
    """The head of a function, or a record's fields; one argument a line where it is long."""
    if isinstance(node, ast.ClassDef):
        fields = [_field(f) for f in node.body if isinstance(f, ast.AnnAssign) and not _private(f)]
        own = next((f for f in node.body if isinstance(f, ast.FunctionDef) and f.name == "__init__"), None)
        if own is not None:
            return _broken(node.name, [a for a in _arguments(own) if a not in ("self", "cls")], "")
        return _broken(node.name, fields, "")
    if any(isinstance(mark, ast.Name) and mark.id == "property" for mark in node.decorator_list):
        return f"{node.name}: {ast.unparse(node.returns)}" if node.returns is not None else node.name
    returns = f" -> {ast.unparse(node.returns)}" if node.returns is not None else ""
    return _broken(node.name, [a for a in _arguments(node) if a not in ("self", "cls")], returns)


def _field(node: ast.AnnAssign) -> str:
    """A field with its default, which a declaration such as `number(..., default=1.0)` has as a keyword."""
    if not (isinstance(node.value, ast.Call) and isinstance(node.value.func, ast.Name)):
        return ast.unparse(node)
    if node.value.func.id not in ("number", "array", "data", "structure"):
        return ast.unparse(node)
    declared = {keyword.arg: keyword.value for keyword in node.value.keywords}
    head = f"{ast.unparse(node.target)}: {ast.unparse(node.annotation)}"
    return f"{head} = {ast.unparse(declared['default'])}" if "default" in declared else head


def _private(field: ast.AnnAssign) -> bool:
    return isinstance(field.target, ast.Name) and field.target.id.startswith("_")


def _arguments(node: ast.FunctionDef) -> list[str]:
    """Each argument with its annotation and default, and the marks / and * between them."""
    given = node.args
    plain = [*given.posonlyargs, *given.args]
    defaults = [*[None] * (len(plain) - len(given.defaults)), *given.defaults]
    parts = [_argument(*pair) for pair in zip(plain, defaults, strict=True)]
    if given.posonlyargs:
        parts.insert(len(given.posonlyargs), "/")
    if given.vararg is not None:
        parts.append(f"*{_argument(given.vararg)}")
    elif given.kwonlyargs:
        parts.append("*")
    parts += [_argument(*pair) for pair in zip(given.kwonlyargs, given.kw_defaults, strict=True)]
    return [*parts, f"**{_argument(given.kwarg)}"] if given.kwarg is not None else parts


def _argument(node: ast.arg, default: ast.expr | None = None) -> str:
    if default is None:
        return ast.unparse(node)
    return f"{ast.unparse(node)}{'=' if node.annotation is None else ' = '}{ast.unparse(default)}"


def _broken(name: str, arguments: list[str], returns: str) -> str:
    line = f"{name}({', '.join(arguments)}){returns}"
    if len(line) <= 88 or not arguments:
        return line
    return f"{name}(\n" + "".join(f"    {argument},\n" for argument in arguments) + f"){returns}"
