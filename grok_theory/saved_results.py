"""Save and load a Solution, an Ensemble or an Agreement: what it must be to be saved, and to be believed when read.

The same rules at both ends: what cannot be read is not written. They are those of the constructors, and what no
constructor sees because JAX builds results without it: dtypes, sizes, levels of a status, nan beside the word "good".
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jax
import numpy as np

from . import storage
from .errors import BadValue, DamagedFile, is_traced

_VERDICTS = ("agrees", "disagrees", "underpowered")
_GOOD, _FAILED = 0, 2


def save(self: Any, path: Any) -> Path:
    """Write a Solution, Ensemble or Agreement to `path`, which must end in .npz, whole or not at all.

    Raises `BadValue` where `path` is no such place, or `self` is traced or no result that `load` would take.
    """
    path = storage.destination(path, (".npz",), remedy="A table .csv comes from .to_dataframe().to_csv(...).")
    try:
        check(self)
        content = storage.pack(self)
    except BadValue as error:
        raise BadValue(
            f"This {type(self).__name__} cannot be saved: {error} Mend that part, or save the numbers you need."
        ) from error
    return storage.write_whole(path, content)


def load(path: str | os.PathLike) -> Any:
    """Read the Solution, Ensemble or Agreement that `.save` wrote, its status with it.

    Raises `DamagedFile` where checksum, format, a class, its fields, or any array is not what this version saves, and
    `BadValue` where there is no file. Imports nothing but the rooms of this package, and runs nothing of a file's.
    """
    value = storage.read(path)
    if not is_result(value):
        raise DamagedFile(
            f"{path} holds {type(value).__name__}, but a Solution, Ensemble or Agreement was expected. "
            "Name a file that `.save` wrote."
        )
    try:
        check(value)
        value.__post_init__()
    except Exception as error:  # a check may meet what no constructor lets through, and raises what it likes then
        raise DamagedFile(
            f"{path} holds no {type(value).__name__} of this version: {error} Read it with the version that wrote it, "
            "or make it again."
        ) from error
    return value


def is_result(value: Any) -> bool:
    """Whether `value` is a Solution, an Ensemble or an Agreement: they stand a floor above and are known by name."""
    return f"{type(value).__module__}:{type(value).__qualname__}" in _CHECKS


def check(result: Any) -> None:
    """Raises `BadValue` naming the part of a result that nothing of this package hands back."""
    _CHECKS[f"{type(result).__module__}:{type(result).__qualname__}"](result)


def _check_solution(self: Any) -> None:
    """Raises `BadValue` naming the part that no solver hands back."""
    size = _check_axis(self)
    levels = _check_status(self.status)
    for name, values in _arrays("curves", self.curves, "f", (8,), needed=True):
        if values.ndim < 1 or values.shape[-1] != size:
            raise _wrong(f"curves[{name!r}] has shape {values.shape}", f"must have one value for each of {size} x")
        _check_no_nan(f"curves[{name!r}]", values, levels)
    for name, errors in _arrays("numerical_error", self.numerical_error, "f", (8,)):
        if name not in self.curves:
            raise _wrong(f"numerical_error names {name!r}", f"the curves are {list(self.curves)}")
        shape = np.shape(self.curves[name])
        if errors.shape != shape[len(shape) - errors.ndim :]:
            raise _wrong(f"numerical_error[{name!r}] has shape {errors.shape}", f"its curve has {shape}")
        if (errors < 0).any():
            raise _wrong(f"numerical_error[{name!r}] is {np.nanmin(errors)} somewhere", "must not be negative")
    _check_fields(self.fields)
    _check_stats(self.stats)
    run = self.run
    if run is not None and (not isinstance(run, (int, np.integer)) or isinstance(run, bool) or run < 0):
        raise _wrong(f"run is {run!r}", "must be the number of a run, or None")
    batched = levels.ndim > 0 or any(np.ndim(values) > 1 for values in self.curves.values())
    _check_made(self, checks=not batched and bool((levels != _FAILED).all()))


def _check_ensemble(self: Any) -> None:
    """Raises `BadValue` naming the part that no experiment hands back."""
    _check_axis(self)
    levels = _check_status(self.status)
    if levels.ndim:
        raise _wrong(f"status.level has shape {levels.shape}", "must be one number: an Ensemble is no batch")
    curves = dict(_arrays("curves", self.curves, "f", (4, 8), needed=True))  # networks may train in float32
    valid = dict(_arrays("valid", self.valid, "b", (1,)))
    for name, values in curves.items():
        if values.ndim == 2 and name in valid and valid[name].shape == values.shape[1:]:
            values = values[:, valid[name]]
        _check_no_nan(f"curves[{name!r}]", values, levels)
    _check_fields(self.fields)
    _check_stats(self.stats)
    _check_made(self, checks=bool((levels != _FAILED).all()))


def _check_agreement(self: Any) -> None:
    """Raises `BadValue` naming the part that no comparison hands back."""
    _check_text("x_name", self.x_name, empty=False)
    _check_text("x_unit", self.x_unit)
    if not _is_number(self.runs) or not 1 <= self.runs < np.inf or self.runs != int(self.runs):
        raise _wrong(f"runs is {self.runs!r}", "must be a whole number of at least 1")
    if not _is_number(self.confidence) or not 0 < self.confidence < 1:
        raise _wrong(f"confidence is {self.confidence!r}", "must be in (0, 1)")
    if not isinstance(self.curves, Mapping) or not self.curves:
        raise _wrong(f"curves is {_shown(self.curves)}", "must name at least one curve")
    failed = _real("failed_runs", self.failed_runs, "iu", (1, 2, 4, 8))
    if failed.ndim != 1 or (failed < 0).any():
        raise _wrong(f"failed_runs is {_shown(self.failed_runs)}", "must be the numbers of runs")
    if not isinstance(self.remarks, tuple):
        raise _wrong(f"remarks is {_shown(self.remarks)}", "must be texts")
    for remark in self.remarks:
        _check_text("remarks", remark)
    for name, curve in self.curves.items():
        _check_judged(name, curve)
    _check_made(self, checks=True)


def _check_judged(name: str, curve: Any) -> None:
    where = f"curves[{name!r}]"
    if type(curve).__name__ != "CurveAgreement" or curve.name != name:
        raise _wrong(f"{where} is {_shown(curve)}", f"must be the CurveAgreement of {name!r}")
    _check_text(f"{where}.reason", curve.reason)
    if curve.verdict not in _VERDICTS:
        raise _wrong(f"{where}.verdict is {curve.verdict!r}", f"must be one of {', '.join(_VERDICTS)}")
    if not _is_number(curve.margin) or not 0 < curve.margin < np.inf:
        raise _wrong(f"{where}.margin is {curve.margin!r}", "must be positive and finite")
    names = ("x", "gap", "low", "high", "simultaneous_low", "simultaneous_high", "numerical")
    parts = {part: _real(f"{where}.{part}", getattr(curve, part), "iuf", (4, 8)) for part in names}
    for part, values in parts.items():
        if values.ndim != 1 or values.shape != parts["x"].shape or values.size == 0:
            raise _wrong(f"{where}.{part} has shape {values.shape}", f"must be that of x, {parts['x'].shape}")
        # The numerical share is nan where the solver states no error.
        if np.isnan(values).any() and part != "numerical" and (part == "x" or curve.verdict == "agrees"):
            raise _wrong(f"{where}.{part} is nan somewhere", "must not be, with this verdict")
    for kind in ("", "simultaneous_"):
        if (parts[f"{kind}low"] > parts[f"{kind}high"]).any():
            raise _wrong(f"{where}.{kind}low exceeds {kind}high somewhere", "must not")
    if np.ndim(curve.runs_needed) != 0 or float(_real(f"{where}.runs_needed", curve.runs_needed, "iuf", (4, 8))) < 0:
        raise _wrong(f"{where}.runs_needed is {curve.runs_needed!r}", "must not be negative")


def _check_axis(self: Any) -> int:
    _check_text("x_name", self.x_name, empty=False)
    _check_text("x_unit", self.x_unit)
    x = _real("x", self.x, "iuf", (4, 8))
    if x.ndim < 1 or x.size == 0:
        raise _wrong(f"x has shape {x.shape}", "must hold at least one number")
    if np.isnan(x).any():
        raise _wrong("x is nan somewhere", "must not be")
    return x.shape[-1]


def _check_status(status: Any) -> np.ndarray:
    if type(status).__name__ != "Status":
        raise _wrong(f"status is {_shown(status)}", "must be a Status")
    _check_text("status.noted", status.noted)
    _check_text("status.failed", status.failed)
    levels = _real("status.level", status.level, "iu", (1, 2, 4, 8))
    if levels.size == 0 or not np.isin(levels, (0, 1, 2)).all():
        raise _wrong(f"status.level is {_shown(status.level)}", "must be 0 (good), 1 (noted) or 2 (failed)")
    return levels


def _check_no_nan(name: str, values: np.ndarray, levels: np.ndarray) -> None:
    """No nan in a member whose level is good."""
    if values.shape[: levels.ndim] != levels.shape:
        raise _wrong(f"{name} has shape {values.shape}", f"must begin with that of status.level, {levels.shape}")
    rest = tuple(range(levels.ndim, values.ndim))
    if (np.isnan(values).any(axis=rest) & (levels == _GOOD)).any():
        raise _wrong(f"{name} is nan somewhere", "its status is good, which nan is not")


def _check_fields(fields: Any) -> None:
    if not isinstance(fields, Mapping):
        raise _wrong(f"fields is {_shown(fields)}", "must name arrays")
    for name, field in fields.items():
        if type(field).__name__ != "Field" or not isinstance(field.axes, tuple):
            raise _wrong(f"fields[{name!r}] is {_shown(field)}", "must be a Field")
        for axis in field.axes:
            _check_text(f"fields[{name!r}].axes", axis)
        values = _real(f"fields[{name!r}].values", field.values, "biufc", (1, 4, 8, 16))
        if values.ndim < len(field.axes):
            raise _wrong(f"fields[{name!r}].values has shape {values.shape}", f"its axes are {field.axes}")


def _check_stats(stats: Any) -> None:
    if not isinstance(stats, Mapping) or not all(isinstance(name, str) for name in stats):
        raise _wrong(f"stats is {_shown(stats)}", "must name numbers, arrays and texts")


def _check_made(self: Any, *, checks: bool) -> None:
    """Problem, method and dynamics are records and, unless this is a batch or failed, pass their constructors.

    A class whose constructor checks nothing may have a `check_read`.
    """
    for name in ("problem", "dynamics"):
        part = getattr(self, name, self)
        if not dataclasses.is_dataclass(part) or isinstance(part, type):
            raise _wrong(f"{name} is {_shown(part)}", "must be a record")
    if checks:
        for leaf in jax.tree_util.tree_leaves(self.problem, is_leaf=lambda part: isinstance(part, (list, tuple))):
            # A tuple may hold arrays of different lengths: prompts with different numbers of answers.
            if (len(leaf) if isinstance(leaf, (list, tuple)) else np.size(leaf)) == 0:
                raise _wrong(f"problem is {_shown(self.problem)}", "must hold a number in every field")
        for name in ("problem", "method", "dynamics"):
            for part in _records(getattr(self, name, None)):
                for way in ("__post_init__", "check_read"):
                    if hasattr(part, way):
                        getattr(part, way)()


def _records(value: Any) -> Iterator[Any]:
    """Every record in `value`, the innermost first."""
    if isinstance(value, Mapping):
        for part in value.values():
            yield from _records(part)
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from _records(part)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            yield from _records(getattr(value, field.name))
        yield value


def _arrays(
    name: str, table: Any, kinds: str, sizes: tuple[int, ...], *, needed: bool = False
) -> Iterator[tuple[str, np.ndarray]]:
    if not isinstance(table, Mapping) or not all(isinstance(key, str) for key in table) or (needed and not table):
        raise _wrong(f"{name} is {_shown(table)}", "must name arrays")
    for key, values in table.items():
        yield key, _real(f"{name}[{key!r}]", values, kinds, sizes)


def _real(name: str, value: Any, kinds: str, sizes: tuple[int, ...]) -> np.ndarray:
    if any(map(is_traced, jax.tree_util.tree_leaves(value))):
        raise _wrong(f"{name} is traced", "must have a number")
    try:
        array = np.asarray(value)
    except (TypeError, ValueError):
        raise _wrong(f"{name} is {_shown(value)}", "must be an array of numbers") from None
    whole = array.dtype.kind in "iu" and "f" in kinds  # lists such as [0, 1] are as good
    if not whole and (array.dtype.kind not in kinds or array.dtype.itemsize not in sizes):
        wanted = {"f": f"float{8 * sizes[-1]}", "b": "booleans", "iu": "integers"}.get(kinds, "real numbers")
        raise _wrong(f"{name} is {_shown(value) if array.dtype.kind in 'OUSV' else array.dtype}", f"must be {wanted}")
    return array


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)


def _check_text(name: str, value: Any, *, empty: bool = True) -> None:
    if not isinstance(value, str) or not (value or empty):
        raise _wrong(f"{name} is {_shown(value)}", "must be a text")


def _shown(value: Any) -> str:
    text = f"{type(value).__name__}" if isinstance(value, (np.ndarray, jax.Array)) else repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _wrong(what: str, allowed: str) -> BadValue:
    return BadValue(f"{what}, but it {allowed}." if allowed.startswith("must") else f"{what}, but {allowed}.")


_CHECKS = {
    "grok_theory.results:Solution": _check_solution,
    "grok_theory.results:Ensemble": _check_ensemble,
    "grok_theory.results:Agreement": _check_agreement,
}
