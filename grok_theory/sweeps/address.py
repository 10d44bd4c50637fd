"""Where a result lives in a cache: a hash of all it depends on, the same in every process.

Numbers are written as float64 in hexadecimal, so 0.5, np.float64(0.5) and jnp.asarray(0.5), and 1 and 1.0, have one
address. A function is known by its name and by what it says itself: its code, its constants, and the values it takes
from around it; so is every function of the user's own that it calls. For this package its sources speak, for the
libraries that compute their versions (`provenance`); for anything else the `version` that the user gives.
"""

from __future__ import annotations

import dataclasses
import enum
import functools
import hashlib
import inspect
import json
import numbers
import sys
import sysconfig
import types
from pathlib import Path
from typing import Any

import jax
import numpy as np

from ..errors import BadValue
from ..provenance import made_by


def canonical(problem: Any) -> Any:
    """The same problem with plain numbers: what `run` is handed, whatever the caller wrote.

    Inside a dataclass every real scalar becomes a float and every list of numbers a float64 array. In bare dicts and
    tuples whole numbers stay whole: they may be seeds or sizes. Integer arrays stay integer everywhere.
    """
    if dataclasses.is_dataclass(problem):
        return jax.tree_util.tree_map(_number_of_record, problem, is_leaf=_is_list_of_numbers)
    return jax.tree_util.tree_map(lambda leaf: np.asarray(leaf)[()] if _is_array(leaf) else leaf, problem)


def text_of(value: Any) -> str:
    """Canonical JSON of a problem, or of anything else that can stand in an address."""
    return json.dumps(_encode(value, "problem"), sort_keys=True)


def fingerprint(run: Any) -> str:
    """Canonical JSON of a function: name, code, constants, closure, and the global numbers it reads."""
    return json.dumps(_function(run, set()), sort_keys=True)


def address(run: str, version: str, problem: str) -> str:
    """Question and maker: SHA-256 of function, version, problem and precision, a hyphen, and who answers.

    The maker is this package with its libraries, so that an upgrade finds what an older one answered to the same
    question, and does not use it.
    """
    parts = {"run": run, "version": version, "problem": problem, "precision": "float64"}
    return f"{hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:40]}-{made_by()[:16]}"


def name_of(run: Any) -> str:
    """The function's name for people."""
    run = run.func if isinstance(run, functools.partial) else run
    return getattr(run, "__qualname__", type(run).__qualname__)


def is_key(value: Any) -> bool:
    """Whether `value` holds typed JAX keys."""
    return hasattr(value, "dtype") and jax.numpy.issubdtype(value.dtype, jax.dtypes.prng_key)


def _is_array(value: Any) -> bool:
    return isinstance(value, (np.ndarray, np.generic, jax.Array)) and not is_key(value)


def _is_scalar(value: Any) -> bool:
    if isinstance(value, (bool, np.bool_)):
        return False
    return isinstance(value, numbers.Real) or (_is_array(value) and np.ndim(value) == 0 and value.dtype.kind in "iuf")


def _is_list_of_numbers(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and len(value) > 0 and all(map(_is_scalar, value))


def _number_of_record(leaf: Any) -> Any:
    if _is_scalar(leaf):
        return float(leaf)
    if _is_list_of_numbers(leaf):
        return np.array([float(part) for part in leaf])
    return np.asarray(leaf) if _is_array(leaf) else leaf


def _encode(value: Any, where: str, seen: set[int] | None = None) -> Any:
    seen = set() if seen is None else seen
    if value is None or isinstance(value, (bool, np.bool_, str)):
        return str(value) if isinstance(value, str) else None if value is None else bool(value)
    if _is_scalar(value):
        # A whole number that no float holds keeps all its digits.
        return ["number", float(value).hex() if float(value) == value or value != value else str(int(value))]
    if isinstance(value, (complex, bytes)):
        return [type(value).__name__, repr(value)]
    if isinstance(value, enum.Enum):
        return ["enum", _place(type(value)), value.name]
    if is_key(value):
        return ["key", str(jax.random.key_impl(value)), _array(np.asarray(jax.random.key_data(value)))]
    if _is_array(value) and np.asarray(value).dtype.kind in "biufcU":
        return _array(np.asarray(value))
    if _is_list_of_numbers(value):
        return _array(np.array([float(part) for part in value]))
    if isinstance(value, (list, tuple)):
        return ["list", [_encode(part, f"{where}[{i}]", seen) for i, part in enumerate(value)]]
    if isinstance(value, dict):
        return ["dict", [[str(k), _encode(value[k], f"{where}[{k!r}]", seen)] for k in sorted(value, key=str)]]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = [field.name for field in dataclasses.fields(value)]
        return [_place(type(value)), {f: _encode(getattr(value, f), f"{where}.{f}", seen) for f in fields}]
    if callable(value):
        return _function(value, seen)
    raise BadValue(
        f"{where} is {type(value).__name__}, but a cache needs an address, which only numbers, texts, arrays, keys, "
        "dataclasses and functions have. Pass the numbers it stands for, or cache=None."
    )


def _array(values: np.ndarray) -> Any:
    if values.dtype.kind in "iuf":
        as_float = values.astype(float)
        values = (
            as_float if values.dtype.kind == "f" or np.array_equal(as_float.astype(values.dtype), values) else values
        )
    digest = hashlib.sha256(np.ascontiguousarray(values).tobytes()).hexdigest()
    return ["array", str(values.dtype), list(values.shape), digest]


def _function(function: Any, seen: set[int]) -> Any:
    if isinstance(function, functools.partial):
        inside = [_encode(part, "run's argument", seen) for part in (list(function.args), function.keywords)]
        return ["partial", _function(function.func, seen), *inside]
    if isinstance(function, types.MethodType):
        return ["method", _function(function.__func__, seen), _encode(function.__self__, "run.__self__", seen)]
    function = inspect.unwrap(function)
    if dataclasses.is_dataclass(function) and not isinstance(function, type):
        return _encode(function, "run", seen)
    if not isinstance(function, types.FunctionType):
        return ["named", _place(function)]
    if id(function) in seen:
        return ["again", _place(function)]
    seen.add(id(function))
    around = inspect.getclosurevars(function).nonlocals
    read = {name: function.__globals__[name] for name in _names(function.__code__) if name in function.__globals__}
    return [
        _place(function),
        _code(function.__code__),
        {name: _encode(value, f"{name!r}, which run reads,", seen) for name, value in sorted(around.items())},
        {name: _global(value, seen) for name, value in sorted(read.items())},
        _encode([*(function.__defaults__ or ())], "run's default", seen),
        _encode(function.__kwdefaults__ or {}, "run's default", seen),
    ]


def _global(value: Any, seen: set[int]) -> Any:
    if isinstance(value, types.ModuleType):
        return [value.__name__, _source(value.__name__)]
    if callable(value):
        return _called(value, seen)
    try:
        return _encode(value, "global", seen)
    except BadValue:
        return type(value).__qualname__


def _called(function: Any, seen: set[int]) -> Any:
    """What `run` calls: a function of the user's own by its code, or by its file, the rest by name."""
    plain = inspect.unwrap(function) if hasattr(function, "__wrapped__") else function
    module = getattr(plain, "__module__", None) or ""
    if not _is_own(module):
        return _place(function)
    if isinstance(plain, types.FunctionType):
        try:
            return _function(plain, seen)
        except BadValue:  # it takes something from around it that has no address
            return _place(function)
    return [_place(function), _source(module)]


def _source(module: str) -> str:
    """SHA-256 of a module of the user's own; "" for all others and where there is no file."""
    path = getattr(sys.modules.get(module), "__file__", None)
    if not _is_own(module) or not path or not path.endswith(".py"):
        return ""
    try:
        return hashlib.sha256(Path(path).read_bytes()).hexdigest()
    except OSError:
        return ""


@functools.cache
def _is_own(module: str) -> bool:
    """Whether a module is neither this package, nor Python's, nor installed: nobody else vouches for its version."""
    if module == "__main__":
        return True
    top = module.partition(".")[0]
    if not top or top in sys.stdlib_module_names or top == __name__.partition(".")[0]:
        return False
    path = getattr(sys.modules.get(module), "__file__", None)
    if not path:
        return False
    installed = {Path(sysconfig.get_path(kind)).resolve() for kind in ("stdlib", "platstdlib", "purelib", "platlib")}
    here = Path(path).resolve()
    return not any(folder in here.parents for folder in installed) and "site-packages" not in here.parts


def _names(code: types.CodeType) -> set[str]:
    inner = [_names(part) for part in code.co_consts if isinstance(part, types.CodeType)]
    return set(code.co_names).union(*inner)


def _code(code: types.CodeType) -> Any:
    constants = [_code(part) if isinstance(part, types.CodeType) else _constant(part) for part in code.co_consts]
    return [hashlib.sha256(code.co_code).hexdigest(), list(code.co_names), constants]


def _constant(part: Any) -> str:
    # The order of a set's repr changes from process to process.
    return repr(sorted(map(repr, part))) if isinstance(part, frozenset) else repr(part)


def _place(thing: Any) -> str:
    thing = thing if hasattr(thing, "__qualname__") else type(thing)
    return f"{getattr(thing, '__module__', '')}:{thing.__qualname__}"
