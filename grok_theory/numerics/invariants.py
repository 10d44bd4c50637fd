"""What no curve may break: its mathematical range, and a stated accuracy. Looked at where every solve ends.

A squared error is never negative, a probability never outside [0, 1], whatever a quadrature or an integrator lost. The
check is made of JAX operations where a value is traced, so that a solver under `jit` or `vmap` is held to it too, and
of NumPy elsewhere, which compiles nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike

from ..checks import is_traced

NON_NEGATIVE = (0.0, np.inf)
PROBABILITY = (0.0, 1.0)
COSINE = (-1.0, 1.0)
ANY = (-np.inf, np.inf)

# A curve whose numerical error exceeds this share of its value somewhere is at least `noted`.
NOTED_SHARE = 0.01
INACCURATE = (
    f"The numerical_error of a curve exceeds {NOTED_SHARE:.0%} of its value somewhere: read numerical_error there."
)
OUT_OF_RANGE = "A curve left its mathematical range by more than its numerical_error."


class Held(NamedTuple):
    """Curves inside their ranges (nan where they were not), and the status level (int8 array) they deserve."""

    curves: dict[str, Array]
    level: Array


def hold(
    curves: Mapping[str, ArrayLike],
    errors: Mapping[str, ArrayLike],
    level: ArrayLike,
    ranges: Mapping[str, tuple[float, float]],
) -> Held:
    """Hold the curves of one solve to their ranges and to `NOTED_SHARE`.

    A value that left its range by no more than its error (or by 8 ulp of the range's end) is moved to the end of the
    range, which is nearer to the truth. Beyond that it is nan and the level is 2. Level 1 where an error exceeds
    `NOTED_SHARE` of the value, or, for curves that may have both signs, of the curve's largest magnitude.

    Parameters
    ----------
    curves : Mapping[str, array_like]
        Curves (T,) by name.
    errors : Mapping[str, array_like]
        (T,) by name: bounds of abs(curve - truth); a curve without one may leave its range by rounding alone.
    level : array_like
        What the solver says itself: 0 good, 1 noted, 2 failed.
    ranges : Mapping[str, tuple[float, float]]
        (low, high) by name, for every curve; `NON_NEGATIVE`, `PROBABILITY`, `COSINE`, `ANY` or another.

    Raises
    ------
    KeyError
        For a curve without a range: whoever adds a curve says what it can be.
    """
    traced = any(is_traced(value) for value in (*curves.values(), *errors.values(), level))
    xp = jnp if traced else np
    held, level = {}, xp.asarray(level, np.int8)
    for name, values in curves.items():
        values = xp.asarray(values)
        low, high = ranges[name]
        error = xp.asarray(errors[name]) if name in errors else xp.zeros_like(values)
        slack = error + 8 * np.finfo(values.dtype).eps * max(abs(b) for b in (low, high, 0.0) if abs(b) < np.inf)
        broken = (values < low - slack) | (values > high + slack)
        # Not a clip: on the end of the range its slope is halved, and curves start there (snr = 0, t = 0).
        inside = xp.where(values < low, low, xp.where(values > high, high, values))
        kept = xp.where(broken, np.nan, inside)
        scale = xp.max(xp.where(xp.isfinite(kept), xp.abs(kept), 0.0), initial=0.0) if low < 0 else xp.abs(kept)
        inaccurate = xp.any(error > NOTED_SHARE * scale)
        deserved = xp.where(xp.any(broken), 2, xp.where(inaccurate, 1, 0)).astype(np.int8)
        held[name], level = kept, xp.maximum(level, deserved)
    return Held(held, level)
