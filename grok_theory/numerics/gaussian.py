"""Expectations over one or two centred Gaussian variables: Gauss-Hermite nodes, and pair expectations in closed form.

Everywhere (u, v) is a centred Gaussian pair with covariance [[q11, q12], [q12, q22]]; arguments broadcast.
The *dual* of a function phi is E[phi(u) phi(v)] (Daniely, Frostig & Singer 2016); its derivative in q12 is
E[phi'(u) phi'(v)] (Price's theorem), which is what tangent kernels need.
"""

from collections.abc import Callable
from functools import lru_cache, partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import scipy  # its rooms are imported when first used: stats takes as long as a solve
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from .angles import Angle, angle_of, sine_minus_angle_cosine
from .magnitude import exponents, guarded_root, scaled
from .programs import compiled


@lru_cache(maxsize=64)
def gauss_hermite(nodes: int) -> tuple[np.ndarray, np.ndarray]:
    """Points and weights of the Gauss-Hermite rule for a standard normal variable.

    E[f(z)] = sum_i weights_i f(points_i), exact for polynomials of degree 2 nodes - 1; the weights sum to one.

    Returns
    -------
    tuple[ndarray, ndarray]
        Two read-only NumPy float64 arrays of shape (nodes,).

    Examples
    --------
    >>> points, weights = gauss_hermite(4)
    >>> print(f"{weights @ points**6:.12f}")
    15.000000000000
    """
    points, weights = scipy.special.roots_hermitenorm(nodes)
    weights = weights / weights.sum()
    points.setflags(write=False)
    weights.setflags(write=False)
    return points, weights


def expectation(function: Callable, variance: ArrayLike, *, nodes: int = 64) -> Float[Array, "..."]:
    """E[function(sqrt(variance) z)], z standard normal, by Gauss-Hermite; shape of `variance`."""
    points, weights = gauss_hermite(nodes)
    deviation = jnp.sqrt(jnp.asarray(variance, float))
    column = jnp.asarray(points).reshape((-1,) + (1,) * deviation.ndim)
    return jnp.tensordot(jnp.asarray(weights), function(deviation[None] * column), 1)


def normalized_hermite(degree: int, points: np.ndarray) -> np.ndarray:
    """He_k(points)/sqrt(k!) for k = 0 ... degree, shape (degree + 1, points): orthonormal under the standard normal."""
    rows = [np.ones_like(points), points]
    for k in range(1, degree):
        rows.append((points * rows[k] - np.sqrt(k) * rows[k - 1]) / np.sqrt(k + 1))
    return np.array(rows[: degree + 1])


class _InUnits(NamedTuple):
    """A covariance with each variable in a power of two near its deviation: no product of two entries leaves floats.

    q11 = first 4^k1, q12 = between 2^(k1 + k2), q22 = second 4^k2.
    """

    first: Array
    between: Array
    second: Array
    k1: Array
    k2: Array

    @property
    def determinant(self) -> Array:
        """Of the covariance in these units; exactly zero for coincident variables."""
        return self.first * self.second - self.between * self.between


def _in_units(q11: ArrayLike, q12: ArrayLike, q22: ArrayLike, at_least: ArrayLike | None = None) -> _InUnits:
    """`at_least`: a lower end for the exponents of both units."""
    q11, q12, q22 = jnp.broadcast_arrays(*(jnp.asarray(q, float) for q in (q11, q12, q22)))
    k1, k2 = exponents(q11) // 2, exponents(q22) // 2
    if at_least is not None:
        k1, k2 = jnp.maximum(k1, at_least), jnp.maximum(k2, at_least)
    return _InUnits(scaled(q11, -2 * k1), scaled(q12, -k1 - k2), scaled(q22, -2 * k2), k1, k2)


def erf_dual(q11: ArrayLike, q12: ArrayLike, q22: ArrayLike, *, scale: ArrayLike = 1.0) -> Float[Array, "..."]:
    """E[phi(u) phi(v)] for phi = erf(scale h): (2/pi) asin(2a q12 / sqrt((1 + 2a q11)(1 + 2a q22))), a = scale^2.

    (Williams 1997.)
    """
    twice, determinant, units = _erf_determinant(q11, q12, q22, scale)
    # atan2 keeps the digits that asin loses near one, where u and v coincide and are large.
    return 2 / jnp.pi * jnp.arctan2(twice * units.between, jnp.sqrt(determinant))


def erf_dual_derivative(
    q11: ArrayLike, q12: ArrayLike, q22: ArrayLike, *, scale: ArrayLike = 1.0
) -> Float[Array, "..."]:
    """E[phi'(u) phi'(v)] for phi = erf(scale h): (4a/pi) / sqrt((1 + 2a q11)(1 + 2a q22) - 4a^2 q12^2), a = scale^2."""
    twice, determinant, units = _erf_determinant(q11, q12, q22, scale)
    return scaled(2 * twice / jnp.pi / jnp.sqrt(determinant), -units.k1 - units.k2)


def _erf_determinant(q11, q12, q22, scale):
    """2a, and (1 + 2a q11)(1 + 2a q22) - 4a^2 q12^2 over w1^2 w2^2, in units w of at least one of scale u, scale v."""
    # Variables of order one or less keep the unit one: below it the 1 in each factor is what counts.
    scale = jnp.asarray(scale, float)
    k = exponents(scale)
    mantissa = scaled(scale, -k)
    units = _in_units(q11, q12, q22, at_least=-k)
    twice = 2 * mantissa * mantissa
    a, b, c = twice * units.first, twice * units.second, twice * units.between
    ones = scaled(1.0, -2 * (units.k1 + k)), scaled(1.0, -2 * (units.k2 + k))
    # Expanded so that coincident u = v subtract two equal numbers exactly; others may lose to rounding what they have.
    apart = a * b - c * c
    return twice, ones[0] * ones[1] + a * ones[1] + b * ones[0] + jnp.where(apart < 0, 0.0, apart), units


Gaps = tuple[ArrayLike, ArrayLike]


def relu_angle(q11: ArrayLike, q12: ArrayLike, q22: ArrayLike, gaps: Gaps | None = None) -> ArrayLike:
    """Angle between u and v in [0, pi]: cos(angle) = q12 / sqrt(q11 q22).

    A variable of variance zero has no direction; its angle is given as pi/2. At angles 0 and pi, where the angle has a
    cusp in q, the gradient is returned as zero.

    Parameters
    ----------
    q11, q12, q22 : array_like
        Covariance of u and v; they broadcast.
    gaps : Gaps, optional
        (sqrt(q11 q22) - q12, sqrt(q11 q22) + q12), both >= 0, if the caller knows them better than by subtraction (for
        vectors a, b: norm(a) norm(b) norm(a/norm(a) -+ b/norm(b))^2 / 2). Without them the angle has an absolute error
        up to 1e-8 near 0 and pi, since q12 itself does not hold more. Gradients do not pass through them.
    """
    return _both_angles(q11, q12, q22, gaps)[0]


@jax.custom_jvp
def _both_angles(q11, q12, q22, gaps):
    """The angle and its supplement, which is the angle between u and -v."""
    found = _angle(q11, q12, q22, gaps)
    some = (jnp.asarray(q11) > 0) & (jnp.asarray(q22) > 0)
    return jnp.where(some, found.angle, np.pi / 2), jnp.where(some, found.supplement, np.pi / 2)


def _angle(q11, q12, q22, gaps) -> Angle:
    """Without derivatives, and of no meaning where a variance is zero."""
    if gaps is None:
        # The determinant rather than 1 - q12/size: exactly zero for exactly coincident variables.
        units = _in_units(q11, q12, q22)
        square = jnp.maximum(units.determinant, 0.0)
        adjacent = jnp.sqrt(square + units.between * units.between) + jnp.abs(units.between)
        opposite, is_acute = jnp.sqrt(square), units.between >= 0
    else:
        # Up to one factor 2 size these are sin^2 and cos^2 of half the angle.
        apart, opposed = (jnp.maximum(jnp.asarray(gap, float), 0.0) for gap in gaps)
        is_acute = apart <= opposed
        opposite, adjacent = jnp.sqrt(jnp.minimum(apart, opposed)), jnp.sqrt(jnp.maximum(apart, opposed))
    return angle_of(opposite / jnp.where(adjacent > 0, adjacent, 1.0), is_acute)


@_both_angles.defjvp
def _both_angles_jvp(primals, tangents):
    q11, q12, q22, _ = primals
    angle, supplement = _both_angles(*primals)
    height = _size(q11, q22) * jnp.sin(angle)  # square root of the determinant
    open_angle = (height > 0) & (angle > 0) & (angle < jnp.pi)
    cotangent = jnp.where(open_angle, 1 / jnp.where(open_angle, height, 1.0), 0.0)
    share11, share22 = (q12 / (2 * jnp.where(q > 0, q, 1.0)) for q in (q11, q22))
    moved = cotangent * (share11 * tangents[0] - tangents[1] + share22 * tangents[2])
    return (angle, supplement), (moved, -moved)


@jax.custom_jvp
def relu_dual(q11: ArrayLike, q12: ArrayLike, q22: ArrayLike, gaps: Gaps | None = None) -> ArrayLike:
    """E[relu(u) relu(v)] = sqrt(q11 q22) (sin t + (pi - t) cos t) / (2 pi), t the angle (Cho & Saul 2009).

    `gaps` as in `relu_angle`.
    """
    return _size(q11, q22) * sine_minus_angle_cosine(_angle(q11, q12, q22, gaps))[1] / (2 * jnp.pi)


@relu_dual.defjvp
def _relu_dual_jvp(primals, tangents):
    q11, _, q22, _ = primals
    # Written out, because by the chain rule the infinite slopes of the angle at coincidence would meet zeros.
    height = jnp.sin(relu_angle(*primals)) / (4 * jnp.pi)
    deviations = tuple(jnp.sqrt(jnp.where(q > 0, q, 1.0)) for q in (q11, q22)), (jnp.sqrt(q11), jnp.sqrt(q22))
    tilt11, tilt22 = (deviations[1][1 - i] / deviations[0][i] * height for i in (0, 1))
    slope = relu_dual_derivative(*primals)
    return relu_dual(*primals), tilt11 * tangents[0] + slope * tangents[1] + tilt22 * tangents[2]


def relu_dual_derivative(q11: ArrayLike, q12: ArrayLike, q22: ArrayLike, gaps: Gaps | None = None) -> ArrayLike:
    """P(u > 0, v > 0) = (pi - t) / (2 pi), t the angle (Cho & Saul 2009); `gaps` as in `relu_angle`."""
    return _both_angles(q11, q12, q22, gaps)[1] / (2 * jnp.pi)


def relu_dual_gaps(q11: ArrayLike, q12: ArrayLike, q22: ArrayLike, gaps: Gaps) -> Gaps:
    """sqrt(D11 D22) -+ D12 of the ReLU duals D (D_ii = q_ii / 2), without the subtraction.

    The difference is sqrt(q11 q22)/2 [(1 - cos t) - (sin t - t cos t)/pi], at most half of the sum sqrt(q11 q22). No
    gradient: gaps only sharpen an angle.
    """
    angle, size = _angle(q11, q12, q22, gaps), _size(q11, q22)
    apart = size / 2 * (angle.one_minus_cosine - sine_minus_angle_cosine(angle)[0] / jnp.pi)
    return jax.lax.stop_gradient((apart, size - apart))


def _size(q11, q22):
    # Root by root: their product is a number wherever the size is one, and the roots of a kernel's rows are vectors.
    some = (q11 > 0) & (q22 > 0)
    first, second = (jnp.sqrt(jnp.where(q > 0, q, 1.0)) for q in (q11, q22))
    return jnp.where(some, first * second, 0.0)


def quadratic_dual(q11: ArrayLike, q12: ArrayLike, q22: ArrayLike, *, epsilon: ArrayLike) -> Float[Array, "..."]:
    """E[phi(u) phi(v)] for phi = h + epsilon h^2/2: q12 + (epsilon^2/4)(q11 q22 + 2 q12^2) (Wick)."""
    units, epsilon = _in_units(q11, q12, q22), jnp.asarray(epsilon, float)
    k = exponents(epsilon)
    mantissa = scaled(epsilon, -k)
    square = mantissa**2 / 4 * (units.first * units.second + 2 * units.between**2)
    return jnp.asarray(q12, float) + scaled(square, 2 * (k + units.k1 + units.k2))


def quadratic_dual_derivative(
    q11: ArrayLike, q12: ArrayLike, q22: ArrayLike, *, epsilon: ArrayLike
) -> Float[Array, "..."]:
    """E[phi'(u) phi'(v)] for phi = h + epsilon h^2/2: 1 + epsilon^2 q12."""
    units, k = _in_units(q11, q12, q22), exponents(epsilon)
    return 1 + scaled(scaled(epsilon, -k) ** 2 * units.between, 2 * k + units.k1 + units.k2)


def pair_expectation(
    first: Callable, second: Callable, q11: ArrayLike, q12: ArrayLike, q22: ArrayLike, *, nodes: int = 64
) -> Float[Array, "..."]:
    """E[first(u) second(v)] by a tensor Gauss-Hermite rule of `nodes` x `nodes` points.

    Geometric convergence for functions analytic around the real axis, algebraic (error ~ 1/nodes) across kinks: compare
    with twice the nodes. Derivatives in q11, q12, q22 are derivatives of the expectation itself, finite also where u
    and v coincide (Price's theorem and Stein's identity: only `first'` and `second'` are evaluated).

    Parameters
    ----------
    first, second : callable
        Elementwise functions of arrays. They must not close over values that are differentiated.
    q11, q12, q22 : array_like
        Covariance; q11, q22 > 0, q12^2 <= q11 q22; they broadcast.
    nodes : int, default 64
        Points of the rule along each of its two axes.
    """
    q11, q12, q22 = jnp.broadcast_arrays(*(jnp.asarray(q, float) for q in (q11, q12, q22)))
    return _pair_expectation(first, second, nodes, q11, q12, q22)


@partial(jax.custom_jvp, nondiff_argnums=(0, 1, 2))
def _pair_expectation(first, second, nodes, q11, q12, q22):
    return _compiled_rule(first, second, q11, q12, q22, nodes)


@_pair_expectation.defjvp
def _pair_expectation_jvp(first, second, nodes, primals, tangents):
    q11, q12, q22 = primals
    value = _pair_expectation(first, second, nodes, q11, q12, q22)
    slope_first, slope_second = slope(first), slope(second)
    slopes = _pair_expectation(slope_first, slope_second, nodes, q11, q12, q22)
    # d/dq11 = E[first''(u) second(v)]/2, and Stein: E[u first' second] = q11 E[first'' second] + q12 E[first' second'].
    by_q11 = _pair_expectation(_times_argument(slope_first), second, nodes, q11, q12, q22) - q12 * slopes
    by_q22 = _pair_expectation(first, _times_argument(slope_second), nodes, q11, q12, q22) - q12 * slopes
    half11, half22 = (0.5 / jnp.where(q > 0, q, jnp.inf) for q in (q11, q22))
    return value, by_q11 * half11 * tangents[0] + slopes * tangents[1] + by_q22 * half22 * tangents[2]


@lru_cache(maxsize=256)  # the same object for the same function: JAX compiles by identity
def slope(function: Callable) -> Callable:
    """Derivative of an elementwise function, as an elementwise function."""
    return lambda h: jax.jvp(function, (h,), (jnp.ones_like(h),))[1]


@lru_cache(maxsize=256)
def _times_argument(function):
    return lambda h: h * function(h)


# Compiled as a whole: outside jit, JAX would compile the scan inside anew at every call.
@partial(compiled, static_argnums=(0, 1, 5))
def _compiled_rule(first, second, q11, q12, q22, nodes):
    return _tensor_rule(first, second, q11, q12, q22, nodes)


def _tensor_rule(first, second, q11, q12, q22, nodes):
    points, weights = (jnp.asarray(a) for a in gauss_hermite(nodes))
    some, units = q11 > 0, _in_units(q11, q12, q22)
    variance = jnp.where(some, units.first, 1.0)
    determinant = jnp.maximum(units.determinant, 0.0)
    # v = along z1 + across z2; the square root is guarded because its slope at coincidence is infinite.
    along = scaled(jnp.where(some, units.between / jnp.sqrt(variance), 0.0), units.k2)
    rest = jnp.where(some, determinant / variance, units.second)
    across = scaled(guarded_root(rest), units.k2)
    column = points.reshape((-1,) + (1,) * q11.ndim)
    deviation = scaled(jnp.where(some, jnp.sqrt(variance), 0.0), units.k1)
    left = first(deviation[None] * column) * weights.reshape(column.shape)
    base = along[None] * column

    def add(total, node):
        point, weight = node
        return total + weight * jnp.sum(left * second(base + (across * point)[None]), axis=0), None

    # One slice of the second variable at a time: memory of nodes, not nodes^2, values per entry.
    return jax.lax.scan(add, jnp.zeros_like(q11), (points, weights))[0]
