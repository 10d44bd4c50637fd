"""What is studied: regression with a kernel whose spectrum is known."""

from __future__ import annotations

from collections.abc import Sequence

import jax.numpy as jnp
from jax.typing import ArrayLike

from ..checks import check_between, check_not_empty, check_shape
from ..drawn import Entries, Span
from ..fields import array, check_fields, number, problem
from ..ranges import Finite, NonNegative, Positive

_LISTS = "Pass an array, one number a mode."


@problem
class KernelRegression:
    """Kernel regression with a known spectrum: which target, how much noise, which ridge.

    Losses are mean squared residuals without a factor 1/2; the test loss includes the noise of its labels.

    Raises
    ------
    BadValue
        For a field out of its range, named with what is allowed, and for arrays that do not fit each other.

    Examples
    --------
    >>> import numpy as np
    >>> i = np.arange(1.0, 101)
    >>> from grok_theory.kernels import solve
    >>> print(solve(KernelRegression(i**-2.0, i**-1.0, ridge=1e-3), [10.0, 40.0])['test_loss'].round(4))
    [0.2044 0.0389]
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


def check_samples(samples: ArrayLike) -> None:
    """Refuse fewer than one sample, element by element."""
    check_between("samples", samples, 1, float("inf"), "Pass the number of training samples.", include_high=False)


def _bare(value):
    return value is None or type(value) is object
