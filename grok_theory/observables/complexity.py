"""Local complexity: how many of a layer's kinks cut a small neighbourhood of an input."""

from collections.abc import Sequence

import numpy as np
import scipy  # its rooms are imported when first used: stats takes as long as a solve
from numpy.typing import ArrayLike

from ..checks import check_between, check_finite, check_integer, check_non_negative, check_positive, check_shape
from ..errors import BadValue


def local_complexity(
    weights: ArrayLike, biases: ArrayLike, center: ArrayLike, frame: ArrayLike, radius: float | ArrayLike
) -> np.ndarray | np.integer:
    """Number of units of a first layer whose boundary w.x + b = 0 cuts the cross-polytope {center +- radius v_i}.

    A boundary cuts it iff abs(w.center + b) < radius max_i abs(w.v_i) (Humayun, Balestriero & Baraniuk 2024 count the
    same by pushing the vertices through the layer).

    Parameters
    ----------
    weights : array_like
        (units, dim) of the layer.
    biases : array_like
        (units,) of the layer.
    center : array_like
        (dim,) or (points, dim) inputs.
    frame : array_like
        (directions, dim) orthonormal rows v_i, 1 to dim of them.
    radius : array_like
        A number or (radii,), > 0, in the unit of the inputs.

    Returns
    -------
    ndarray or np.integer
        Counts, with the axes points and radii where these were given. NumPy; not for tracing.

    Raises
    ------
    BadValue
        For arrays that do not fit, are not finite or have products that are none, a frame that is not orthonormal, and
        a radius that is not positive.

    Examples
    --------
    >>> import numpy as np
    >>> weights, biases = np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([0.0, 5.0])
    >>> print(local_complexity(weights, biases, np.zeros(2), np.eye(2), 1.0))  # the second kink is too far
    1
    """
    for name, array in (("weights", weights), ("biases", biases), ("center", center), ("frame", frame)):
        check_finite(name, array, "Look at the network before it diverged.")
    weights, biases, center, frame = (np.asarray(a, float) for a in (weights, biases, center, frame))
    if weights.ndim != 2 or biases.shape != weights.shape[:1] or center.shape[-1:] != weights.shape[1:]:
        raise BadValue(
            f"weights has shape {weights.shape}, biases {biases.shape} and center {center.shape}, but they must be "
            "(units, dim), (units,) and (dim,) or (points, dim). Pass the arrays of one layer."
        )
    _check_frame(frame, weights.shape[1])
    check_positive("radius", radius, "Pass the size of the neighbourhood, in the unit of the inputs.")
    # A unit's boundary does not depend on the unit its weights and bias are measured in; a power of two costs no digit.
    exponents = np.frexp(np.maximum(np.abs(weights).max(axis=1), np.abs(biases)))[1]
    weights, biases = np.ldexp(weights, -exponents[:, None]), np.ldexp(biases, -exponents)
    with np.errstate(over="ignore", invalid="ignore"):
        reach = np.abs(weights @ frame.T).max(axis=1)
        distance = np.abs(center @ weights.T + biases)
        half = np.multiply.outer(np.asarray(radius, float), reach).reshape(-1, reach.size)
    _check_range("center, weights or radius", distance, half)
    return np.sum(distance[..., None, :] < half, -1).reshape(center.shape[:-1] + np.shape(radius))[()]


def local_complexity_at_init(
    radius: ArrayLike,
    directions: int,
    center_norm: ArrayLike,
    *,
    weight_scale: float = 1.0,
    bias_scale: float = 0.0,
) -> np.ndarray | np.floating:
    """Probability that a unit cuts the neighbourhood, for w ~ N(0, weight_scale^2), b ~ N(0, bias_scale^2).

    P = E erf(radius M/(s sqrt 2)),  M the largest of `directions` independent abs(z_i),  s^2 = norm(center)^2 +
    (bias_scale/weight_scale)^2; one direction: (2/pi) atan(radius/s). For a frame orthogonal to the center; otherwise
    there is a correction of order directions/dim.

    Parameters
    ----------
    radius : array_like
        Size of the neighbourhood, > 0, in the unit of the inputs; broadcasts with `center_norm`.
    directions : int
        Number of rows of the frame, 1 to 1e9.
    center_norm : array_like
        Norm of the input, >= 0; not 0 where `bias_scale` is 0, as s must not be.
    weight_scale : float, default 1.0
        Standard deviation of a weight, > 0.
    bias_scale : float, default 0.0
        Standard deviation of a bias, >= 0.

    Returns
    -------
    ndarray or np.floating
        The probability, of the broadcast shape of `radius` and `center_norm`; relative error below 1e-12. NumPy; not
        for tracing.

    Raises
    ------
    BadValue
        For an argument out of its range, named with what is allowed, and where s is zero or infinite.

    Examples
    --------
    >>> print(f"{local_complexity_at_init(0.1, 1, 1.0):.4f}")
    0.0635
    """
    directions = check_integer("directions", directions, 1, "Pass the number of rows of the frame.")
    check_between("directions", directions, 1, 1e9, "Pass the number of rows of the frame.")
    check_positive("radius", radius, "Pass the size of the neighbourhood, in the unit of the inputs.")
    check_non_negative("center_norm", center_norm, "Pass the norm of the input.")
    check_positive("weight_scale", weight_scale, "Pass the standard deviation of the weights.")
    check_non_negative("bias_scale", bias_scale, "Pass the standard deviation of the biases.")
    radius, center_norm = np.broadcast_arrays(np.asarray(radius, float), np.asarray(center_norm, float))
    with np.errstate(over="ignore"):
        size = np.hypot(center_norm, np.divide(bias_scale, weight_scale))
    _check_range("bias_scale / weight_scale", size)
    if np.any(size == 0):
        raise BadValue(
            "center_norm is 0.0 and so is bias_scale, but one must be positive: every boundary passes through this "
            "center. Pass another center, or biases."
        )
    # The density of M, not of the distance: at small radius the latter loses everything.
    points, weights = np.polynomial.legendre.leggauss(200)
    low, high = _largest_range(directions)
    z = low + (high - low) / 2 * (points + 1)
    below = np.maximum(2 * scipy.special.ndtr(z) - 1, 1e-300)
    density = 2 * directions * np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi) * np.exp((directions - 1) * np.log(below))
    with np.errstate(over="ignore"):
        reach = radius / size
        cut = scipy.special.erf(np.multiply.outer(reach, z) / np.sqrt(2))
    mass = density * weights * (high - low) / 2
    # The rule's own total stands for one: no probability above it.
    near = cut @ mass / mass.sum()
    # Wide neighbourhoods are missed where M is smaller than any node: there the mean over the distance |g| of the
    # chance that no direction reaches it, which has no such corner.
    distance, heights = 20 * (points + 1), 20 * weights
    missed = scipy.special.erf(np.multiply.outer(1 / np.maximum(reach, 3.0), distance) / np.sqrt(2)) ** directions
    far = 1 - missed @ (heights * 2 * np.exp(-(distance**2) / 2) / np.sqrt(2 * np.pi))
    return np.clip(np.where(reach > 3, far, near), 0.0, 1.0)[()]


def deep_local_complexity(
    layers: Sequence[tuple[ArrayLike, ArrayLike]], center: ArrayLike, frame: ArrayLike, radius: float
) -> np.ndarray:
    """Number of units of each layer of a ReLU network whose pre-activation changes sign among the pushed vertices.

    The vertices center +- radius v_i are carried through the layers, h -> max(W h + b, 0), and a unit of layer l is
    counted if it is positive at one image and not at another (Humayun, Balestriero & Baraniuk 2024). Exact in the first
    layer (`local_complexity`). Deeper, a proxy: what is counted changes sign within the neighbourhood, but a boundary
    that bends back between the vertices is missed.

    Parameters
    ----------
    layers : Sequence[tuple[array_like, array_like]]
        (weights (units, inputs), biases (units,)) from the first hidden layer on.
    center : array_like
        (dim,) or (points, dim) inputs.
    frame : array_like
        (directions, dim) orthonormal rows v_i, 1 to dim of them.
    radius : float
        One number > 0, in the unit of the inputs.

    Returns
    -------
    ndarray
        Counts, (layers,) or (points, layers). NumPy; not for tracing.

    Raises
    ------
    BadValue
        For arrays that do not fit, are not finite or have products that are none, a frame that is not orthonormal, and
        a radius that is not positive.

    Examples
    --------
    >>> import numpy as np
    >>> layers = [(np.eye(2), np.zeros(2)), (np.ones((1, 2)), np.array([-0.5]))]
    >>> print(deep_local_complexity(layers, np.zeros(2), np.eye(2), 1.0))
    [2 1]
    """
    check_finite("center", center, "Pass the inputs around which to count.")
    check_finite("frame", frame, "Pass orthonormal rows.")
    center, frame = np.asarray(center, float), np.asarray(frame, float)
    if center.ndim not in (1, 2) or len(layers) == 0:
        raise BadValue(
            f"center has shape {center.shape} and layers has {len(layers)} entries, but they must be (dim,) or "
            "(points, dim), and at least one layer. Pass [(weights, biases), ...]."
        )
    _check_frame(frame, center.shape[-1])
    check_positive("radius", radius, "Pass the size of the neighbourhood, in the unit of the inputs.")
    check_shape("radius", radius, (), "Pass one number; call once for each radius.")
    with np.errstate(over="ignore"):
        images = center[..., None, :] + radius * np.concatenate([frame, -frame])
    _check_range("center or radius", images)
    counts, height = [], np.zeros((*center.shape[:-1], 1, 1), int)
    for index, (weights, biases) in enumerate(layers):
        check_finite(f"layers[{index}][0]", weights, "Look at the network before it diverged.")
        check_finite(f"layers[{index}][1]", biases, "Look at the network before it diverged.")
        weights, biases = np.asarray(weights, float), np.asarray(biases, float)
        if weights.ndim != 2 or weights.shape[1] != images.shape[-1] or biases.shape != weights.shape[:1]:
            raise BadValue(
                f"layers[{index}] has weights of shape {weights.shape} and biases {biases.shape}, but they must be "
                f"(units, {images.shape[-1]}) and (units,). Pass the layers in order, the first hidden one first."
            )
        # Only signs are read, and a factor common to all images of a point changes none: it is kept near one.
        largest = np.frexp(np.abs(images).max(axis=(-2, -1), keepdims=True))[1]
        images, height = np.ldexp(images, -largest), height + largest
        size = np.frexp(np.maximum(np.abs(weights).max(initial=0.0), np.finfo(float).tiny))[1]
        with np.errstate(over="ignore", invalid="ignore"):
            images = images @ np.ldexp(weights, -size).T + np.ldexp(biases, -(height + size))
        height = height + size
        _check_range(f"layers[{index}]", images)
        positive = images > 0
        counts.append(np.sum(positive.any(axis=-2) & ~positive.all(axis=-2), axis=-1))
        images = np.maximum(images, 0)
    return np.stack(counts, axis=-1)


def _largest_range(directions):
    """Range in which the largest of so many abs(z) lies, but for a mass of 1e-17 on either side."""
    grid = np.linspace(0, 15, 3001)[1:]
    log_tail = np.log(2) + scipy.special.log_ndtr(-grid)
    above = directions * np.exp(log_tail)  # union bound
    below = directions * np.log1p(-np.exp(np.minimum(log_tail, -1e-300)))
    high = grid[np.argmax(above < 1e-18)]
    started = below > np.log(1e-18)
    low = grid[np.argmax(started)] - 0.005
    return max(low, 0.0), high


def _check_range(name, *arrays):
    for array in arrays:
        if not np.all(np.isfinite(array)):
            raise BadValue(
                f"{name} is so large that products of it are infinite, but they must be float64 numbers. Pass the "
                "network and its inputs in other units."
            )


def _check_frame(frame, dim):
    if frame.ndim != 2 or frame.shape[1] != dim or frame.shape[0] > dim or frame.shape[0] == 0:
        raise BadValue(
            f"frame has shape {frame.shape}, but it must have shape (directions, {dim}) with 1 to {dim} directions. "
            "Pass orthonormal rows, for example from numpy.linalg.qr."
        )
    defect = np.abs(frame @ frame.T - np.eye(frame.shape[0])).max()
    if not defect < 1e-6:
        raise BadValue(
            f"frame has rows whose products miss 0 and 1 by {defect:.3g}, but they must be orthonormal. "
            "Orthonormalise them, for example by numpy.linalg.qr."
        )
