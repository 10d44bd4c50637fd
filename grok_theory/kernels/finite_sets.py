"""The learning curve of given data: what kernel regression on n of N points says of the others, without a refit.

Draw n of the N points and fit. With the eigenvalues l_i of the whole Gram matrix and Haar-random eigenvectors the fit
on a drawn set acts as (K + kappa)^(-1) does on all points, where (free compression of K by the draw)

    sum_i (l_i + ridge)/(l_i + kappa) = n:

the effective ridge of the kernel K + ridge I *without* a ridge, for on distinct points a ridge is a part of the kernel.
The loss on the points that are left is then n Y/(S D), Y = |(K + kappa)^(-1) y|^2, S = sum 1/(l + kappa) and
D = sum (l + ridge)/(l + kappa)^2: the theory of `learning_curves` times N/(N - n), since that one counts the training
points, where the fit is exact, among the test points. At n = N - 1 it is generalized cross-validation.

Real eigenvectors are not Haar-random: points differ in leverage. N^2 Y/S^2 is the mean of the squared leave-one-out
residuals at ridge kappa if all leverages are equal, so it is replaced by that mean itself,

    test_loss = n S/(N D) mean_i ([G y]_i/G_ii)^2,   G = (K + kappa I)^(-1),

which keeps the theory where that is right, and at n = N - 1 meets leave-one-out to order 1/N: kappa is not the ridge.
"""

import numpy as np
from jax.typing import ArrayLike

from ..checks import require_float64
from ..numerics.padding import cut, repeated, with_zeros
from ..numerics.ridge_equation import effective_ridge
from ..results import Solution
from ..status import Status
from .cross_validation import leave_one_out
from .given_data import Kernel, checked_data, checked_sizes
from .methods import EffectiveRidge

_PEAK = 2.0  # excess over the mean fit from which single training sets decide


def learning_curve(
    kernel: Kernel,
    y: ArrayLike,
    samples: ArrayLike,
    *,
    inputs: ArrayLike | None = None,
    ridge: ArrayLike = 0.0,
    throw: bool = True,
) -> Solution:
    """The learning curve of your data: the loss on the other points after training on n of them, averaged over draws.

    From one decomposition, without a refit; `refits` is the same by brute force. Training points are no test points.

    Parameters
    ----------
    kernel : array_like, FullyConnected or callable
        (N, N) symmetric Gram matrix K(x_i, x_j), not divided by N, N >= 3. With `inputs`, what makes it: a network,
        whose tangent kernel is taken, or a function of the inputs, such as `lambda X: nngp(network, X)`.
    y : array_like
        (N,) labels, or (N, outputs), such as one-hot classes: losses are then summed over outputs.
    samples : array_like
        (T,) numbers n of training points, from 1 to N - 1, not necessarily whole, non-decreasing.
    inputs : array_like, optional
        (N, D) the data, one row a point, where `kernel` is no Gram matrix.
    ridge : array_like, default 0.0
        Added to the Gram matrix of the training points, K + ridge I, in the unit of K; one number >= 0, the same at
        every n.
    throw : bool, default True
        Raise `SolveFailed` where the loss is infinite; False returns it with its status.

    Returns
    -------
    Solution
        Over `samples`, of `GivenData`, with curves `test_loss` and `train_loss` (mean squares), `kappa` (effective
        ridge, in the unit of K) and `effective_dimension`; `stats`: `leave_one_out`, the exact loss at N - 1 training
        points, and `points`, N. There is no `numerical_error`, and the status is always `noted`, for no bound is known:
        the sentence says how far it was from refits where it was tried, and more below 10 samples and near
        interpolation, where training sets differ widely and their mean lies higher. Tables: docs/kernels_evidence.md.

    Raises
    ------
    BadValue
        For an argument out of its range, named with what is allowed, or traced by JAX.
    SolveFailed
        With `throw=True`, without a ridge and with as many samples as the kernel has directions.
    Float64Required
        Where JAX computes in float32.

    References
    ----------
    Derived here; the infinite population: Bordelon, Canatar & Pehlevan 2020. Generalized cross-validation: Golub,
    Heath & Wahba 1979.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> import jax.numpy as jnp
    >>> x = jnp.linspace(-1.0, 1.0, 40)
    >>> curve = learning_curve(jnp.exp(-jnp.square(x[:, None] - x) / 0.02), jnp.sign(x), [5, 20], ridge=0.1)
    >>> print(curve["test_loss"].round(2))
    [0.56 0.11]
    """
    require_float64("kernels.learning_curve")
    data, basis = checked_data(kernel, y, ridge, inputs)
    points = data.kernel.shape[0]
    sizes = checked_sizes(samples, points, whole=False)
    values, unit = np.asarray(basis.values, float), float(basis.unit)
    vectors, labels, delta = np.asarray(basis.vectors), np.asarray(data.labels), float(data.ridge) / unit
    rank = int((values > 0).sum())
    own = values + delta
    # Modes of no eigenvalue count for nothing.
    kappa = delta + cut(effective_ridge(with_zeros(own), repeated(sizes)), sizes.size)
    coordinates, squares = vectors.T @ labels, np.square(vectors)
    # The same for every n; at the end of the curve, and beside it.
    last = sum(float(leave_one_out(data.kernel, column, ridge=data.ridge).loss) for column in labels.T)
    test, train = np.full(sizes.size, np.inf), np.zeros(sizes.size)
    excess = np.full(sizes.size, np.inf)
    for i, (n, k) in enumerate(zip(sizes, kappa)):
        if k > 0:
            inverse = 1 / (values + k)
            total, spread = inverse.sum(), np.sum(own * inverse**2)
            residuals = vectors @ (inverse[:, None] * coordinates) / (squares @ inverse)[:, None]
            excess[i] = n * total / (points * spread)
            test[i] = excess[i] * np.sum(residuals**2) / points
            fitted = np.sum(np.square(inverse[:, None] * coordinates))
            train[i] = delta**2 * fitted * total / (n * spread)
        elif n > rank:
            # No ridge and more samples than directions: least squares. kappa and the ridge vanish together.
            excess[i] = n * (points - rank) / (points * (n - rank))
            test[i] = excess[i] * last
            train[i] = np.sum(np.square(coordinates[values == 0])) / (points - rank) * (1 - rank / n)
    finite = bool(np.all(np.isfinite(test)))
    # No theorem bounds it: points told apart by their neighbours alone are farther from Haar than leverages say.
    notes = [
        "For given data the curve is an approximation, without a bound: within 11 % on the digits it was tried on, "
        "25 % too low for 40 points on a line under a narrow kernel. Ask refits where that matters."
    ]
    if np.any(sizes < 10):
        notes.append(
            "Below 10 samples, averages over training sets differ from this large-system theory by some percent."
        )
    if np.any(excess > _PEAK):
        notes.append(
            f"At {sizes[excess > _PEAK][0]:g} samples the fit is near interpolation with little ridge: training sets "
            "differ widely there, and their mean may lie above the curve by a third. Raise the ridge, or ask refits."
        )
    return Solution(
        data,
        sizes,
        {
            "test_loss": test,
            "train_loss": train,
            "kappa": kappa * unit,
            "effective_dimension": np.sum(
                np.where(values > 0, values, 0.0) / np.maximum(values + kappa[:, None], np.finfo(float).tiny), 1
            ),
        },
        x_name="samples",
        dynamics=None,
        method=EffectiveRidge(),
        status=Status(
            1 if finite else 2,
            noted=" ".join(notes),
            failed="The test loss is infinite without a ridge and with as many samples as the kernel has directions. "
            "Pass a positive ridge, or other numbers of samples.",
        ),
        stats={"leave_one_out": last, "points": points},
    ).checked(throw)
