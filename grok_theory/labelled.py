"""Results as labelled arrays of xarray, for those who have it."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from .errors import BadValue

if TYPE_CHECKING:
    import xarray

    from .results import Field


def dataset(self: Any, curves: Mapping[str, Any], dims: tuple[str, ...]) -> xarray.Dataset:
    """The xarray Dataset of a Solution or an Ensemble: `curves` over `dims`, then its fields.

    A field of a curve's name is called `field_...`.

    Raises
    ------
    BadValue
        For a batch, and without xarray.
    """
    try:
        import xarray
    except ImportError:
        raise BadValue(
            "to_xarray needs xarray, which is not installed. Install it, or read .curves, .fields."
        ) from None
    if np.ndim(self.x) != 1:
        raise BadValue(
            f"x has shape {np.shape(self.x)}: a batch has no one x. Pick a member with "
            "jax.tree_util.tree_map(lambda leaf: leaf[i], solution)."
        )
    found = xarray.Dataset(
        {name: (dims, np.asarray(values)) for name, values in curves.items()},
        coords={self.x_name: (self.x_name, np.asarray(self.x), {"units": self.x_unit} if self.x_unit else {})},
        attrs={"problem": repr(self.problem), "dynamics": repr(self.dynamics), "status": str(self.status)},
    )
    for name, field in self.fields.items():
        found[f"field_{name}" if name in found else name] = _array(xarray, field)
    return found


def _array(xarray: ModuleType, field: Field) -> xarray.DataArray:
    coordinates = {axis: np.asarray(points) for axis, points in field.coordinates.items()}
    return xarray.DataArray(np.asarray(field.values), coords=coordinates, dims=field.axes)
