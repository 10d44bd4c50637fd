"""What a theory says."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array

from .. import between, labelled, reports
from ..checks import is_traced
from ..dynamics import Conditions, Dynamics
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
        return frame_of(columns, self.status)

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
