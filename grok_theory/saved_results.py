"""Save and load results (a Solution, an Ensemble, a Forecast ...): what it must be to be saved, and believed when read.

The same rules at both ends: what cannot be read is not written. They are those of the constructors, and what no
constructor sees because JAX builds results without it: dtypes, sizes, levels of a status, nan beside the word "good".
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import jax
import numpy as np

from . import storage
from .errors import BadValue, DamagedFile
from .named_axes import Field
from .record_classes import name_of
from .saved_parts import check_text, is_number, is_whole, real, shown, wrong
from .status import FAILED, GOOD, Status

_VERDICTS = ("agrees", "disagrees", "underpowered")
# The last word of a curve's name, where a theory's curve of that kind is a square, a length or a share.
_NOT_NEGATIVE = ("loss", "error", "norm", "power", "variance", "accuracy")


def save(self: Any, path: str | os.PathLike) -> Path:
    """Write all of the result, its status and remarks too, for `grok_theory.load`.

    Every class of results has this function as its method.

    Parameters
    ----------
    path : str or os.PathLike
        Where to; must end in .npz. A missing folder is made, a file of that name replaced, whole or not at all.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    BadValue
        Where nothing can be written to `path`, and for a result that is traced or that `load` would refuse.
    """
    path = storage.destination(path, (".npz",), remedy="A table .csv comes from .to_dataframe().to_csv(...).")
    try:
        check(self)
        content = storage.pack(self)
    except BadValue as error:
        said = f"This {type(self).__name__} cannot be saved: {error}"
        raise BadValue(f"{said} Mend that part, or save the numbers you need.") from error
    return storage.write_whole(path, content)


def load(path: str | os.PathLike) -> Any:
    """Read the result that `.save` wrote, its status with it.

    Imports nothing but the rooms of this package.

    Parameters
    ----------
    path : str or os.PathLike
        A file that `.save` wrote.

    Returns
    -------
    Solution or Ensemble or Agreement or Log or Forecast or TimeForecast or Applicability
        Equal to what was saved to the last bit, with NumPy arrays.

    Raises
    ------
    DamagedFile
        Where checksum, format, a class, its fields, or any array is not what this version saves.
    BadValue
        Where there is no file that can be read.
    TooLarge
        Where its content would not fit into memory; nothing is read.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> import tempfile
    >>> from pathlib import Path
    >>> from grok_theory import linear
    >>> theory = linear.solve(linear.TeacherStudent(0.5, 5.0), [0.1, 1.0])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     again = load(theory.save(Path(folder) / "theory.npz"))
    >>> print(again.problem == theory.problem)
    True
    """
    value = storage.read(path)
    if not is_result(value):
        said = f"{path} holds {type(value).__name__}, but a Solution, Ensemble or other result was expected."
        raise DamagedFile(f"{said} Name a file that `.save` wrote.")
    try:
        check(value)
        getattr(value, "__post_init__", lambda: None)()
        str(value)
    except Exception as error:  # a check may meet what no constructor lets through, and raises what it likes then
        said = f"{path} holds no {type(value).__name__} of this version: {error}"
        raise DamagedFile(f"{said} Read it with the version that wrote it, or make it again.") from error
    return value


def is_result(value: Any) -> bool:
    """Whether `value` is a result: they stand a floor above and are known by name."""
    return name_of(type(value)) in _CHECKS


def check(result: Any) -> None:
    """Refuse a result that nothing of this package hands back.

    Raises
    ------
    BadValue
        Naming the part.
    """
    _CHECKS[name_of(type(result))](result)


def _check_solution(self: Any) -> None:
    """Refuse, by `BadValue` naming the part, a Solution that no solver hands back."""
    levels = _check_status(self.status)
    size = _check_axis(self, levels.shape)
    for name, values in _arrays("curves", self.curves, "f", (8,), needed=True):
        if values.shape != (*levels.shape, size):
            batch = f", and {levels.shape} members" if levels.ndim else ""
            raise wrong(
                f"curves[{name!r}] has shape {values.shape}", f"must have one value for each of {size} x{batch}"
            )
        _check_told(f"curves[{name!r}]", values, levels)
        _check_range(f"curves[{name!r}]", name, values)
    for name, errors in _arrays("numerical_error", self.numerical_error, "f", (8,)):
        if name not in self.curves:
            raise wrong(f"numerical_error names {name!r}", f"the curves are {list(self.curves)}")
        shape = np.shape(self.curves[name])
        if errors.shape != shape[len(shape) - errors.ndim :]:
            raise wrong(f"numerical_error[{name!r}] has shape {errors.shape}", f"its curve has {shape}")
        if (errors < 0).any():
            raise wrong(f"numerical_error[{name!r}] is {np.nanmin(errors)} somewhere", "must not be negative")
    _check_fields(self.fields)
    _check_stats(self.stats)
    run = self.run
    if run is not None and not (is_whole(run) and run >= 0):
        raise wrong(f"run is {shown(run)}", "must be the number of a run, or None")
    _check_made(self, checks=not levels.ndim and bool(levels != FAILED))


def _check_ensemble(self: Any) -> None:
    """The same of an Ensemble."""
    levels = _check_status(self.status)
    if levels.ndim:
        raise wrong(f"status.level has shape {levels.shape}", "must be one number: an Ensemble is no batch")
    _check_axis(self, ())
    # Networks may train in float32, and what is counted is whole.
    curves = dict(_arrays("curves", self.curves, "iuf", (4, 8), needed=True))
    valid = dict(_arrays("valid", self.valid, "b", (1,)))
    for name, values in curves.items():
        if values.ndim == 2 and name in valid and valid[name].shape == values.shape[1:]:
            values = values[:, valid[name]]
        if np.isnan(values).any() and levels == GOOD:
            raise wrong(f"curves[{name!r}] is nan somewhere", "its status is good, which nan is not")
    _check_fields(self.fields)
    _check_stats(self.stats)
    _check_made(self, checks=bool((levels != FAILED).all()))


def _check_forecast(self: Any) -> None:
    """The same of a Forecast."""
    _check_axis(self, _check_status(self.status).shape)
    self.check_read()
    _check_stats(self.stats)
    _check_made(self, checks=True)


def _check_itself(self: Any) -> None:
    self.check_read()


def _check_agreement(self: Any) -> None:
    """The same of an Agreement."""
    check_text("x_name", self.x_name, empty=False)
    check_text("x_unit", self.x_unit)
    if not is_whole(self.runs) or self.runs < 1:
        raise wrong(f"runs is {shown(self.runs)}", "must be a whole number of at least 1")
    if not is_number(self.confidence) or not 0 < self.confidence < 1:
        raise wrong(f"confidence is {shown(self.confidence)}", "must be in (0, 1)")
    if not isinstance(self.curves, Mapping) or not self.curves:
        raise wrong(f"curves is {shown(self.curves)}", "must name at least one curve")
    failed = real("failed_runs", self.failed_runs, "iu", (1, 2, 4, 8))
    if failed.ndim != 1 or (failed < 0).any():
        raise wrong(f"failed_runs is {shown(self.failed_runs)}", "must be the numbers of runs")
    if not isinstance(self.remarks, tuple):
        raise wrong(f"remarks is {shown(self.remarks)}", "must be texts")
    for remark in self.remarks:
        check_text("remarks", remark)
    for name, curve in self.curves.items():
        _check_judged(name, curve)
    _check_made(self, checks=True)


def _check_judged(name: str, curve: Any) -> None:
    where = f"curves[{name!r}]"
    if type(curve).__name__ != "CurveAgreement" or curve.name != name:
        raise wrong(f"{where} is {shown(curve)}", f"must be the CurveAgreement of {name!r}")
    check_text(f"{where}.reason", curve.reason)
    if curve.verdict not in _VERDICTS:
        raise wrong(f"{where}.verdict is {curve.verdict!r}", f"must be one of {', '.join(_VERDICTS)}")
    if not is_number(curve.margin) or not 0 < curve.margin < np.inf:
        raise wrong(f"{where}.margin is {shown(curve.margin)}", "must be positive and finite")
    names = ("x", "gap", "low", "high", "simultaneous_low", "simultaneous_high", "numerical")
    parts = {part: real(f"{where}.{part}", getattr(curve, part), "iuf", (4, 8)) for part in names}
    for part, values in parts.items():
        if values.ndim != 1 or values.shape != parts["x"].shape or values.size == 0:
            raise wrong(f"{where}.{part} has shape {values.shape}", f"must be that of x, {parts['x'].shape}")
        # The numerical share is nan where the solver states no error.
        if np.isnan(values).any() and part != "numerical":
            raise wrong(f"{where}.{part} is nan somewhere", "must not be")
    _check_sorted(f"{where}.x", parts["x"])
    if not np.isfinite(parts["gap"]).all():
        raise wrong(f"{where}.gap is infinite somewhere", "must be finite")
    if (parts["numerical"] < 0).any():
        raise wrong(f"{where}.numerical is {np.nanmin(parts['numerical'])} somewhere", "must not be negative")
    for kind in ("", "simultaneous_"):
        if (parts[f"{kind}low"] > parts[f"{kind}high"]).any():
            raise wrong(f"{where}.{kind}low exceeds {kind}high somewhere", "must not")
    needed = real(f"{where}.runs_needed", curve.runs_needed, "iuf", (4, 8))
    if needed.ndim or needed < 0 or (np.isnan(needed) and curve.verdict == "underpowered"):
        raise wrong(f"{where}.runs_needed is {shown(curve.runs_needed)}", "must be one number, and not negative")
    _check_verdict(where, curve, parts)


def _check_verdict(where: str, curve: Any, parts: Mapping[str, np.ndarray]) -> None:
    """No verdict against the intervals beside it; "underpowered" may have reasons that they do not show."""
    error, margin = np.where(np.isnan(parts["numerical"]), 0.0, parts["numerical"]), curve.margin
    inside = (parts["low"] - error > -margin) & (parts["high"] + error < margin)
    beyond = (parts["simultaneous_low"] - error > margin) | (parts["simultaneous_high"] + error < -margin)
    if (curve.verdict == "agrees" and not inside.all()) or (curve.verdict == "disagrees" and not beyond.any()):
        raise wrong(f"{where}.verdict is {curve.verdict!r}", "its intervals and its margin say otherwise")


def _check_axis(self: Any, batch: tuple[int, ...]) -> int:
    check_text("x_name", self.x_name, empty=False)
    check_text("x_unit", self.x_unit)
    x = real("x", self.x, "iuf", (4, 8))
    if x.ndim < 1 or x.size == 0:
        raise wrong(f"x has shape {x.shape}", "must hold at least one number")
    if x.shape[:-1] != batch:
        raise wrong(f"x has shape {x.shape}", f"must begin with that of status.level, {batch}")
    _check_sorted("x", x)
    return x.shape[-1]


def _check_sorted(name: str, x: np.ndarray) -> None:
    """As every solver asks of its times."""
    if not np.isfinite(x).all() or (x < 0).any():
        raise wrong(f"{name} is {x[~(np.isfinite(x) & (x >= 0))].flat[0]} somewhere", "must be finite and not negative")
    if (np.diff(x) < 0).any():
        raise wrong(f"{name} falls somewhere", "must not")


def _check_status(status: Any) -> np.ndarray:
    if type(status) is not Status:
        raise wrong(f"status is {shown(status)}", "must be a Status")
    check_text("status.noted", status.noted)
    check_text("status.failed", status.failed)
    levels = real("status.level", status.level, "iu", (1, 2, 4, 8))
    if levels.size == 0 or not np.isin(levels, (0, 1, 2)).all():
        raise wrong(f"status.level is {shown(status.level)}", "must be 0 (good), 1 (noted) or 2 (failed)")
    return levels


def _check_told(name: str, values: np.ndarray, levels: np.ndarray) -> None:
    """No nan in a member that has not failed; infinite may be the truth, as at the interpolation threshold."""
    there = np.isnan(values).any(axis=-1) & (levels != FAILED)
    if there.any():
        level = "good" if (levels[there] == GOOD).any() else "noted"
        raise wrong(f"{name} is nan somewhere", f"its status is {level}, which nan is not")


def _check_range(where: str, name: str, values: np.ndarray) -> None:
    """No squared error below zero, no share of answers outside [0, 1]; nan beside a status that says so is none."""
    kind = name.rpartition("_")[2]
    if kind in _NOT_NEGATIVE and (values < 0).any():
        raise wrong(f"{where} is {np.nanmin(values)} somewhere", "must not be negative")
    if kind == "accuracy" and (values > 1).any():
        raise wrong(f"{where} is {np.nanmax(values)} somewhere", "must not exceed 1")


def _check_fields(fields: Any) -> None:
    if not isinstance(fields, Mapping):
        raise wrong(f"fields is {shown(fields)}", "must name arrays")
    for name, field in fields.items():
        if type(field) is not Field or not isinstance(field.axes, tuple):
            raise wrong(f"fields[{name!r}] is {shown(field)}", "must be a Field")
        for axis in field.axes:
            check_text(f"fields[{name!r}].axes", axis)
        values = real(f"fields[{name!r}].values", field.values, "biufc", (1, 4, 8, 16))
        if values.ndim < len(field.axes):
            raise wrong(f"fields[{name!r}].values has shape {values.shape}", f"its axes are {field.axes}")
        if not isinstance(field.coordinates, Mapping) or len(set(field.axes)) < len(field.axes):
            raise wrong(f"fields[{name!r}] has axes {field.axes}", "they must be distinct, with coordinates by name")
        shape = dict(zip(field.axes, values.shape[values.ndim - len(field.axes) :], strict=True))
        for axis, points in field.coordinates.items():
            at = real(f"fields[{name!r}].coordinates[{axis!r}]", points, "iuf", (1, 4, 8))
            if at.shape[-1:] != (shape.get(axis),):
                raise wrong(f"fields[{name!r}].coordinates[{axis!r}] has shape {at.shape}", f"its axes are {shape}")


def _check_stats(stats: Any) -> None:
    if not (isinstance(stats, Mapping) and all(isinstance(name, str) for name in stats)):
        raise wrong(f"stats is {shown(stats)}", "must name numbers, arrays and texts")


def _check_made(self: Any, *, checks: bool) -> None:
    """Problem, method and dynamics are records and, unless this is a batch or failed, pass their constructors.

    A class whose constructor checks nothing may have a `check_read`.
    """
    for name in ("problem", "dynamics"):
        part = getattr(self, name, self)
        if name == "dynamics" and part is None:
            continue  # nothing was trained
        if not dataclasses.is_dataclass(part) or isinstance(part, type):
            raise wrong(f"{name} is {shown(part)}", "must be a record")
    if checks:
        for name in ("problem", "method", "dynamics", "conditions"):
            _check_numbers(name, getattr(self, name, None))
        for name in ("problem", "method", "dynamics", "conditions", "stats"):
            for part in _records(getattr(self, name, None)):
                _check_structure(part)
                for way in ("__post_init__", "check_read"):
                    if hasattr(part, way):
                        getattr(part, way)()


def _check_structure(part: Any) -> None:
    """What is structure is compared by ==, and a nan differs from itself."""
    for name in getattr(type(part), "_static", ()):
        value = getattr(part, name)
        if any(isinstance(leaf, float) and leaf != leaf for leaf in jax.tree_util.tree_leaves(value)):
            raise wrong(f"{name} of {type(part).__name__} is {shown(value)}", "must hold no nan")


def _check_numbers(name: str, part: Any) -> None:
    """Every field that is no structure holds numbers; a tuple may hold arrays of different lengths."""
    for leaf in jax.tree_util.tree_leaves(part, is_leaf=lambda leaf: isinstance(leaf, (list, tuple))):
        if (len(leaf) if isinstance(leaf, (list, tuple)) else np.size(leaf)) == 0:
            raise wrong(f"{name} is {shown(part)}", "must hold a number in every field")
    for leaf in jax.tree_util.tree_leaves(part):
        if not (hasattr(leaf, "dtype") and jax.numpy.issubdtype(leaf.dtype, jax.dtypes.prng_key)):
            values = real(f"{name}, which is {shown(part)}, in one field", leaf, "biuf", (1, 2, 4, 8))
            if values.dtype == np.float16 or (values.dtype.kind == "f" and np.isnan(values).any()):
                raise wrong(f"{name}, which is {shown(part)}, in one field", "must hold numbers of float64")


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
        raise wrong(f"{name} is {shown(table)}", "must name arrays")
    for key, values in table.items():
        check_text(f"the name of one of {name}", key)
        yield key, real(f"{name}[{key!r}]", values, kinds, sizes)


# By the names of `record_classes`: results stand a floor above and are not imported here.
_CHECKS: dict[str | None, Callable[[Any], None]] = {
    "grok_theory.results:Solution": _check_solution,
    "grok_theory.results:Ensemble": _check_ensemble,
    "grok_theory.agreement:Agreement": _check_agreement,
    "grok_theory.results:Forecast": _check_forecast,
    "grok_theory.results:Log": _check_itself,
    "grok_theory.results:TimeForecast": _check_itself,
    "grok_theory.applicability:Applicability": _check_itself,
    "grok_theory.overlays:Overlay": _check_itself,
    "grok_theory.fits:Fit": _check_itself,
    "grok_theory.designs:Design": _check_itself,
    "grok_theory.observables:DelayForecast": _check_itself,
    "grok_theory.observables:Table": _check_itself,
}
