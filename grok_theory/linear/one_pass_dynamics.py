"""One-pass descent as data, which theory and runs both take, and what it refuses."""

import numpy as np
from jax.typing import ArrayLike

from ..checks import check_at_least, check_positive, is_traced
from ..dynamics import Stepped, check_x
from ..errors import BadValue
from ..pytrees import record
from .power_law_problem import PowerLawInputs
from .regression_problem import CorrelatedInputs

__all__ = ["OnePass", "check_one_pass"]


@record()
class OnePass(Stepped):
    """Descent of half the mean square error of a batch that is drawn afresh for every step; x is whole steps.

    Taken by `CorrelatedInputs` with samples = inf.

    Parameters
    ----------
    learning_rate : array_like
        Size eta of a step, > 0, in 1/input variance.
    batch : array_like
        How many samples a step sees, at least 1; inf is descent on the population, and `simulate` takes whole numbers.

    Raises
    ------
    BadValue
        For a rate that is not positive and finite, and a batch below 1.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> from grok_theory import linear
    >>> problem = linear.CorrelatedInputs([1.0, 0.5], [1.0, 1.0], samples=float("inf"), noise=0.1)
    >>> theory = linear.solve(problem, [0, 10], dynamics=OnePass(learning_rate=0.3, batch=4))
    >>> print(theory["test_loss"].round(3))
    [1.51  0.039]
    """

    plain = one_pass = True
    whole = ("batch",)

    learning_rate: ArrayLike
    batch: ArrayLike

    def __post_init__(self) -> None:
        check_positive("learning_rate", self.learning_rate, "Pass a step size, for example 0.1.")
        check_at_least("batch", self.batch, 1, "Pass how many samples a step sees.")

    @property
    def batch_size(self) -> ArrayLike:
        """`batch`, as the config of a trainer calls it."""
        return self.batch


def check_one_pass(problem: CorrelatedInputs | PowerLawInputs, dynamics: OnePass, steps: ArrayLike) -> None:
    """Refuse a finite number of samples, which a step would see again, and steps that are not whole numbers."""
    if not is_traced(problem.samples) and not np.all(np.isinf(problem.samples)):
        raise BadValue(
            f"samples is {float(np.ravel(problem.samples)[0])}, but OnePass draws every sample afresh and never sees "
            'one twice. Pass samples=float("inf"), or another dynamics for a finite sample.'
        )
    if is_traced(steps):
        raise BadValue("steps is traced, but OnePass walks step by step and must know how many. Pass numbers.")
    check_x(dynamics, steps)
