"""The code of functions and modules as texts, and whose it is."""

from __future__ import annotations

import functools
import hashlib
import sys
import sysconfig
import types
from pathlib import Path


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
    if not path:  # written on the spot
        return True
    installed = {Path(sysconfig.get_path(kind)).resolve() for kind in ("stdlib", "platstdlib", "purelib", "platlib")}
    here = Path(path).resolve()
    return not any(folder in here.parents for folder in installed) and "site-packages" not in here.parts


def names_in(code: types.CodeType) -> set[str]:
    """Every name that is looked up in this code and in the functions inside it: globals and attributes."""
    inner = [names_in(part) for part in code.co_consts if isinstance(part, types.CodeType)]
    return set(code.co_names).union(*inner)


def code_of(code: types.CodeType) -> list:
    """What a function does, without where it stands: byte code, names, arguments, constants."""
    constants = [code_of(part) if isinstance(part, types.CodeType) else _constant(part) for part in code.co_consts]
    arguments = [code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags & 0x2AC]
    return [hashlib.sha256(code.co_code).hexdigest(), list(code.co_names), list(code.co_varnames), arguments, constants]


def _constant(part: object) -> str:
    # The order of a set's repr changes from process to process.
    return repr(sorted(map(repr, part))) if isinstance(part, frozenset) else repr(part)
