"""Means of ln(1 + y) over a positive y whose moments E y^u are known, as one integral in the complex plane.

Mellin's inversion: ln(1 + y) = (1/2 pi i) int pi/(u sin(pi u)) y^u du along Re u = 1/2, and along Re u = -1/2 with
ln y added, the residue of the pole between. So the mean over y needs E y^u on a line, where it exists for every law of
this wing, and no sum over contexts. The trapezoidal rule converges geometrically: the poles are 1/2 away. Numbers stay
in NumPy, which has nothing to compile.
"""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float

from ..numerics.padding import any_traced

__all__ = ["ABOVE", "BELOW", "mean_over_line", "upper_gap_bound"]

# What is left out, exp(-pi/step) 2 pi/step and exp(-pi step points), is below 1e-14.
_STEP, _POINTS = 0.08, 136
# The upper half of each line; the other is its conjugate.
ABOVE = 0.5 + 1j * _STEP * (np.arange(_POINTS) + 0.5)
BELOW = ABOVE - 1


def mean_over_line(
    log_moments: Complex[Array | np.ndarray, "*batch points"], line: np.ndarray
) -> Float[Array | np.ndarray, "*batch"]:
    """The integral with ln E y^u = `log_moments` at the u of a `line`.

    E ln(1 + y) on `ABOVE`; E ln(1 + y) - E ln y = E ln(1 + 1/y) on `BELOW`.
    """
    xp = jnp if any_traced(log_moments) else np
    return xp.asarray(_STEP * xp.real(xp.exp(log_moments) @ (1 / (line * np.sin(np.pi * line)))))


def upper_gap_bound(
    information: Float[Array | np.ndarray, " x"],
    moments_above: Complex[Array | np.ndarray, "x points"],
    moments_below: Complex[Array | np.ndarray, "x points"],
    tasks: Array | np.ndarray,
) -> tuple[Float[Array | np.ndarray, " x"], Float[Array | np.ndarray, " x"]]:
    """E ln(1 + (e^i - 1)/D) from I = E i and ln E e^{u i} on both lines, and the size of what was summed.

    With y = e^i/(D - 1) it is ln(1 - 1/D) + E ln(1 + y), also (I - ln D) + E ln(1 + 1/y). The first loses digits for
    few tasks, the second for many: each is read on its side of D* = e^I.
    """
    xp = jnp if any_traced(information, moments_above, moments_below, tasks) else np
    tasks = xp.asarray(tasks, float)
    others = tasks - 1
    alone = others < 1e-12
    log_others = xp.log(xp.where(alone, 1.0, others))
    below, above = (
        moments - (xp.asarray(line) * log_others.astype(complex))[None]
        for moments, line in ((moments_below, BELOW), (moments_above, ABOVE))
    )
    # E 1/y is D - 1: alone, memory knows the task, and the slope in D is zero.
    few = information - xp.log(tasks) + xp.where(alone, others, mean_over_line(below, BELOW))
    many = xp.log1p(-1 / xp.where(alone, 2.0, tasks)) + mean_over_line(above, ABOVE)
    is_few = xp.log(tasks) < information
    sizes = xp.where(is_few, _size(below, BELOW), _size(above, ABOVE))
    return xp.where(is_few, few, many), sizes


def _size(
    log_moments: Complex[Array | np.ndarray, "*batch points"], line: np.ndarray
) -> Float[Array | np.ndarray, "*batch"]:
    xp = jnp if any_traced(log_moments) else np
    return xp.asarray(_STEP * xp.exp(xp.real(log_moments)) @ (1 / np.abs(line * np.sin(np.pi * line))))
