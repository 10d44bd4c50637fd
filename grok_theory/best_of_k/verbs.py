"""The wing's two verbs: each hands its Problem to the file that answers."""

from __future__ import annotations

from collections.abc import Sequence

from jax import Array
from jax.typing import ArrayLike

from ..results import Ensemble, Solution
from .evaluation import solve_kept_answer
from .methods import Method
from .problem import LinearJudge, Posterior, Prompt
from .runs.answers import simulate_kept_answer

__all__ = ["simulate", "solve"]


def solve(
    problem: Prompt | Posterior | LinearJudge,
    samples: ArrayLike | Sequence[float],
    *,
    temperature: ArrayLike,
    method: Method | None = None,
    throw: bool = True,
) -> Solution:
    """Expected error of the answer a judge keeps out of k, its score being minus the squared distance to its favourite.

    Parameters
    ----------
    problem : Prompt or Posterior or LinearJudge
        What is solved; a `LinearJudge` is solved at its `posterior`.
    samples : array_like or Sequence[float]
        (T,) answers drawn, k; any real >= 1, in any order, `inf` allowed.
    temperature : array_like
        Of the softmax over scores, in units of squared error; 0 (best of k) to inf (no selection). Traced values must
        lie in (0, inf).
    method : Exact or LargeK or HighTemperature or BestOfK, optional
        `Exact()` if left out; the others are limits to hold beside it.
    throw : bool, default True
        Raise `SolveFailed` where the answer cannot be trusted; False returns it with its status.

    Returns
    -------
    Solution
        Over `samples`, with curves `error` = E (kept - truth)^2, `judged_error` = E (kept - favourite)^2, for a
        `Prompt` also `bias` = E (kept - truth); `stats` has `scaled_temperature` t = T/(2 s^2), `method`, and for a
        `LinearJudge` the `posterior`. `numerical_error` bounds the absolute difference of a curve and the truth: of
        `Exact`, whose relative error is below 1e-11 (1e-9 for populations), by a second quadrature; of a limit by its
        distance from `Exact`. Differentiable in gaps, variances, spread, T > 0 (not at reward variance 0).

    Raises
    ------
    BadValue
        For an argument out of its range, named with what is allowed, for a stack of problems, and for a limit at a
        temperature that it is not of: `BestOfK()` away from 0, `LargeK()` at 0 or inf, `HighTemperature()` at 0.
    SolveFailed
        With `throw=True`, where the answer cannot be trusted; the message says why.
    Float64Required
        Where JAX computes in float32.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> kept = solve(Prompt(teacher_gap=0.3, reward_gap=1.0), [1, 2, float("inf")], temperature=1.0)
    >>> print(kept["error"].round(6))
    [1.09     0.603616 0.467778]
    """
    return solve_kept_answer(problem, samples, temperature, method, throw)


def simulate(
    problem: Prompt | Posterior | LinearJudge,
    samples: ArrayLike | Sequence[float],
    *,
    temperature: ArrayLike,
    dim: int | None = None,
    runs: int,
    key: Array,
    test_points: int = 1000,
) -> Ensemble:
    """Draw answers, score them, keep one with softmax probability; what `solve` predicts in the mean.

    One run is one training set with `test_points` fresh prompts (`LinearJudge`: weights and data of dimension `dim`,
    exact posterior), or one batch of `test_points` prompts. All k of a run share nested answers: their errors are
    correlated, and runs are the independent units.

    Parameters
    ----------
    problem : Prompt or Posterior or LinearJudge
        What is drawn: prompts, or a regression with its training set.
    samples : array_like or Sequence[float]
        (T,) integers >= 1, non-decreasing.
    temperature : array_like
        0 to inf, in units of squared error.
    dim : int, optional
        Of the regression, >= 2; `examples_per_dim * dim` must be a whole number. Only for a `LinearJudge`, which needs
        it.
    runs : int
        Number of independent runs, >= 1.
    key : Array
        A typed JAX key. Run i sees a key of its own: it is the same whatever `runs` is.
    test_points : int, default 1000
        Test prompts a run, >= 1.

    Returns
    -------
    Ensemble
        With curves `error` and `judged_error` (and `bias` for a `Prompt`), (runs, T), means over the test points of
        each run; `stats` keeps per run the realised `teacher_variance`, `reward_variance`, `covariance` and `spread`
        (for a regression those of its training set, exactly). Modes whose share of `dim` is not whole are apportioned
        by largest remainder, and the status says so.

    Raises
    ------
    BadValue
        For an argument out of its range, named with what is allowed, for a mode of fewer than two dimensions, and for a
        regression of which rounding would decide the trained weights.
    TooLarge
        Where the draws or the regression do not fit into the free memory.
    Float64Required
        Where JAX computes in float32.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> drawn = simulate(Prompt(0.3, 1.0), [1, 2], temperature=1.0, runs=2, key=jax.random.key(0), test_points=100)
    >>> drawn["error"].shape
    (2, 2)
    """
    return simulate_kept_answer(problem, samples, temperature, dim=dim, runs=runs, key=key, test_points=test_points)
