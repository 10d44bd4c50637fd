"""Activations as objects that know their Gaussian expectations.

(u, v) is a centred Gaussian pair with covariance [[q11, q12], [q12, q22]]; arguments broadcast and go through jit, grad
and vmap. `dual` is E[phi(u) phi(v)], `dual_derivative` is E[phi'(u) phi'(v)]; `hermite` gives the expansion of phi.

Behind these doors stand `_dual`, `_dual_derivative` and `_hermite`. Networks use the first two, and `_dual_gaps`:
an activation with a kink needs the angle between nearly coincident inputs to more digits than q12 holds, and carries
sqrt(q11 q22) -+ q12 from layer to layer; smooth ones return None.
"""

import warnings
from collections.abc import Callable

import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array

from ..checks import check_choice, check_integer, is_traced
from ..errors import BadValue
from ..numerics import gaussian
from ..pytrees import record
from .exact_activations import Erf, Identity, Quadratic, Relu
from .expectations import Expectations


@record(static=("function", "derivative", "nodes"))
class Activation(Expectations):
    """Any elementwise function, by Gauss-Hermite quadrature with `nodes` x `nodes` points.

    Parameters
    ----------
    function : callable
        Maps h to phi(h), elementwise; traceable by JAX.
    derivative : callable, optional
        Maps h to phi'(h); by automatic differentiation if left out.
    nodes : int, default 64
        Points along each variable, 2 to 1024. Relative error at variance 1 for 32, 64, 128 nodes: tanh 6e-7, 5e-10,
        2e-14; GELU at 64 nodes 1e-12; functions with kinks 6e-3, 4e-3, 2e-3; larger variances need more. `dual_error`
        measures it, and the kernels warn above 1e-6.

    Raises
    ------
    BadValue
        For a function that is not callable, and for nodes out of range.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> import jax.numpy as jnp
    >>> from grok_theory.kernels import FullyConnected, nngp
    >>> network = FullyConnected(Activation(jnp.tanh), hidden_layers=1)
    >>> print(nngp(network, jnp.array([[1.0, 0.0]])).round(4))
    [[0.3943]]
    """

    function: Callable
    derivative: Callable | None = None
    nodes: int = 64

    exact = False

    def __post_init__(self):
        if not callable(self.function):
            raise BadValue(
                f"function is {self.function!r}, but it must be callable. "
                "Pass an elementwise function, such as jnp.tanh."
            )
        object.__setattr__(self, "nodes", check_integer("nodes", self.nodes, 2, "Pass for example 64.", high=1024))

    def __call__(self, h: ArrayLike) -> Array:
        return self.function(h)

    def doubled(self) -> "Activation":
        """The same function with twice the nodes.

        Returns
        -------
        Activation
            With twice the `nodes`.
        """
        return Activation(self.function, self.derivative, 2 * self.nodes)

    def dual_error(self, q11: ArrayLike, q12: ArrayLike, q22: ArrayLike) -> tuple[Array, Array]:
        """Estimated absolute errors of `dual` and `dual_derivative`: their change when the nodes are doubled.

        Parameters
        ----------
        q11 : array_like
            Variance of u, > 0.
        q12 : array_like
            Covariance of u and v, q12^2 <= q11 q22.
        q22 : array_like
            Variance of v, > 0.

        Returns
        -------
        tuple[Array, Array]
            The two errors, each of the broadcast shape of the three.

        Raises
        ------
        BadValue
            As `dual`, and where the nodes doubled are more than 1024.
        Float64Required
            Where JAX computes in float32.
        """
        finer = self.doubled()
        return (
            jnp.abs(finer.dual(q11, q12, q22) - self.dual(q11, q12, q22)),
            jnp.abs(finer.dual_derivative(q11, q12, q22) - self.dual_derivative(q11, q12, q22)),
        )

    def _dual(self, q11, q12, q22, gaps):
        return gaussian.pair_expectation(self.function, self.function, q11, q12, q22, nodes=self.nodes)

    def _dual_derivative(self, q11, q12, q22, gaps):
        slope = self.derivative or gaussian.slope(self.function)
        return gaussian.pair_expectation(slope, slope, q11, q12, q22, nodes=self.nodes)

    def _hermite(self, degree, variance):
        """By quadrature; outside traces warns where twice as many nodes change any by 1e-6 of the largest."""
        nodes = max(self.nodes, degree + 32)
        coarse, fine = (self._series(degree, variance, count) for count in (nodes, 2 * nodes))
        if not is_traced(coarse):
            largest = float(jnp.max(jnp.abs(fine)))
            error = float(jnp.max(jnp.abs(fine - coarse)))
            if not error <= 1e-6 * largest:
                warnings.warn(
                    f"hermite_coefficients: Gauss-Hermite quadrature with {nodes} nodes is off by about "
                    f"{error / largest if largest else error:.1e} of the largest coefficient. Raise "
                    "Activation(nodes=...); a function with a kink needs a closed form, such as Relu().",
                    stacklevel=4,
                )
        return coarse

    def _series(self, degree, variance, nodes):
        points, weights = gaussian.gauss_hermite(nodes)
        values = self.function(jnp.sqrt(jnp.asarray(variance, float)) * jnp.asarray(points))
        return jnp.asarray(gaussian.normalized_hermite(degree, points) * weights) @ values


_BY_NAME = {"erf": Erf, "relu": Relu, "identity": Identity}


Neuron = Erf | Relu | Identity | Quadratic | Activation


def as_activation(activation: object) -> Neuron:
    """An activation object; "erf", "relu" and "identity" may be named by a string."""
    if isinstance(activation, str):
        remedy = "Pass an object, such as Quadratic(0.5) or Activation(jnp.tanh), for anything else."
        return _BY_NAME[check_choice("activation", activation, list(_BY_NAME), remedy)]()
    missing = [name for name in ("_dual", "_dual_derivative", "_dual_gaps") if not hasattr(activation, name)]
    if missing and type(activation) is not object:
        raise BadValue(
            f"activation is {activation!r}, but it must be one of the objects of kernels.activations. "
            "Wrap a function as Activation(function)."
        )
    return activation
