"""How hard a task is whatever the learner: a count of harmonics, and a formula quoted from the literature."""

import numpy as np
from numpy.typing import ArrayLike

from ..checks import check_integer, check_non_negative, check_positive


def harmonics_count(degree: ArrayLike, sphere_dim: int) -> np.ndarray:
    """Logarithm of the number of spherical harmonics of degree at most K on the sphere in m + 1 dimensions.

    ln [C(m + K, m) + C(m + K - 1, m)] = sum_{k=1}^{m} ln(1 + K/k) + ln[(m + 2K)/(m + K)], a sum of positive terms; for
    degrees that are no whole numbers the same with Gamma functions.

    Parameters
    ----------
    degree : array_like
        K >= 0, of any shape.
    sphere_dim : int
        m >= 1, from 1 to ten million.

    Returns
    -------
    ndarray
        Of the shape of `degree`, in nats; exp of it is the number.

    Raises
    ------
    BadValue
        For an argument out of its range, named with what is allowed.

    Examples
    --------
    >>> print(round(float(np.exp(harmonics_count(2, 2)))))  # 1 + 3 + 5 on the ordinary sphere
    9
    """
    m = check_integer("sphere_dim", sphere_dim, 1, "Pass the dimension of the sphere.", high=10**7)
    check_non_negative("degree", degree, "Pass the highest degree of the harmonics.")
    degrees = np.asarray(degree, float)
    total = np.zeros(degrees.shape)
    for first in range(1, m + 1, 4096):
        k = np.arange(first, min(first + 4096, m + 1))
        total = total + np.sum(np.log1p(degrees[..., None] / k), axis=-1)
    return total + np.log1p(degrees / (m + degrees))


def quoted_difficulty(
    *,
    samples: float,
    outputs: float,
    sphere_dim: int,
    classes: float,
    radius: float,
    resolution: float,
    tolerance: float,
    lipschitz: float,
    output_bound: float = 1.0,
    weight_bound: float = 1.0,
) -> float:
    """Quote the bits that generalization is said to need: the formula was not checked, and is never an estimate.

    (2 D P E - n D) [log2 B + log2(D)/2 + log2(P)/2 - log2(eps/L) + log2(K sqrt(D)/R) + log2 W], with
    M = 2 pi R/delta, K = [sqrt((m - 1)^2 + 4 M^2) - (m - 1)]/2 and E the number of harmonics of degree at most K. A
    loose bound by construction; `inductive_bias` is exact for its hypothesis law.

    Parameters
    ----------
    samples : float
        n >= 0, training samples.
    outputs : float
        D > 0, dimension of the output.
    sphere_dim : int
        m >= 1, intrinsic dimension of the inputs.
    classes : float
        P > 0, the source's product over manifolds of the data.
    radius : float
        R > 0, of the inputs.
    resolution : float
        delta > 0, the distance at which inputs must be told apart, in the unit of R.
    tolerance : float
        eps > 0, the test error that is asked for.
    lipschitz : float
        L > 0, of the loss: eps/L is a distance of outputs.
    output_bound : float, default 1.0
        B > 0.
    weight_bound : float, default 1.0
        W > 0.

    Returns
    -------
    float
        Bits; inf where there are more than float64 can count, negative where the formula says nothing.

    Raises
    ------
    BadValue
        For an argument out of its range, named with what is allowed.

    References
    ----------
    Boopathy et al., Model-agnostic measure of generalization difficulty, ICML 2023; quoted at second hand.

    Examples
    --------
    >>> bits = quoted_difficulty(samples=100, outputs=1, sphere_dim=4, classes=1, radius=1, resolution=1, tolerance=0.1,
    ...                          lipschitz=1)
    >>> print(f"{bits:.3g}")
    1.59e+03
    """
    positive = {
        "outputs": outputs,
        "classes": classes,
        "radius": radius,
        "resolution": resolution,
        "tolerance": tolerance,
        "lipschitz": lipschitz,
        "output_bound": output_bound,
        "weight_bound": weight_bound,
    }
    for name, value in positive.items():
        check_positive(name, value, "Pass it as the formula in the docstring has it.")
    check_non_negative("samples", samples, "Pass the number of training samples.")
    m, reach = check_integer("sphere_dim", sphere_dim, 1, "Pass the dimension of the inputs."), radius / resolution
    # [sqrt(a^2 + 4 M^2) - a]/2 without cancellation at many dimensions.
    largest = 2 * np.pi * reach
    degree = 2 * largest**2 / (np.hypot(m - 1, 2 * largest) + m - 1)
    with np.errstate(over="ignore"):
        count = np.exp(harmonics_count(degree, m))
    unknown = 2 * outputs * classes * count - samples * outputs
    each = (
        np.log2(output_bound)
        + np.log2(outputs * classes) / 2
        - np.log2(tolerance / lipschitz)
        + np.log2(degree * np.sqrt(outputs) / radius)
        + np.log2(weight_bound)
    )
    return float(unknown * each)
