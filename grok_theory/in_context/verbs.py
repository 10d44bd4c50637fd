"""The verbs of the wing: each hands its Problem to the file that answers, by the tables below."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from jax import Array
from jax.typing import ArrayLike

from ..dynamics import Dynamics
from ..errors import BadValue
from ..results import Ensemble, Solution
from .linear_attention import solve_linear_attention
from .mixture import solve_mixture
from .problem import LinearAttention, Strategies, TaskMixture
from .runs.linear_attention import simulate_linear_attention
from .runs.mixture import simulate_mixture
from .runs.strategies import simulate_strategies
from .strategies import solve_strategies
from .valid import attention_valid, mark_valid, mixture_valid, strategies_valid

_SOLVERS: dict[type, Callable[..., Solution]] = {
    LinearAttention: solve_linear_attention,
    TaskMixture: solve_mixture,
    Strategies: solve_strategies,
}
_EXPERIMENTS: dict[type, Callable[..., Ensemble]] = {
    LinearAttention: simulate_linear_attention,
    TaskMixture: simulate_mixture,
    Strategies: simulate_strategies,
}
_SIZES: dict[type, Callable[..., Mapping[str, np.ndarray]]] = {
    LinearAttention: attention_valid,
    TaskMixture: mixture_valid,
    Strategies: strategies_valid,
}

__all__ = ["simulate", "solve", "valid_at"]


def solve(
    problem: Any,
    x: ArrayLike,
    *,
    dynamics: Dynamics | None = None,
    method: Any = None,
    throw: bool = True,
) -> Solution:
    """Solve for what theory says of learning from a prompt.

    Parameters
    ----------
    problem : LinearAttention or TaskMixture or Strategies
        What is studied.
    x : array_like
        (T,), sorted. Of a LinearAttention without `dynamics` the training sequences per square dimension n/d^2, > 0;
        under flow the time s = rate x steps / d, >= 0. Of a TaskMixture symbols of a context, whole and >= 1. Of
        Strategies training steps, whole and >= 0.
    dynamics : GradientFlow or Adam, optional
        Of a LinearAttention `GradientFlow()`: flow of half the square error of all possible sequences from G = 0 (its
        ridge must be 0); left out, G is fitted to n sequences by ridge regression. Of Strategies `Adam(learning_rate)`,
        which says what a step is; left out, Adam(0.003). A TaskMixture has none.
    method : Exact or MonteCarlo, optional
        Of a TaskMixture: `MonteCarlo(draws)` has the curves of memory too, and the `gap`, as means over draws with
        errors; `Exact()` leaves them out. Left out, they are drawn where that is quick. Of Strategies `MonteCarlo`.
    throw : bool, default True
        False hands a failed Solution back instead of raising `SolveFailed`.

    Returns
    -------
    Solution
        Of a LinearAttention `icl_loss` and `idg_loss`, without dynamics also `effective_ridge`; of a TaskMixture and of
        Strategies the curves that stand there, with their numerical errors. Goes through `jax.jit`, `jax.vmap` (over
        fields or x) and `jax.grad`; traced values out of range give nan. Lengths of contexts, and the mixture of
        Strategies, must not be traced: what is drawn must be known.

    Raises
    ------
    BadValue
        Naming the argument.
    SolveFailed
        At the interpolation peak (ridge 0, n = d^2), and where float64 ends.
    Float64Required
        Where JAX computes in float32.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> problem = LinearAttention(context_per_dim=2.0, tasks_per_dim=4.0, noise=0.5, ridge=0.001)
    >>> print(f"{solve(problem, [2.0])['icl_loss'][0]:.12f}")
    1.330417123065
    """
    return _pick("solve", problem, _SOLVERS)(problem, x, dynamics=dynamics, method=method, throw=throw)


def simulate(
    problem: Any,
    x: ArrayLike,
    *,
    key: Array,
    runs: int,
    dim: int | None = None,
    dynamics: Dynamics | None = None,
) -> Ensemble:
    """Real runs of the same problem: drawn tasks, drawn sequences, a fitted or trained network.

    Parameters
    ----------
    problem : LinearAttention or TaskMixture or Strategies
        As in `solve`.
    x : array_like
        (T,), as in `solve`; x d^2 must be whole numbers where x counts sequences.
    key : Array
        A `jax.random.key`; run i uses `fold_in(key, i)`, so run 7 is the same among 8 or 800.
    runs : int
        How many, at least 1; each draws its own tasks.
    dim : int, optional
        Of a LinearAttention d, the dimension of a token; `context_per_dim * dim` and `tasks_per_dim * dim` must be
        whole numbers. The others have none.
    dynamics : GradientFlow or Adam, optional
        As in `solve`: one-pass gradient descent on fresh sequences, with small steps; or what trains a transformer.

    Returns
    -------
    Ensemble
        Of a LinearAttention `icl_loss` and `idg_loss` of every run, over fresh prompts exactly. Of a TaskMixture the
        curves of theory but `gap_bound_low`, and the `gap`, as sampled: a run is one list of tasks with 64 contexts of
        them and 64 of fresh tasks. Of Strategies a transformer of one layer a run: `memorizing_share` (of memory in its
        predictions on fresh tasks, by least squares), `train_loss`, `test_loss`, and how far memory and the rule are
        from it on fresh tasks, `memory_divergence` and `rule_divergence` (Kullback-Leibler, nats a symbol). `valid`
        marks where theory speaks at this size.

    Raises
    ------
    BadValue
        Naming the argument (and the nearest usable `dim`).
    TooLarge
        Before a large allocation.
    Float64Required
        Where JAX computes in float32.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> real = simulate(LinearAttention(1.0, 0.5, 0.3, ridge=0.1), [0.5, 1.0], key=jax.random.key(0), runs=3, dim=8)
    >>> real["icl_loss"].shape
    (3, 2)
    """
    run = _pick("simulate", problem, _EXPERIMENTS)
    return mark_valid(run(problem, x, dynamics=dynamics, runs=runs, key=key, dim=dim))


def valid_at(
    problem: Any, x: ArrayLike, *, dim: int | None, dynamics: Dynamics | None = None
) -> Mapping[str, np.ndarray]:
    """Where the theory of a Problem speaks about runs of a size, as `simulate` marks it in `Ensemble.valid`.

    Parameters
    ----------
    problem : LinearAttention or TaskMixture or Strategies
        What is studied.
    x : array_like
        (T,) as in `solve`.
    dim : int or None
        Of a LinearAttention d, the dimension of a token; the others do not ask.
    dynamics : GradientFlow or Adam, optional
        As in `solve`.

    Returns
    -------
    Mapping[str, ndarray]
        Curve -> (T,) booleans; a curve that is not named is valid everywhere.

    Raises
    ------
    BadValue
        For an argument out of its range, naming it.

    Examples
    --------
    >>> from grok_theory.in_context import LinearAttention
    >>> marks = valid_at(LinearAttention(2.0, 0.5, noise=0.5, ridge=1e-3), [0.2, 1.0, 4.0], dim=20)
    >>> print(marks["icl_loss"])  # not at the peak
    [ True False  True]
    """
    return _pick("valid_at", problem, _SIZES)(problem, x, dim, dynamics)


def _pick(verb: str, problem: object, table: Mapping[type, Callable]) -> Callable:
    if type(problem) not in table:
        names = ", ".join(kind.__name__ for kind in table)
        raise BadValue(
            f"problem is a {type(problem).__name__}, but grok_theory.in_context.{verb} takes {names}. Pass one of them."
        )
    return table[type(problem)]
