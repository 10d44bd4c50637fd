"""Activations whose Gaussian expectations are closed forms."""

from math import factorial

import jax
import jax.numpy as jnp
import numpy as np
import scipy  # its rooms are imported when first used: stats takes as long as a solve
from jax.typing import ArrayLike
from jaxtyping import Array

from ..checks import check_finite, check_positive
from ..numerics import gaussian
from ..pytrees import record
from .expectations import Expectations


@record()
class Erf(Expectations):
    """The error function phi(h) = erf(scale h).

    Parameters
    ----------
    scale : array_like, default 1.0
        Slope of the argument, > 0.

    Raises
    ------
    BadValue
        For a scale that is not positive.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> import numpy as np
    >>> from grok_theory.kernels import FullyConnected, nngp
    >>> x = np.array([[1.0, 0.0], [0.0, 1.0]])
    >>> print(nngp(FullyConnected(Erf(), hidden_layers=1), x).round(4))
    [[0.4646 0.    ]
     [0.     0.4646]]
    """

    scale: ArrayLike = 1.0

    def __post_init__(self):
        check_positive("scale", self.scale, "Pass for example 1.0.")

    def __call__(self, h: ArrayLike) -> Array:
        return jax.lax.erf(self.scale * h)

    def _dual(self, q11, q12, q22, gaps):
        return gaussian.erf_dual(q11, q12, q22, scale=self.scale)

    def _dual_derivative(self, q11, q12, q22, gaps):
        return gaussian.erf_dual_derivative(q11, q12, q22, scale=self.scale)

    def _hermite(self, degree, variance):
        # The series of asin: a_{2j+1}^2 = (2/pi) (2j)!/(4^j j!^2 (2j+1)) x^{2j+1}, x = 2av/(1 + 2av), a = scale^2.
        reach = np.sqrt(2) * jnp.asarray(self.scale, float) * jnp.sqrt(jnp.asarray(variance, float))
        root = reach / jnp.hypot(1.0, reach)  # sqrt(x): no square leaves the range of floats
        terms = [jnp.zeros(())] * (degree + 1)
        for j in range((degree + 1) // 2):
            square = 2 / np.pi * (factorial(2 * j) / (4**j * factorial(j) ** 2 * (2 * j + 1)))
            terms[2 * j + 1] = (-1) ** j * np.sqrt(square) * root ** (2 * j + 1)
        return jnp.stack(terms)


@record()
class Relu(Expectations):
    """The rectifier phi(h) = max(h, 0).

    Examples
    --------
    >>> from grok_theory.kernels import FullyConnected
    >>> FullyConnected(Relu(), hidden_layers=2) == FullyConnected("relu", hidden_layers=2)
    True
    """

    kinked = True

    def __call__(self, h: ArrayLike) -> Array:
        return jnp.maximum(h, 0)

    def _dual(self, q11, q12, q22, gaps):
        return gaussian.relu_dual(q11, q12, q22, gaps)

    def _dual_derivative(self, q11, q12, q22, gaps):
        return gaussian.relu_dual_derivative(q11, q12, q22, gaps)

    def _dual_gaps(self, q11, q12, q22, gaps):
        return gaussian.relu_dual_gaps(q11, q12, q22, gaps)

    def _hermite(self, degree, variance):
        """sqrt(v) times 1/sqrt(2 pi), 1/2, then (-1)^{k/2-1} (k - 3)!! / sqrt(2 pi k!) for even k."""
        numbers = np.zeros(degree + 1)
        numbers[:2] = [1 / np.sqrt(2 * np.pi), 0.5][: degree + 1]
        for k in range(2, degree + 1, 2):
            odd = scipy.special.factorial2(k - 3, exact=True) if k > 2 else 1
            # An integer ratio first: k! leaves the range of floats at k = 171.
            numbers[k] = (-1) ** (k // 2 - 1) * np.sqrt(odd * odd / factorial(k) / (2 * np.pi))
        return jnp.sqrt(jnp.asarray(variance, float)) * jnp.asarray(numbers)


@record()
class Identity(Expectations):
    """The identity phi(h) = h: a deep linear network.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> import numpy as np
    >>> from grok_theory.kernels import FullyConnected, nngp
    >>> x = np.array([[1.0, 0.5]])
    >>> print(nngp(FullyConnected(Identity(), hidden_layers=3), x))  # a deep linear network keeps the product of inputs
    [[1.25]]
    """

    def __call__(self, h: ArrayLike) -> Array:
        return jnp.asarray(h)

    def _dual(self, q11, q12, q22, gaps):
        return jnp.broadcast_arrays(q11, q12, q22)[1]

    def _dual_derivative(self, q11, q12, q22, gaps):
        return jnp.ones_like(self._dual(q11, q12, q22, gaps))

    def _hermite(self, degree, variance):
        """sqrt(v) for degree 1, zero for all others."""
        return jnp.zeros(degree + 1).at[1:2].set(jnp.sqrt(jnp.asarray(variance, float)))


@record()
class Quadratic(Expectations):
    """A weakly nonlinear neuron, phi(h) = h + epsilon h^2 / 2.

    Parameters
    ----------
    epsilon : array_like
        Strength of the quadratic term, finite, of either sign.

    Raises
    ------
    BadValue
        For an epsilon that is not finite.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> import numpy as np
    >>> from grok_theory.kernels import FullyConnected, nngp
    >>> print(nngp(FullyConnected(Quadratic(0.5), hidden_layers=1), np.array([[1.0, 0.0]])))  # 1 + 3 eps^2/4
    [[1.1875]]
    """

    epsilon: ArrayLike

    def __post_init__(self):
        check_finite("epsilon", self.epsilon, "Pass the strength of the quadratic term, for example 0.5.")

    def __call__(self, h: ArrayLike) -> Array:
        return h + self.epsilon * jnp.square(h) / 2

    def _dual(self, q11, q12, q22, gaps):
        return gaussian.quadratic_dual(q11, q12, q22, epsilon=self.epsilon)

    def _dual_derivative(self, q11, q12, q22, gaps):
        return gaussian.quadratic_dual_derivative(q11, q12, q22, epsilon=self.epsilon)

    def _hermite(self, degree, variance):
        """epsilon v/2, sqrt(v), epsilon v/sqrt(2), and zero beyond."""
        v = jnp.asarray(variance, float)
        terms = jnp.stack([self.epsilon * v / 2, jnp.sqrt(v), self.epsilon * v / np.sqrt(2)])
        return jnp.zeros(degree + 1).at[:3].set(terms[: degree + 1])
