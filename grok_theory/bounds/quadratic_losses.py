"""Cumulants of a mean square of Gaussians, Q = sum_j sum_c (d_jc + sqrt(l_j) z_jc)^2, from where they are read.

ln E e^{-s Q} = sum_j [-C/2 ln(1 + 2 s l_j) - s D_j/(1 + 2 s l_j)] with C outputs and D_j = sum_c d_jc^2.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from ..pytrees import record


@record(static=("outputs",))
class QuadraticLoss:
    """The modes of Q, all numbers in one unit.

    Parameters
    ----------
    rates : Array
        (modes,) a_j = 2 l_j >= 0; zero where a mode is not there.
    squares : Array
        (modes,) D_j >= 0.
    outputs : int
        C, how many outputs share the rates.
    """

    rates: Array
    squares: Array
    outputs: int

    @property
    def largest(self) -> Float[Array, ""]:
        """The largest rate a; -1/a is where ln E e^{-s Q} ends."""
        return jnp.max(self.rates)

    @property
    def mean(self) -> Float[Array, ""]:
        """E Q."""
        return jnp.sum(self.outputs * self.rates / 2 + self.squares)

    @property
    def variance(self) -> Float[Array, ""]:
        """E (Q - E Q)^2."""
        return jnp.sum(self.outputs * self.rates**2 / 2 + 2 * self.rates * self.squares)

    def factors(self, q: Array, from_end: Array) -> Float[Array, " modes"]:
        """1 + a_j s, with s = q, or, `from_end`, s = q - 1/max(a), where no digit is lost near the end."""
        top = jnp.where(self.largest > 0, self.largest, 1.0)
        return jnp.where(from_end, (top - self.rates) / top, 1.0) + self.rates * q

    def slope(self, factors: Array) -> Float[Array, ""]:
        """d/ds of ln E e^{-s Q}: negative, and rising."""
        return -jnp.sum(self.outputs * self.rates / (2 * factors) + self.squares / factors**2)

    def curvatures(self, factors: Array) -> tuple[Array, Array]:
        """The second (positive) and third (negative) derivative."""
        a, d, per = self.rates / factors, self.squares / factors, self.outputs / 2
        return jnp.sum(per * a**2 + 2 * a * d / factors), -jnp.sum(2 * per * a**3 + 6 * a**2 * d / factors)

    def log_transform(self, factors: Array, s: Array) -> Float[Array, ""]:
        """ln E e^{-s Q}."""
        # log1p where s is small: the sum is then small too.
        near = jnp.abs(self.rates * s) < 0.5
        logs = jnp.where(near, jnp.log1p(jnp.where(near, self.rates * s, 0.0)), jnp.log(jnp.where(near, 1.0, factors)))
        return -jnp.sum(self.outputs / 2 * logs + s * self.squares / factors)

    def change(self, factors: Array, x: Array, y: Array) -> tuple[Array, Array]:
        """Real and imaginary part of ln E e^{-(s + x + iy) Q} - ln E e^{-s Q}; x and y have the same shape."""
        x, y = x[..., None], y[..., None]
        rates, squares = (
            part.reshape((1,) * (x.ndim - 1) + (-1,)) for part in (self.rates / factors, self.squares / factors**2)
        )
        zx, zy = rates * x, rates * y
        square = 2 * zx + zx**2 + zy**2
        # Delta/(1 + z) for Delta = x + iy.
        part = squares / (1 + square)
        real = self.outputs / 4 * jnp.log1p(square) + part * (x * (1 + zx) + y * zy)
        imaginary = self.outputs / 2 * jnp.arctan2(zy, 1 + zx) + part * (y * (1 + zx) - x * zy)
        return -jnp.sum(real, -1), -jnp.sum(imaginary, -1)
