"""Runs as they were logged, each on its own times, with a theory over them where there is one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..checks import check_choice
from ..errors import BadValue
from ..overlays import Overlay
from ..results import Log
from ..tables.names import plain_name
from .canvas import drawing_on, with_unit

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def recorded(log: Log | Overlay, curve: str | None = None, *, ax: Axes | None = None) -> Axes:
    r"""Draw the curves of a log, one faint line a run; of an `Overlay` the theory as lines, the log as points on them.

    Steps stand on a logarithmic axis where they span two decades, with 0 at its left end; so do losses. Accuracies
    stand on a linear one.

    Parameters
    ----------
    log : Log or Overlay
        What `gt.read_log` or `gt.overlay` gave.
    curve : str, optional
        "train" or "test"; by default both.
    ax : Axes, optional
        Where to draw; by default new axes in the package's style.

    Returns
    -------
    Axes
        The axes.

    Raises
    ------
    BadValue
        For a curve that the log has not, and for a log without a finite value.

    Examples
    --------
    >>> import matplotlib; matplotlib.use("Agg")
    >>> from pathlib import Path
    >>> _ = Path("log.csv").write_text("step,train_loss,test_loss\n1,2.0,2.1\n2,1.0,1.9\n")
    >>> from grok_theory import read_log
    >>> ax = recorded(read_log("log.csv"), "test")
    >>> print(ax.get_xlabel())
    step
    """
    from matplotlib.colors import to_hex

    over = log if isinstance(log, Overlay) else None
    runs = over.log if over is not None else log
    if not isinstance(runs, Log):
        raise BadValue(f"log is a {type(log).__name__}, but it must be a Log or an Overlay. Read one with gt.read_log.")
    there = list(over.curves if over is not None else next(iter(runs.runs.values())))
    names = there if curve is None else [check_choice("curve", curve, there, "Name a curve of the log.")]
    if not any(np.isfinite(part[name].values).any() for part in runs.runs.values() for name in names):
        raise BadValue(f"log has no finite value of {' or '.join(names)}, so there is nothing to draw. Mend it.")
    with drawing_on(ax) as axes:
        drawn_x, drawn_y = [], []
        faint = max(0.15, len(runs.runs) ** -0.5)
        for name in names:
            color = to_hex(f"C{there.index(name)}")  # of this style, also where the picture is saved under another
            for i, part in enumerate(runs.runs.values()):
                x, values = (_drawable(of) for of in (part[name].x, part[name].values))
                look = {"color": color, "alpha": faint, "label": name if i == 0 else None}
                axes.plot(x, values, **(look if over is None else look | {"linestyle": "", "marker": "o", "ms": 3}))
                drawn_x.append(x)
                drawn_y.append(values)
            if over is not None:
                _draw_theory(axes, over, name, color)
        if ax is None:
            _scale(axes, "x", np.concatenate(drawn_x))
            if all(runs.is_loss(name) for name in names):
                _scale(axes, "y", np.concatenate(drawn_y))
        # A dollar in a column's name is no formula.
        axes.set_xlabel(with_unit(plain_name(runs.x_name), runs.x_unit), parse_math=False)
        axes.set_ylabel(", ".join(dict.fromkeys(plain_name(runs.columns[n] or n) for n in names)), parse_math=False)
        for handle in filter(None, axes.legend().legend_handles):
            handle.set_alpha(1)
    return axes


def _draw_theory(axes: Axes, over: Overlay, name: str, color: str) -> None:
    x = np.concatenate([part.x for part in over.curves[name].values()])
    theory = np.concatenate([part.theory for part in over.curves[name].values()])
    order = np.argsort(x)
    what = "theory" if over.forecast is None else "median of a run"
    axes.plot(x[order], theory[order], color=color, label=f"{what}: {over.names[name]}")
    if over.forecast is not None:
        low, high = (
            np.concatenate([getattr(p, e) for p in over.curves[name].values()])[order] for e in ("low", "high")
        )
        said = f"{over.forecast.level:.0%} of runs"
        axes.fill_between(x[order], low, high, color=color, alpha=0.18, linewidth=0, label=said)


def _scale(axes: Axes, axis: str, values: np.ndarray) -> None:
    """A logarithmic axis where values span two decades; where some are 0 it is linear up to the first that is not."""
    finite = values[np.isfinite(values)]
    positive = finite[finite > 0]
    if not positive.size or finite.min() < 0 or positive.max() <= 100 * positive.min():
        return
    if finite.min() > 0:
        getattr(axes, f"set_{axis}scale")("log")
    else:
        getattr(axes, f"set_{axis}scale")("symlog", linthresh=positive.min())


def _drawable(values: np.ndarray) -> np.ndarray:
    """What a picture has room for: beyond that a logarithmic axis overflows."""
    return np.where(np.abs(values) < 1e200, values, np.nan)
