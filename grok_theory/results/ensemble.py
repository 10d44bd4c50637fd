"""What runs say."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array

from .. import html_reports, labelled, reports
from ..checks import check_shown, check_times
from ..conditions import Conditions
from ..dynamics import Dynamics, Stepped
from ..errors import BadValue
from ..named_axes import Field
from ..pytrees import record
from ..saved_results import save
from ..status import FAILED, NOTED, Status
from ..tables import Table, read_table
from .gathered import as_columns, runs_of_log, runs_of_table
from .log import Log
from .log_reading import read_log
from .log_units import counts_steps
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
        Name -> (run, T), every run kept; at least one curve. `ensemble["test_loss"]` reads one. What a mask hides was
        not logged, and becomes nan.
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
        For no curve, an x out of order, shapes that do not fit each other, and an `x` or `valid` that a mask hides.

    Examples
    --------
    >>> import numpy as np
    >>> import grok_theory as gt
    >>> problem = gt.linear.TeacherStudent(0.5, 5.0)
    >>> mine = gt.Ensemble(problem, [0.1, 1.0], {"test_loss": np.ones((3, 2))}, "time", gt.GradientFlow(), x_unit="tau")
    >>> print(mine["test_loss"].shape)
    (3, 2)
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
            # Neither answer could be read from what is hidden, and nan would be taken for True.
            check_shown(f"valid[{name!r}]", mask, "Pass one boolean for every x.")
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
    def from_log(
        cls,
        log: Log | Table | str | os.PathLike | Sequence[str | os.PathLike],
        problem: Any,
        dynamics: Dynamics | None,
        grid: ArrayLike | None = None,
        *,
        curves: Sequence[str] | Mapping[str, str] | None = None,
        x: str | None = None,
        run: str | None = None,
        x_unit: str | None = None,
        repeats: str = "last",
        encoding: str | None = None,
        pattern: str | None = None,
    ) -> Ensemble:
        """A user's own runs: a `Log`, or files that `read_log` reads, as runs on one grid of x.

        A run that crashed (a value missing or not finite, an end before the majority's or the grid's) is left out: the
        status is `noted` and says which and why, `stats["left_out"]` too. Without one whole run the status is `failed`.
        `stats["recognised"]` says which columns were read, guessed and passed over.

        Parameters
        ----------
        log : Log or Table or str or os.PathLike or Sequence
            What `read_log` gave (converted to the units of the problem by `Log.in_units_of`), a file that it reads,
            several of them, or a Table that was read.
        problem
            What the runs are runs of; `compare` holds them against a Solution of the same.
        dynamics : Dynamics or None
            What the runs were trained by, as `problem`.
        grid : array_like, optional
            (T,) increasing times in the unit of x, at which runs are read by linear interpolation; left out, every run
            must have the same times.
        curves : Sequence[str] or Mapping[str, str], optional
            Column names, or a mapping curve name -> column name (of a Log: curve name -> "train" or "test"). Left out,
            train and test are guessed, and called `train_loss`, `test_loss` or `train_accuracy`, `test_accuracy`.
        x, run : str, optional
            Names of the columns of times, and of what tells runs apart; guessed if left out.
        x_unit : str, optional
            The unit of column `x`, such as "tau"; left out, what stands in brackets behind its name, or none.
        repeats, encoding, pattern : str, optional
            As in `read_log`.

        Returns
        -------
        Ensemble
            The whole runs, in the order of the log.

        Raises
        ------
        BadValue
            Naming file, line and column for a cell that is no number, an x that does not increase within a run, or runs
            at different x where no grid is given; for a column that is not there, a grid that no run reaches over, and
            where `curves` is empty.
        """
        named = as_columns(curves)
        if isinstance(log, Log):
            found = runs_of_log(log, named, grid)
        elif named is None:
            options = {"x": x, "run": run, "x_unit": x_unit, "repeats": repeats}
            found = runs_of_log(read_log(log, **options, encoding=encoding, pattern=pattern), None, grid)
        else:
            table = log if isinstance(log, Table) else read_table(log, encoding=encoding, pattern=pattern)
            found = runs_of_table(table, named, x, run, x_unit, repeats, grid)
        runs, status = found.runs, Status()
        stats = {"recognised": found.recognised}
        if runs.left_out:
            total = len(runs.labels) + len(set(runs.left_out) - set(runs.labels))
            why = "; ".join(f"{f'run {label}: ' if label else ''}{text}" for label, text in runs.left_out.items())
            stats["left_out"] = why
            status = Status(
                FAILED if runs.empty else NOTED,
                noted=f"{len(runs.left_out)} of {total} runs of {found.source} are left out: {why}. If whether a run "
                "is whole depends on what is measured, the mean of the others is not the mean of all.",
                failed=f"No run of {found.source} is whole: {why}. Name other columns or runs.",
            )
        by_steps = isinstance(dynamics, Stepped) and counts_steps(found.x_name, found.x_unit)
        x_name = Stepped.x_name if by_steps else found.x_name
        return cls(problem, runs.x, runs.curves, x_name, dynamics, found.x_unit, stats=stats, status=status)

    save = save

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

    def _repr_html_(self) -> str:
        return html_reports.ensemble(self)
