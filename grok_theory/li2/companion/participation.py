"""In how few frequencies a vector of weights lives, one-sided as the released code of Doshi et al. counts."""

import jax
from jax.typing import ArrayLike

from ...observables import fourier_participation


def inverse_participation_ratio(v: ArrayLike, one_sided: bool = True) -> jax.Array:
    """sum |vhat|^4 / (sum |vhat|^2)^2 over the last axis of real `v`: 1 for a cosine, smaller for many frequencies.

    This is `observables.fourier_participation` with the convention of the released code (arXiv 2310.13061): the
    non-negative frequencies. `one_sided=False` takes the full spectrum, as the paper's text does; a cosine then gives
    1/2 and the range is [1/p, 1]. A zero vector gives 0.

    Parameters
    ----------
    v : array_like
        TODO.
    one_sided : bool, default True
        TODO.

    Returns
    -------
    Array
        TODO
    """
    return fourier_participation(v, one_sided=one_sided)
