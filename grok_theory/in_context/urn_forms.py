"""Exact formulas of urns: what a context tells about its task, and what the rule loses. In nats."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import digamma, gammaln, xlogy
from jax.typing import ArrayLike
from jaxtyping import Array

from ..checks import check_at_least, check_integer, check_memory, is_traced
from ..errors import BadValue
from ..numerics.padding import any_traced, bucket
from .odds_contour import ABOVE, mean_over_line
from .urn_moments import pair_log_moments

__all__ = ["LONGEST", "two_task_gap", "urn_information", "urn_oracle_loss", "urn_rule_loss"]

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
    check_at_least("symbols", symbols, 2, "Pass how many symbols there are.")
    return digamma(jnp.asarray(symbols, float) + 1) + np.euler_gamma - 1


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
    return urn_information(context, symbols) - np.log(2) + mean_over_line(jnp.asarray(moments), ABOVE)


def _over_counts(function: Any, name: str, lengths: ArrayLike, symbols: ArrayLike) -> Array:
    check_at_least("symbols", symbols, 2, "Pass how many symbols there are.")
    if is_traced(lengths):
        raise BadValue(f"{name} is traced, but how many counts are summed must be known. Pass whole numbers.")
    values = np.asarray(lengths)
    whole = [check_integer(name, each, 0, "Pass whole numbers of symbols.") for each in values.ravel().tolist()]
    longest = bucket(max(whole, default=0) + 1)
    check_memory(f"{len(whole)} sums over {longest} counts", 40.0 * len(whole) * longest, "Pass shorter contexts.")
    shape = jnp.broadcast_shapes(values.shape, jnp.shape(symbols))
    flat = np.broadcast_to(np.reshape(np.asarray(whole, float), values.shape), shape).ravel()
    plain = not any_traced(symbols)
    of_each = (np if plain else jnp).broadcast_to(jnp.asarray(symbols, float), shape).ravel()
    if plain:
        padded = bucket(flat.size)
        flat, of_each = (np.pad(part, (0, padded - flat.size), mode="edge") for part in (flat, of_each))
    return function(flat, of_each, np.arange(longest, dtype=float)[None])[: int(np.prod(shape))].reshape(shape)


def _count_odds(t: Array, v: Array, n: Array) -> Array:
    """P(n) of (rows, counts); zero where n > t."""
    left = jnp.maximum(t[:, None] - n, 0.0)
    v = v[:, None]
    log_ways = gammaln(left + v - 1) - gammaln(left + 1) - gammaln(v - 1)
    log_all = gammaln(t[:, None] + v) - gammaln(t[:, None] + 1) - gammaln(v)
    return jnp.where(n <= t[:, None], jnp.exp(log_ways - log_all), 0.0)


@jax.jit
def _rule_loss(t, v, n):
    odds = (n + 1) / (t + v)[:, None]
    return -v * jnp.sum(_count_odds(t, v, n) * xlogy(odds, odds), axis=1)


@jax.jit
def _information(t, v, n):
    written = v * jnp.sum(_count_odds(t, v, n) * gammaln(n + 1), axis=1)
    return gammaln(t + v) - gammaln(v) - t * urn_oracle_loss(v) - written
