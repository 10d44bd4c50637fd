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

    Without a ridge and with tau >= 1 it is 0. Derivatives are those of the root, up to the third.
    """
    sequences, ridge, c, kappa = jnp.broadcast_arrays(sequences, ridge, prompt_noise, tasks_per_dim)
    has_root = (ridge > 0) | (sequences < 1)
    # Where there is no root anything will do: it is replaced below.
    lam = jnp.where(has_root, ridge, 1.0)

    def log_ratio(log_xi, tau, lam, c, kappa):
        """ln of the falling side over the rising one, and minus its slope in ln xi."""
        xi = jnp.exp(log_xi)
        moments = task_moments(c + xi, kappa)
        few = tau < 0.5
        share = moments.learned + c * moments.resolvent
        slope = xi * (moments.half_learned + c * moments.squared)
        explicit = tau * lam / xi
        falls = explicit + jnp.where(few, share, jnp.maximum(1 - tau, 0.0))
        rises = jnp.where(few, tau, xi * moments.resolvent + jnp.maximum(tau - 1, 0.0))
        steep = explicit / falls + slope / jnp.where(few, falls, rises)
        return jnp.log(falls / rises), steep

    arguments = sequences, lam, c, kappa
    frozen = jax.lax.stop_gradient(arguments)
    # E (r + c)/(r + q) lies between c/q and (1 + c)/xi.
    tau = frozen[0]
    low = jnp.log(jnp.maximum(frozen[1], frozen[2] * jnp.maximum(1 - tau, 0.0) / tau))
    high = jnp.log((1 + frozen[2]) / tau + frozen[1])
    ends = halve(lambda middle: log_ratio(middle, *frozen)[0] > 0, low - 0.5, high + 0.5, BISECTIONS)
    log_xi = jax.lax.stop_gradient((ends[0] + ends[1]) / 2)
    for _ in range(NEWTON_STEPS):
        gap, steep = log_ratio(log_xi, *arguments)
        log_xi = log_xi + gap / steep
    # Many sequences and no ridge: 0, with the slope of tau lambda/(tau - 1), which xi is for a small ridge.
    beyond = sequences > 1
    small = ridge * sequences / jnp.where(beyond, sequences - 1, 1.0)
    return jnp.where(has_root, jnp.exp(log_xi), jnp.where(beyond, small, 0.0))
