"""A quantity over two parameters, as coloured cells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from jax.typing import ArrayLike

from ..checks import check_numbers, check_shape, hidden_as_nan
from ..errors import BadValue
from .canvas import drawing_on, is_geometric

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def heatmap(
    x: ArrayLike,
    y: ArrayLike,
    values: ArrayLike,
    *,
    ax: Axes | None = None,
    x_label: str = "",
    y_label: str = "",
    label: str = "",
    log: bool = False,
    levels: Sequence[float] = (),
) -> Axes:
    """Draw `values` over two parameters as coloured cells, with contour lines at `levels`.

    Parameters
    ----------
    x : array_like
        (X,) the parameter to the right, increasing; the axis is logarithmic if its values are spaced so.
    y : array_like
        (Y,) the parameter upwards, as `x`.
    values : array_like
        (Y, X) the quantity; nan and what a mask hides are drawn hatched: no value there. Infinities are refused.
    ax : Axes, optional
        Where to draw; by default new axes in the package's style.
    x_label, y_label : str, default ''
        What the parameters are, with units.
    label : str, default ''
        What the quantity is, with its unit; stands at the colour bar.
    log : bool, default False
        Colours by the logarithm of the value.
    levels : Sequence[float], default ()
        Values at which to draw a line.

    Returns
    -------
    Axes
        The axes.

    Raises
    ------
    BadValue
        On shapes that do not fit, an `x` or `y` that does not increase, values that are infinite or nan everywhere, and
        with `log` on values that are not positive.

    Examples
    --------
    >>> import matplotlib; matplotlib.use("Agg")
    >>> import numpy as np
    >>> ax = heatmap([1.0, 2.0, 3.0], [1.0, 2.0], np.ones((2, 3)), x_label="width", y_label="depth", label="loss")
    >>> print(ax.get_xlabel(), ax.get_ylabel())
    width depth
    """
    from matplotlib.colors import LogNorm
    from matplotlib.patheffects import withStroke

    for axis_name, axis in (("x", x), ("y", y)):
        check_numbers(axis_name, axis, "Pass a one-dimensional increasing array.")
    values = hidden_as_nan(values)
    check_numbers("values", values, "Pass one row for every y and one column for every x.")
    x, y, values = np.asarray(x, float), np.asarray(y, float), np.asarray(values, float)
    for axis_name, axis in (("x", x), ("y", y)):
        check_shape(axis_name, axis, (None,), "Pass a one-dimensional increasing array.")
        if np.any(np.diff(axis) <= 0):
            raise BadValue(f"{axis_name} does not increase, but cells need increasing {axis_name}. Sort it.")
    check_shape("values", values, (y.size, x.size), "Pass one row for every y and one column for every x.")
    infinite = np.argwhere(np.isinf(values))
    if infinite.size:
        row, column = (int(i) for i in infinite[0])
        raise BadValue(
            f"values[{row}, {column}] is {values[row, column]}, but a colour needs a finite number. Pass nan where "
            "there is none (drawn hatched), or the greatest value that was looked at."
        )
    if not np.isfinite(values).any():
        raise BadValue("values is nan everywhere, but at least one finite number is needed. Pass what was solved.")
    if log and np.nanmin(values) <= 0:
        raise BadValue(f"values has {np.nanmin(values):g}, but log=True needs positive values. Leave log out.")
    with drawing_on(ax) as axes:
        axes.set_facecolor("#eeeeee")
        axes.patch.set_hatch("////")
        axes.patch.set_edgecolor("#bbbbbb")
        shown = np.ma.masked_invalid(values)
        norm = LogNorm() if log else None
        cells = axes.pcolormesh(_edges(x), _edges(y), shown, norm=norm, cmap="cividis", rasterized=True)
        if len(levels):
            lines = axes.contour(x, y, shown, levels=list(levels), colors="white", linewidths=1.0)
            # A dark rim: white alone is lost on the light end of the colours.
            lines.set_path_effects([withStroke(linewidth=2.0, foreground="#333333")])
            for text in axes.clabel(lines, fontsize=6):
                text.set_path_effects([withStroke(linewidth=1.5, foreground="#333333")])
        axes.set_xscale("log" if is_geometric(x) else "linear")
        axes.set_yscale("log" if is_geometric(y) else "linear")
        axes.set(xlabel=x_label, ylabel=y_label)
        axes.figure.colorbar(cells, ax=axes, label=label)
    return axes


def _edges(centres: np.ndarray) -> np.ndarray:
    """Borders of cells around the centres: half-way, in logs where the centres are spaced so."""
    if is_geometric(centres):
        return np.exp(_edges_linear(np.log(centres)))
    return _edges_linear(centres)


def _edges_linear(centres: np.ndarray) -> np.ndarray:
    if centres.size == 1:
        return np.array([centres[0] - 0.5, centres[0] + 0.5])
    middle = (centres[1:] + centres[:-1]) / 2
    return np.concatenate([[2 * centres[0] - middle[0]], middle, [2 * centres[-1] - middle[-1]]])
