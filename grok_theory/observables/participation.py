"""In how few coordinates, or frequencies, a vector lives."""

import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array

from ..checks import check_finite, is_traced
from ..errors import BadValue
from ..numerics.magnitude import unit_of


def inverse_participation_ratio(amplitudes: ArrayLike, axis: int = -1) -> Array:
    """The ratio sum abs(a)^4 / (sum abs(a)^2)^2: 1 for a single coordinate, 1/n for n equal ones.

    Parameters
    ----------
    amplitudes : array_like
        Real or complex, of any shape; finite.
    axis : int, default -1
        The axis along which a vector lies.

    Returns
    -------
    Array
        Of the shape without that axis, in [1/n, 1]; a zero vector gives 0.

    Raises
    ------
    BadValue
        For entries that are not finite, and for an axis that is not there or empty.

    Examples
    --------
    >>> print(inverse_participation_ratio([1.0, 1.0, 1.0, 1.0]), inverse_participation_ratio([0.0, 5.0]))
    0.25 1.0
    """
    if is_traced(amplitudes):
        magnitudes = _wide(jnp.abs(_wide(jnp.asarray(amplitudes))))
        magnitudes = magnitudes / unit_of(magnitudes, axis=axis)
    else:
        parts = _parts("amplitudes", amplitudes)
        _check_axis(parts[0], axis)
        # In NumPy's float64, whatever JAX computes in: 1e-60 is no zero.
        largest = np.max([np.abs(p).max(axis=axis, keepdims=True) for p in parts], axis=0)
        safe = np.where(largest > 0, largest, 1.0)
        magnitudes = jnp.asarray(np.hypot(*(p / safe for p in parts)) if len(parts) == 2 else np.abs(parts[0] / safe))
    squares = jnp.square(magnitudes)
    total = jnp.sum(squares, axis=axis)
    some = total > 0
    ratio = jnp.sum(jnp.square(squares), axis=axis) / jnp.where(some, jnp.square(total), 1)
    return jnp.where(some, jnp.clip(ratio, 1 / magnitudes.shape[axis], 1.0), 0)


def fourier_participation(x: ArrayLike, axis: int = -1, *, one_sided: bool = False) -> Array:
    """Inverse participation ratio of the discrete Fourier transform of real `x`.

    Over the full transform, as the paper's text says, it lies in [1/p, 1] and a pure cosine gives 1/2; `one_sided`
    takes the non-negative frequencies only, as the released code does, and a pure cosine gives 1.

    Parameters
    ----------
    x : array_like
        Real, of any shape; finite.
    axis : int, default -1
        The axis that is transformed, of length p.
    one_sided : bool, default False
        Whether to take the non-negative frequencies only.

    Returns
    -------
    Array
        Of the shape without that axis; a zero vector gives 0.

    Raises
    ------
    BadValue
        For entries that are not finite, and for an axis that is not there or empty.

    References
    ----------
    Doshi et al. 2023.

    Examples
    --------
    >>> import numpy as np
    >>> wave = np.cos(2 * np.pi * 3 * np.arange(17) / 17)
    >>> print(f"{fourier_participation(wave, one_sided=True):.3f}")
    1.000
    """
    check_finite("x", x, "Drop or mend these entries.")
    if is_traced(x):
        x = _wide(jnp.asarray(x))
        x = x / unit_of(x, axis=axis)
    else:
        x = np.asarray(x, float)
        _check_axis(x, axis)
        largest = np.abs(x).max(axis=axis, keepdims=True)
        x = jnp.asarray(x / np.where(largest > 0, largest, 1.0))
    transform = jnp.fft.rfft if one_sided else jnp.fft.fft
    return inverse_participation_ratio(transform(x, axis=axis), axis=axis)


def _wide(x):
    """Half precision and integers as floats: squares of the former, abs(-128) of the latter, leave their range."""
    narrow = not jnp.issubdtype(x.dtype, np.inexact) or jnp.finfo(x.dtype).bits < 32
    return x.astype(float) if narrow else x


def _parts(name, values):
    """Real and imaginary parts in float64, or the real one alone."""
    array = values if hasattr(values, "dtype") else np.asarray(values)
    if array.dtype.kind != "c":
        check_finite(name, values, "Drop or mend these entries.")
        return (np.asarray(values, float),)
    array = np.asarray(array)
    for part in (array.real, array.imag):
        check_finite(name, part, "Drop or mend these entries.")
    return array.real.astype(float), array.imag.astype(float)


def _check_axis(array, axis):
    if array.ndim == 0 or not -array.ndim <= axis < array.ndim or array.size == 0:
        raise BadValue(
            f"axis is {axis} and the array has shape {array.shape}, but there must be such an axis with at least one "
            "entry. Pass one vector, or a stack of them and the axis they lie along."
        )
