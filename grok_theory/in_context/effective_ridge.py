"""The effective ridge of linear attention: what finitely many sequences add to the ridge, as one root.

A sequence is one sample of a regression with d^2 weights whose features have the covariance (1/d) I (x) (R + c I).
With q = c + xi, P = E (r + c)/(r + q) = E r/(r + q) + c M(q) and the ridge lambda, xi is the root of

    P(xi) + tau lambda/xi = tau,    equally    xi M(q) + (tau - 1) = tau lambda/xi,    tau = n/d^2.

Both sides of either form are sums of positive terms; the first is used for tau < 1/2, the second above.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array

from ..numerics.roots import halve
from .task_law import task_moments

__all__ = ["attention_ridge"]

# A bracket of exp(700) is halved to 1e-11 in logarithms: two Newton steps from there reach round-off.
BISECTIONS, NEWTON_STEPS = 46, 2


def attention_ridge(sequences: Array, ridge: Array, prompt_noise: Array, tasks_per_dim: Array) -> Array:
    """xi >= 0 at tau = `sequences`, lambda = `ridge`, c = `prompt_noise`; all broadcast.

    Without a ridge and with tau >= 1 it is 0. Derivatives are those of the root (implicit function theorem).
    """
    return _root(*jnp.broadcast_arrays(sequences, ridge, prompt_noise, tasks_per_dim))


@jax.custom_jvp
def _root(tau: Array, ridge: Array, c: Array, kappa: Array) -> Array:
    has_root = (ridge > 0) | (tau < 1)
    # Where there is no root anything will do: it is replaced below.
    lam = jnp.where(has_root, ridge, 1.0)
    few = tau < 0.5

    def log_ratio(log_xi: Array) -> tuple[Array, Array]:
        """ln of the falling side over the rising one, and minus its slope in ln xi."""
        xi = jnp.exp(log_xi)
        moments = task_moments(c + xi, kappa)
        share = moments.learned + c * moments.resolvent
        slope = xi * (moments.half_learned + c * moments.squared)
        explicit = tau * lam / xi
        falls = explicit + jnp.where(few, share, jnp.maximum(1 - tau, 0.0))
        rises = jnp.where(few, tau, xi * moments.resolvent + jnp.maximum(tau - 1, 0.0))
        return jnp.log(falls / rises), explicit / falls + slope / jnp.where(few, falls, rises)

    # P lies between c/q and (1 + c)/xi.
    low = jnp.log(jnp.maximum(lam, c * jnp.maximum(1 - tau, 0.0) / tau))
    high = jnp.log((1 + c) / tau + lam)
    ends = halve(lambda middle: log_ratio(middle)[0] > 0, low - 0.5, high + 0.5, BISECTIONS)

    def polished(_, log_xi):
        gap, steep = log_ratio(log_xi)
        return log_xi + gap / steep

    log_xi = jax.lax.fori_loop(0, NEWTON_STEPS, polished, (ends[0] + ends[1]) / 2)
    return jnp.where(has_root, jnp.exp(log_xi), 0.0)


@_root.defjvp
def _root_jvp(at, along):
    (tau, lam, c, kappa), (d_tau, d_lam, d_c, d_kappa) = at, along
    xi = _root(tau, lam, c, kappa)
    moments = task_moments(c + xi, kappa)
    d_resolvent = jax.jvp(lambda c, kappa: task_moments(c + xi, kappa).resolvent, (c, kappa), (d_c, d_kappa))[1]
    # Both forms of the equation have the same slopes; times xi^2, since xi may be small.
    pushed = xi * (lam - xi) * d_tau + tau * xi * d_lam - xi**3 * d_resolvent
    steep = xi**2 * (moments.half_learned + c * moments.squared) + tau * lam
    # Many sequences and no ridge: xi = 0, and tau lambda/(tau - 1) for a small ridge.
    some, beyond = xi > 0, tau > 1
    small = jnp.where(beyond, tau * d_lam / jnp.where(beyond, tau - 1, 1.0), 0.0)
    return xi, jnp.where(some, pushed / jnp.where(some, steep, 1.0), small)
