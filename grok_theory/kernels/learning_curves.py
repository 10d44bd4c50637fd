"""Average learning curves of kernel regression from the spectrum of its kernel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from ..checks import (
    check_kind,
    check_non_negative,
    check_not_empty,
    check_positive,
    check_shape,
    check_times,
    require_float64,
)
from ..drawn import Entries, Span
from ..fields import array, check_fields, check_single, number, problem
from ..numerics.invariants import NON_NEGATIVE, hold
from ..numerics.ridge_equation import effective_ridge, freedom_left, learned
from ..pytrees import record
from ..ranges import Finite, NonNegative, Positive
from ..results import Solution, Status

_LISTS = "Pass an array, one number a mode."


@problem
class KernelRegression:
    """Kernel regression with a known spectrum: which target, how much noise, which ridge.

    Losses are mean squared residuals without a factor 1/2; the test loss includes the noise of its labels.
    """

    eigenvalues: ArrayLike | Sequence = array(
        Positive(),
        symbol="lambda_i",
        unit="kernel",
        meaning="spectrum of the kernel under the input law",
        axes=("modes",),
        lists=_LISTS,
        remedy="Drop modes the kernel does not have.",
        drawn=Entries(Span(0.01, 10.0, (1.0,)), 3),
    )
    coefficients: ArrayLike | Sequence = array(
        Finite(),
        symbol="c_i",
        unit="label",
        meaning="target = sum c_i phi_i, orthonormal phi; c_i^2 is the total of its group",
        axes=("modes",),
        lists=_LISTS,
        remedy="Pass the target's coefficients, one a mode.",
        drawn=Entries(Span(-3.0, 3.0, (1.0, 0.0)), 3),
    )
    multiplicities: ArrayLike | Sequence | None = array(
        Positive(),
        symbol="m_i",
        unit="modes",
        meaning="how many modes share lambda_i; one each if left out",
        axes=("modes",),
        lists=_LISTS,
        remedy="Pass how many modes share each eigenvalue.",
        default=None,
    )
    ridge: ArrayLike = number(
        NonNegative(),
        symbol="delta",
        unit="kernel",
        meaning="added to the Gram matrix, K + ridge I, not multiplied by the samples",
        remedy="Pass 0.0 for the interpolator of least norm.",
        drawn=Span(1e-3, 10.0, (1.0, 0.0)),
        default=0.0,
    )
    noise: ArrayLike = number(
        NonNegative(),
        symbol="s",
        unit="label",
        meaning="standard deviation of the label noise",
        remedy="Pass the standard deviation of the label noise.",
        drawn=Span(1e-2, 1e2, (0.0, 1.0)),
        default=0.0,
    )

    def check(self) -> None:
        """Refuse what is out of range, element by element, and arrays that do not fit."""
        check_fields(self)
        check_not_empty("eigenvalues", self.eigenvalues, "Pass one eigenvalue a mode.")
        # The last axis counts modes; axes before it are a batch.
        modes = jnp.shape(self.eigenvalues) if not _bare(self.eigenvalues) else None
        if modes is not None:
            check_shape(
                "eigenvalues", self.eigenvalues, modes if len(modes) else (None,), "Pass a list of eigenvalues."
            )
            check_shape("coefficients", self.coefficients, modes, "Pass one coefficient for every eigenvalue.")
            if self.multiplicities is not None:
                check_shape("multiplicities", self.multiplicities, modes, "Pass one multiplicity for every eigenvalue.")


@record()
class EffectiveRidge:
    """Method: the self-consistent effective ridge; exact for many modes and samples, corrections of order 1/samples."""


def effective_regularization(
    eigenvalues: ArrayLike,
    samples: ArrayLike,
    *,
    ridge: ArrayLike = 0.0,
    multiplicities: ArrayLike | None = None,
) -> Float[Array, "*batch"]:
    """kappa, the positive root of sum_i m_i l_i/(l_i + kappa) + ridge/kappa = samples.

    It is 0 without a ridge and with no more modes than samples, sum m_i <= samples.

    Checked door of `numerics.effective_ridge.effective_ridge`, which see for shapes and accuracy (1e-13 for eigenvalues
    from 1e-130 to 1e10).
    """
    check_positive("eigenvalues", eigenvalues, "Drop modes the kernel does not have.")
    check_not_empty("eigenvalues", eigenvalues, "Pass one eigenvalue a mode.")
    check_samples(samples)
    check_non_negative("ridge", ridge, "Pass 0.0 for the interpolator of least norm.")
    if multiplicities is not None:
        check_positive("multiplicities", multiplicities, "Pass how many modes share each eigenvalue.")
    return effective_ridge(eigenvalues, samples, ridge=ridge, multiplicities=multiplicities)


def solve(problem: KernelRegression, samples: ArrayLike, *, method: Any = None, throw: bool = True) -> Solution:
    """Losses averaged over training sets, at each number of `samples` (Bordelon, Canatar & Pehlevan 2020).

    With L_i = l_i/(l_i + kappa) and kappa from `effective_regularization`:
    test_loss = n/(n - sum m L^2) [sum (1 - L)^2 c^2 + s^2],  train_loss = (ridge/(n kappa))^2 test_loss,
    effective_dimension = sum m L. Without a ridge and with fewer modes M than samples, kappa = 0,
    test_loss = s^2 n/(n - M), train_loss = s^2 (1 - M/n); at M = n the test loss is infinite, and the status failed.

    **Arguments:**
    - `samples`: (T,) numbers >= 1, not necessarily whole, non-decreasing.

    **Returns:** curves `test_loss`, `train_loss`, `kappa`, `effective_dimension`; stats `modes`.
    """
    require_float64("kernels.solve")
    check_kind("problem", problem, KernelRegression, "Pass KernelRegression(eigenvalues, coefficients).")
    if method is not None:
        check_kind("method", method, EffectiveRidge, "Leave it out, or pass EffectiveRidge().")
    check_single(problem)
    check_times(samples, name="samples", remedy="Pass sorted numbers of samples, for example jnp.arange(10, 100).")
    check_samples(samples)
    samples = jnp.asarray(samples, float)
    eigenvalues, coefficients = (jnp.asarray(a, float) for a in (problem.eigenvalues, problem.coefficients))
    ridge, noise = jnp.asarray(problem.ridge, float), jnp.asarray(problem.noise, float)
    counts = (
        jnp.ones_like(eigenvalues) if problem.multiplicities is None else jnp.asarray(problem.multiplicities, float)
    )
    kappa = effective_ridge(eigenvalues, samples, ridge=ridge, multiplicities=counts)
    left = freedom_left(eigenvalues, kappa, samples, ridge=ridge, multiplicities=counts)
    share, missed = learned(eigenvalues[None], kappa[:, None])
    noise_free = jnp.sum(jnp.square(missed * coefficients[None]), -1) + noise**2
    # At interpolation without noise the loss is zero times infinity; the limit depends on the side, and inf is honest.
    test = jnp.where(left > 0, samples * noise_free / jnp.where(left > 0, left, 1.0), jnp.inf)
    some = kappa > 0
    shrink = jnp.where(some, ridge / (samples * jnp.where(some, kappa, 1.0)), left / samples)
    train = jnp.where(left > 0, jnp.square(shrink) * test, 0.0)
    curves = {
        "test_loss": test,
        "train_loss": train,
        "kappa": kappa,
        "effective_dimension": share @ counts,
    }
    # A loss below the smallest float64 is no zero.
    lost = (test < jnp.finfo(float).tiny) & (jnp.any((missed > 0) & (coefficients != 0)[None], -1) | (noise > 0))
    good = jnp.all(jnp.isfinite(test) & (kappa >= 0) & ~lost)
    few = jnp.any(samples < 10)
    # Positive sums throughout: round-off alone, below a hundredth of this (benchmarks/numerical_error.py).
    errors = {name: 1e-13 * jnp.abs(values) for name, values in curves.items()}
    infinite = jnp.isinf(test)
    held = hold(curves, errors, jnp.where(good, jnp.where(few, 1, 0), 2), dict.fromkeys(curves, NON_NEGATIVE))
    curves = {**held.curves, "test_loss": jnp.where(infinite, jnp.inf, held.curves["test_loss"])}
    status = Status(
        held.level,
        noted="Below 10 samples, averages over training sets differ from this large-system theory by some percent.",
        failed="The test loss is infinite where there are as many samples as modes and no ridge, or a number is out of "
        "range of float64. Pass a positive ridge, other numbers of samples, or coefficients and noise in another unit.",
    )
    return Solution(
        problem,
        samples,
        curves,
        x_name="samples",
        dynamics=None,
        method=EffectiveRidge() if method is None else method,
        numerical_error=errors,
        status=status,
        stats={"modes": jnp.sum(counts)},
    ).checked(throw)


def check_samples(samples: ArrayLike) -> None:
    """Refuse fewer than one sample, element by element."""
    from ..checks import check_between

    check_between("samples", samples, 1, float("inf"), "Pass the number of training samples.", include_high=False)


def _bare(value):
    return value is None or type(value) is object
