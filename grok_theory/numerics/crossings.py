"""Where a curve crosses a level: first, last, or to stay.

Three questions that are easily taken for one. A record is asked when it got past a threshold *and stayed* there; a
Solution when it *first* did, differentiably; a function of time when it was *last* above.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from .roots import as_root, halve

__all__ = ["first_below", "last_above", "stays_past"]

_CHUNK = 50  # points of a grid that are evaluated at once


def first_below(times: Array, values: Array, level: ArrayLike) -> Array:
    """When the straight lines between the points first reach `level` from above.

    Parameters
    ----------
    times : Array
        (time,) increasing.
    values : Array
        (..., time). A nan before the crossing may hide an earlier one.
    level : float
        In the unit of `values`.

    Returns
    -------
    Array
        (...,) times; nan where `values` does not reach the level, is at or below it at the first time, or is nan
        before it is seen to cross. Traceable; derivatives are those of the interpolated crossing.
    """
    values = jnp.asarray(values)
    past = values <= level
    after = jnp.argmax(past, axis=-1)
    before = jnp.maximum(after - 1, 0)
    high, low = (jnp.take_along_axis(values, index[..., None], axis=-1)[..., 0] for index in (before, after))
    times = jnp.broadcast_to(times, values.shape)
    start, end = (jnp.take_along_axis(times, index[..., None], axis=-1)[..., 0] for index in (before, after))
    earlier = jnp.broadcast_to(jnp.arange(values.shape[-1]), values.shape) < after[..., None]
    known = ~jnp.any(jnp.isnan(values) & earlier, axis=-1)
    fall = high - low
    # Both branches of a `where` are differentiated: no division by zero in the one that is not taken.
    share = jnp.where(after > 0, (high - level) / jnp.where(fall > 0, fall, 1.0), 0.0)
    return jnp.where(past.any(axis=-1) & ~past[..., 0] & known, start + share * (end - start), jnp.nan)


def last_above(
    curve: Callable[[Array], Array], level: Array, grid: Float[Array, " scan"]
) -> tuple[Float[Array, ""], Array, Array]:
    """The last point at which `curve` is above `level`: scanned on `grid`, then halved 52 times.

    Parameters
    ----------
    curve : callable
        From points (n,) to values (n,); a curve that rises above the level between two points of the grid and falls
        again is not seen.
    level : Array
        Scalar, in the unit of the curve.
    grid : Array
        (scan,) increasing, a multiple of 50 points.

    Returns
    -------
    point : Array
        Scalar; it means nothing where one of the other two is True. Its derivatives are those of the crossing, zero
        where there is none.
    never : Array
        True where the curve is above the level nowhere on the grid.
    always : Array
        True where it still is at the end of the grid.
    """
    above = jax.lax.map(curve, grid.reshape(-1, _CHUNK)).ravel() > level
    last = jnp.max(jnp.where(above, jnp.arange(grid.size), -1))
    low, high = grid[jnp.clip(last, 0, grid.size - 2)], grid[jnp.clip(last + 1, 1, grid.size - 1)]
    low, high = halve(lambda middle: curve(middle[None])[0] > level, low, high, 52)
    never, always = last < 0, last == grid.size - 1
    point = jax.lax.stop_gradient((low + high) / 2)
    # Where nothing is crossed the level may be infinite, and the curve flat.
    crossed = as_root(lambda x: jnp.where(never | always, x, curve(x[None])[0] - level), point)
    return jnp.where(never | always, point, crossed), never, always


def stays_past(
    x: np.ndarray, values: np.ndarray, past: np.ndarray, level: float, patience: float
) -> tuple[float, float, float, bool, bool]:
    """When a recorded curve first gets past `level` and stays there for `patience`; NumPy.

    Parameters
    ----------
    x : ndarray
        (T,) increasing.
    values : ndarray
        (T,); nan where nothing was recorded.
    past : ndarray
        (T,) booleans: where the curve is at or past the level; False for nan.
    level, patience : float
        In the units of `values` and `x`; a patience of inf asks that the curve stay to the end.

    Returns
    -------
    time, lower, upper : float
        The interpolated crossing (nan where the record does not hold it) and its bounds.
    censored, before : bool
        The record ends first; the crossing came before the first record.
    """
    start = 0.0 if x[0] >= 0 else -np.inf
    # For each grid point, the next one that is not past the threshold (or one beyond the record).
    following = np.where(past, x.size, np.arange(x.size))
    following = np.minimum.accumulate(following[::-1])[::-1]
    # First grid point beyond each window, which must end inside the record; 0.1 + 0.2 still meets a grid point at 0.3.
    ends = x + patience
    slack = 4 * np.finfo(float).eps * np.maximum(np.abs(x[0]), np.abs(x[-1]))
    inside = np.arange(x.size) < x.size - 1 if np.isinf(patience) else ends <= x[-1] + slack
    beyond = np.searchsorted(x, ends + slack, side="right")
    found = np.flatnonzero(past & inside & (following >= beyond))
    j = int(found[0]) if found.size else x.size
    short = np.flatnonzero(~(past | np.isnan(values))[:j])
    lower = x[short[-1]] if short.size else start
    if not found.size:
        # With a patience, the record may end in a window not yet complete: the crossing may be as early as its start.
        return np.nan, lower, np.inf, True, False
    if np.isnan(values[:j]).all():  # nothing was seen before: not even that the curve had not crossed
        return np.nan, start, x[j], False, True
    if not np.isfinite(values[j - 1]) or not np.isfinite(values[j]):
        return x[j], lower, x[j], False, False
    # The point before is never past the threshold, or it would have been found. Halves: a difference may overflow.
    share = (values[j - 1] / 2 - level / 2) / (values[j - 1] / 2 - values[j] / 2)
    return x[j - 1] + share * (x[j] - x[j - 1]), lower, x[j], False, False
