"""How far a network has moved from its start: in its kernel, in its parameters."""

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float, PyTree

from ..checks import check_finite, check_shape, check_times, is_traced, require_float64
from ..errors import BadValue
from ..numerics.gram import check_gram, check_target, eigenbasis, inverted, rounding
from ..numerics.magnitude import exponents, norm, scaled, unit_of


def kernel_movement(kernel: ArrayLike, kernel_start: ArrayLike) -> Float[Array, ""]:
    """Relative movement norm(K_t - K_0) / norm(K_0) of a kernel, in the Frobenius norm: zero for a lazy network.

    Parameters
    ----------
    kernel : array_like
        Kernel now, of any shape; finite.
    kernel_start : array_like
        Kernel at the start, of the same shape; not zero.

    Returns
    -------
    Array
        A number, >= 0.

    Raises
    ------
    BadValue
        For kernels of different shapes or not finite, and for a start that is zero.
    Float64Required
        Where JAX computes in float32, which does not hold the number.

    Examples
    --------
    >>> import numpy as np
    >>> print(kernel_movement(1.5 * np.eye(3), np.eye(3)))
    0.5
    """
    check_shape("kernel", kernel, np.shape(kernel_start), "Pass two kernels of the same inputs.")
    moved, size = _moved("kernel", [kernel], [kernel_start]), _size("kernel_start", [kernel_start])
    return _ratio("kernel_movement", moved, size, "kernel_start")


def distance_from_init(params: PyTree, start: PyTree, *, relative: bool = False) -> Float[Array, ""]:
    """Distance norm(w - w_0) over all leaves of a pytree of parameters.

    Parameters
    ----------
    params : PyTree
        Parameters now, finite.
    start : PyTree
        Parameters before training, of the same structure.
    relative : bool, default False
        Whether to divide by norm(w_0).

    Returns
    -------
    Array
        A number, >= 0.

    Raises
    ------
    BadValue
        For parameters of different structure or not finite, with `relative` for a start that is zero, without it for a
        distance that is no float64 number.
    Float64Required
        Where JAX computes in float32, which does not hold the number.

    Examples
    --------
    >>> import numpy as np
    >>> print(distance_from_init({'w': np.array([3.0, 4.0])}, {'w': np.zeros(2)}))
    5.0
    """
    if jax.tree_util.tree_structure(params) != jax.tree_util.tree_structure(start):
        raise BadValue(
            "params and start are pytrees of different structure, but they must be the same network. "
            "Pass the parameters as they were before training."
        )
    leaves, first = jax.tree_util.tree_leaves(params), jax.tree_util.tree_leaves(start)
    for a, b in zip(leaves, first):
        check_shape("params", a, np.shape(b), "Pass the parameters as they were before training.")
    moved = _moved("params", leaves, first)
    if relative:
        return _ratio("distance_from_init", moved, _size("start", first), "start")
    distance = _told("distance_from_init", *moved)
    if not is_traced(distance) and not np.isfinite(distance):
        raise BadValue(
            "params are so far from start that the distance is no float64 number. Pass relative=True, or both in "
            "another unit."
        )
    return distance


def lazy_distance(kernel: ArrayLike, residual_start: ArrayLike, times: ArrayLike) -> Array:
    """Distance norm(w_t - w_0) of a network that stays lazy under gradient flow of (1/2) sum r^2.

    norm(w_t - w_0)^2 = r_0 . K^{-1} (1 - e^{-Kt})^2 r_0; directions with eigenvalue below n eps of the largest do not
    move.

    Parameters
    ----------
    kernel : array_like
        (n, n) symmetric tangent kernel K of the training inputs.
    residual_start : array_like
        (n,) residuals r_0 of the network at the start.
    times : array_like
        Number or array, >= 0, non-decreasing; in units of 1/eigenvalue of K.

    Returns
    -------
    Array
        Of the shape of `times`.

    Raises
    ------
    BadValue
        For an argument out of its range, named with what is allowed.
    Float64Required
        Where JAX computes in float32.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> import numpy as np
    >>> print(lazy_distance(np.diag([1.0, 4.0]), [1.0, 2.0], [0.0, 1.0, 100.0]).round(4))
    [0.     1.1676 1.4142]
    """
    require_float64("lazy_distance")
    eps = rounding(kernel)
    kernel = check_gram("kernel", kernel)
    residual = check_target("residual_start", residual_start, kernel)
    check_finite("times", times, "Pass times of at least zero.")
    check_times(jnp.ravel(jnp.asarray(times, float)))
    basis, size = eigenbasis(kernel, eps=eps), unit_of(residual)
    times, weight = jnp.asarray(times, float), basis.vectors.T @ (residual / size)
    spent = jnp.multiply.outer(times * basis.unit, basis.values)
    # (1 - e^-x)/sqrt(l) late, sqrt(l) t (1 - e^-x)/x early, where x may be no number.
    early = times * basis.unit < 1
    slow = spent < 1e-8
    share = jnp.where(slow, 1 - spent / 2, -jnp.expm1(-spent) / jnp.where(slow, 1.0, spent))
    # By hand: a slow mode's share may vanish when squared.
    along = lambda modes: modes.reshape((1,) * times.ndim + (-1,))  # noqa: E731
    late = -jnp.expm1(-spent) * along(jnp.sqrt(inverted(basis.values, 0.0)))
    moved = jnp.where(early[..., None], share * along(jnp.sqrt(basis.values)), late) * along(weight)
    unit = unit_of(moved, axis=-1)
    length = jnp.linalg.norm(moved / unit, axis=-1) * unit[..., 0]
    root, clock = jnp.sqrt(basis.unit), exponents(times)
    length = jnp.where(early, length * scaled(times, -clock) * scaled(root, -exponents(root)), length / root)
    return scaled(length, exponents(size) + jnp.where(early, clock + exponents(root), 0))


def _moved(name, leaves, start):
    """Distance norm(leaves - start), a number and the exponent of its unit, wherever in the range of floats it lies."""
    remedy = "The network has diverged; look at it before this time."
    for leaf in leaves:
        check_finite(name, leaf, remedy)
    for leaf in start:
        check_finite(f"{name} at the start", leaf, remedy)
    # In halves: the difference of two large numbers need not be one.
    size, exponent = _length([a / 2 - b / 2 for a, b in zip(_wide(leaves), _wide(start), strict=True)])
    return size, exponent + 1


def _size(name, leaves):
    for leaf in leaves:
        check_finite(name, leaf, "The network has diverged; look at it before this time.")
    return _length(_wide(leaves))


def _wide(leaves):
    """Numbers in NumPy's float64, whatever JAX computes in; what is traced as JAX has it."""
    return [(jnp if is_traced(leaf) else np).asarray(leaf, float) for leaf in leaves]


def _length(leaves):
    """The norm over all entries, a number and the exponent of its unit."""
    unit = unit_of(*leaves) if leaves else 1.0
    return norm(*(leaf / unit for leaf in leaves)), exponents(unit)


def _ratio(caller, moved, start, name):
    size = start[0]
    if not is_traced(size) and not size > 0:
        raise BadValue(f"{name} is 0 everywhere, and no distance is a share of it. Pass a start that is not zero.")
    return _told(caller, moved[0] / size, moved[1] - start[1])


def _told(caller, number, exponent):
    """number 2^exponent as a JAX array, or what JAX must compute in to hold it."""
    with np.errstate(over="ignore"):
        value = scaled(number, exponent)
    if is_traced(value):
        return value
    told = jnp.asarray(value)
    range_of = jnp.finfo(told.dtype)
    if value != 0 and np.isfinite(value) and not float(range_of.tiny) <= value <= float(range_of.max):
        require_float64(caller)
    return told
