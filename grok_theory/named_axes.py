"""An array whose axes have names: what a result holds beside its curves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Array

from .errors import BadValue
from .pytrees import record

__all__ = ["Field"]


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
