"""Exact formulas of urns: what a context tells about its task, and what the rule loses. In nats."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import scipy  # its rooms are imported when first used: stats takes as long as a solve
from jax.typing import ArrayLike
from jaxtyping import Array

from ..checks import check_between, check_integer, check_memory, is_traced
from ..errors import BadValue
from ..numerics.padding import bucket
from .odds_contour import ABOVE, mean_over_line
from .urn_moments import pair_log_moments

__all__ = ["LONGEST", "count_sums", "two_task_gap", "urn_information", "urn_oracle_loss", "urn_rule_loss"]

MOST = 1e6  # symbols of an urn: log-factorials of more of them cancel to a few digits
LONGEST = 4096  # symbols of a context: what a table of moments has room for


def urn_oracle_loss(symbols: ArrayLike) -> Array:
    """Expected loss a symbol of who knows the urn: the mean entropy of theta ~ Dirichlet(1), H_V - 1.

    Parameters
    ----------
    symbols : array_like
        V >= 2, how many symbols there are.

    Returns
    -------
    Array
        In nats, of the shape of `symbols`; H_V is the harmonic number.

    Examples
    --------
    >>> print(f"{urn_oracle_loss(4):.12f}")
    1.083333333333
    """
    check_between("symbols", symbols, 2, MOST, "Pass how many symbols there are.")
    if is_traced(symbols):
        return jax.scipy.special.digamma(jnp.asarray(symbols, float) + 1) + np.euler_gamma - 1
    return jnp.asarray(scipy.special.digamma(np.asarray(symbols, float) + 1) + np.euler_gamma - 1)


def urn_rule_loss(seen: ArrayLike, symbols: ArrayLike) -> Array:
    """Expected loss of the rule on the symbol after `seen` ones, drawn from one urn.

    The rule predicts (n + 1)/(t + V) after n of t. Counts follow P(n) = binom(t-n+V-2, V-2)/binom(t+V-1, V-1), and the
    loss is -V sum_n P(n) p ln p, p = (n + 1)/(t + V).

    Parameters
    ----------
    seen : array_like
        t >= 0, whole; how many symbols were seen.
    symbols : array_like
        V >= 2, how many symbols there are.

    Returns
    -------
    Array
        In nats, of the broadcast shape.

    Raises
    ------
    BadValue
        For a `seen` that is traced or no whole number, and for fewer than two symbols.

    Examples
    --------
    >>> print(f"{urn_rule_loss(31, 4):.12f}")
    1.123996337401
    """
    return _over_counts(_rule_loss, "seen", seen, symbols)


def urn_information(context: ArrayLike, symbols: ArrayLike) -> Array:
    """What a context tells about its urn: I = E ln p(x | theta)/p_G(x), the mutual information in nats.

    I = -C(H_V - 1) - ln[Gamma(V)/Gamma(C + V)] - V E ln n!, with n as in `urn_rule_loss`; it grows like (V - 1)/2 ln C.

    Parameters
    ----------
    context : array_like
        C >= 0, whole; symbols of a context.
    symbols : array_like
        V >= 2, how many symbols there are.

    Returns
    -------
    Array
        In nats, of the broadcast shape.

    Raises
    ------
    BadValue
        For a `context` that is traced or no whole number, and for fewer than two symbols.

    Examples
    --------
    >>> print(f"{urn_information(32, 4):.11f}")
    3.07396079865
    """
    return _over_counts(_information, "context", context, symbols)


def two_task_gap(context: int, symbols: int = 2) -> Array:
    """Loss of the rule above memory's over a context, for two tasks: E ln p_M(x)/p_G(x), exactly.

    I - ln 2 + E ln(1 + r), r = p(x | theta')/p(x | theta): an integral over both tasks, taken as one over the powers of
    r, whose moments are Gamma functions.

    Parameters
    ----------
    context : int
        C, symbols of a context; from 1 to 4096.
    symbols : int, default 2
        V, how many symbols there are; from 2 to 4096.

    Returns
    -------
    Array
        In nats, summed over the context; a number.

    Raises
    ------
    BadValue
        For an argument out of range.

    Examples
    --------
    >>> print(f"{two_task_gap(8):.9f}")
    0.429972805
    """
    context = check_integer("context", context, 1, "Pass how many symbols a context has.", high=LONGEST)
    symbols = check_integer("symbols", symbols, 2, "Pass how many symbols there are.", high=LONGEST)
    moments = pair_log_moments(bucket(context + 1), symbols)[context]
    information, _ = count_sums(np.asarray([context]), symbols)
    return jnp.asarray(information[0] - np.log(2) + mean_over_line(moments, ABOVE))


def _over_counts(function: Any, name: str, lengths: ArrayLike, symbols: ArrayLike) -> Array:
    check_between("symbols", symbols, 2, MOST, "Pass how many symbols there are.")
    if is_traced(lengths):
        raise BadValue(f"{name} is traced, but how many counts are summed must be known. Pass whole numbers.")
    values = np.asarray(lengths)
    whole = [check_integer(name, each, 0, "Pass whole numbers of symbols.") for each in values.ravel().tolist()]
    longest = max(whole, default=0) + 1
    check_memory(f"{len(whole)} sums over {longest} counts", 40.0 * len(whole) * longest, "Pass shorter contexts.")
    shape = np.broadcast_shapes(values.shape, np.shape(symbols))
    flat = np.broadcast_to(np.reshape(np.asarray(whole), values.shape), shape).ravel()
    if is_traced(symbols):
        of_each = jnp.broadcast_to(jnp.asarray(symbols, float), shape).ravel()
        return function(CountsOf(flat, of_each[:, None], jnp, jax.scipy.special)).reshape(shape)
    of_each = np.broadcast_to(np.asarray(symbols, float), shape).ravel()
    found = np.empty(flat.shape)
    for each in np.unique(of_each):
        own = of_each == each
        found[own] = function(CountsOf(flat[own], each, np, scipy.special))
    return jnp.asarray(found.reshape(shape))


class CountsOf:
    """How often a symbol was written among t of V: P(n) = binom(t-n+V-2, V-2)/binom(t+V-1, V-1); rows t, columns n.

    In NumPy where V is one number, in JAX where it is traced, one a row.
    """

    def __init__(self, t: np.ndarray, v: Any, xp: Any, special: Any):
        # As floats: a traced V takes no integers beside it where promotion is strict.
        self.t, self.v, self.xp, self.special = t[:, None].astype(float), v, xp, special
        self.n = np.arange(t.max(initial=0) + 1.0)[None]

    def mean(self, values: Any) -> Any:
        """E of `values` (rows or 1, counts)."""
        gammaln, left = self.special.gammaln, np.maximum(self.t - self.n, 0)

        def log_ways(left):
            return gammaln(left + self.v - 1.0) - gammaln(left + 1.0) - gammaln(self.v - 1.0)

        # Of one V they are looked up: factorials of a matrix are what would take the time.
        ways = log_ways(self.n[0])[left.astype(int)] if self.xp is np else log_ways(left)
        log_all = gammaln(self.t + self.v) - gammaln(self.t + 1.0) - gammaln(self.v)
        return self.xp.sum(self.xp.where(self.n <= self.t, self.xp.exp(ways - log_all), 0.0) * values, axis=1)


def _rule_loss(of: CountsOf) -> Any:
    odds = (of.n + 1) / (of.t + of.v)
    return -_row(of.v) * of.mean(of.special.xlogy(odds, odds))


def _information(of: CountsOf) -> Any:
    t, v, gammaln = of.t[:, 0], _row(of.v), of.special.gammaln
    written = v * of.mean(gammaln(of.n + 1.0))
    return gammaln(t + v) - gammaln(v) - t * (of.special.digamma(v + 1.0) + np.euler_gamma - 1) - written


def _row(v: Any) -> Any:
    return v.ravel() if np.ndim(v) else v


def count_sums(contexts: np.ndarray, symbols: int) -> tuple[np.ndarray, np.ndarray]:
    """Informations of `contexts`, whole numbers >= 1, and the rule's losses of their last symbols, as NumPy arrays."""
    given = float(symbols), np, scipy.special
    return _information(CountsOf(contexts, *given)), _rule_loss(CountsOf(contexts - 1, *given))
