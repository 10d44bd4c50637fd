"""The learning curve of given data by brute force: fit on drawn points, test on the others."""

import jax
import numpy as np
from jax.typing import ArrayLike

from ..checks import check_key, check_runs, require_float64
from ..results import Ensemble
from .given_data import Kernel, checked_data, checked_sizes


def refits(
    kernel: Kernel,
    y: ArrayLike,
    samples: ArrayLike,
    *,
    inputs: ArrayLike | None = None,
    ridge: ArrayLike = 0.0,
    runs: int,
    key: jax.Array,
) -> Ensemble:
    """Real fits on points drawn without replacement, each tested on the points that were not drawn.

    A run draws one order of the points and trains on the first n of it: its losses at different `samples` share data.
    What `learning_curve` says of the mean is compared with it by `compare`.

    Parameters
    ----------
    kernel : array_like, FullyConnected or callable
        (N, N) symmetric Gram matrix K(x_i, x_j), not divided by N; or, with `inputs`, what makes it, as in
        `learning_curve`.
    y : array_like
        (N,) labels, or (N, outputs): losses are then summed over outputs.
    samples : array_like
        (T,) whole numbers n of training points, from 1 to N - 1, non-decreasing.
    inputs : array_like, optional
        (N, D), as in `learning_curve`.
    ridge : array_like, default 0.0
        Added to the Gram matrix of the training points, in the unit of K; one number >= 0.
    runs : int
        Number of independent orders, >= 1.
    key : Array
        A typed JAX key.

    Returns
    -------
    Ensemble
        Of `GivenData`, with curves `test_loss` and `train_loss`, each (runs, T).

    Raises
    ------
    BadValue
        For an argument out of its range, named with what is allowed, or traced by JAX.
    Float64Required
        Where JAX computes in float32.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> runs = refits(np.eye(4) + 1.0, [1.0, 1.0, 1.0, 1.0], [1, 3], ridge=0.0, runs=2, key=jax.random.key(0))
    >>> print(runs["test_loss"].round(4))
    [[0.25   0.0625]
     [0.25   0.0625]]
    """
    require_float64("kernels.refits")
    check_key(key)
    runs = check_runs(runs)
    data, basis = checked_data(kernel, y, ridge, inputs)
    sizes = checked_sizes(samples, data.kernel.shape[0], whole=True).astype(int)
    gram, labels, delta = np.asarray(data.kernel), np.asarray(data.labels), float(data.ridge)
    test, train = np.zeros((runs, sizes.size)), np.zeros((runs, sizes.size))
    for i in range(runs):
        order = np.asarray(jax.random.permutation(jax.random.fold_in(key, i), len(gram)))
        for j, size in enumerate(sizes):
            seen, left = order[:size], order[size:]
            dual = _dual(gram[np.ix_(seen, seen)], labels[seen], delta, float(basis.eps))
            test[i, j] = _loss(labels[left] - gram[np.ix_(left, seen)] @ dual)
            train[i, j] = _loss(labels[seen] - gram[np.ix_(seen, seen)] @ dual)
    return Ensemble(data, np.asarray(samples, float), {"test_loss": test, "train_loss": train}, "samples", None)


def _dual(gram: np.ndarray, labels: np.ndarray, ridge: float, eps: float) -> np.ndarray:
    """(K + ridge I)^(-1) y within the range of K, to which predictions are blind outside."""
    values, vectors = np.linalg.eigh(gram)
    kept = values > len(gram) * eps * max(values[-1], 0.0)
    return vectors[:, kept] @ ((vectors[:, kept].T @ labels) / (values[kept] + ridge)[:, None])


def _loss(residuals: np.ndarray) -> float:
    return float(np.sum(np.square(residuals)) / len(residuals))
