"""Where pictures are drawn: axes in the package's style, their scales and labels."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes

STYLE = Path(__file__).parents[1] / "style.mplstyle"


@contextmanager
def drawing_on(ax: Axes | None) -> Iterator[Axes]:
    """`ax` as it is, or new axes with everything drawn inside in the package's style."""
    if ax is not None:
        yield ax
        return
    import matplotlib
    import matplotlib.pyplot as plt

    shown_at_once = plt.isinteractive()
    try:
        with plt.style.context(STYLE):
            axes = plt.subplots()[1]
            # The first figure of a notebook loads its backend, which switches this on. Leaving the style would switch
            # it off again, and no later figure of the notebook would be shown.
            shown_at_once = plt.isinteractive()
            yield axes
    finally:
        matplotlib.interactive(shown_at_once)


def choose_scales(axes: Axes, drawn: list[tuple[np.ndarray, np.ndarray]]) -> None:
    if all(_spans_decades(x) or is_geometric(x) for x, _ in drawn):
        axes.set_xscale("log")
    if all(_spans_decades(values) for _, values in drawn):
        axes.set_yscale("log")


def _spans_decades(values: np.ndarray) -> bool:
    finite = values[np.isfinite(values)]
    return bool(finite.size and finite.min() > 0 and finite.max() > 100 * finite.min())


def is_geometric(axis: np.ndarray) -> bool:
    if axis.size < 3 or axis[0] <= 0:
        return False
    ratios = axis[1:] / axis[:-1]
    return bool(np.allclose(ratios, ratios[0], rtol=1e-6) and axis[-1] > 3 * axis[0])


def with_unit(name: str, unit: str) -> str:
    return f"{name.replace('_', ' ')} [{unit}]" if unit else name.replace("_", " ")
