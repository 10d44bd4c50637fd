"""Means of ln(1 + y) over a positive y whose moments E y^u are known, as one integral in the complex plane.

Mellin's inversion: ln(1 + y) = (1/2 pi i) int pi/(u sin(pi u)) y^u du along Re u = 1/2, and along Re u = -1/2 with
ln y added, the residue of the pole between. So the mean over y needs E y^u on a line, where it exists for every law of
this wing, and no sum over contexts. The trapezoidal rule converges geometrically: the poles are 1/2 away.
"""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float

__all__ = ["ABOVE", "BELOW", "mean_over_line", "upper_gap_bound"]

# What is left out, exp(-pi/step) 2 pi/step and exp(-pi step points), is below 1e-14.
_STEP, _POINTS = 0.08, 136
# The upper half of each line; the other is its conjugate.
ABOVE = 0.5 + 1j * _STEP * (np.arange(_POINTS) + 0.5)
BELOW = ABOVE - 1


def mean_over_line(log_moments: Complex[Array, "*batch points"], line: np.ndarray) -> Float[Array, "*batch"]:
    """The integral with ln E y^u = `log_moments` at the u of a `line`.

    E ln(1 + y) on `ABOVE`; E ln(1 + y) - E ln y = E ln(1 + 1/y) on `BELOW`.
    """
    return _STEP * jnp.real(jnp.exp(log_moments) @ (1 / (line * np.sin(np.pi * line))))


def upper_gap_bound(
    information: Float[Array, " x"],
    moments_above: Complex[Array, "x points"],
    moments_below: Complex[Array, "x points"],
    tasks: Array,
) -> tuple[Float[Array, " x"], Float[Array, " x"]]:
    """E ln(1 + (e^i - 1)/D) from I = E i and ln E e^{u i} on both lines, and the size of what was summed.

    With y = e^i/(D - 1) it is ln(1 - 1/D) + E ln(1 + y), also (I - ln D) + E ln(1 + 1/y). The first loses digits for
    few tasks, the second for many: each is read on its side of D* = e^I.
    """
    others = tasks - 1
    alone = others < 1e-12
    log_others = jnp.log(jnp.where(alone, 1.0, others))
    below, above = (
        moments - (jnp.asarray(line) * log_others.astype(complex))[None]
        for moments, line in ((moments_below, BELOW), (moments_above, ABOVE))
    )
    # E 1/y is D - 1: alone, memory knows the task, and the slope in D is zero.
    few = information - jnp.log(tasks) + jnp.where(alone, others, mean_over_line(below, BELOW))
    many = jnp.log1p(-1 / jnp.where(alone, 2.0, tasks)) + mean_over_line(above, ABOVE)
    is_few = jnp.log(tasks) < information
    sizes = jnp.where(is_few, _size(below, BELOW), _size(above, ABOVE))
    return jnp.where(is_few, few, many), sizes


def _size(log_moments: Complex[Array, "*batch points"], line: np.ndarray) -> Float[Array, "*batch"]:
    return _STEP * jnp.exp(jnp.real(log_moments)) @ (1 / np.abs(line * np.sin(np.pi * line)))
