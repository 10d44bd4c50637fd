"""Moments of p(x | theta)/p_G(x) of an urn, for contexts of all lengths at once, at complex powers.

With x drawn from theta, theta ~ Dirichlet(1) and C symbols of V kinds, integrals over theta are Gamma functions, and
the sum over counts is a power of a series,

    E e^{u i} = C! Gamma(V) [Gamma(C+V)/Gamma(V)]^u / Gamma((1+u)C + V) [z^C] (sum_n Gamma((1+u)n+1)/n!^{1+u} z^n)^V.

Coefficients of a p-th power are kept in units of those of (1 - z)^-p, and terms in units of their growth, so that
nothing overflows. Products are direct sums: what cancels, cancels against sums of the size of the moment at real u; the
recurrence for powers of a series, which costs less, loses all digits at Im u = 6 and C = 60. These are tables of
numbers: they depend on V and C alone, not on how many tasks there are, and are kept.
"""

from functools import lru_cache

import numpy as np
import scipy  # its rooms are imported when first used: stats takes as long as a solve

from .odds_contour import ABOVE, BELOW

__all__ = ["pair_log_moments", "urn_log_moments"]


@lru_cache(maxsize=16)
def urn_log_moments(length: int, symbols: int) -> tuple[np.ndarray, np.ndarray]:
    """ln E e^{u i} (length, points) on the lines `ABOVE` and `BELOW`, for contexts 0, ..., length - 1.

    Imaginary parts are up to multiples of 2 pi.
    """
    n, powers = np.arange(length)[:, None], np.concatenate([ABOVE, BELOW])
    more = 1 + powers
    growth = more * np.log(more) * n
    terms = np.exp(scipy.special.loggamma(more * n + 1) - more * scipy.special.gammaln(n + 1) - growth)
    plain = scipy.special.gammaln(n + symbols) - scipy.special.gammaln(symbols)
    # (1 + u) ln[Gamma(C+V)/Gamma(V)]: one from the units of the power.
    below = scipy.special.loggamma(more * n + symbols) - scipy.special.gammaln(symbols)
    moments = more * plain - below + growth + np.log(_power(terms, symbols))
    moments.flags.writeable = False
    return moments[:, : ABOVE.size], moments[:, ABOVE.size :]


@lru_cache(maxsize=16)
def pair_log_moments(length: int, symbols: int) -> np.ndarray:
    """ln E r^u (length, points) on `ABOVE` of r = p(x | theta')/p(x | theta), another task over that of the context."""
    n, rest = np.arange(length)[:, None], 1 - ABOVE
    growth = (rest * np.log(rest) + ABOVE * np.log(ABOVE)) * n
    terms = np.exp(
        scipy.special.loggamma(rest * n + 1)
        + scipy.special.loggamma(ABOVE * n + 1)
        - scipy.special.gammaln(n + 1)
        - growth
    )
    plain = scipy.special.gammaln(n + symbols) + scipy.special.gammaln(symbols)
    below = scipy.special.loggamma(rest * n + symbols) + scipy.special.loggamma(ABOVE * n + symbols)
    moments = plain - below + growth + np.log(_power(terms, symbols))
    moments.flags.writeable = False
    return moments


def _power(terms: np.ndarray, power: int) -> np.ndarray:
    """Coefficients of (sum_n terms_n z^n)^power in units of those of (1 - z)^-power; a column a series."""
    found, order = None, 0
    square, doubled = terms, 1
    while True:
        if power & doubled:
            found = square if found is None else _product(found, order, square, doubled)
            order += doubled
        if 2 * doubled > power:
            return found
        square, doubled = _product(square, doubled, square, doubled), 2 * doubled


def _product(left: np.ndarray, p: int, right: np.ndarray, q: int) -> np.ndarray:
    length = left.shape[0]
    one, other, both = (_log_units(length, order) for order in (p, q, p + q))
    total = np.zeros_like(left)
    for k in range(length):
        shares = np.exp(one[k] + other[: length - k] - both[k:])
        total[k:] += left[k] * shares[:, None] * right[: length - k]
    return total


def _log_units(length: int, order: int) -> np.ndarray:
    n = np.arange(length)
    return scipy.special.gammaln(n + order) - scipy.special.gammaln(order) - scipy.special.gammaln(n + 1)
