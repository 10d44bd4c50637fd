"""Theory as a line, the mean of runs as points with a band."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from ..checks import check_between, check_choice
from ..comparable import check_one_x
from ..errors import BadValue
from ..numerics.mean_intervals import errors_of_mean, interval_of_mean
from ..numerics.two_levels import find_levels
from ..results import Ensemble, Solution
from ..status import Status
from .canvas import choose_scales, drawing_on, with_unit

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.typing import ColorType

BANDS = ("simultaneous", "standard error")


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
    solution : Solution or None
        The line; of the same problem as the runs. Either may be None.
    ensemble : Ensemble, optional
        The points.
    name : str, default 'test_loss'
        The curve, for example "test_loss".
    ax : Axes, optional
        Where to draw; by default new axes in the package's style.
    band : {'simultaneous', 'standard error'}, default 'simultaneous'
        "simultaneous": the intervals of `gt.compare`, Bonferroni over the points, at `confidence`: if the theory is
        right, all bands hold the line with that probability. "standard error": one, of the mean. The legend says which.
    confidence : float, default 0.99
        Of the simultaneous bands, in (0, 1).
    color : ColorType, optional
        Of line and points; by default the next colour of the cycle.
    label : str, optional
        Of line and points; by default "theory" and the number of runs.

    Returns
    -------
    Axes
        The axes. Points where theory does not speak at this size (`ensemble.valid`) are hollow.

    Raises
    ------
    BadValue
        On an unknown curve or band, when `solution` is a batch or failed as a whole, when no run is whole, and when the
        two, or what `ax` already shows, have another x or unit.

    Examples
    --------
    >>> import matplotlib; matplotlib.use("Agg")
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> from grok_theory import linear
    >>> ax = curves(linear.solve(linear.TeacherStudent(0.5, 5.0), [0.1, 1.0, 10.0]), name="train_loss")
    >>> print(ax.get_ylabel())
    train loss
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
    with drawing_on(ax) as axes:
        x_label = with_unit(source.x_name, source.x_unit)
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
            choose_scales(axes, drawn)
            axes.legend()
        if not axes.get_xlabel():
            axes.set_xlabel(x_label)
        if not axes.get_ylabel():
            axes.set_ylabel(name.replace("_", " "))
    return axes


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
