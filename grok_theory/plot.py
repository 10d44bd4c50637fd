"""Theory as a line, runs as points with a band: `curves`; a quantity over two parameters: `heatmap`.

Both draw into `ax`, or into a new one in the style of the package, and return the axes: everything about the picture
can still be changed. Labels and units come from the Solution and the Ensemble. Colours are told apart by colour-blind
eyes (Okabe & Ito 2008) and in grey.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jax.typing import ArrayLike

from .checks import check_between, check_choice, check_shape
from .comparison import check_one_x
from .errors import BadValue
from .numerics.mean_intervals import errors_of_mean, interval_of_mean
from .numerics.two_levels import find_levels
from .results import Ensemble, Solution, Status

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.typing import ColorType

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
    color: ColorType | None = None,
    label: str | None = None,
) -> Axes:
    """Draw one curve: the theory's line, and the mean of the runs as points with a band.

    Axes become logarithmic where the values are positive and span more than two decades, unless `ax` was given. Where
    runs go between levels, bands hold the runs that were not drawn, as in `gt.compare`. What failed is left out and
    the legend says so: runs with a value that is not finite, and the part of a failed Solution that is not. What a
    solver or the runs remark is told by "(noted)".

    Parameters
    ----------
    solution : Solution
        Of the same problem; either may be None.
    ensemble : Ensemble, optional
        Of the same problem; either may be None.
    name : str, default 'test_loss'
        The curve, for example "test_loss".
    ax : Axes, optional
        Where to draw; by default new axes in the package's style.
    band : str, default 'simultaneous'
        "simultaneous" (the intervals of `gt.compare`, Bonferroni over the points, at.
    confidence : float, default 0.99
        If the theory is right, all bands hold the line with that probability) or "standard error" (one, of the mean).
        The legend says which.
    color : ColorType, optional
        Of line and points; by default the next colour of the cycle, "theory" and the number of runs.
    label : str, optional
        Of line and points; by default the next colour of the cycle, "theory" and the number of runs.

    Returns
    -------
    Axes
        The axes. Points where theory does not speak at this size (`ensemble.valid`) are hollow.

    Raises
    ------
    BadValue
        On an unknown curve or band, when `solution` is a batch or failed as a whole, and when the two, or what `ax`
        already shows, have another x or unit.
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
    if solution is not None and ensemble is not None:
        check_one_x(solution, ensemble)
    source = solution if solution is not None else ensemble
    assert source is not None
    for what, result in (("solution", solution), ("ensemble", ensemble)):
        _check_drawable(what, result, name)
    with _canvas(ax) as axes:
        x_label = _with_unit(source.x_name, source.x_unit)
        _check_axis(axes, source, x_label)
        drawn = []
        if solution is not None:
            x, values = np.asarray(solution.x, float), np.asarray(solution[name], float)
            said = ("theory" if label is None else label) + _remark(solution.status)
            if solution.status.name != "failed" and not np.isfinite(values).all():
                said += " (not finite in part, left out)"
            (line,) = axes.plot(x, values, color=color, label=said)
            color = line.get_color()
            drawn.append((x, values))
        if ensemble is not None:
            drawn.append(_draw_runs(axes, ensemble, name, band, confidence, color, label))
        if ax is None:
            _choose_scales(axes, drawn)
            axes.legend()
        if not axes.get_xlabel():
            axes.set_xlabel(x_label)
        if not axes.get_ylabel():
            axes.set_ylabel(name.replace("_", " "))
    return axes


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

    - `x` (X,), `y` (Y,): the parameters, increasing; an axis is logarithmic if its values are spaced so. - `values` (Y,
    X): the quantity; nan is drawn hatched: no value there. Infinities are refused.

    Parameters
    ----------
    x : array_like
        TODO.
    y : array_like
        TODO.
    values : array_like
        TODO.
    ax : Axes, optional
        TODO.
    x_label, y_label, label : str, default ''
        With units; `label` stands at the colour bar.
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
        On shapes that do not fit, and with `log` on values that are not positive.
    """
    from matplotlib.colors import LogNorm
    from matplotlib.patheffects import withStroke

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
    axes: Axes, ensemble: Ensemble, name: str, band: str, confidence: float, color: ColorType | None, label: str | None
) -> tuple[np.ndarray, np.ndarray]:
    x, failed = np.asarray(ensemble.x, float), ensemble.failed_runs(name)
    if failed.all():
        raise BadValue(
            f"ensemble[{name!r}] has no run that is finite at all {ensemble.x_name}, so there is no mean to draw. "
            "Cut x to where runs are finite, or mend them."
        )
    runs = np.asarray(ensemble[name], float)[~failed]
    mean, (low, high) = runs.mean(axis=0), _band(runs, band, confidence)
    valid, count = ensemble.is_valid(name), len(runs)
    many = f"{count} run{'' if count == 1 else 's'}" + (f" of {failed.size}, the others failed" if failed.any() else "")
    said = f"{many}, {confidence:.0%} band" if band == "simultaneous" else f"{many}, ± standard error"
    if count == 1:
        said = many
    said += _remark(ensemble.status)
    if label is not None:  # the line's label speaks for the points too, unless something has to be told
        said = f"{label}: {said}" if failed.any() or _remark(ensemble.status) else None
    style: dict[str, Any] = {"linestyle": "none", "marker": "o"}
    (points,) = axes.plot(x[valid], mean[valid], **style, color=color, label=said)
    color = points.get_color()
    if count > 1:
        axes.fill_between(x, low, high, color=color, alpha=0.22, linewidth=0)
    if not valid.all():
        hollow = None if label is not None else "beyond theory at this size"
        axes.plot(x[~valid], mean[~valid], **style, color=color, markerfacecolor="white", label=hollow)
    return x, mean


def _band(runs: np.ndarray, band: str, confidence: float) -> tuple[np.ndarray, np.ndarray]:
    """Low and high of the mean over runs at every point: `compare`'s own intervals, or one standard error."""
    count = len(runs)
    mean, known = runs.mean(axis=0), np.isfinite(runs).all(axis=0)
    low, high = mean.copy(), mean.copy()
    if count == 1 or not known.any():
        return low, high
    runs, mean = runs[:, known], mean[known]
    if band == "standard error":
        below, above = errors_of_mean(runs)
        low[known], high[known] = mean - below, mean + above
        return low, high
    in_logs = bool(np.all(mean > 0))
    tail = (1 - confidence) / 2
    levels = find_levels(runs, apart=0.0, in_logs=in_logs, tail=tail)
    least, most = interval_of_mean(runs, tail / mean.size, in_logs=in_logs, levels=levels)
    low[known], high[known] = (np.exp(least), np.exp(most)) if in_logs else (least, most)
    return low, high


def _check_drawable(what: str, result: Solution | Ensemble | None, name: str) -> None:
    """Refuse a failed result of which no value says where it failed, and a curve without a number."""
    if result is None:
        return
    values = np.asarray(result[name], float)
    if result.status.name != "failed":
        if what == "solution" and not np.isfinite(values).any():
            raise BadValue(
                f"{what}[{name!r}] is finite nowhere, so there is nothing to draw. Mend it, or leave it out."
            )
        return
    if np.isfinite(values).all() or not np.isfinite(values).any():
        raise BadValue(f"{what} has failed, and what is not trusted is not drawn. It says: {result.status.text}")


def _remark(status: Status) -> str:
    return {"noted": " (noted)", "failed": " (failed in part, left out)"}.get(status.name, "")


def _check_axis(axes: Axes, source: Solution | Ensemble, x_label: str) -> None:
    """Refuse axes that show another x: their label must hold its name and unit."""
    there = axes.get_xlabel()
    plain = there.lower().replace("\\", "").replace("$", "")
    words = [word.lower() for word in (source.x_name.replace("_", " "), source.x_unit) if word]
    # As words of their own: the s of seconds is in "times", the step in "stepped".
    if there and not all(re.search(rf"(?<!\w){re.escape(word)}(?!\w)", plain) for word in words):
        raise BadValue(
            f"ax has x in {there!r}, but this curve has {x_label!r}, and equal numbers of them are not the same. "
            "Convert with dataclasses.replace(..., x=x * factor, x_name=..., x_unit=...), draw on other axes, or set "
            "the label after drawing."
        )
    if there and not source.x_unit and "[" in there:
        raise BadValue(
            f"ax has x in {there!r}, but this curve has {x_label!r} without a unit. Say its unit with "
            "dataclasses.replace(..., x_unit=...), or draw on other axes."
        )


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
