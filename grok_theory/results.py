"""What a theory says and what runs say: frozen, labelled, printable, saved without pickle."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jax
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array

from . import between, labelled, reports
from .checks import check_times, is_traced
from .dynamics import Conditions, Dynamics
from .errors import BadValue, SolveFailed
from .pytrees import record
from .saved_results import load, save
from .tables import Table, read_table
from .tables.one_grid import runs_on_one_grid

if TYPE_CHECKING:
    import pandas
    import xarray

GOOD, NOTED, FAILED = 0, 1, 2
_LEVELS = ("good", "noted", "failed")


class Text(str):
    """A text that may stand among numbers: to JAX it is structure, not data."""


jax.tree_util.register_pytree_node(Text, lambda text: ((), str(text)), lambda text, _: Text(text))


@record(static=("noted", "failed"))
class Status:
    """How far a result can be trusted: `level` 0 good, 1 noted (a remark), 2 failed; an int8 array inside traces.

    `noted` and `failed` are the sentences for those levels; `text` picks one when read, and names the failed members
    of a batch.

    Parameters
    ----------
    level : array_like, default GOOD
        TODO.
    noted : str, default ''
        TODO.
    failed : str, default ''
        TODO.
    """

    level: ArrayLike = GOOD
    noted: str = ""
    failed: str = ""

    @property
    def name(self) -> str:
        return "not known inside a trace" if is_traced(self.level) else _LEVELS[int(np.max(np.asarray(self.level)))]

    @property
    def text(self) -> str:
        if is_traced(self.level):
            return ""
        levels = np.asarray(self.level)
        worst = int(levels.max())
        sentence = ("", self.noted, self.failed)[worst]
        if worst == FAILED and levels.ndim:
            members = [tuple(int(i) for i in at) for at in np.argwhere(levels == FAILED)]
            shown = ", ".join(str(at[0] if len(at) == 1 else at) for at in members[:5])
            more = f" and {len(members) - 5} more" if len(members) > 5 else ""
            sentence = f"In the batch, member {shown}{more} failed. {sentence}"
        return sentence

    def __str__(self) -> str:
        return f"{self.name}: {self.text}" if self.text else self.name


@record(static=("axes",))
class Field:
    """An array with named axes: a two-time function, a spectrum ...

    `axes` are distinct; `coordinates` says for some of them where their points lie: axis name -> (points,). An axis
    called like the x of the result lies on that x.

    Parameters
    ----------
    values : Array or ndarray
        TODO.
    axes : tuple[str, ...]
        TODO.
    coordinates : Mapping[str, Any], default ()
        TODO.
    """

    values: Array | np.ndarray
    axes: tuple[str, ...]
    coordinates: Mapping[str, Any] = ()  # type: ignore[assignment]

    def __post_init__(self):
        object.__setattr__(self, "axes", tuple(self.axes))
        object.__setattr__(self, "coordinates", dict(self.coordinates))
        unknown = set(self.coordinates) - set(self.axes)
        if len(set(self.axes)) < len(self.axes) or unknown:
            raise BadValue(
                f"axes is {self.axes} with coordinates for {sorted(self.coordinates)}, but axes must be distinct and "
                "coordinates name some of them. Give each axis a name of its own."
            )


@record(static=("x_name", "x_unit", "run"))
class Solution:
    """What a theory predicts for `problem` at `x`.

    A pytree: a batch of Solutions (from `jax.vmap`) has leading axes everywhere.

    Parameters
    ----------
    problem
        The Problem it belongs to.
    x : Array or ndarray
        (T,) times, steps or samples, with `x_name` and `x_unit`.
    curves : Mapping[str, Any]
        Name -> (T,). `solution["test_loss"]` reads one.
    x_name : str
        TODO.
    dynamics : Dynamics
        Flow, descent ... (`grok_theory.dynamics`), None where nothing is trained.
    method
        The solver.
    x_unit : str, default ''
        TODO.
    numerical_error : Mapping[str, Any], default ()
        Same names, a bound of |value - truth| (truth: the same theory without discretisation, sampling or rounding)
        meant to hold all along the curve for 99 % of problems, measured; absent means unknown, never zero.
    fields : Mapping[str, Field], default ()
        Name -> `Field`.
    status : Status, default Status()
        `Status`.
    stats : Mapping[str, Any], default ()
        Name -> number, array or text.
    run : int, optional
        Index of the run it was made conditional on, or None.
    conditions : Conditions, default Conditions()
        The other physics of the training.
    """

    problem: Any  # of any wing: Problems share no class
    x: Array | np.ndarray
    curves: Mapping[str, Any]
    x_name: str
    dynamics: Dynamics | None
    method: Any  # a record of the Problem's wing
    x_unit: str = ""
    numerical_error: Mapping[str, Any] = ()  # type: ignore[assignment]
    fields: Mapping[str, Field] = ()  # type: ignore[assignment]
    status: Status = Status()
    stats: Mapping[str, Any] = ()  # type: ignore[assignment]
    run: int | None = None
    conditions: Conditions = Conditions()

    def __post_init__(self):
        as_dicts(self, "curves", "numerical_error", "fields", "stats")
        unknown = set(self.numerical_error) - set(self.curves)
        if unknown:
            raise BadValue(f"numerical_error names {sorted(unknown)}, but the curves are {list(self.curves)}.")

    def __getitem__(self, name: str) -> Array | np.ndarray:
        return curve_of(self, name)

    def checked(self, throw: bool) -> Solution:
        """This solution; raises `SolveFailed` with the status text if it failed, `throw` is set, nothing is traced.

        Parameters
        ----------
        throw : bool
            TODO.

        Returns
        -------
        Solution
            TODO
        """
        if throw and not is_traced(self.status.level) and self.status.name == "failed":
            raise SolveFailed(f"{self.status.text} (throw=False returns what there is.)")
        return self

    def at(self, x: ArrayLike) -> Solution:
        """This Solution read at `x` inside the solved range: (n,) in any order, or a number, which is n = 1.

        Points of the grid come back to the bit. Between them curves are interpolated (`numerics.interpolation`), and
        the interpolation's own error is added to `numerical_error`; where the solver stated none it stays unknown. The
        status is carried, and at least `noted` where the interpolation may be off by more than 1 %. Two-time fields
        are left out. nan where a neighbouring point is not finite. Solve at `x` for all digits.

        Parameters
        ----------
        x : array_like
            TODO.

        Returns
        -------
        Solution
            TODO
        """
        wanted, curves, errors, said = between.read(self, x)
        status = self.status
        if said:
            noted = f"{status.noted} {said}" if status.text == status.noted else said
            status = Status(np.maximum(np.asarray(status.level), NOTED).astype(np.int8), noted.strip(), status.failed)
        return dataclasses.replace(self, x=wanted, curves=curves, numerical_error=errors, fields={}, status=status)

    def save(self, path: str | os.PathLike) -> Path:
        """Write all of it, its status too, to `path` (.npz), for `grok_theory.load`; see `saved_results.save`.

        Parameters
        ----------
        path : str or os.PathLike
            TODO.

        Returns
        -------
        Path
            TODO
        """
        return save(self, path)

    def to_dataframe(self) -> pandas.DataFrame:
        """A pandas DataFrame with `x` and one column a curve; its `attrs["status"]` is the status. Needs pandas.

        Returns
        -------
        pandas.DataFrame
            TODO
        """
        columns = {self.x_name: np.asarray(self.x), **{n: np.asarray(c) for n, c in self.curves.items()}}
        return _dataframe(columns, self.status)

    def to_xarray(self) -> xarray.Dataset:
        """An xarray Dataset: curves over x, each with its `..._error`, fields over their axes. Needs xarray.

        Returns
        -------
        xarray.Dataset
            TODO
        """
        errors = {f"{name}_error": error for name, error in self.numerical_error.items()}
        return labelled.dataset(self, {**self.curves, **errors}, (self.x_name,))

    def __str__(self) -> str:
        return reports.solution(self)


@record(static=("x_name", "x_unit"))
class Ensemble:
    """What real runs of `problem` gave: the names and the `x` of its Solution, with a leading run axis.

    Parameters
    ----------
    problem
        TODO.
    x : Array or ndarray
        TODO.
    curves : Mapping[str, Any]
        Name -> (run, T), every run kept.
    x_name : str
        TODO.
    dynamics : Dynamics
        TODO.
    x_unit : str, default ''
        TODO.
    valid : Mapping[str, Any], default ()
        Name -> (T,) booleans; where False, theory does not speak at this size: drawn hollow, not judged. - the others
        as in `Solution`.
    fields : Mapping[str, Field], default ()
        TODO.
    stats : Mapping[str, Any], default ()
        TODO.
    status : Status, default Status()
        TODO.
    conditions : Conditions, default Conditions()
        TODO.
    """

    problem: Any  # of any wing: Problems share no class
    x: Array | np.ndarray
    curves: Mapping[str, Any]
    x_name: str
    dynamics: Dynamics | None
    x_unit: str = ""
    valid: Mapping[str, Any] = ()  # type: ignore[assignment]
    fields: Mapping[str, Field] = ()  # type: ignore[assignment]
    stats: Mapping[str, Any] = ()  # type: ignore[assignment]
    status: Status = Status()
    conditions: Conditions = Conditions()

    def __post_init__(self):
        as_dicts(self, "curves", "valid", "fields", "stats")
        check_times(self.x, name="x")
        if not self.curves:
            raise BadValue("curves is empty, but an Ensemble holds at least one. Pass {'test_loss': array (run, x)}.")
        runs = {np.shape(values)[0] if np.ndim(values) == 2 else None for values in self.curves.values()}
        for name, values in self.curves.items():
            if np.ndim(values) != 2 or np.shape(values)[1] != np.size(self.x) or len(runs) > 1 or 0 in runs:
                raise BadValue(
                    f"curves[{name!r}] has shape {np.shape(values)}, but it must be (runs, {np.size(self.x)}) with the "
                    "same number of runs in every curve. Pass one row a run."
                )
        for name, mask in self.valid.items():
            if name not in self.curves or np.shape(mask) != np.shape(self.x):
                raise BadValue(
                    f"valid[{name!r}] has shape {np.shape(mask)}, but it must name a curve and have shape "
                    f"{np.shape(self.x)}. Pass one boolean for every x."
                )

    @property
    def runs(self) -> int:
        return int(np.shape(next(iter(self.curves.values())))[0])

    def __getitem__(self, name: str) -> Array | np.ndarray:
        return curve_of(self, name)

    def is_valid(self, name: str) -> np.ndarray:
        """(T,) booleans: where theory speaks about this curve at this size.

        Parameters
        ----------
        name : str
            TODO.

        Returns
        -------
        ndarray
            TODO
        """
        return np.asarray(self.valid.get(name, np.ones(np.shape(self.x), bool)))

    def failed_runs(self, name: str, where: ArrayLike = None) -> np.ndarray:
        """(run,) booleans: runs of curve `name` with a value that is not finite at x (T,) `where` (default: all).

        An x at which no run is finite tells nothing about a run and is passed over.

        Parameters
        ----------
        name : str
            TODO.
        where : array_like, optional
            TODO.

        Returns
        -------
        ndarray
            TODO
        """
        finite = np.isfinite(np.asarray(self[name], float))
        looked = finite.any(0) & (True if where is None else np.asarray(where, bool))
        return ~finite[:, looked].all(1)

    @classmethod
    def from_csv(
        cls,
        path: str | os.PathLike | Table,
        *,
        problem: Any,
        dynamics: Dynamics | None,
        x: str,
        curves: Sequence[str] | Mapping[str, str],
        run: str | None = None,
        x_unit: str = "",
        encoding: str | None = None,
    ) -> Ensemble:
        """A user's own runs: a table with a column `x`, one column a curve and, with several runs, a column `run`.

        A run that crashed (a value missing or not finite, an end before the majority's) is left out: the status is
        `noted` and says which and why, `stats["left_out"]` too. Without one whole run the status is `failed`.

        Parameters
        ----------
        path : str or os.PathLike or Table
            A file that `tables.read_table` reads (separated cells or JSON), or the Table that it read.
        problem
            What the runs are runs of; `compare` holds them against a Solution of the same.
        dynamics : Dynamics
            What the runs are runs of; `compare` holds them against a Solution of the same.
        x : str
            Name of the column with times or steps; every run must have the same values.
        curves : Sequence[str] or Mapping[str, str]
            Column names, or a mapping curve name -> column name.
        run : str, optional
            Column that tells the runs apart; None: the file is one run.
        x_unit : str, default ''
            TODO.
        encoding : str, optional
            As in `tables.read_table`.

        Returns
        -------
        Ensemble
            TODO

        Raises
        ------
        BadValue
            Naming file, line and column for a cell that is no number, an x that does not increase within a run, or runs
            at different x.
        """
        columns = dict(curves) if isinstance(curves, Mapping) else {name: name for name in curves}
        if not columns:
            raise BadValue("curves is empty, but at least one is needed. Name the columns, for example ['test_loss'].")
        table = path if isinstance(path, Table) else read_table(path, encoding=encoding)
        found = runs_on_one_grid(table, x, columns, run)
        stats, status = {}, Status()
        if found.left_out:
            total = len(found.labels) + (0 if found.empty else len(found.left_out))
            why = "; ".join(f"{f'run {label}: ' if label else ''}{text}" for label, text in found.left_out.items())
            stats = {"left_out": why}
            status = Status(
                FAILED if found.empty else NOTED,
                noted=f"{len(found.left_out)} of {total} runs of {table.source} are left out: {why}. If whether a run "
                "is whole depends on what is measured, the mean of the others is not the mean of all.",
                failed=f"No run of {table.source} is whole: {why}. Name other columns or runs.",
            )
        return cls(problem, found.x, found.curves, x, dynamics, x_unit, stats=stats, status=status)

    def save(self, path: str | os.PathLike) -> Path:
        """Write all of it, its status too, to `path` (.npz), for `grok_theory.load`; see `saved_results.save`.

        Parameters
        ----------
        path : str or os.PathLike
            TODO.

        Returns
        -------
        Path
            TODO
        """
        return save(self, path)

    def to_dataframe(self) -> pandas.DataFrame:
        """A pandas DataFrame in long form: columns `run`, `x`, one a curve, and `attrs["status"]`. Needs pandas.

        Returns
        -------
        pandas.DataFrame
            TODO
        """
        size = np.size(self.x)
        return _dataframe(
            {
                "run": np.repeat(np.arange(self.runs), size),
                self.x_name: np.tile(np.asarray(self.x), self.runs),
                **{name: np.asarray(values).ravel() for name, values in self.curves.items()},
            },
            self.status,
        )

    def to_xarray(self) -> xarray.Dataset:
        """An xarray Dataset: curves over (run, x), fields over their axes. Needs xarray.

        Returns
        -------
        xarray.Dataset
            TODO
        """
        return labelled.dataset(self, self.curves, ("run", self.x_name))

    def __str__(self) -> str:
        return reports.ensemble(self)


def as_dicts(self: Any, *names: str) -> None:
    """Make the fields `names` plain dictionaries, their texts structure."""
    for name in names:
        value = getattr(self, name)
        plain = {key: Text(part) if isinstance(part, str) else part for key, part in dict(value).items()}
        object.__setattr__(self, name, plain)


def curve_of(self: Any, name: str) -> Array | np.ndarray:
    """The curve of that name; the refusal lists those there are."""
    if name not in self.curves:
        raise BadValue(f"There is no curve {name!r}; this {type(self).__name__} has {', '.join(self.curves)}.")
    return self.curves[name]


def _dataframe(columns: dict[str, np.ndarray], status: Status) -> pandas.DataFrame:
    try:
        import pandas
    except ImportError:
        raise BadValue("to_dataframe needs pandas, which is not installed. Install it, or read .curves.") from None
    frame = pandas.DataFrame(columns)
    frame.attrs["status"] = str(status)
    return frame


__all__ = ["Ensemble", "Field", "Solution", "Status", "Text", "load"]
