"""The singular directions in which a frozen hidden layer learns: each relaxes by itself, in flow and in descent.

F~ = P sigma(X W), Y~ = P Y, A = F~^T F~ + eta I, V_r = A^-1 F~^T Y~: V(t) = V_r + e^{-A t} (V(0) - V_r) under the flow
of J + (eta/2) norm(V)^2, and powers for exponentials under descent.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike

from ..numerics.magnitude import guarded_root
from ..pytrees import record


@record()
class Modes:
    """F~ = left diag(scale) right in its r singular directions, and targets and V(0) seen from there. Traceable.

    `seen` (r, M) and `unseen` (n, M): the targets along the left vectors, and what is left; `inside` (r, M) and
    `outside` (K, M): V(0) along the right vectors, and what the features do not see, which only decays.
    """

    left: jax.Array
    scale: jax.Array
    right: jax.Array
    seen: jax.Array
    unseen: jax.Array
    inside: jax.Array
    outside: jax.Array
    ridge: jax.Array

    @property
    def rate(self) -> jax.Array:
        """Eigenvalues (r,) of A = F~^T F~ + eta I, the rates at which the modes decay."""
        return self.scale**2 + self.ridge

    def at(self, decay: jax.Array, spent: jax.Array, outside_decay: ArrayLike) -> tuple[jax.Array, jax.Array]:
        """Residual Y~ - F~ V (n, M) and V (K, M) where the modes have decayed by `decay` (r,).

        `spent` is (1 - decay) / rate.
        """
        weights = self.right.T @ ((self.scale * spent)[:, None] * self.seen + decay[:, None] * self.inside)
        # b - s c = (1 - s^2 spent) b - s decay c(0), without cancellation: 1 - s^2 spent = eta spent + decay.
        kept = (self.ridge * spent + decay)[:, None] * self.seen - (self.scale * decay)[:, None] * self.inside
        return self.left @ kept + self.unseen, weights + outside_decay * self.outside

    def flowed(self, time: ArrayLike) -> tuple[jax.Array, jax.Array]:
        """`at` after gradient flow for `time`."""
        decay = jnp.exp(-self.rate * time)
        # (1 - e^{-rate t}) / rate -> t where the rate vanishes (no ridge, empty direction).
        spent = jnp.where(self.rate > 0, -jnp.expm1(-self.rate * time) / safe_rate(self.rate), time)
        return self.at(decay, spent, jnp.exp(-self.ridge * time))

    def stepped(self, size: ArrayLike, count: ArrayLike) -> tuple[jax.Array, jax.Array]:
        """`at` after `count` descent steps of `size` in time: e^{-rate t} becomes (1 - size rate)^count."""
        # Below a half log1p keeps the digits of 1 - decay; above, the power itself is exact enough and may be negative.
        small = size * self.rate < 0.5
        exponent = count * jnp.log1p(-jnp.where(small, size * self.rate, 0.0))
        decay = jnp.where(small, jnp.exp(exponent), (1 - size * self.rate) ** count)
        gone = jnp.where(small, -jnp.expm1(exponent), 1 - decay)
        spent = jnp.where(self.rate > 0, gone / safe_rate(self.rate), size * count)
        return self.at(decay, spent, (1 - size * self.ridge) ** count)


def safe_rate(rate: jax.Array) -> jax.Array:
    return jnp.where(rate > 0, rate, 1.0)


def modes(features: jax.Array, targets: jax.Array, readout: jax.Array, ridge: jax.Array) -> Modes:
    """The modes of F~ (n, K), Y~ (n, M), V(0) (K, M) under ridge eta."""
    left, scale, right = jnp.linalg.svd(features, full_matrices=False)
    # What is below rounding is no direction: it would be fitted with weights of one over rounding.
    scale = jnp.where(scale > max(features.shape) * jnp.finfo(float).eps * scale[0], scale, 0.0)
    seen = left.T @ targets
    # Where the left vectors are a full basis nothing is left over; the difference would only be round-off.
    whole = left.shape[1] == left.shape[0]
    unseen = jnp.zeros_like(targets) if whole else targets - left @ seen
    inside = right @ readout
    return Modes(left, scale, right, seen, unseen, inside, readout - right.T @ inside, ridge)


def mean_cosine(gradient: jax.Array, leading: jax.Array) -> jax.Array:
    """Mean over the columns of their cosine; nan where one vanishes."""
    products = jnp.sum(gradient * leading, axis=0)
    lengths = guarded_root(jnp.sum(gradient**2, axis=0) * jnp.sum(leading**2, axis=0))
    some = lengths > 0
    return jnp.mean(jnp.where(some, products / jnp.where(some, lengths, 1.0), jnp.nan))
