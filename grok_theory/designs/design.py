"""What a search for a design found."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..dynamics import Dynamics
from ..errors import BadValue
from ..pytrees import record
from ..reports import table
from ..saved_results import save
from .targets import AtMost, Front, Least, Target


@record(static=("free", "reached", "whole", "reason"))
class Design:
    """A Problem made to a target.

    Parameters
    ----------
    problem
        The template with the value that was found.
    dynamics : Dynamics or None
        How it is trained.
    free : str
        What was free: a number of the Problem or of its dynamics, width, dim, or what x is called.
    value : float
        The value found; of a target that is not reachable the best there is.
    target : AtMost or Least or Front
        What was asked.
    reached : bool
        Whether the target holds at `value`, by a forward solve there.
    quantity : float
        The target's quantity at `value`.
    sensitivity : float
        d log(quantity)/d log(value) there: by how many percent it moves when the value moves by one; nan where
        that cannot be told.
    whole : bool
        Whether only whole numbers (of samples, steps, neurons) were looked at.
    reason : str
        One sentence.
    values, quantities : ndarray
        (n,) and (n, quantities of the target): what was looked at, sorted; where the wing has an exact answer, that.
    front : ndarray
        (m,) indices into `values` of the designs that are not worse in both quantities than another; of a Front only.
    """

    problem: Any  # of any wing: Problems share no class
    dynamics: Dynamics | None
    free: str
    value: float
    target: AtMost | Least | Front
    reached: bool
    quantity: float
    sensitivity: float
    whole: bool
    reason: str
    values: np.ndarray
    quantities: np.ndarray
    front: np.ndarray

    @property
    def verdict(self) -> str:
        """`reached` or `not reachable`."""
        return "reached" if self.reached else "not reachable"

    save = save

    def check_read(self) -> None:
        """Refuse what `find` never gives.

        Raises
        ------
        BadValue
            Naming the part.
        """
        if not isinstance(self.target, Target) or not isinstance(self.free, str) or not isinstance(self.reason, str):
            raise BadValue("target, free or reason of this Design is none. Find it again.")
        values, quantities = np.asarray(self.values, float), np.asarray(self.quantities, float)
        if values.ndim != 1 or quantities.ndim != 2 or len(values) != len(quantities) or not values.size:
            raise BadValue("values and quantities of this Design do not fit each other. Find it again.")
        if np.any(np.asarray(self.front, int) >= values.size) or not np.isfinite(self.value):
            raise BadValue("front or value of this Design is out of range. Find it again.")

    def __str__(self) -> str:
        lines = [f"{self.verdict}: {self.reason}", f"  target       {self.target}"]
        if not isinstance(self.target, Front):
            lines.append(f"  {self.free:12s} {self.value:.6g}")
            if np.isfinite(self.sensitivity):
                lines.append(f"  sensitivity  1 % more {self.free}: {self.sensitivity:+.3g} % of the quantity")
            return "\n".join(lines)
        rows = [(self.free, str(self.target.first), str(self.target.second))]
        at = np.asarray(self.front, int)
        shown = at[np.unique(np.linspace(0, at.size - 1, min(at.size, 12)).astype(int))]
        rows += [tuple(f"{v:.5g}" for v in (self.values[i], *self.quantities[i])) for i in shown]  # type: ignore[misc]
        return "\n".join([*lines, *table(rows, right=(0, 1, 2))])
