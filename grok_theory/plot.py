"""Theory as a line, runs as points with a band: `curves`; a quantity over two parameters: `heatmap`.

Both draw into `ax`, or into a new one in the style of the package, and return the axes: everything about the picture
can still be changed. Labels and units come from the Solution and the Ensemble. Colours are told apart by colour-blind
eyes (Okabe & Ito 2008) and in grey.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .errors import BadValue, check_between, check_choice, check_shape
from .numerics.mean_intervals import log_of_mean, student
from .results import Ensemble, Solution

if TYPE_CHECKING:
    from matplotlib.axes import Axes

STYLE = Path(__file__).with_name("style.mplstyle")
BANDS = ("simultaneous", "standard error")

__all__ = ["BANDS", "STYLE", "curves", "heatmap"]


def curves(
    solution: Solution | None,
    ensemble: Ensemble | None = None,
    name: str = "test_loss",
    *,
    ax: Axes | None = None,
    band: str = "simultaneous",
    confidence: float = 0.99,
    color: Any = None,
    label: str | None = None,
) -> Axes:
    """Draw one curve: the theory's line, and the mean of the runs as points with a band.

    **Arguments:**
    - `solution`, `ensemble`: of the same problem; either may be None.
    - `name`: the curve, for example "test_loss".
    - `ax`: where to draw; by default new axes in the package's style.
    - `band`: "simultaneous" (the intervals of `gt.compare`, Bonferroni over the points, at `confidence`: if the theory
      is right, all bands hold the line with that probability) or "standard error" (one, of the mean). The legend says
      which.
    - `color`, `label`: of line and points; by default the next colour of the cycle, "theory" and the number of runs.

    **Returns:** the axes. Points where theory does not speak at this size (`ensemble.valid`) are hollow.

    Axes become logarithmic where the values are positive and span more than two decades, unless `ax` was given.
    Raises `BadValue` on an unknown curve or band, and when `solution` is a batch.
    """
    check_choice("band", band, BANDS)
    check_between("confidence", confidence, 0, 1, "Pass 0.99.", include_low=False, include_high=False)
    if solution is None and ensemble is None:
        raise BadValue("solution and ensemble are both None, but there must be one to draw. Pass a Solution.")
    if solution is not None and np.ndim(solution.x) != 1:
        raise BadValue(
            f"solution is a batch of shape {np.shape(solution.x)[:-1]}, but one curve is drawn at a time. "
            "Pick a member with jax.tree_util.tree_map(lambda leaf: leaf[i], solution)."
        )
    source = solution if solution is not None else ensemble
    assert source is not None
    with _canvas(ax) as axes:
        drawn = []
        if solution is not None:
            x, values = np.asarray(solution.x, float), np.asarray(solution[name], float)
            (line,) = axes.plot(x, values, color=color, label="theory" if label is None else label)
            color = line.get_color()
            drawn.append((x, values))
        if ensemble is not None:
            drawn.append(_draw_runs(axes, ensemble, name, band, confidence, color, label))
        if ax is None:
            _choose_scales(axes, drawn)
            axes.legend()
        if not axes.get_xlabel():
            axes.set_xlabel(_with_unit(source.x_name, source.x_unit))
        if not axes.get_ylabel():
            axes.set_ylabel(name.replace("_", " "))
    return axes


def heatmap(
    x: Any,
    y: Any,
    values: Any,
    *,
    ax: Axes | None = None,
    x_label: str = "",
    y_label: str = "",
    label: str = "",
    log: bool = False,
    levels: Sequence[float] = (),
) -> Axes:
    """Draw `values` over two parameters as coloured cells, with contour lines at `levels`.

    **Arguments:**
    - `x` (X,), `y` (Y,): the parameters, increasing; an axis is logarithmic if its values are spaced so.
    - `values` (Y, X): the quantity; nan is drawn hatched: no value there.
    - `x_label`, `y_label`, `label`: with units; `label` stands at the colour bar.
    - `log`: colours by the logarithm of the value.
    - `levels`: values at which to draw a line.

    **Returns:** the axes. Raises `BadValue` on shapes that do not fit, and with `log` on values that are not positive.
    """
    from matplotlib.colors import LogNorm
    from matplotlib.patheffects import withStroke

    x, y, values = np.asarray(x, float), np.asarray(y, float), np.asarray(values, float)
    for axis_name, axis in (("x", x), ("y", y)):
        check_shape(axis_name, axis, (None,), "Pass a one-dimensional increasing array.")
        if np.any(np.diff(axis) <= 0):
            raise BadValue(f"{axis_name} does not increase, but cells need increasing {axis_name}. Sort it.")
    check_shape("values", values, (y.size, x.size), "Pass one row for every y and one column for every x.")
    if log and np.nanmin(values) <= 0:
        raise BadValue(f"values has {np.nanmin(values):g}, but log=True needs positive values. Leave log out.")
    with _canvas(ax) as axes:
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
        axes.set_xscale("log" if _is_geometric(x) else "linear")
        axes.set_yscale("log" if _is_geometric(y) else "linear")
        axes.set(xlabel=x_label, ylabel=y_label)
        axes.figure.colorbar(cells, ax=axes, label=label)
    return axes


@contextmanager
def _canvas(ax: Axes | None) -> Iterator[Axes]:
    """`ax` as it is, or new axes with everything drawn inside in the package's style."""
    if ax is not None:
        yield ax
        return
    import matplotlib.pyplot as plt

    with plt.style.context(STYLE):
        yield plt.subplots()[1]


def _draw_runs(
    axes: Axes, ensemble: Ensemble, name: str, band: str, confidence: float, color: Any, label: str | None
) -> tuple[np.ndarray, np.ndarray]:
    x, runs = np.asarray(ensemble.x, float), np.asarray(ensemble[name], float)
    mean, (low, high) = runs.mean(axis=0), _band(runs, band, confidence)
    valid = ensemble.is_valid(name)
    many = f"{ensemble.runs} run{'' if ensemble.runs == 1 else 's'}"
    said = f"{many}, {confidence:.0%} band" if band == "simultaneous" else f"{many}, ± standard error"
    if ensemble.runs == 1:
        said = many
    style: dict[str, Any] = {"linestyle": "none", "marker": "o"}
    (points,) = axes.plot(x[valid], mean[valid], **style, color=color, label=said if label is None else None)
    color = points.get_color()
    if ensemble.runs > 1:
        axes.fill_between(x, low, high, color=color, alpha=0.22, linewidth=0)
    if not valid.all():
        hollow = None if label is not None else "beyond theory at this size"
        axes.plot(x[~valid], mean[~valid], **style, color=color, markerfacecolor="white", label=hollow)
    return x, mean


def _band(runs: np.ndarray, band: str, confidence: float) -> tuple[np.ndarray, np.ndarray]:
    """Low and high of the mean over runs at every point: `compare`'s own intervals, or one standard error."""
    count, points = runs.shape
    mean = runs.mean(axis=0)
    if count == 1:
        return mean, mean
    if band == "standard error":
        error = runs.std(axis=0, ddof=1) / np.sqrt(count)
        return mean - error, mean + error
    tail = (1 - confidence) / (2 * points)
    if np.all(mean > 0):
        low, high = log_of_mean(runs, tail)
        return np.exp(low), np.exp(high)
    return student(runs, tail)


def _choose_scales(axes: Axes, drawn: list[tuple[np.ndarray, np.ndarray]]) -> None:
    if all(_spans_decades(x) or _is_geometric(x) for x, _ in drawn):
        axes.set_xscale("log")
    if all(_spans_decades(values) for _, values in drawn):
        axes.set_yscale("log")


def _spans_decades(values: np.ndarray) -> bool:
    finite = values[np.isfinite(values)]
    return bool(finite.size and finite.min() > 0 and finite.max() > 100 * finite.min())


def _is_geometric(axis: np.ndarray) -> bool:
    if axis.size < 3 or axis[0] <= 0:
        return False
    ratios = axis[1:] / axis[:-1]
    return bool(np.allclose(ratios, ratios[0], rtol=1e-6) and axis[-1] > 3 * axis[0])


def _edges(centres: np.ndarray) -> np.ndarray:
    """Borders of cells around the centres: half-way, in logs where the centres are spaced so."""
    if _is_geometric(centres):
        return np.exp(_edges_linear(np.log(centres)))
    return _edges_linear(centres)


def _edges_linear(centres: np.ndarray) -> np.ndarray:
    if centres.size == 1:
        return np.array([centres[0] - 0.5, centres[0] + 0.5])
    middle = (centres[1:] + centres[:-1]) / 2
    return np.concatenate([[2 * centres[0] - middle[0]], middle, [2 * centres[-1] - middle[-1]]])


def _with_unit(name: str, unit: str) -> str:
    return f"{name.replace('_', ' ')} [{unit}]" if unit else name.replace("_", " ")
