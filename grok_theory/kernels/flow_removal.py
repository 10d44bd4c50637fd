"""What each sample does to a kernel machine during training: the derivative in its weight, and its exact removal."""

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from ..checks import check_times, require_float64
from ..numerics.edges import kinked
from ..numerics.gram import check_cross, check_gram, check_target, eigenbasis, rounding
from ..numerics.magnitude import exponents, scaled, unit_of
from ..numerics.programs import compiled
from .prediction import flow_on_test


def flow_influence(kernel: ArrayLike, y: ArrayLike, kernel_test: ArrayLike, times: ArrayLike) -> Float[Array, "T m n"]:
    """Derivative d f_x(t)/d w_i at w = 1 of gradient flow of (1/2) sum_i w_i (y_i - f_i)^2 from f = 0.

    I_{x,i}(t) = int_0^t [k_x e^{-K(t-s)}]_i [e^{-Ks} y]_i ds = sum_ab (k_x v_a)(v_a)_i D_ab (v_b)_i (v_b.y) with the
    divided difference D_ab = (e^{-l_b t} - e^{-l_a t})/(l_a - l_b), t e^{-l t} on the diagonal. Summed over samples it
    is t df_x/dt: a larger weight for all is a faster time. It is not minus the change on removal, which is larger by
    the sample's leverage: `flow_leave_one_out` is exact. For labels less initial outputs pass y - f(0). Derivatives by
    the kernel are those of its eigendecomposition: nan where it has equal eigenvalues or is singular.

    Parameters
    ----------
    kernel : array_like
        (n, n) symmetric Gram matrix K of the training inputs.
    y : array_like
        (n,) targets.
    kernel_test : array_like
        (m, n) kernel k_x between test and training inputs.
    times : array_like
        (T,) >= 0, non-decreasing; in units of 1/eigenvalue of K, as in `gradient_flow`.

    Returns
    -------
    Array
        (T, m, n), in the unit of `y`. Costs one decomposition, then n^2 a test input and time.

    Raises
    ------
    BadValue
        For an argument out of its range, named with what is allowed.
    Float64Required
        Where JAX computes in float32.

    References
    ----------
    Grosse et al., Studying large language model generalization with influence functions, 2023, for the question; the
    law for flow is derived here.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> print(flow_influence([[2.0]], [1.0], [[2.0]], [0.5]).round(6))  # t l e^(-l t) y
    [[[0.367879]]]
    """
    require_float64("flow_influence")
    gram = check_gram("kernel", kernel)
    target, cross = check_target("y", y, gram), check_cross("kernel_test", kernel_test, gram)
    check_times(times)
    basis = eigenbasis(gram, eps=rounding(kernel))
    vectors, size = basis.vectors, exponents(unit_of(target))
    own = vectors * (vectors.T @ scaled(target, -size))[None]
    seen, rows = basis.coupling(cross, rounding(kernel_test))
    gaps = jnp.abs(basis.values[:, None] - basis.values[None])
    slowest = jnp.minimum(basis.values[:, None], basis.values[None])

    def at(time):
        # In units of the kernel, times are large numbers or small ones: their exponent goes last.
        clock = time * basis.unit
        k = exponents(clock)
        apart = gaps * clock
        near = apart < 1e-8
        share = jnp.where(near, 1 - apart / 2, -jnp.expm1(-apart) / jnp.where(near, 1.0, apart))
        divided = scaled(clock, -k) * share * jnp.exp(-slowest * clock)
        through = own @ divided
        moved = seen @ (vectors * through).T
        return scaled(moved, k + rows + size - exponents(basis.unit))

    # A null space turns with the kernel, which the derivatives of an eigendecomposition do not see.
    return jax.lax.map(at, jnp.asarray(times, float)) + kinked(jnp.sum(gram), jnp.any(basis.null))


def flow_leave_one_out(kernel: ArrayLike, y: ArrayLike, times: ArrayLike) -> Float[Array, "T n"]:
    """Residual y_i - f_{-i}(x_i, t) of gradient flow from f = 0 on all samples but the i-th, exact at every time.

    The mean of the squares at t estimates the test loss at t without a test set; its least time is where to stop. It
    is about training with a fixed kernel: the tangent kernel that a rich network has at time t is not the kernel of a
    flow. No identity for a removed row holds for e^{-Kt}: n decompositions are made, and derivatives by the kernel are
    nan where one of them has equal eigenvalues.

    Parameters
    ----------
    kernel : array_like
        (n, n) symmetric Gram matrix K of the samples.
    y : array_like
        (n,) targets.
    times : array_like
        (T,) >= 0, non-decreasing; in units of 1/eigenvalue of K, as in `gradient_flow`.

    Returns
    -------
    Array
        (T, n) residuals, in the unit of `y`; at t = 0 y itself, at large times those of `leave_one_out` at ridge 0.

    Raises
    ------
    BadValue
        For an argument out of its range, named with what is allowed.
    Float64Required
        Where JAX computes in float32.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> print(flow_leave_one_out([[1.0, 0.5], [0.5, 1.0]], [1.0, 1.0], [0.0, 1.0]).round(6))
    [[1.      1.     ]
     [0.68394 0.68394]]
    """
    require_float64("flow_leave_one_out")
    gram = check_gram("kernel", kernel)
    target = check_target("y", y, gram)
    check_times(times)
    eigenbasis(gram, eps=rounding(kernel))  # refuses what is no kernel, where that can be said: outside a trace
    return _removals(gram, target, jnp.asarray(times, float), rounding(kernel))


@compiled
def _removals(gram, target, times, eps):
    def without(i):
        # The sample is cut off rather than cut out: all decompositions have one shape, and n = 1 is no special case.
        others = jnp.arange(target.size) != i
        kernel = jnp.where(others[:, None] & others[None], gram, 0.0)
        labels, row = jnp.where(others, target, 0.0), jnp.where(others, gram[i], 0.0)
        return target[i] - flow_on_test(kernel, labels, row[None], times, eps)[:, 0]

    return jax.lax.map(without, jnp.arange(target.size)).T
