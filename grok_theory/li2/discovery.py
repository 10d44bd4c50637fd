"""How many nodes it takes to see every feature: the toy of Theorem 8, by exact sums.

L modes of strength mu_l; a node's initial sizes are Frechet(a), so mode l wins it with probability
p_l = mu_l^a / sum mu^a. The number of nodes until every mode has won once is coupon collecting:

    T_0 = integral_0^inf [1 - prod_l (1 - e^{-p_l t})] dt  >=  max(1 / min p, L H_L),  H_L the harmonic number.

If learned modes are suppressed by a factor s in strength (Muon: s = 1/2), T_a = s^a T_0 + (1 - s^a) L, exactly.
Source: Tian, arXiv 2509.21519 (v5), Theorem 8 and Lemma 10 (there the bound lacks a factor L, and has min for max).
The toy assumes quadratic single-mode growth, while the energy grows with the cube: it says how orders compare, not
when.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike

from ..checks import check_between, check_memory, check_positive, check_shape, is_traced, require_float64
from ..errors import BadValue
from ..numerics.programs import compiled
from ..pytrees import record

# The integrand in s = log t is analytic for |Im s| < pi/2, so the trapezoid's error is exp(-pi^2 / step): 1e-17 at
# a step of 0.25.
STEP = 0.2
_LOW = -42.0  # e^-42 is below the last digit of T_0 >= 1
LONGEST = 346.0  # log 1e150: beyond, the points below do not suffice
_HIGH = 45.0  # e^(-p t) at t = 45 / min p


@record()
class DiscoveryTimes:
    """Expected number of nodes until every mode was won once.

    Parameters
    ----------
    sgd : Array
        (), T_0 in nodes.
    muon : Array
        (), T_a in nodes, with learned modes suppressed.
    probabilities : Array
        (L,), p_l.
    lower_bound : Array
        (), max(1 / min p, L H_L) <= T_0.

    Examples
    --------
    >>> from grok_theory.li2 import feature_discovery_times
    >>> told = feature_discovery_times([0.5, 0.3, 0.2], tail=2.0)
    >>> print(f"{told.sgd:.2f}")
    10.89
    """

    sgd: jax.Array
    muon: jax.Array
    probabilities: jax.Array
    lower_bound: jax.Array


def feature_discovery_times(strengths: ArrayLike, tail: ArrayLike, *, suppression: ArrayLike = 0.5) -> DiscoveryTimes:
    """Expected number of nodes to discover every mode, under gradient descent (T_0) and under suppression (T_a).

    Parameters
    ----------
    strengths : array_like
        (L,), mu_l > 0.
    tail : array_like
        Number a > 0, the Frechet index (large a: the strongest wins always).
    suppression : array_like, default 0.5
        Number s in [0, 1], the factor on the strength of learned modes; 1 gives T_a = T_0, 0 gives L.

    Returns
    -------
    DiscoveryTimes
        Relative error below 1e-12 while min p > 1e-150 (T_0 up to 1e150). Differentiable in all arguments.

    Raises
    ------
    BadValue
        For strengths or tail <= 0 or not finite, suppression outside [0, 1], and beyond that range (nan under a trace).
    Float64Required
        Where JAX computes in float32.
    TooLarge
        For more modes than fit into memory.

    Examples
    --------
    >>> found = feature_discovery_times(jnp.linspace(0.3, 1.0, 20), 2.0)
    >>> print(f"{found.sgd:.6f} {found.muon:.6f}")
    175.465456 58.866364
    """
    require_float64("feature_discovery_times")
    check_shape(
        "strengths", strengths, (None,), "Pass one strength for each mode, for example jnp.linspace(0.3, 1.0, 20)."
    )
    check_positive("strengths", strengths, "Every mode needs a strength above zero, or it is never found.")
    check_positive("tail", tail, "Pass the Frechet index, for example 2.0.")
    check_between("suppression", suppression, 0.0, 1.0, "Pass 0.5 for Muon.")
    strengths = jnp.asarray(strengths, jnp.float64)
    modes = strengths.shape[0]
    check_memory(f"The integrand of {modes} modes", 8.0 * 6 * _POINTS * modes, "Pass fewer modes.")
    found = DiscoveryTimes(*_times(strengths, jnp.asarray(tail, jnp.float64), jnp.asarray(suppression, jnp.float64)))
    if not is_traced(found.sgd) and bool(jnp.isnan(found.sgd)):
        raise BadValue(
            f"tail is {float(tail):g}, but with these strengths the rarest mode would need more than 1e150 nodes. Pass "
            "a smaller tail, or strengths nearer to each other."
        )
    return found


_POINTS = int((_HIGH - _LOW) / STEP) + 1 + 1800  # up to log(1 / min p) = 360


@compiled
def _times(strengths: jax.Array, tail: jax.Array, suppression: jax.Array) -> tuple[jax.Array, ...]:
    modes = strengths.shape[0]
    log_p = jax.nn.log_softmax(tail * jnp.log(strengths))
    longest = -jnp.min(log_p)
    # A range that reaches where the slowest mode is found, always with the same number of points.
    high = jnp.log(_HIGH) + longest
    grid = jnp.linspace(_LOW, high, _POINTS)
    rate_time = jnp.exp(grid[:, None] + log_p[None, :])
    # log(1 - e^{-x}) by expm1 at small x; the clip only keeps gradients of vanished entries finite.
    log_found = jnp.log(-jnp.expm1(-jnp.maximum(rate_time, 1e-300)))
    integrand = -jnp.expm1(jnp.sum(log_found, axis=1)) * jnp.exp(grid)
    # The trapezoid's halves at both ends are not taken off: they are below the last digit.
    total = jnp.sum(integrand) * (high - _LOW) / (_POINTS - 1)
    total = jnp.where(longest < LONGEST, total, jnp.nan)
    kept = suppression**tail
    harmonic = jnp.sum(1 / jnp.arange(1.0, modes + 1))
    bound = jnp.maximum(jnp.exp(longest), modes * harmonic)
    return total, kept * total + (1 - kept) * modes, jnp.exp(log_p), bound
