"""Small pictures of a curve as SVG, to stand in a line of a table: no library, no fonts, in the colour of the text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

WIDTH, HEIGHT = 132, 28
# More points than pixels show nothing more.
_POINTS = 120
_EDGE = 2.0


def sparkline(
    x: ArrayLike,
    lines: Sequence[ArrayLike],
    *,
    faint: Sequence[ArrayLike] = (),
    band: tuple[ArrayLike, ArrayLike] | None = None,
    level: float | None = None,
) -> str:
    """Curves over one x, in a box without axes.

    Logarithmic to the right where x spans more than two decades and is positive, upwards where all values do. What is
    not finite is left open.

    Parameters
    ----------
    x : array_like
        (T,) places.
    lines : sequence of array_like
        (T,) each, drawn firmly.
    faint : sequence of array_like, default ()
        (T,) each, drawn behind them.
    band : pair of array_like, optional
        (T,) low and high ends of a shade behind all.
    level : float, optional
        Where a dashed line goes across.

    Returns
    -------
    str
        An svg element; empty where nothing is finite.
    """
    x = np.asarray(x, float)
    shown = [np.asarray(values, float) for values in (*lines, *faint, *(band or ()))]
    seen = np.concatenate([values[np.isfinite(values)] for values in shown]) if shown else np.zeros(0)
    if x.size == 0 or seen.size == 0:
        return ""
    if level is not None:
        seen = np.append(seen, level)
    chosen = np.unique(np.linspace(0, x.size - 1, min(x.size, _POINTS)).round().astype(int))
    across, up = _scale(x, WIDTH), _scale(seen, HEIGHT)

    def path(values: ArrayLike) -> str:
        return _path(across(x[chosen]), HEIGHT - up(np.asarray(values, float)[chosen]))

    parts = []
    if band is not None:
        low, high = (np.asarray(end, float)[chosen] for end in band)
        whole = np.isfinite(low) & np.isfinite(high)
        edge = np.concatenate([x[chosen][whole], x[chosen][whole][::-1]])
        around = _path(across(edge), HEIGHT - up(np.concatenate([low[whole], high[whole][::-1]])))
        parts.append(
            f'<path d="{around}Z" fill="currentColor" fill-opacity=".16" stroke="none"/>' if whole.any() else ""
        )
    if level is not None:
        parts.append(f'<path d="{path(np.full(x.size, level))}" stroke-opacity=".5" stroke-dasharray="3 2"/>')
    parts += [f'<path d="{path(values)}" stroke-opacity=".25" stroke-width=".7"/>' for values in faint]
    parts += [f'<path d="{path(values)}"/>' for values in lines]
    return _drawn("".join(parts))


def gauge(share: float) -> str:
    """A bar that is filled to `share`, which is cut to [0, 1]; empty where it is nan."""
    if not np.isfinite(share):
        return ""
    width = (WIDTH - 2 * _EDGE) * float(np.clip(share, 0, 1))
    frame = f'<rect x="{_EDGE}" y="9" width="{WIDTH - 2 * _EDGE}" height="10" stroke-opacity=".5"/>'
    return _drawn(f'{frame}<rect x="{_EDGE}" y="9" width="{width:.1f}" height="10" fill="currentColor" stroke="none"/>')


def strip(states: Sequence[int]) -> str:
    """A tick for each of many: 0 short, 1 half, 2 whole height."""
    if not len(states):
        return ""
    chosen = np.unique(np.linspace(0, len(states) - 1, min(len(states), _POINTS)).round().astype(int))
    # Of the ones that share a tick the highest is shown.
    ends = np.append(chosen, len(states))
    heights = [4 + 10 * max(states[a:b]) for a, b in pairwise(ends)]
    places = _EDGE + (WIDTH - 2 * _EDGE) * (np.arange(len(heights)) + 0.5) / len(heights)
    ticks = "".join(f"M{x:.1f} {HEIGHT - 2}v{-h}" for x, h in zip(places, heights, strict=True))
    return _drawn(f'<path d="{ticks}"/>')


def _drawn(inside: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'fill="none" stroke="currentColor" stroke-width="1.3" role="img" aria-hidden="true">{inside}</svg>'
    )


def _scale(values: np.ndarray, size: float) -> Callable[[np.ndarray], np.ndarray]:
    """The map of values to pixels, from one edge to the other; in logs where they are positive and span decades."""
    finite = values[np.isfinite(values)]
    in_logs = finite.size and finite[finite > 0].size == finite.size and finite.max() > 100 * finite.min()
    change = np.log if in_logs else np.asarray
    low, high = (float(change(end)) for end in (finite.min(), finite.max())) if finite.size else (0.0, 1.0)
    # Halves: the difference of the two largest numbers overflows.
    span = high / 2 - low / 2

    def place(wanted: np.ndarray) -> np.ndarray:
        with np.errstate(invalid="ignore", divide="ignore"):
            share = (change(wanted) / 2 - low / 2) / span if span > 0 else np.where(np.isfinite(wanted), 0.5, np.nan)
        return _EDGE + (size - 2 * _EDGE) * share

    return place


def _path(across: np.ndarray, down: np.ndarray) -> str:
    """Through all points, broken where one is missing; a point by itself is a short dash, since a dot is not drawn."""
    there = np.isfinite(across) & np.isfinite(down)
    words = []
    for piece in np.split(np.arange(there.size), np.flatnonzero(np.diff(there)) + 1):
        if piece.size and there[piece[0]]:
            words.append("M" + "L".join(f"{across[i]:.1f} {down[i]:.1f}" for i in piece))
            words += ["h.8"] if piece.size == 1 else []
    return "".join(words)
