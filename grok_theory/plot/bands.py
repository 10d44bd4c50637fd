"""The band of one run: a shade with its median, and runs on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..checks import check_choice, check_integer, check_kind
from ..judged_runs import shared_curves
from ..results import Ensemble, Forecast, Log
from .canvas import choose_scales, drawing_on, with_unit

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.typing import ColorType


def band(
    forecast: Forecast,
    name: str = "test_loss",
    runs: Log | Ensemble | None = None,
    *,
    ax: Axes | None = None,
    draws: int = 0,
    color: ColorType | None = None,
    label: str | None = None,
) -> Axes:
    """Draw the band in which one run lies: along the whole curve (light), at one x alone (dark), and its median.

    Axes become logarithmic where the values are positive and span more than two decades, unless `ax` was given.

    Parameters
    ----------
    forecast : Forecast
        What one run will do.
    name : str, default 'test_loss'
        The curve.
    runs : Log or Ensemble, optional
        Runs to draw on it, each a thin line with its points, in the units of the forecast.
    ax : Axes, optional
        Where to draw; by default new axes in the package's style.
    draws : int, default 0
        How many of the forecast's own draws to show.
    color : ColorType, optional
        Of the band; by default the next colour of the cycle.
    label : str, optional
        Of the band; by default its level.

    Returns
    -------
    Axes
        The axes.

    Raises
    ------
    BadValue
        For a curve that the forecast has not, and runs of another x.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> import grok_theory as gt
    >>> told = gt.linear.forecast(gt.linear.TeacherStudent(2.0, 5.0), [0.1, 1.0, 5.0], dim=100)
    >>> band(told, "train_loss").get_ylabel()
    'train loss'
    """
    check_kind("forecast", forecast, Forecast, "Make one with a wing's forecast(problem, x, dim=...).")
    check_choice("name", name, list(forecast.curves), "Name a curve of the forecast.")
    draws = check_integer("draws", draws, 0, "Pass how many draws to show.", high=len(forecast.draws[name]))
    if runs is not None:
        shared_curves([forecast], runs, [name])
    x, whole, alone = np.asarray(forecast.x, float), forecast[name], forecast.pointwise[name]
    with drawing_on(ax) as axes:
        (line,) = axes.plot(x, whole.median, color=color, label=label or f"median and {forecast.level:.0%} of runs")
        color = line.get_color()
        for ends, alpha in ((whole, 0.18), (alone, 0.22)):
            axes.fill_between(x, ends.low, ends.high, color=color, alpha=alpha, linewidth=0)
        for values in forecast.draws[name][:draws]:
            axes.plot(x, values, color=color, linewidth=0.5, alpha=0.5)
        for i, (at, values) in enumerate(_curves(runs, name)):
            style = {"color": "0.15", "linewidth": 0.6, "marker": "o", "markersize": 2}
            axes.plot(at, values, **style, label="run" if i == 0 else None)
        if ax is None:
            choose_scales(axes, [(x, whole.median)])
            axes.legend()
        if not axes.get_xlabel():
            axes.set_xlabel(with_unit(forecast.x_name, forecast.x_unit))
        if not axes.get_ylabel():
            axes.set_ylabel(name.replace("_", " "))
    return axes


def _curves(runs: Log | Ensemble | None, name: str) -> list[tuple[np.ndarray, np.ndarray]]:
    if runs is None:
        return []
    if isinstance(runs, Ensemble):
        return [(np.asarray(runs.x, float), values) for values in np.asarray(runs[name], float)]
    return [(r.x, r.values) for part in runs.runs.values() for c, r in part.items() if runs.named(c) == name]
