"""Spectra of kernels under simple input laws: Hermite series under a Gaussian, zonal kernels on the sphere."""

from collections.abc import Callable
from math import comb

import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from ..checks import check_finite, check_integer, check_memory, check_positive, check_shape, require_float64
from ..errors import BadValue
from ..pytrees import record
from .activations import Neuron, as_activation


@record()
class Spectrum:
    """Eigenvalues of a zonal kernel, degree by degree.

    Parameters
    ----------
    eigenvalues : array_like
        (degree + 1,) one of each degree.
    multiplicities : array_like
        (degree + 1,) how many modes share each.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> from grok_theory.kernels import sphere_spectrum
    >>> spectrum = sphere_spectrum(lambda t: t, dim=3, degree=1)
    >>> print(spectrum.eigenvalues.round(4) + 0.0, spectrum.multiplicities)
    [0.     0.3333] [1. 3.]
    """

    eigenvalues: ArrayLike
    multiplicities: ArrayLike


def hermite_coefficients(activation: Neuron | str, degree: int, *, variance: ArrayLike = 1.0) -> Float[Array, " terms"]:
    """Hermite coefficients a_k = E[phi(sqrt(v) z) He_k(z)] / sqrt(k!) of an activation phi, k = 0 ... degree.

    They are those of phi(sqrt(v) z) in orthonormal polynomials: dual(v, rho v, v) = sum_k a_k^2 rho^k, so a_k^2 is the
    weight of degree k in the kernel of one hidden layer. Closed forms for Erf, Relu, Identity, Quadratic; quadrature
    for Activation.

    Parameters
    ----------
    activation : Activation or Erf or Relu or Identity or Quadratic or str
        The neuron phi; "erf", "relu" and "identity" may be named.
    degree : int
        Highest degree, 0 to 10000.
    variance : array_like, default 1.0
        Variance v of the argument of phi, > 0.

    Returns
    -------
    Array
        (degree + 1,) a_0, a_1, ...

    Raises
    ------
    BadValue
        For an argument out of its range, named with what is allowed.
    Float64Required
        Where JAX computes in float32.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> print(np.round(hermite_coefficients("relu", 4), 8))
    [ 0.39894228  0.5         0.28209479  0.         -0.08143375]
    """
    require_float64("hermite_coefficients")
    degree = check_integer("degree", degree, 0, "Pass the highest degree wanted.", high=10_000)
    check_positive("variance", variance, "Pass the variance of the argument of phi.")
    return as_activation(activation).hermite(degree, variance)


def sphere_spectrum(profile: Callable, dim: int, degree: int) -> Spectrum:
    """Spectrum of k(x, x') = profile(x.x') on the unit sphere in R^dim, uniform inputs, for degrees 0 ... degree.

    lambda_k = int profile(t) P_k(t) (1 - t^2)^{(dim-3)/2} dt / int (1 - t^2)^{(dim-3)/2} dt with Legendre polynomials
    normalised to P_k(1) = 1; multiplicity (2k + dim - 2)/k C(k + dim - 3, k - 1). sum_k N_k lambda_k = profile(1).

    Quadrature runs in the angle, where kernels of ReLU networks are analytic; in t they are not (1600 nodes: 3e-9).

    Parameters
    ----------
    profile : callable
        Elementwise function of t = x.x' in [-1, 1]. Smooth in the angle, as all network kernels are (ReLU too).
    dim : int
        Dimension of the space around the sphere, >= 2.
    degree : int
        Highest degree, >= 0.

    Returns
    -------
    Spectrum
        Eigenvalues, with absolute error below 2e-14 times the largest abs(profile), and their multiplicities.

    Raises
    ------
    BadValue
        For an argument out of its range, named with what is allowed; for a profile that is not elementwise or not
        finite; and for more modes than float64 can count.
    TooLarge
        Where the quadrature does not fit into the free memory.
    Float64Required
        Where JAX computes in float32.

    Examples
    --------
    >>> spectrum = sphere_spectrum(lambda t: t + t**2, dim=3, degree=2)
    >>> print(spectrum.eigenvalues.round(4), spectrum.multiplicities)
    [0.3333 0.3333 0.1333] [1. 3. 5.]
    """
    require_float64("sphere_spectrum")
    dim = check_integer("dim", dim, 2, "Pass the dimension of the space around the sphere.")
    degree = check_integer("degree", degree, 0, "Pass the highest degree wanted.")
    nodes = degree + 48 + 8 * int(np.ceil(np.sqrt(dim)))
    check_memory(f"sphere_spectrum at dim {dim} and degree {degree}", 32.0 * nodes**2, "Pass a smaller dim or degree.")
    # The weight sin^{dim-2} narrows like 1/sqrt(dim); the nodes keep pace.
    points, weights = np.polynomial.legendre.leggauss(nodes)
    # The angle from the equator, and log1p: at large dim the weight lives at t = 0, where cos and log(sin) lose digits.
    t = np.sin(np.pi / 2 * points)
    weight = weights * np.exp((dim - 2) / 2 * np.log1p(-t * t))
    # By the same rule rather than the Beta function, which keeps ten digits at dim = 1e5.
    weight = weight / np.sum(weight)
    values = jnp.asarray(profile(jnp.asarray(t)), float)
    check_shape("profile(t)", values, t.shape, "Pass an elementwise function of t.")
    check_finite("profile(t)", values, "Pass a function that is finite on [-1, 1].")
    eigenvalues = jnp.asarray(_legendre(t, dim, degree) * weight) @ values
    counts = [_multiplicity(k, dim) for k in range(degree + 1)]
    if counts[-1] > np.finfo(float).max:
        raise BadValue(
            f"degree is {degree}, and its modes in dimension {dim} are more than float64 can count. Pass a smaller one."
        )
    return Spectrum(eigenvalues, jnp.asarray([float(count) for count in counts]))


def _legendre(t, dim, degree):
    rows = [np.ones_like(t), t]
    for k in range(1, degree):
        rows.append(((2 * k + dim - 2) * t * rows[k] - k * rows[k - 1]) / (k + dim - 2))
    return np.array(rows[: degree + 1])


def _multiplicity(k, dim):
    if k == 0:
        return 1
    return (2 * k + dim - 2) * comb(k + dim - 3, k - 1) // k
