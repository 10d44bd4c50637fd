"""Where one-pass descent is stable in mean square, and where it ends: sums over the spectrum.

With q = l/l_max and u = eta l_max (1 + 1/B)/2 the feedback is r = u/(B + 1) sum q/(1 - u q): it grows from 0 at u = 0
to infinity at u = 1, so that r = 1 has one root. At half of the full-batch rate, eta = 1/l_max, it is
sum q/(2(1 - q) + y(2 - q)) with y = B - 1, which falls with y and is 1 between y = 1 and y = sum q.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from ..numerics.roots import as_root, halve

__all__ = ["critical_batch", "feedback", "largest_learning_rate", "late_loss"]

HALVINGS = 60  # of an interval: to the last bit


def feedback(spectrum: Float[Array, " modes"], learning_rate: ArrayLike, batch: ArrayLike) -> Array:
    """r = (eta/B) sum l/(2 - eta l(1 + 1/B)): how much of a loss comes back as noise; inf where a mode diverges.

    >>> print(f"{feedback(jnp.ones(2), 0.5, 2.0):.3f}")
    0.400
    """
    each = 1 / jnp.asarray(batch, float)
    left = 2 - learning_rate * spectrum * (1 + each)
    total = learning_rate * each * jnp.sum(spectrum / jnp.where(left > 0, left, 1.0))
    return jnp.where(jnp.all(left > 0), total, jnp.inf)


def late_loss(spectrum: Float[Array, " modes"], noise: ArrayLike, learning_rate: ArrayLike, batch: ArrayLike) -> Array:
    """Test loss after infinitely many steps, noise^2/(1 - r); inf outside the stable region.

    >>> print(f"{late_loss(jnp.ones(2), 3.0, 0.5, 2.0):.3f}")
    15.000
    """
    back = feedback(spectrum, learning_rate, batch)
    return jnp.where(back < 1, jnp.square(noise) / (1 - jnp.where(back < 1, back, 0.0)), jnp.inf)


def largest_learning_rate(spectrum: Float[Array, " modes"], batch: ArrayLike) -> Array:
    """The rate at which r = 1: below it the loss stays finite for ever. 2/l_max at batch = inf.

    >>> print(f"{largest_learning_rate(jnp.ones(2), 2.0):.3f}")
    0.800
    """
    batch = jnp.asarray(batch, float)
    top = jnp.max(spectrum)
    share = spectrum / top
    finite = batch < jnp.inf
    wanted = jnp.where(finite, batch, 1.0) + 1
    root = _falling_root(lambda u: wanted - u * jnp.sum(share / (1 - u * share)), 0.0, wanted / (wanted + 1))
    return 2 / top * jnp.where(finite, root / (1 + 1 / batch), 1.0)


def critical_batch(spectrum: Float[Array, " modes"]) -> Array:
    """The batch whose largest stable rate is half of the full-batch one, 1/l_max; between 2 and 1 + sum l/l_max.

    >>> print(f"{critical_batch(jnp.ones(2)):.3f}")
    3.000
    """
    share = spectrum / jnp.max(spectrum)
    most = jnp.sum(share)
    return 1 + _falling_root(lambda y: jnp.sum(share / (2 * (1 - share) + y * (2 - share))) - 1, 1.0, most)


def _falling_root(function: Callable[[Array], Array], low: ArrayLike, high: ArrayLike) -> Array:
    """Where a falling function is zero: by halving, and one step of Newton for the last bits."""
    ends = jnp.asarray(low, float), jnp.asarray(high, float)
    root = sum(halve(lambda at: function(at) > 0, *ends, HALVINGS)) / 2
    return as_root(function, root - function(root) / jax.grad(lambda at: function(at))(root))
