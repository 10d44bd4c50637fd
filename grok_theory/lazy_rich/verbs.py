"""The wing's two verbs: each hands its Problem to the file of the method."""

from __future__ import annotations

from collections.abc import Sequence

from jax import Array
from jax.typing import ArrayLike

from ..errors import BadValue
from ..results import Ensemble, Solution
from .clock import FLOW, FlowOrDescent
from .dmft import DMFT, solve_dmft
from .lazy_limit import LazyLimit, solve_lazy_limit
from .mean_field import (
    LinearMoments,
    MeanFieldNetwork,
    Particles,
    TangentLimit,
    simulate_mean_field,
    solve_mean_field,
)
from .population import Population, solve_population
from .problem import QuadraticCommittee
from .runs.committee import ExactReduction, ExplicitNetwork, FrozenKernel, simulate_committee

Theory = DMFT | Population | LazyLimit | Particles | LinearMoments | TangentLimit
Experiment = ExactReduction | ExplicitNetwork | FrozenKernel


def solve(
    problem: QuadraticCommittee | MeanFieldNetwork,
    x: ArrayLike | Sequence,
    *,
    dynamics: FlowOrDescent = FLOW,
    method: Theory | None = None,
    throw: bool = True,
) -> Solution:
    """What theory says about `problem` at `x`.

    **Arguments:**
    - `x`: (T,), >= 0, non-decreasing: times in tau under flow, whole steps under descent.
    - `dynamics`: `GradientFlow()` (default) or, for a QuadraticCommittee, `GradientDescent(eta_hat)`.
    - `method` for a QuadraticCommittee: `DMFT()` (default), `Population()` (samples_per_dim -> infinity), `LazyLimit()`
      (output_scale -> infinity, centred, teacher_overlap 0).
    - `method` for a MeanFieldNetwork: `Particles()` (default), `LinearMoments()` (exact; the default for the linear
      activation), `TangentLimit()` (richness -> 0).
    - `throw`: raise SolveFailed instead of handing back a failed Solution.

    **Returns:** a Solution. Curves of a QuadraticCommittee: train_loss, test_loss, variance, misalignment,
    linear_power, and, but for LazyLimit, teacher_overlap, mean_power, bulk_power. Of a MeanFieldNetwork: train_loss,
    test_loss (with test data), alignment, kernel_movement, coherence, distance, feature_overlap. Raises BadValue naming
    field, value and remedy.
    """
    if isinstance(problem, MeanFieldNetwork):
        return solve_mean_field(problem, x, dynamics, method, throw)
    if not isinstance(problem, QuadraticCommittee):
        raise BadValue(
            f"problem is {problem!r}, but it must be a QuadraticCommittee or a MeanFieldNetwork. "
            "Build one with its fields."
        )
    if isinstance(method, Population):
        return solve_population(problem, x, dynamics, method, throw)
    if isinstance(method, LazyLimit):
        return solve_lazy_limit(problem, x, dynamics, method, throw)
    method = DMFT() if method is None else method
    if isinstance(method, DMFT):
        return solve_dmft(problem, x, dynamics, method, throw)
    raise BadValue(
        f"method is {method!r}, but it must be DMFT(...), Population(...) or LazyLimit(...). "
        "The methods of experiments belong to simulate."
    )


def simulate(
    problem: QuadraticCommittee | MeanFieldNetwork,
    x: ArrayLike | Sequence,
    *,
    dynamics: FlowOrDescent = FLOW,
    dim: int | None = None,
    width: int | None = None,
    runs: int,
    key: Array,
    method: Experiment | None = None,
) -> Ensemble:
    """Train `runs` networks of the Problem for real and read their curves at `x`.

    **Arguments:**
    - `x`, `dynamics`: as in `solve`.
    - `dim`: D, for a QuadraticCommittee, which draws its data; a MeanFieldNetwork brings them.
    - `width`: N; None is an infinitely wide QuadraticCommittee, a MeanFieldNetwork needs one.
    - `runs`, `key`: run i draws from fold_in(key, i), the same among 8 or 800.
    - `method`: for a QuadraticCommittee `ExactReduction()` (default), `ExplicitNetwork(...)`, `FrozenKernel(...)`.

    **Returns:** an Ensemble; `experiment.simulate_committee` and `mean_field.experiment.simulate_mean_field` say with
    which curves. Raises BadValue naming field, value and remedy.
    """
    if not isinstance(problem, MeanFieldNetwork):
        # None is refused there, in one sentence.
        return simulate_committee(
            problem, x, dynamics=dynamics, dim=dim, width=width, runs=runs, key=key, method=method
        )  # type: ignore[arg-type]
    for name, value in (("dim", dim), ("method", method)):
        if value is not None:
            raise BadValue(
                f"{name} is {value!r}, but a MeanFieldNetwork brings its own data and has one way to be trained. "
                f"Leave {name} out."
            )
    return simulate_mean_field(problem, x, dynamics, width=width, runs=runs, key=key)  # type: ignore[arg-type]
