"""The verbs of kernel regression: each hands its Problem to the file that answers."""

from jax import Array
from jax.typing import ArrayLike

from ..results import Ensemble, Solution
from .learning_curves import solve_kernel_regression
from .methods import EffectiveRidge
from .problem import KernelRegression
from .runs import simulate_kernel_regression

__all__ = ["simulate", "solve"]


def solve(
    problem: KernelRegression, samples: ArrayLike, *, method: EffectiveRidge | None = None, throw: bool = True
) -> Solution:
    """Learning curves, averaged over training sets: the losses at each number of `samples`.

    With L_i = l_i/(l_i + kappa) and kappa from `effective_regularization`:
    test_loss = n/(n - sum m L^2) [sum (1 - L)^2 c^2 + s^2],  train_loss = (ridge/(n kappa))^2 test_loss,
    effective_dimension = sum m L. Without a ridge and with fewer modes M than samples, kappa = 0,
    test_loss = s^2 n/(n - M), train_loss = s^2 (1 - M/n); at M = n the test loss is infinite, and the status failed.

    Parameters
    ----------
    problem : KernelRegression
        Spectrum, target, ridge and noise.
    samples : array_like
        (T,) numbers >= 1, not necessarily whole, non-decreasing.
    method : EffectiveRidge, optional
        `EffectiveRidge()`, the only one, if left out.
    throw : bool, default True
        Raise `SolveFailed` where the answer cannot be trusted; False returns it with its status.

    Returns
    -------
    Solution
        Over `samples`, with curves `test_loss`, `train_loss`, `kappa`, `effective_dimension`; stats `modes`. Below 10
        samples the status is `noted`.

    Raises
    ------
    BadValue
        For an argument out of its range, named with what is allowed, and for a stack of problems.
    SolveFailed
        With `throw=True`, where the test loss is infinite or a number is out of range of float64.
    Float64Required
        Where JAX computes in float32.

    References
    ----------
    Bordelon, Canatar & Pehlevan 2020.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> import numpy as np
    >>> from grok_theory.kernels import KernelRegression
    >>> i = np.arange(1.0, 21)
    >>> problem = KernelRegression(eigenvalues=i**-1.5, coefficients=1 / i, ridge=0.01, noise=0.1)
    >>> print(solve(problem, [10.0, 40.0])["test_loss"].round(3))
    [0.153 0.019]
    """
    return solve_kernel_regression(problem, samples, method, throw)


def simulate(problem: KernelRegression, samples: ArrayLike, *, runs: int, key: Array) -> Ensemble:
    """Train on drawn sets: features phi_i independent standard normal, kernel sum_i l_i phi_i(x) phi_i(x').

    A run draws one training set of the largest size and grows it: its losses at different `samples` share data. Test
    losses are exact averages over inputs and label noise. A degenerate group's target lies along one of its members.

    Parameters
    ----------
    problem : KernelRegression
        Spectrum, target, ridge and noise; `multiplicities` must be whole numbers.
    samples : array_like
        (T,) whole numbers >= 1, non-decreasing.
    runs : int
        Number of independent runs, >= 1.
    key : Array
        A typed JAX key.

    Returns
    -------
    Ensemble
        With curves `test_loss` and `train_loss`, each (runs, T).

    Raises
    ------
    BadValue
        For an argument out of its range, named with what is allowed, and where rounding decides the fit: eigenvalues
        that span many orders, without a ridge above what float64 can tell from the largest.
    TooLarge
        Where a batch of runs does not fit into the free memory.
    Float64Required
        Where JAX computes in float32.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> import numpy as np
    >>> from grok_theory.kernels import KernelRegression
    >>> i = np.arange(1.0, 21)
    >>> problem = KernelRegression(eigenvalues=i**-1.5, coefficients=1 / i, ridge=0.01, noise=0.1)
    >>> print(simulate(problem, [10], runs=3, key=jax.random.key(0))["test_loss"].shape)
    (3, 1)
    """
    return simulate_kernel_regression(problem, samples, runs=runs, key=key)
