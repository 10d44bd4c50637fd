"""Gaussian-process and tangent kernels of wide fully connected networks."""

from __future__ import annotations

import warnings
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from ..checks import (
    check_finite,
    check_kind,
    check_memory,
    is_traced,
    require_float64,
)
from ..drawn import Among, Span, WholeSpan
from ..errors import BadValue
from ..fields import check_fields, data, number, problem, structure
from ..ranges import NonNegative, Positive, Switch, Told, Whole
from .activations import Neuron, as_activation
from .wide_layers import all_finite, from_blocks, pairs_of, pairs_of_numbers, wide_kernel

INPUTS = (1e-140, 1e140)
FAINT = 1e-300  # variances below are on their way to zero


def _check_activation(name: str, value: object, remedy: str) -> None:
    as_activation(value)


@problem
class FullyConnected:
    """A fully connected network in NTK parametrisation, at infinite width.

    h_1 = sqrt(sw) W_1 x + sqrt(sb) b_1,  h_{l+1} = sqrt(sw/width) W_{l+1} phi(h_l) + sqrt(sb) b_{l+1},
    f = sqrt(sr/width) a . phi(h_L),  all entries of W, b and a standard normal; gradients are with respect to these.

    Inputs are not rescaled: the first covariance is sw x.x' + sb. Libraries that divide by the input dimension D are
    matched by passing X / sqrt(D). In standard parametrisation (w ~ N(0, sw), gradients in w) the first layer's term of
    the tangent kernel lacks the factor sw.

    Raises
    ------
    BadValue
        For a field out of its range, named with what is allowed.

    Examples
    --------
    >>> FullyConnected('erf', hidden_layers=2).hidden_layers
    2
    """

    activation: str | Neuron = data(
        Told('"erf", "relu", "identity", or an object of kernels.activations', _check_activation, ("rleu", 3, None)),
        symbol="phi",
        meaning="the neuron",
        remedy="Pass an object, such as Quadratic(0.5) or Activation(jnp.tanh), for anything else.",
    )
    hidden_layers: int = structure(
        Whole(1),
        symbol="L",
        unit="layers",
        meaning="number of layers of hidden units",
        remedy="Pass the number of layers of hidden units.",
        drawn=WholeSpan(1, 3),
        default=1,
    )
    weight_variance: ArrayLike = number(
        Positive(),
        symbol="sw",
        meaning="variance of each layer's weights",
        remedy="Pass for example 1.0.",
        drawn=Span(0.1, 10.0, (1.0, 2.0)),
        default=1.0,
    )
    bias_variance: ArrayLike = number(
        NonNegative(),
        symbol="sb",
        meaning="variance of each layer's biases, trained like the weights",
        remedy="Pass 0.0 for a network without biases.",
        drawn=Span(1e-2, 10.0, (0.0, 1.0)),
        default=0.0,
    )
    readout_variance: ArrayLike = number(
        Positive(),
        symbol="sr",
        meaning="variance of the readout weights",
        remedy="Pass for example 1.0.",
        drawn=Span(0.1, 10.0, (1.0,)),
        default=1.0,
    )
    train_readout: bool = structure(
        Switch(),
        symbol="-",
        meaning="False: the readout keeps its start, and the tangent kernel lacks its term",
        remedy="Pass one of them.",
        drawn=Among((True, False)),
        default=True,
    )

    def check(self) -> None:
        """Refuse what is out of range, element by element; makes an object of an activation's name."""
        check_fields(self)
        object.__setattr__(self, "activation", as_activation(self.activation))
        object.__setattr__(self, "hidden_layers", int(self.hidden_layers))


def nngp(network: FullyConnected, X: ArrayLike, X2: ArrayLike | None = None) -> Float[Array, "n m"]:
    """Covariance of the outputs of the wide network at random start, between the rows of `X` and of `X2` (or `X`).

    S_1 = sw x.x' + sb,  S_{l+1} = sw dual(S_l) + sb,  kernel = sr dual(S_L).

    A committee machine, with readouts fixed at +1, does not start as a centred Gaussian process: this kernel then
    describes a network whose readout signs are random. Warns where the activation's quadrature is off by more than
    1e-6.

    Parameters
    ----------
    network : FullyConnected
        Depth, activation and variances.
    X : array_like
        (n, dim) inputs, one a row; a row is 0 or has its largest entry in [1e-140, 1e140].
    X2 : array_like, optional
        (m, dim) other inputs; `X` if left out.

    Returns
    -------
    Array
        (n, m), with m = n where `X2` is left out, and then symmetric.

    Raises
    ------
    BadValue
        For an argument out of its range, named with what is allowed, and for variances beyond the range of float64.
    TooLarge
        Where the kernel does not fit into the free memory.
    Float64Required
        Where JAX computes in float32.

    References
    ----------
    Williams 1997; Cho & Saul 2009.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.eye(2)
    >>> print(nngp(FullyConnected('relu', hidden_layers=1), X).round(4))
    [[0.5    0.1592]
     [0.1592 0.5   ]]
    """
    return _kernel(network, X, X2, "nngp")


def ntk(network: FullyConnected, X: ArrayLike, X2: ArrayLike | None = None) -> Float[Array, "n m"]:
    """Tangent kernel of the wide network, between the rows of `X` and those of `X2` (or `X`).

    T_1 = S_1,  T_{l+1} = S_{l+1} + sw T_l dual_derivative(S_l),
    kernel = sr T_L dual_derivative(S_L) + (nngp if the readout is trained).

    Exact to 1e-12 for closed-form activations also between nearly coincident or opposite inputs. Gradients in `X` are
    finite at coincident inputs; there, where the ReLU kernel has a cusp, the cusp's part is returned as zero. Warns as
    `nngp` does.

    Parameters
    ----------
    network : FullyConnected
        Depth, activation and variances.
    X : array_like
        (n, dim) inputs, one a row; a row is 0 or has its largest entry in [1e-140, 1e140].
    X2 : array_like, optional
        (m, dim) other inputs; `X` if left out.

    Returns
    -------
    Array
        (n, m), with m = n where `X2` is left out, and then symmetric.

    Raises
    ------
    BadValue
        For an argument out of its range, named with what is allowed, and for variances beyond the range of float64.
    TooLarge
        Where the kernel does not fit into the free memory.
    Float64Required
        Where JAX computes in float32.

    References
    ----------
    Jacot, Gabriel & Hongler 2018.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.eye(2)
    >>> print(ntk(FullyConnected('relu', hidden_layers=1), X).round(4))
    [[1.     0.1592]
     [0.1592 1.    ]]
    """
    return _kernel(network, X, X2, "ntk")


def _kernel(network, X, X2, kind):
    require_float64(kind)
    check_kind("network", network, FullyConnected, "Pass for example FullyConnected('relu').")
    network.check()
    X, X2, symmetric = _inputs(X, X2)
    check_memory(f"{kind} of {X.shape[0]} by {X2.shape[0]} inputs", 96.0 * X.shape[0] * X2.shape[0], "Pass fewer rows.")
    traced = any(is_traced(leaf) for leaf in jax.tree_util.tree_leaves((network, X, X2)))
    if not network.activation.exact and not traced:
        _warn_of_quadrature(network, X, X2, kind)
    known = network.activation.kinked and not traced
    if known:
        pairs = pairs_of_numbers(np.asarray(X), None if symmetric else np.asarray(X2))
    else:
        pairs = pairs_of(X, X2, kinked=network.activation.kinked)
    kernel, least = wide_kernel(network, pairs, kind, differentiated=traced)
    if not traced and not bool(all_finite(kernel)):
        raise BadValue(
            f"network and inputs give a {kind} that is no float64 number. Pass inputs in a smaller unit, or smaller "
            "variances."
        )
    if not traced and not float(least) >= FAINT:
        raise BadValue(
            f"network and inputs give a variance of {float(least):.3g} in a layer, but it must be at least {FAINT:g} "
            "to be a float64 number. Pass inputs in a larger unit, or larger variances."
        )
    if known and symmetric:
        return from_blocks(kernel, X.shape[0])
    return _symmetric(kernel) if symmetric else kernel


@jax.jit
def _symmetric(kernel):
    """Matrix products need not be symmetric to the last bit; their kernels are."""
    return (kernel + kernel.T) / 2


def _inputs(X, X2):
    symmetric = X2 is None
    check_finite("X", X, "Drop or mend these inputs.")
    check_finite("X2", X if symmetric else X2, "Drop or mend these inputs.")
    X = jnp.asarray(X, float)
    X2 = X if symmetric else jnp.asarray(X2, float)
    for name, array in (("X", X), ("X2", X2)):
        if array.ndim != 2 or array.size == 0 or array.shape[1] != X.shape[1]:
            raise BadValue(
                f"{name} has shape {array.shape}, but it must have shape (samples, dim) with the dim of X. "
                "Pass one row an input; reshape a single input to (1, dim)."
            )
        if not is_traced(array):
            largest = np.abs(np.asarray(array)).max(axis=1)
            wrong = np.flatnonzero((largest > INPUTS[1]) | ((largest > 0) & (largest < INPUTS[0])))
            if wrong.size:
                raise BadValue(
                    f"{name}[{wrong[0]}] has a largest entry of {largest[wrong[0]]:.3g}, but it must be 0 or in "
                    f"[{INPUTS[0]:g}, {INPUTS[1]:g}]: its square must be a float64 number. Pass inputs in another unit."
                )
    return X, X2, symmetric


def _warn_of_quadrature(network, X, X2, kind):
    few, few2 = (a[:: max(1, a.shape[0] // 6)][:6] for a in (X, X2))
    finer = replace(network, activation=network.activation.doubled())
    coarse, fine = (
        wide_kernel(each, pairs_of(few, few2, kinked=each.activation.kinked), kind, differentiated=False)[0]
        for each in (network, finer)
    )
    error = float(jnp.max(jnp.abs(fine - coarse)) / jnp.max(jnp.abs(fine)))
    if not error < 1e-6:
        warnings.warn(
            f"{kind}: Gauss-Hermite quadrature with {network.activation.nodes} nodes is off by about {error:.1e}. "
            "Raise Activation(nodes=...); a function with a kink needs a closed form, such as Relu().",
            stacklevel=4,
        )
