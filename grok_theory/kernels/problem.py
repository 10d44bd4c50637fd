"""What is studied: regression with a kernel whose spectrum is known."""

from typing import Any

import jax.numpy as jnp
from jax.typing import ArrayLike

from ..checks import (
    as_array,
    check_between,
    check_finite,
    check_non_negative,
    check_not_empty,
    check_positive,
    check_shape,
)
from ..pytrees import problem


@problem()
class KernelRegression:
    """Kernel regression with a known spectrum: which target, how much noise, which ridge.

    | symbol | field | meaning | range |
    |---|---|---|---|
    | lambda_i | `eigenvalues` | (modes,) spectrum of the kernel under the input law | > 0 |
    | c_i | `coefficients` | (modes,) target = sum c_i phi_i, orthonormal phi; c_i^2 is the total of its group | |
    | m_i | `multiplicities` | (modes,) modes that share lambda_i; one each if left out | > 0 |
    | delta | `ridge` | added to the Gram matrix, K + ridge I, not multiplied by the samples | >= 0 |
    | s | `noise` | standard deviation of the label noise | >= 0 |

    Losses are mean squared residuals without a factor 1/2; the test loss includes the noise of its labels.
    """

    eigenvalues: Any
    coefficients: Any
    multiplicities: Any = None
    ridge: Any = 0.0
    noise: Any = 0.0

    def __post_init__(self):
        for name in ("eigenvalues", "coefficients", "multiplicities", "ridge", "noise"):
            object.__setattr__(self, name, as_array(name, getattr(self, name), "Pass an array, one number a mode."))
        self.check()

    def check(self) -> None:
        check_positive("eigenvalues", self.eigenvalues, "Drop modes the kernel does not have.")
        check_not_empty("eigenvalues", self.eigenvalues, "Pass one eigenvalue a mode.")
        check_finite("coefficients", self.coefficients, "Pass the target's coefficients, one a mode.")
        # The last axis counts modes; axes before it are a batch.
        modes = jnp.shape(self.eigenvalues) if not _bare(self.eigenvalues) else None
        if modes is not None:
            check_shape(
                "eigenvalues", self.eigenvalues, modes if len(modes) else (None,), "Pass a list of eigenvalues."
            )
            check_shape("coefficients", self.coefficients, modes, "Pass one coefficient for every eigenvalue.")
            if self.multiplicities is not None:
                check_shape("multiplicities", self.multiplicities, modes, "Pass one multiplicity for every eigenvalue.")
        if self.multiplicities is not None:
            check_positive("multiplicities", self.multiplicities, "Pass how many modes share each eigenvalue.")
        check_non_negative("ridge", self.ridge, "Pass 0.0 for the interpolator of least norm.")
        check_non_negative("noise", self.noise, "Pass the standard deviation of the label noise.")


def check_samples(samples: ArrayLike) -> None:
    """Refuse fewer than one sample, element by element."""
    check_between("samples", samples, 1, float("inf"), "Pass the number of training samples.", include_high=False)


def _bare(value):
    return value is None or type(value) is object
