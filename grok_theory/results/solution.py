"""What a theory says."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array

from .. import between, html_reports, labelled, reports
from ..checks import check_shown, is_traced
from ..conditions import Conditions
from ..dynamics import Dynamics
from ..errors import BadValue, SolveFailed
from ..named_axes import Field
from ..pytrees import record
from ..saved_results import save
from ..status import NOTED, Status
from .named_parts import as_dicts, curve_of, frame_of

if TYPE_CHECKING:
    import pandas
    import xarray

__all__ = ["Solution"]


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
        Name -> (T,). `solution["test_loss"]` reads one. What a mask hides is not known, and becomes nan.
    x_name : str
        What x is: "time", "step", "samples" ...
    dynamics : Dynamics or None
        Flow, descent ... (``grok_theory.dynamics``), None where nothing is trained.
    method
        The solver.
    x_unit : str, default ''
        The unit of x, such as "tau"; empty for a count.
    numerical_error : Mapping[str, Any], default ()
        Same names, a bound of abs(value - truth) (truth: the same theory without discretisation, sampling or rounding)
        meant to hold all along the curve for 99 % of problems, measured; absent means unknown, never zero.
    fields : Mapping[str, Field], default ()
        Name -> `Field`.
    status : Status, default Status()
        Whether the curves can be trusted.
    stats : Mapping[str, Any], default ()
        Name -> number, array or text.
    run : int, optional
        Index of the run it was made conditional on, or None.
    conditions : Conditions, default Conditions()
        The other physics of the training.

    Raises
    ------
    BadValue
        Where `numerical_error` names a curve that is not there, and for an `x` that a mask hides.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> from grok_theory import linear
    >>> theory = linear.solve(linear.TeacherStudent(0.5, 5.0), [0.1, 1.0, 10.0])
    >>> print(theory["test_loss"].round(3), theory.x_name, theory.x_unit, theory.status.name)
    [5.571 4.33  4.333] time tau good
    >>> print(f"{theory.at([0.5])['test_loss'][0]:.1f}")
    4.7
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
        check_shown("x", self.x, "Leave these x out, of the curves too.")
        unknown = set(self.numerical_error) - set(self.curves)
        if unknown:
            raise BadValue(f"numerical_error names {sorted(unknown)}, but the curves are {list(self.curves)}.")

    def __getitem__(self, name: str) -> Array | np.ndarray:
        return curve_of(self, name)

    def checked(self, throw: bool) -> Solution:
        """Return this solution, unless it failed.

        Parameters
        ----------
        throw : bool
            Whether to refuse a failed one. What is traced is never refused.

        Returns
        -------
        Solution
            The same object.

        Raises
        ------
        SolveFailed
            With the status text, where the status is failed and `throw` is set.
        """
        if throw and not is_traced(self.status.level) and self.status.name == "failed":
            raise SolveFailed(f"{self.status.text} (throw=False returns what there is.)")
        return self

    def at(self, x: ArrayLike) -> Solution:
        """Read this Solution at `x` inside the solved range.

        Points of the grid come back to the bit. Between them curves are interpolated (`numerics.interpolation`), and
        the interpolation's own error is added to `numerical_error`; where the solver stated none it stays unknown. The
        status is carried, and at least `noted` where the interpolation may be off by more than 1 %. Two-time fields
        are left out. nan where a neighbouring point is not finite. Solve at `x` for all digits.

        Parameters
        ----------
        x : array_like
            (n,) in any order, or a number, which is n = 1; in the unit of this Solution's x.

        Returns
        -------
        Solution
            The same with x and curves of shape (n,), without fields.

        Raises
        ------
        BadValue
            For an x outside the solved range or of more than one dimension, and inside a trace.
        """
        wanted, curves, errors, said = between.read(self, x)
        status = self.status
        if said:
            noted = f"{status.noted} {said}" if status.text == status.noted else said
            status = Status(np.maximum(np.asarray(status.level), NOTED).astype(np.int8), noted.strip(), status.failed)
        return dataclasses.replace(self, x=wanted, curves=curves, numerical_error=errors, fields={}, status=status)

    save = save

    def to_dataframe(self) -> pandas.DataFrame:
        """Put `x` and the curves into a pandas DataFrame.

        Returns
        -------
        pandas.DataFrame
            (T,) rows; column `x_name` and one column a curve; `attrs["status"]` is the status.

        Raises
        ------
        BadValue
            Where pandas is not installed.
        """
        columns = {self.x_name: np.asarray(self.x), **{n: np.asarray(c) for n, c in self.curves.items()}}
        return frame_of(columns, self.status)

    def to_xarray(self) -> xarray.Dataset:
        """Put curves and fields into an xarray Dataset.

        Returns
        -------
        xarray.Dataset
            Curves over x, each with its `..._error`; fields over their axes, called `field_...` where a curve has the
            name.

        Raises
        ------
        BadValue
            For a batch, and where xarray is not installed.
        """
        errors = {f"{name}_error": error for name, error in self.numerical_error.items()}
        return labelled.dataset(self, {**self.curves, **errors}, (self.x_name,))

    def __str__(self) -> str:
        return reports.solution(self)

    def _repr_html_(self) -> str:
        return html_reports.solution(self)
