"""The loss of these bounds: the squared residual, cut where it reaches cap^2."""

import jax.numpy as jnp
from jax.scipy.stats import norm
from jax.typing import ArrayLike
from jaxtyping import Array

from ..errors import check_finite, check_non_negative, check_positive, require_float64


def truncated_squared_loss(residual: ArrayLike, cap: ArrayLike, *, variance: ArrayLike = 0.0) -> Array:
    """E min((residual + sqrt(variance) z)^2, cap^2) with z ~ N(0, 1), elementwise.

    Between 0 and cap^2 and Lipschitz with 2 cap in the residual, whatever the data: this is why norm and PAC-Bayes
    bounds on it hold for Gaussian inputs too. With s^2 the variance, a = (-cap - r)/s, b = (cap - r)/s, D = Phi(b) -
    Phi(a):

        (r^2 + s^2) D + 2 r s (phi(a) - phi(b)) + s^2 (a phi(a) - b phi(b)) + cap^2 (1 - D)

    **Arguments:** `residual`; `cap` > 0 in its unit; `variance` >= 0. They broadcast. **Returns:** relative error below
    2e-13 against 40 digits (residual and standard deviation 1e-3 to 30 caps).

    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> print(f"{truncated_squared_loss(3.0, 2.0):.1f} {truncated_squared_loss(0.0, 2.0, variance=1.0):.6f}")
    4.0 0.920537
    """
    require_float64("grok_theory.bounds.truncated_squared_loss")
    check_finite("residual", residual, "Drop or mend these samples.")
    check_positive("cap", cap, "Pass the residual beyond which the loss is flat, for example 4.0.")
    check_non_negative("variance", variance, "Pass the variance of the Gaussian part of the residual.")
    r, cap, variance = jnp.broadcast_arrays(*(jnp.asarray(v, float) for v in (residual, cap, variance)))
    r, some = jnp.abs(r), variance > 0
    s = jnp.sqrt(jnp.where(some, variance, 1.0))
    # |r| keeps both arguments on the side where differences of Phi lose nothing.
    a, b = (-cap - r) / s, (cap - r) / s
    inside, outside = norm.cdf(b) - norm.cdf(a), norm.cdf(-b) + norm.cdf(a)
    edges = 2 * r * s * (norm.pdf(a) - norm.pdf(b)) + s**2 * (a * norm.pdf(a) - b * norm.pdf(b))
    smooth = (r**2 + s**2) * inside + edges + cap**2 * outside
    return jnp.where(some, smooth, jnp.minimum(r, cap) ** 2)
