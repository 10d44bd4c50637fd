"""In how few frequencies a vector of weights lives, one-sided as the released code of Doshi et al. counts."""

import jax
from jax.typing import ArrayLike

from ...observables import fourier_participation


def inverse_participation_ratio(v: ArrayLike, one_sided: bool = True) -> jax.Array:
    """In how few frequencies a real vector lives: sum abs(vhat)^4 / (sum abs(vhat)^2)^2.

    This is `observables.fourier_participation` with the convention of the released code (arXiv 2310.13061): the
    non-negative frequencies.

    Parameters
    ----------
    v : array_like
        (..., p) real and finite; the transform is over the last axis.
    one_sided : bool, default True
        False takes the full spectrum, as the paper's text does; a cosine then gives 1/2 and the range is [1/p, 1].

    Returns
    -------
    Array
        (...): 1 for a cosine, smaller for many frequencies, 0 for a zero vector.

    Raises
    ------
    BadValue
        For entries that are not finite.

    Examples
    --------
    >>> import numpy as np
    >>> wave = np.cos(2 * np.pi * 3 * np.arange(17) / 17)
    >>> print(f"{inverse_participation_ratio(wave):.3f}")
    1.000
    """
    return fourier_participation(v, one_sided=one_sided)
