"""In how few coordinates, or frequencies, a vector lives."""

import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array

from ..errors import check_finite


def inverse_participation_ratio(amplitudes: ArrayLike, axis: int = -1) -> Array:
    """sum |a|^4 / (sum |a|^2)^2: 1 for a single coordinate, 1/n for n equal ones; a zero vector gives 0."""
    magnitudes = jnp.abs(jnp.asarray(amplitudes))
    check_finite("amplitudes", magnitudes, "Drop or mend these entries.")
    largest = jnp.max(magnitudes, axis=axis, keepdims=True)
    squares = jnp.square(magnitudes / jnp.where(largest > 0, largest, 1))
    total = jnp.sum(squares, axis=axis)
    return jnp.where(total > 0, jnp.sum(jnp.square(squares), axis=axis) / jnp.where(total > 0, jnp.square(total), 1), 0)


def fourier_participation(x: ArrayLike, axis: int = -1, *, one_sided: bool = False) -> Array:
    """Inverse participation ratio of the discrete Fourier transform of real `x` (Doshi et al. 2023).

    Over the full transform, as the paper's text says, it lies in [1/p, 1] and a pure cosine gives 1/2; `one_sided`
    takes the non-negative frequencies only, as the released code does, and a pure cosine gives 1.
    """
    check_finite("x", x, "Drop or mend these entries.")
    x = jnp.asarray(x)
    x = x if jnp.issubdtype(x.dtype, np.inexact) else x.astype(float)
    transform = jnp.fft.rfft if one_sided else jnp.fft.fft
    return inverse_participation_ratio(transform(x, axis=axis), axis=axis)
