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
        The Problem that was run.
    x : Array or ndarray
        (T,) times, steps or samples, finite, >= 0 and non-decreasing, with `x_name` and `x_unit`.
    curves : Mapping[str, Any]
        Name -> (run, T), every run kept; at least one curve. `ensemble["test_loss"]` reads one.
    x_name : str
        What x is: "time", "step", "samples" ...
    dynamics : Dynamics or None
        What the runs were trained by; None where nothing is trained.
    x_unit : str, default ''
        The unit of x, such as "tau"; empty for a count.
    valid : Mapping[str, Any], default ()
        Name -> (T,) booleans; where False, theory does not speak at this size: drawn hollow, not judged. A curve that
        is not named is valid everywhere.
    fields : Mapping[str, Field], default ()
        Name -> `Field`.
    stats : Mapping[str, Any], default ()
        Name -> number, array or text.
    status : Status, default Status()
        Whether the runs can be trusted.
    conditions : Conditions, default Conditions()
        The other physics of the training.

    Raises
    ------
    BadValue
        For no curve, an x out of order, and shapes that do not fit each other.
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
        """How many runs there are, failed ones too."""
        return int(np.shape(next(iter(self.curves.values())))[0])

    def __getitem__(self, name: str) -> Array | np.ndarray:
        return curve_of(self, name)

    def is_valid(self, name: str) -> np.ndarray:
        """Tell where theory speaks about this curve at this size.

        Parameters
        ----------
        name : str
            Name of a curve.

        Returns
        -------
        ndarray
            (T,) booleans.
        """
        return np.asarray(self.valid.get(name, np.ones(np.shape(self.x), bool)))

    def failed_runs(self, name: str, where: ArrayLike = None) -> np.ndarray:
        """Tell which runs have a value of a curve that is not finite.

        An x at which no run is finite tells nothing about a run and is passed over.

        Parameters
        ----------
        name : str
            Name of a curve.
        where : array_like, optional
            (T,) booleans: the x to look at; default: all.

        Returns
        -------
        ndarray
            (run,) booleans, True where the run failed.

        Raises
        ------
        BadValue
            For a curve that is not there.
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
        """Read a user's own runs: a table with a column `x`, one column a curve and, with several runs, a column `run`.

        A run that crashed (a value missing or not finite, an end before the majority's) is left out: the status is
        `noted` and says which and why, `stats["left_out"]` too. Without one whole run the status is `failed`.

        Parameters
        ----------
        path : str or os.PathLike or Table
            A file that `tables.read_table` reads (separated cells or JSON), or the Table that it read.
        problem
            What the runs are runs of; `compare` holds them against a Solution of the same.
        dynamics : Dynamics or None
            What the runs were trained by, as `problem`.
        x : str
            Name of the column with times or steps; every run must have the same values.
        curves : Sequence[str] or Mapping[str, str]
            Column names, or a mapping curve name -> column name.
        run : str, optional
            Column that tells the runs apart; None: the file is one run.
        x_unit : str, default ''
            The unit of column `x`, such as "tau".
        encoding : str, optional
            As in `tables.read_table`.

        Returns
        -------
        Ensemble
            The whole runs, in the order of the table.

        Raises
        ------
        BadValue
            Naming file, line and column for a cell that is no number, an x that does not increase within a run, or runs
            at different x; for a column that is not there, and where `curves` is empty.
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
        """Write all of it, its status too, for `grok_theory.load`.

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
            Where nothing can be written to `path`, and for a result that `load` would refuse.
        """
        return save(self, path)

    def to_dataframe(self) -> pandas.DataFrame:
        """Put the runs into a pandas DataFrame in long form.

        Returns
        -------
        pandas.DataFrame
            runs * T rows; columns `run` (0, 1 ...), `x_name` and one a curve; `attrs["status"]` is the status.

        Raises
        ------
        BadValue
            Where pandas is not installed.
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
        """Put curves and fields into an xarray Dataset.

        Returns
        -------
        xarray.Dataset
            Curves over (run, x); fields over their axes, called `field_...` where a curve has the name.

        Raises
        ------
        BadValue
            Where xarray is not installed.
        """
        return labelled.dataset(self, self.curves, ("run", self.x_name))

    def __str__(self) -> str:
        return reports.ensemble(self)
