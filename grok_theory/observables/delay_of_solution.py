"""The delay of a Solution, differentiable: how much later the test loss crosses its threshold than the train loss."""

from __future__ import annotations

import jax.numpy as jnp
from jaxtyping import Array

from ..checks import check_positive
from ..numerics.crossings import first_below
from ..results import Solution
from ..status import FAILED


def solution_delay(solution: Solution, *, train_threshold: float, test_threshold: float) -> Array:
    """Test minus train crossing time of a Solution, in tau, through `jit`, `vmap` and `grad`.

    Each loss crosses where the straight line between two neighbouring times of `solution.x` first meets its threshold:
    the same definition, and on the same times the same digits, as `observables.grokking_delay`, which reads records
    and cannot be differentiated. Derivatives are those of the interpolated crossing: they need times close to each
    other around it, and there the slope of the line is the slope of the loss.

    Parameters
    ----------
    solution : Solution
        With curves `train_loss` and `test_loss` over times.
    train_threshold, test_threshold : float
        > 0, in the unit of the losses (mean squares).

    Returns
    -------
    Array
        The delay, negative if the test loss crosses first; nan where either loss does not cross before the last time
        (censored), is at or below its threshold at the first (it crossed before), is nan before it is seen to cross, or
        the solution failed.

    Raises
    ------
    BadValue
        For a threshold that is not positive.

    Examples
    --------
    >>> import numpy as np
    >>> from grok_theory.lazy_rich import Population, QuadraticCommittee, solve
    >>> problem = QuadraticCommittee(1.0, 0.5, 2.0, 0.3)
    >>> solution = solve(problem, np.linspace(0, 20, 401), method=Population())
    >>> print(f"{solution_delay(solution, train_threshold=0.4, test_threshold=0.2):.3f}")
    0.345
    """
    remedy = "Pass a loss below its start, for example 0.1 for the train and 0.5 for the test loss."
    check_positive("train_threshold", train_threshold, remedy)
    check_positive("test_threshold", test_threshold, remedy)
    times = jnp.asarray(solution.x)
    levels = {"train_loss": train_threshold, "test_loss": test_threshold}
    train, test = (first_below(times, solution[name], level) for name, level in levels.items())
    return jnp.where(jnp.asarray(solution.status.level) == FAILED, jnp.nan, test - train)
