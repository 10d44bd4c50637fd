"""The wing's one verb of theory: dispatch on the method object."""

from __future__ import annotations

from typing import Any

from ..errors import BadValue
from ..results import Solution
from .lazy_limit import LazyLimit, solve_lazy_limit
from .population import Population, solve_population
from .problem import QuadraticCommittee


def solve(problem: Any, times: Any, *, method: Any = None, throw: bool = True) -> Solution:
    """What theory says about `problem` at `times` (tau).

    **Arguments:**
    - `times`: (T,), >= 0, non-decreasing; multiples of the method's `learning_rate`, if it has one.
    - `method`: `DMFT()` (default; any Problem), `Population()` (samples_per_dim -> infinity), `LazyLimit()`
      (output_scale -> infinity, centred, teacher_overlap 0).
    - `throw`: raise SolveFailed instead of handing back a failed Solution.

    **Returns:** a Solution with the curves train_loss, test_loss, variance, misalignment, linear_power, and, but for
    LazyLimit, teacher_overlap, mean_power, bulk_power. Raises BadValue naming field, value and remedy.
    """
    if not isinstance(problem, QuadraticCommittee):
        raise BadValue(f"problem is {problem!r}, but it must be a QuadraticCommittee. Build one with its five fields.")
    if isinstance(method, Population):
        return solve_population(problem, times, method, throw)
    if isinstance(method, LazyLimit):
        return solve_lazy_limit(problem, times, method, throw)
    from .dmft import DMFT, solve_dmft

    method = DMFT() if method is None else method
    if isinstance(method, DMFT):
        return solve_dmft(problem, times, method, throw)
    raise BadValue(
        f"method is {method!r}, but it must be DMFT(...), Population(...) or LazyLimit(...). "
        "The methods of experiments belong to simulate."
    )
