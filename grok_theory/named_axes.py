"""An array whose axes have names: what a result holds beside its curves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Array

from .checks import check_shown, hidden_as_nan
from .errors import BadValue
from .pytrees import record

__all__ = ["Field"]


@record(static=("axes",))
class Field:
    """An array with named axes: a two-time function, a spectrum ...

    An axis called like the x of the result lies on that x.

    Parameters
    ----------
    values : Array or ndarray
        The numbers; the last dimensions are `axes`, those before them a batch. What a mask hides becomes nan.
    axes : tuple[str, ...]
        Name of each axis, in order; distinct.
    coordinates : Mapping[str, Any], default ()
        Where the points of some axes lie: axis name -> (points,).

    Raises
    ------
    BadValue
        For an axis named twice, and coordinates of an axis that is not there, or that a mask hides.
    """

    values: Array | np.ndarray
    axes: tuple[str, ...]
    coordinates: Mapping[str, Any] = ()  # type: ignore[assignment]

    def __post_init__(self):
        object.__setattr__(self, "values", hidden_as_nan(self.values))
        object.__setattr__(self, "axes", tuple(self.axes))
        object.__setattr__(self, "coordinates", dict(self.coordinates))
        unknown = set(self.coordinates) - set(self.axes)
        if len(set(self.axes)) < len(self.axes) or unknown:
            raise BadValue(
                f"axes is {self.axes} with coordinates for {sorted(self.coordinates)}, but axes must be distinct and "
                "coordinates name some of them. Give each axis a name of its own."
            )
        for axis, points in self.coordinates.items():
            check_shown(f"coordinates[{axis!r}]", points, "Leave these points out, of the values too.")
