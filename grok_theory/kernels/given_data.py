"""Kernel regression on given data: a Gram matrix and labels, of which some points train and the others test."""

from collections.abc import Callable

import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array

from ..checks import check_finite, check_non_negative, check_shape, check_times, is_traced
from ..errors import BadValue
from ..numerics.gram import Eigenbasis, check_gram, eigenbasis, rounding
from ..pytrees import record
from .networks import FullyConnected, ntk
from .problem import KernelRegression

_LABELS = "Pass one label for every row of the kernel, or a row of them, such as one-hot classes."


@record()
class GivenData:
    """Kernel regression on N given points: n of them, drawn without replacement, train; the others test.

    Parameters
    ----------
    kernel : Array
        (N, N) Gram matrix K(x_i, x_j), not divided by N.
    labels : Array
        (N, outputs) targets.
    ridge : Array
        Added to the Gram matrix of the training points, K + ridge I, in the unit of K.
    """

    kernel: Array
    labels: Array
    ridge: Array


# A Gram matrix, or what makes one of inputs: a network (its tangent kernel), a function of (N, D) inputs.
Kernel = ArrayLike | FullyConnected | Callable


def checked_data(
    kernel: Kernel, y: ArrayLike, ridge: ArrayLike, inputs: ArrayLike | None = None
) -> tuple[GivenData, Eigenbasis]:
    """The data as float64 with the eigenbasis of its kernel; refuses what is no kernel, no labels and no ridge."""
    kernel = _gram(kernel, inputs)
    for name, given in (("kernel", kernel), ("y", y), ("ridge", ridge)):
        if is_traced(given):
            raise BadValue(f"{name} is traced by JAX, but given data are numbers. Call it outside jit, grad and vmap.")
    eps = rounding(kernel)
    gram = check_gram("kernel", kernel)
    points = gram.shape[0]
    if points < 3:
        raise BadValue(f"kernel has {points} rows, but at least 3 points are needed. Pass more data.")
    check_shape("y", y, (points, None) if np.ndim(y) == 2 else (points,), _LABELS)
    check_finite("y", y, "Drop or mend these labels.")
    check_shape("ridge", ridge, (), "Pass one number; call once for each ridge.")
    check_non_negative("ridge", ridge, "Pass 0.0 for the interpolator of least norm.")
    return GivenData(gram, jnp.asarray(y, float).reshape(points, -1), jnp.asarray(ridge, float)), eigenbasis(
        gram, eps=eps
    )


def _gram(kernel: Kernel, inputs: ArrayLike | None) -> ArrayLike:
    """The Gram matrix: given, or that of the inputs."""
    makes = isinstance(kernel, FullyConnected) or callable(kernel)
    if inputs is None:
        if makes:
            raise BadValue(
                "kernel makes a Gram matrix of inputs, but inputs is None. Pass inputs=X, (N, D), or the Gram matrix."
            )
        return kernel
    if not makes:
        raise BadValue(
            "inputs is given beside a Gram matrix, which has been made. Leave inputs out, or pass a FullyConnected "
            "network or a function of the inputs as kernel."
        )
    if np.ndim(inputs) != 2 or is_traced(inputs):
        raise BadValue(f"inputs has shape {np.shape(inputs)}, but it must be (N, D). Pass one row a point.")
    check_finite("inputs", inputs, "Drop or mend these inputs.")
    points = jnp.asarray(inputs, float)
    return ntk(kernel, points) if isinstance(kernel, FullyConnected) else kernel(points)


def checked_sizes(samples: ArrayLike, points: int, *, whole: bool) -> np.ndarray:
    """Numbers of training points, at least 1 and so that at least one is left to test on."""
    remedy = "Pass sorted numbers of training points, for example [10, 40, 160]."
    check_times(samples, name="samples", remedy=remedy)
    sizes = np.asarray(samples, float)
    for i, size in enumerate(sizes):
        if not 1 <= size <= points - 1 or (whole and size != round(size)):
            raise BadValue(
                f"samples[{i}] is {size:g}, but it must be a {'whole ' if whole else ''}number from 1 to {points - 1}, "
                f"so that some of the {points} points are left to test on. {remedy}"
            )
    return sizes


def spectrum_of_data(
    kernel: Kernel, y: ArrayLike, *, inputs: ArrayLike | None = None, ridge: ArrayLike = 0.0
) -> KernelRegression:
    """The spectrum of a Gram matrix and the labels on it, as if the N points were the whole population.

    Eigenvalues l_i/N of the kernel under the law that draws each point with probability 1/N, l_i those of K; the
    coefficients are u_i.y/sqrt(N), so that their squares sum to the mean square of the labels; what the kernel's null
    space holds of them is noise. `solve` of it counts the training points among the test points, which
    `learning_curve` does not: of 357 digits, 160 of them training, that is a factor 2. Use it with n far below N, or to
    see the spectrum.

    Parameters
    ----------
    kernel : array_like, FullyConnected or callable
        (N, N) symmetric Gram matrix, not divided by N; or, with `inputs`, what makes it, as in `learning_curve`.
    y : array_like
        (N,) labels, or (N, outputs): coefficients are then the root of the sum of squares over outputs.
    inputs : array_like, optional
        (N, D), as in `learning_curve`.
    ridge : array_like, default 0.0
        Added to the Gram matrix of the training points, in the unit of K; one number >= 0.

    Returns
    -------
    KernelRegression
        With the eigenvalues in falling order.

    Raises
    ------
    BadValue
        For an argument out of its range, named with what is allowed.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> problem = spectrum_of_data([[2.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 0.0]], [3.0, 3.0, 3.0])
    >>> print(problem.eigenvalues.round(4), problem.coefficients.round(4), round(float(problem.noise), 4))
    [0.6667 0.3333] [1.7321 1.7321] 1.7321
    """
    data, basis = checked_data(kernel, y, ridge, inputs)
    points = data.kernel.shape[0]
    power = np.sum(np.square(np.asarray(basis.vectors.T @ data.labels)), axis=1)[::-1] / points
    values = np.asarray(basis.values * basis.unit, float)[::-1] / points
    kept = values > 0
    if not kept.any():
        raise BadValue("kernel is zero, but a spectrum needs some direction. Pass the Gram matrix of a kernel.")
    noise = float(np.sqrt(power[~kept].sum()))
    return KernelRegression(values[kept], np.sqrt(power[kept]), ridge=data.ridge, noise=noise)
