"""The code of functions and modules as texts, and whose it is."""

from __future__ import annotations

import dis
import functools
import hashlib
import importlib
import importlib.util
import sys
import sysconfig
import types
from collections.abc import Iterator
from pathlib import Path

_IMPORT = dis.opmap["IMPORT_NAME"]


def source_of(module: str) -> str:
    """SHA-256 of a module of the user's own; "" for all others and where there is no file."""
    path = getattr(sys.modules.get(module), "__file__", None)
    if not is_own(module) or not path or not path.endswith(".py"):
        return ""
    try:
        return hashlib.sha256(Path(path).read_bytes()).hexdigest()
    except OSError:
        return ""


@functools.cache
def is_own(module: str | None) -> bool:
    """Whether a module is neither this package, nor Python's, nor installed: nobody else vouches for its version."""
    if not module or module == "__main__":
        return True
    top = module.partition(".")[0]
    if top in sys.stdlib_module_names or top == __name__.partition(".")[0]:
        return False
    path = getattr(sys.modules.get(module), "__file__", None)
    return not path or not _is_installed(path)  # without a file it was written on the spot


def _is_installed(path: str) -> bool:
    installed = {Path(sysconfig.get_path(kind)).resolve() for kind in ("stdlib", "platstdlib", "purelib", "platlib")}
    here = Path(path).resolve()
    return any(folder in here.parents for folder in installed) or "site-packages" in here.parts


def home_of(function: types.FunctionType) -> str:
    """The module that a function was written in; `functools.wraps` gives its `__module__` that of another one."""
    return str(function.__globals__.get("__name__") or "")


def own_imports(function: types.FunctionType) -> list[types.ModuleType]:
    """The modules of the user's own that are imported inside a function: loaded now, as it would load them.

    What cannot be imported is left out: the function may be prepared for that, and its text tells the name.
    """
    package = function.__globals__.get("__package__")
    package = home_of(function).rpartition(".")[0] if package is None else package
    found = {}
    for name, parts in _imports(function.__code__, package):
        # `import a.b` gives the name a; `from a import b` may mean a module b, which then is one of the values in a.
        modules = [_own_module(name), _own_module(name.partition(".")[0])]
        found |= {module.__name__: module for module in modules if module is not None}
        for part in parts:
            if hasattr(modules[0], "__path__") and part not in vars(modules[0]):
                _own_module(f"{name}.{part}")
    return list(found.values())


def _imports(code: types.CodeType, package: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Every import in this code and in the functions inside it: the module's whole name, and what is taken from it."""
    steps = []
    if _IMPORT in code.co_code[::2]:  # to take code apart is slow
        steps = [step for step in dis.get_instructions(code) if step.opname not in ("EXTENDED_ARG", "CACHE")]
    for level, parts, step in zip(steps, steps[1:], steps[2:], strict=False):
        if step.opname != "IMPORT_NAME":
            continue
        try:
            yield importlib.util.resolve_name("." * (level.argval or 0) + step.argval, package), parts.argval or ()
        except ImportError:  # beyond the top: it fails inside the function too
            continue
    for part in code.co_consts:
        if isinstance(part, types.CodeType):
            yield from _imports(part, package)


def _own_module(name: str) -> types.ModuleType | None:
    """A module of the user's own, loaded if need be; nothing that is installed is loaded for this."""
    top = name.partition(".")[0]
    try:
        if not (is_own(top) if top in sys.modules else _may_be_own(top)):
            return None
        importlib.import_module(name)
    except Exception:
        return None
    return sys.modules[name] if is_own(name) else None


def _may_be_own(top: str) -> bool:
    """As `is_own`, of what is not loaded: that one remembers what it once said."""
    if top in sys.stdlib_module_names or top == __name__.partition(".")[0]:
        return False
    spec = importlib.util.find_spec(top)
    places = [] if spec is None else [spec.origin] if spec.origin else [*(spec.submodule_search_locations or ())]
    return bool(places) and not any(map(_is_installed, places))


def names_in(code: types.CodeType) -> set[str]:
    """Every name that is looked up in this code and in the functions inside it: globals and attributes."""
    inner = [names_in(part) for part in code.co_consts if isinstance(part, types.CodeType)]
    return set(code.co_names).union(*inner)


def code_of(code: types.CodeType) -> list:
    """What a function does, without where it stands: byte code, names, arguments, constants."""
    constants = [code_of(part) if isinstance(part, types.CodeType) else _constant(part) for part in code.co_consts]
    arguments = [code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags & 0x2AC]
    # The second says which lines an `except` watches.
    steps = hashlib.sha256(code.co_code + b" " + code.co_exceptiontable).hexdigest()
    return [steps, list(code.co_names), list(code.co_varnames), arguments, constants]


def _constant(part: object) -> str:
    # The order of a set's repr changes from process to process.
    return repr(sorted(map(repr, part))) if isinstance(part, frozenset) else repr(part)
