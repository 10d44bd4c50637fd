"""The doors that all activations share: what is asked for is checked, then the expectation computed."""

import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from ..checks import check_finite, check_positive, is_traced, require_float64
from ..errors import BadValue


class Expectations:
    """The public doors shared by all activations: check, then compute."""

    def dual(self, q11: ArrayLike, q12: ArrayLike, q22: ArrayLike) -> Float[Array, "..."]:
        """Gaussian expectation E[phi(u) phi(v)]; the covariance must have q11, q22 > 0 and q12^2 <= q11 q22."""
        return self._dual(*_covariance(q11, q12, q22), None)

    def dual_derivative(self, q11: ArrayLike, q12: ArrayLike, q22: ArrayLike) -> Float[Array, "..."]:
        """Gaussian expectation E[phi'(u) phi'(v)], which is the derivative of `dual` in q12."""
        return self._dual_derivative(*_covariance(q11, q12, q22), None)

    def hermite(self, degree: int, variance: ArrayLike) -> Float[Array, " terms"]:
        """Coefficients a_0, a_1, ... (degree + 1,) of phi(sqrt(v) z) in normalised Hermite polynomials of z."""
        return self._hermite(degree, variance)

    def _dual_gaps(self, q11, q12, q22, gaps):
        return None

    # Closed forms are exact to round-off; quadrature overrides this.
    exact = True
    kinked = False


def _covariance(q11, q12, q22):
    require_float64("dual")
    check_positive("q11", q11, "Pass the variance of the first variable.")
    check_positive("q22", q22, "Pass the variance of the second variable.")
    check_finite("q12", q12, "Pass the covariance of the two variables.")
    if not any(is_traced(q) for q in (q11, q12, q22)):
        # By the roots: products of numbers beyond 1e154 or below 1e-154 are none.
        size = np.sqrt(np.asarray(q11, float)) * np.sqrt(np.asarray(q22, float))
        if np.any(np.abs(np.asarray(q12, float)) > size * (1 + 1e-12)):
            raise BadValue(
                f"q12 is {q12}, but its magnitude must not exceed sqrt(q11 q22) = {size}. "
                "Pass the covariance matrix of a real pair of variables."
            )
    return jnp.broadcast_arrays(*(jnp.asarray(q, float) for q in (q11, q12, q22)))
