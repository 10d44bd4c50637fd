"""Average learning curves of kernel regression from the spectrum of its kernel."""

import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from ..checks import (
    check_kind,
    check_non_negative,
    check_not_empty,
    check_positive,
    check_times,
    require_float64,
)
from ..fields import check_single
from ..numerics.invariants import NON_NEGATIVE, hold
from ..numerics.padding import any_traced, as_numbers, cut, lengthened, repeated, with_zeros
from ..numerics.programs import compiled_soonest
from ..numerics.ridge_equation import effective_ridge, freedom_left, learned
from ..results import Solution
from ..status import Status
from .methods import EffectiveRidge
from .problem import KernelRegression, check_samples

CURVES = ("test_loss", "train_loss", "kappa", "effective_dimension")
FEW = "Below 10 samples, averages over training sets differ from this large-system theory by some percent."
INFINITE = (
    "The test loss is infinite where there are as many samples as modes and no ridge, or a number is out of "
    "range of float64. Pass a positive ridge, other numbers of samples, or coefficients and noise in another unit."
)


def effective_regularization(
    eigenvalues: ArrayLike,
    samples: ArrayLike,
    *,
    ridge: ArrayLike = 0.0,
    multiplicities: ArrayLike | None = None,
) -> Float[Array, "*batch"]:
    """Effective ridge kappa, the positive root of sum_i m_i l_i/(l_i + kappa) + ridge/kappa = samples.

    It is 0 without a ridge and with no more modes than samples, sum m_i <= samples.

    Checked door of `numerics.ridge_equation.effective_ridge`, which see for shapes and accuracy (1e-13 for eigenvalues
    from 1e-130 to 1e10).

    Parameters
    ----------
    eigenvalues : array_like
        (..., modes), > 0, in the unit of the kernel.
    samples : array_like
        Number of training samples, >= 1, not necessarily whole; broadcasts with the leading axes of `eigenvalues`.
    ridge : array_like, default 0.0
        Added to the Gram matrix, K + ridge I; >= 0, in the unit of the kernel; broadcasts like `samples`.
    multiplicities : array_like, optional
        (..., modes), > 0: how many modes share each eigenvalue; one each if left out.

    Returns
    -------
    Array
        Of the broadcast shape (...); in the unit of the kernel, and differentiable.

    Raises
    ------
    BadValue
        For an argument out of its range, named with what is allowed.
    Float64Required
        Where JAX computes in float32.

    Examples
    --------
    >>> print(f"{effective_regularization([2.0, 1.0, 0.5], 2.0, ridge=0.1):.4f}")
    0.6113
    """
    check_positive("eigenvalues", eigenvalues, "Drop modes the kernel does not have.")
    check_not_empty("eigenvalues", eigenvalues, "Pass one eigenvalue a mode.")
    check_samples(samples)
    check_non_negative("ridge", ridge, "Pass 0.0 for the interpolator of least norm.")
    if multiplicities is not None:
        check_positive("multiplicities", multiplicities, "Pass how many modes share each eigenvalue.")
    spectra = np.ndim(eigenvalues) > 1 or np.ndim(multiplicities) > 1  # several: their caller batches
    if spectra or any_traced(eigenvalues, samples, ridge, multiplicities):
        return effective_ridge(eigenvalues, samples, ridge=ridge, multiplicities=multiplicities)
    batch = np.broadcast_shapes(np.shape(samples), np.shape(ridge))
    sizes, ridges = (repeated(np.broadcast_to(np.asarray(a, float), batch).ravel()) for a in (samples, ridge))
    counts = np.ones(np.shape(eigenvalues)) if multiplicities is None else multiplicities
    kappa = effective_ridge(with_zeros(eigenvalues), sizes, ridge=ridges, multiplicities=with_zeros(counts))
    return jnp.asarray(cut(kappa, int(np.prod(batch))).reshape(batch))


def solve_kernel_regression(
    problem: KernelRegression, samples: ArrayLike, method: EffectiveRidge | None, throw: bool
) -> Solution:
    """See `grok_theory.kernels.solve`."""
    require_float64("kernels.solve")
    check_kind("problem", problem, KernelRegression, "Pass KernelRegression(eigenvalues, coefficients).")
    if method is not None:
        check_kind("method", method, EffectiveRidge, "Leave it out, or pass EffectiveRidge().")
    check_single(problem)
    check_times(samples, name="samples", remedy="Pass sorted numbers of samples, for example jnp.arange(10, 100).")
    check_samples(samples)
    traced = any_traced(problem, samples)
    # Modes that are added have no eigenvalue, no target and no multiplicity.
    longer = (lambda values: jnp.asarray(values, float)) if traced else with_zeros
    x = lengthened(samples, problem)
    counts = jnp.ones(jnp.shape(problem.eigenvalues)) if traced else np.ones(np.shape(problem.eigenvalues))
    counts = longer(counts if problem.multiplicities is None else problem.multiplicities)
    numbers = as_numbers((problem.ridge, problem.noise))
    curves, errors, level, modes = _curves(
        longer(problem.eigenvalues), longer(problem.coefficients), counts, *numbers, x
    )
    x, curves, errors = cut((x, curves, errors), np.size(samples))
    return Solution(
        problem,
        x,
        {name: curves[name] for name in CURVES},  # jit hands dictionaries back in alphabetical order
        x_name="samples",
        dynamics=None,
        method=EffectiveRidge() if method is None else method,
        numerical_error={name: errors[name] for name in CURVES},
        status=Status(level, noted=FEW, failed=INFINITE),
        stats={"modes": modes},
    ).checked(throw)


@compiled_soonest
def _curves(eigenvalues: Array, coefficients: Array, counts: Array, ridge: Array, noise: Array, samples: Array):
    """Curves, their numerical errors, the status level and the number of modes."""
    kappa = effective_ridge(eigenvalues, samples, ridge=ridge, multiplicities=counts)
    left = freedom_left(eigenvalues, kappa, samples, ridge=ridge, multiplicities=counts)
    share, missed = learned(eigenvalues[None], kappa[:, None])
    noise_free = jnp.sum(jnp.square(missed * coefficients[None]), -1) + noise**2
    # At interpolation without noise the loss is zero times infinity; the limit depends on the side, and inf is honest.
    test = jnp.where(left > 0, samples * noise_free / jnp.where(left > 0, left, 1.0), jnp.inf)
    some = kappa > 0
    # ridge/kappa = samples - sum m L, also in its derivatives.
    unlearned = samples - jnp.sum(counts[None] * share, -1)
    shrink = jnp.where(some, ridge / jnp.where(some, kappa, 1.0), unlearned) / samples
    train = jnp.where(left > 0, jnp.square(shrink) * test, 0.0)
    curves = {"test_loss": test, "train_loss": train, "kappa": kappa, "effective_dimension": share @ counts}
    # A loss below the smallest float64 is no zero.
    lost = (test < jnp.finfo(float).tiny) & (jnp.any((missed > 0) & (coefficients != 0)[None], -1) | (noise > 0))
    good = jnp.all(jnp.isfinite(test) & (kappa >= 0) & ~lost)
    few = jnp.any(samples < 10)
    # Positive sums throughout: round-off alone, below a hundredth of this (benchmarks/numerical_error.py).
    errors = {name: 1e-13 * jnp.abs(values) for name, values in curves.items()}
    infinite = jnp.isinf(test)
    held = hold(curves, errors, jnp.where(good, jnp.where(few, 1, 0), 2), dict.fromkeys(curves, NON_NEGATIVE))
    curves = {**held.curves, "test_loss": jnp.where(infinite, jnp.inf, held.curves["test_loss"])}
    return curves, errors, held.level, jnp.sum(counts)
