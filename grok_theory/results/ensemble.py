"""What runs say."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array

from .. import labelled, reports
from ..checks import check_times
from ..dynamics import Conditions, Dynamics
from ..errors import BadValue
from ..named_axes import Field
from ..pytrees import record
from ..saved_results import save
from ..status import FAILED, NOTED, Status
from ..tables import Table, read_table
from ..tables.one_grid import runs_on_one_grid
from .named_parts import as_dicts, curve_of, frame_of

if TYPE_CHECKING:
    import pandas
    import xarray

__all__ = ["Ensemble"]


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
        return frame_of(
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
