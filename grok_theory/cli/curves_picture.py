"""The picture of `grok-theory solve` and `validate`: theory as lines, runs as points with their bands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

MOST = 9  # panels that a page holds


def draw(solution: Any, ensemble: Any, names: list[str], title: str, path: Path, *, confidence: float = 0.99) -> str:
    """Draw the curves named, losses and accuracies together; returns a remark on what is left out, or nothing."""
    import numpy as np

    from .picture import pyplot, write_picture

    plt = pyplot()
    from ..plot import STYLE, curves

    drawable = [name for name in names if np.isfinite(np.asarray(solution[name], float)).any()]
    panels = panels_of([name for name in drawable if np.ndim(solution[name]) == 1])
    shown = panels[:MOST]
    left_out = [name for name in names if not any(name in panel for panel in shown)]
    columns = min(3, max(1, len(shown)))
    rows = max(1, -(-len(shown) // columns))
    with plt.style.context(STYLE):
        figure, grid = plt.subplots(rows, columns, figsize=(3.2 * columns, 2.5 * rows), squeeze=False)
        for axes, panel in zip(grid.flat, shown, strict=False):
            for name in panel:
                curves(solution, ensemble, name, ax=axes, label=name.replace("_", " "), confidence=confidence)
            axes.set_ylabel(_shared(panel))
            _choose_scales(axes, solution, panel)
            if len(panel) > 1:
                axes.legend()
        for axes in list(grid.flat)[len(shown) :]:
            axes.set_visible(False)
        figure.suptitle(title, parse_math=False)
        write_picture(figure, path, dpi=200)
    return f"not in the picture: {', '.join(left_out)}" if left_out else ""


def panels_of(names: list[str]) -> list[list[str]]:
    """Curves by panel: all losses in one, all accuracies in one, any other by itself."""
    panels: dict[str, list[str]] = {}
    for name in names:
        kind = next((kind for kind in ("loss", "accuracy") if name.endswith(f"_{kind}")), name)
        panels.setdefault(kind, []).append(name)
    return list(panels.values())


def _shared(panel: list[str]) -> str:
    """The label of a panel's y."""
    return (panel[0] if len(panel) == 1 else panel[0].rpartition("_")[2]).replace("_", " ")


def _choose_scales(axes: Any, solution: Any, panel: list[str]) -> None:
    import numpy as np

    from ..plot.canvas import choose_scales

    x = np.asarray(solution.x, float)
    choose_scales(axes, [(x, np.asarray(solution[name], float)) for name in panel])
