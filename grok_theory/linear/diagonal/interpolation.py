r"""Interpolators of least Q_beta: what a diagonal network is once it has fitted its data, at every scale beta.

Of all w with X w = y the one that has least sum_j w_j arcsinh(w_j/(2 beta)) - sqrt(w_j^2 + 4 beta^2) is

    w = 2 beta sinh(X^T nu),   nu the minimum of the convex sum_j 2 beta cosh((X^T nu)_j) - y . nu.

Newton's steps are damped by log(1 + m)/m, m = max |X^T step|: cosh'' changes by at most exp(m) along a step, and such
steps never raise the sum. Smaller scales are reached from larger ones along dnu/dln(beta) = -H^-1 y, H = X diag(2 beta
cosh s) X^T; at large ones nu = (X X^T)^-1 y/(2 beta).
"""

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from ...checks import check_finite, check_numbers, check_positive, check_shape, require_float64
from ...errors import BadValue, SolveFailed
from ...numerics.padding import any_traced, cut, with_zeros
from ...numerics.programs import compiled
from .hyperbolic import weights_and_spread

__all__ = ["NO_INTERPOLATOR", "diagonal_interpolator", "interpolators"]

LONGEST = 0.7  # in ln beta, of a step of the continuation
MOST = 400  # Newton steps and steps in ln beta together, for one scale
ENOUGH = 1e-13  # of the largest weight: a Newton step that moves no weight more
RIDGE = 1e-15  # of the largest diagonal entry of H, where rows are dependent or the scale is lost in rounding
FITTED = 1e-7  # of the labels: where more is left, rows contradict each other
EPS = float(np.finfo(float).eps)
NO_INTERPOLATOR = (
    "There is no w with X w = targets to 1e-7: more samples than columns, rows that depend on each other, or a scale "
    "that is lost in rounding. Take fewer samples or earlier times, or method=DualFlow(), which needs no interpolator."
)


def interpolators(
    inputs: Float[Array, "samples dim"], targets: Float[Array, " samples"], log_scales: Float[Array, " scales"]
) -> tuple[Float[Array, "scales dim"], Float[Array, "scales dim"], Array]:
    """Weights at the scales (falling), their errors, and whether they were found; traceable.

    Rows and columns of zeros change nothing.
    """
    size = jnp.sqrt(jnp.max(jnp.sum(inputs**2, axis=1)))
    unit = jnp.where(size > 0, size, 1.0)
    x, y = inputs / unit, targets / unit
    empty = jnp.diag(jnp.where(jnp.sum(x**2, axis=1) > 0, 0.0, 1.0))

    def solved(matrix, *rights):
        matrix = matrix + empty + RIDGE * jnp.max(jnp.diag(matrix)) * jnp.eye(y.size)
        factor = jnp.linalg.cholesky(matrix)
        half = jax.lax.linalg.triangular_solve(factor, jnp.stack(rights, axis=1), left_side=True, lower=True)
        return jax.lax.linalg.triangular_solve(factor, half, left_side=True, lower=True, transpose_a=True).T

    def newton(log_scale, nu):
        s = nu @ x
        w, spread = weights_and_spread(log_scale, s)
        step, ahead = solved((x * spread[None, :]) @ x.T, y - x @ w, y)
        along = step @ x
        return w, step, ahead, along, spread * jnp.abs(along)

    def advance(carry, target):
        def going(state):
            _, _, done, count = state
            return ~done & (count < MOST)

        def move(state):
            log_scale, nu, _, count = state
            w, step, ahead, along, change = newton(log_scale, nu)
            longest = jnp.max(jnp.abs(along))
            damping = jnp.where(longest > 1e-8, jnp.log1p(longest) / jnp.where(longest > 1e-8, longest, 1.0), 1.0)
            settled = jnp.max(change) <= ENOUGH * jnp.max(jnp.abs(w))
            down = jnp.where(settled, jnp.minimum(log_scale - target, LONGEST), 0.0)
            reached = settled & (down == 0)
            nu = nu + damping * step + down * ahead
            return log_scale - down, nu, reached, count + 1

        log_scale, nu, _, _ = jax.lax.while_loop(going, move, (*carry, jnp.asarray(False), 0))
        w, _, _, _, change = newton(log_scale, nu)
        fitted = jnp.max(jnp.abs(x @ w - y)) <= FITTED * jnp.max(jnp.abs(y))
        largest = jnp.max(jnp.abs(w))
        small = jnp.max(change) <= 1e-6 * largest
        error = change + 64 * EPS * largest
        return (log_scale, nu), (w, error, fitted & small & (log_scale == target))

    (least,) = solved(x @ x.T, y)
    first = jnp.maximum(log_scales[0], jnp.log(10 * jnp.max(jnp.abs(least @ x)) + 1e-280))
    nu = least / (2 * jnp.exp(first))
    _, (weights, errors, found) = jax.lax.scan(advance, (first, nu), log_scales)
    return weights, errors, found


@compiled
def _one(inputs: Array, targets: Array, log_scale: Array):
    weights, _, found = interpolators(inputs, targets, log_scale[None])
    return jnp.where(found[0], weights[0], jnp.nan)


def diagonal_interpolator(inputs: ArrayLike, targets: ArrayLike, scale: ArrayLike) -> Array:
    """Find the w with inputs w = targets that a diagonal network of scale beta = u_j v_j is: of least Q_beta.

    Least Euclid norm for a large beta, least l1 norm for beta -> 0.

    Parameters
    ----------
    inputs : array_like
        X (samples, dim).
    targets : array_like
        y (samples,).
    scale : array_like
        beta > 0, in the units of a weight.

    Returns
    -------
    Array
        w (dim,), to about 1e-13 of its largest entry; nan where traced numbers have none.

    Raises
    ------
    BadValue
        For an argument out of its range.
    SolveFailed
        Where no w fits the targets.
    Float64Required
        Where JAX computes in float32.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> w = diagonal_interpolator([[1.0, 2.0]], [1.0], scale=1e-6)
    >>> print(f"{w[0]:.4f} {w[1]:.4f}")
    0.0007 0.4996
    """
    require_float64("grok_theory.linear.diagonal_interpolator")
    remedy = "Use jax.vmap for many."
    check_numbers("inputs", inputs, "Pass one row a sample.")
    check_shape("inputs", inputs, (None, None), "Pass one row a sample.")
    check_shape("targets", targets, (np.shape(inputs)[0],), "Pass one label a row of inputs.")
    check_shape("scale", scale, (), remedy)
    check_finite("inputs", inputs, "Remove or fill what is missing.")
    check_finite("targets", targets, "Remove or fill what is missing.")
    check_positive("scale", scale, "Pass beta, for example 1e-3.")
    if 0 in np.shape(inputs):
        raise BadValue(f"inputs has shape {np.shape(inputs)}, but it must hold at least one number. Pass the data.")
    dim = np.shape(inputs)[1]
    if any_traced(inputs, targets, scale):
        x, y = jnp.asarray(inputs, float), jnp.asarray(targets, float)
        return _one(x, y, jnp.log(jnp.asarray(scale, float)))
    log_scale = np.log(np.asarray(scale, float))
    weights = cut(_one(with_zeros(inputs, axes=2), with_zeros(targets), log_scale), dim)
    if not np.all(np.isfinite(weights)):
        raise SolveFailed(NO_INTERPOLATOR)
    return weights
