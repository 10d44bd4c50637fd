"""The wing's verbs: each hands its Problem to the file of the method."""

from __future__ import annotations

from collections.abc import Sequence

from jax import Array
from jax.typing import ArrayLike

from ..errors import BadValue
from ..results import Ensemble, Forecast, Solution
from .clock import FLOW, FlowOrDescent
from .dmft import solve_dmft
from .lazy_limit import solve_lazy_limit
from .mean_field import MeanFieldNetwork, simulate_mean_field, solve_mean_field
from .mean_field.methods import MeanFieldTheory
from .methods import DMFT, Experiment, Interpolated, LazyLimit, OwnSize, Population, Theory
from .population import solve_population
from .problem import QuadraticCommittee
from .runs.committee import simulate_committee
from .single_runs import forecast_committee, forecast_mean_field
from .stability import largest_learning_rate

# Of a QuadraticCommittee; the methods of a MeanFieldNetwork stand in `mean_field.verbs`.
_SOLVERS = {DMFT: solve_dmft, Population: solve_population, LazyLimit: solve_lazy_limit}

__all__ = ["forecast", "simulate", "solve", "stable_below"]


def solve(
    problem: QuadraticCommittee | MeanFieldNetwork,
    x: ArrayLike | Sequence,
    *,
    dynamics: FlowOrDescent = FLOW,
    method: Theory | MeanFieldTheory | None = None,
    throw: bool = True,
) -> Solution:
    """What theory says about `problem` at `x`.

    Parameters
    ----------
    problem : QuadraticCommittee or MeanFieldNetwork
        What is studied: a committee on Gaussian data, or a network on data of your own.
    x : array_like or Sequence
        (T,), >= 0, non-decreasing: times in tau under flow, whole steps under descent.
    dynamics : GradientFlow or GradientDescent, default GradientFlow()
        `GradientFlow()` (default) or, for a QuadraticCommittee, `GradientDescent(eta_hat)`.
    method : DMFT, Population, LazyLimit, Particles, LinearMoments or TangentLimit, optional
        For a QuadraticCommittee: `DMFT()` (default), `Population()` (samples_per_dim -> infinity), `LazyLimit()`
        (output_scale -> infinity, centred, teacher_overlap 0). For a MeanFieldNetwork: `Particles()` (default),
        `LinearMoments()` (exact; the default for the linear activation), `TangentLimit()` (richness -> 0).
    throw : bool, default True
        Raise SolveFailed instead of handing back a failed Solution.

    Returns
    -------
    Solution
        Curves of a QuadraticCommittee: train_loss, test_loss, variance, misalignment, linear_power, and, but for
        LazyLimit, teacher_overlap, mean_power, bulk_power. Of a MeanFieldNetwork: train_loss, test_loss (with test
        data), alignment, kernel_movement, coherence, distance, feature_overlap. `numerical_error` has the error of
        each where the method knows it.

    Raises
    ------
    BadValue
        For an argument out of its range, an unstable learning rate, or a method or dynamics of another Problem; naming
        field, value and remedy.
    TooLarge
        Before an allocation that would not fit.
    SolveFailed
        Where there is no trustworthy answer and `throw`.
    Float64Required
        Where JAX computes in float32.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> from grok_theory.lazy_rich import LazyLimit, QuadraticCommittee
    >>> problem = QuadraticCommittee(8.0, curvature=0.25, samples_per_dim=6.0)
    >>> print(solve(problem, [0.0, 1.0], method=LazyLimit())["test_loss"].round(2))
    [0.75 0.78]
    """
    if isinstance(problem, MeanFieldNetwork):
        return solve_mean_field(problem, x, dynamics, method, throw)
    if not isinstance(problem, QuadraticCommittee):
        raise BadValue(
            f"problem is {problem!r}, but it must be a QuadraticCommittee or a MeanFieldNetwork. "
            "Build one with its fields."
        )
    method = DMFT() if method is None else method
    if type(method) not in _SOLVERS:
        raise BadValue(
            f"method is {method!r}, but it must be DMFT(...), Population(...) or LazyLimit(...). "
            "The methods of experiments belong to simulate."
        )
    return _SOLVERS[type(method)](problem, x, dynamics, method, throw)


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
    keep: str | None = None,
) -> Ensemble:
    """Train `runs` networks of the Problem for real and read their curves at `x`.

    Parameters
    ----------
    problem : QuadraticCommittee or MeanFieldNetwork
        What is trained; one Problem, no stack of them.
    x : array_like or Sequence
        As in `solve`.
    dynamics : GradientFlow or GradientDescent, default GradientFlow()
        As in `solve`.
    dim : int, optional
        Input dimensions D of a QuadraticCommittee, which draws its data; a MeanFieldNetwork brings them.
    width : int, optional
        Number N of neurons; None is an infinitely wide QuadraticCommittee, a MeanFieldNetwork needs one.
    runs : int
        Number of runs; >= 1.
    key : Array
        A JAX key. Run i draws from fold_in(key, i), the same among 8 or 800.
    method : ExactReduction, ExplicitNetwork or FrozenKernel, optional
        For a QuadraticCommittee `ExactReduction()` (default), `ExplicitNetwork(...)`, `FrozenKernel(...)`.
    keep : str, optional
        Of a MeanFieldNetwork: "neurons" keeps the fields `neurons` (run, time, neuron, dim) and `readouts` (run, time,
        neuron, output), weighed in memory before they are made.

    Returns
    -------
    Ensemble
        The curves of every run, (runs, T). Of a QuadraticCommittee: train_loss, test_loss, variance, misalignment,
        linear_power, teacher_overlap, mean_power, bulk_power, weight_norm, alignment (docs/lazy_rich.md has their
        meanings and who lacks which), and stats["second_moment"], stats["mean_weight"] at the last time, (runs, D, D)
        and (runs, D). Of a MeanFieldNetwork: those of `solve`, and the field `output` (run, tau, sample, output),
        training inputs first. A run that diverged is nan from there on, and `status` says so.

    Raises
    ------
    BadValue
        For an argument out of its range, an unstable learning rate, or a `samples_per_dim * dim` that is no whole
        number; naming field, value and remedy.
    TooLarge
        Before an allocation that would not fit.
    Float64Required
        Where JAX computes in float32.
    """
    if not isinstance(problem, MeanFieldNetwork):
        if keep is not None:
            raise BadValue(f"keep is {keep!r}, but only the neurons of a MeanFieldNetwork are kept. Leave keep out.")
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
    return simulate_mean_field(problem, x, dynamics, width=width, runs=runs, key=key, keep=keep)  # type: ignore[arg-type]


def forecast(
    problem: QuadraticCommittee | MeanFieldNetwork,
    x: ArrayLike | Sequence,
    *,
    dim: int | None = None,
    width: int | None = None,
    dynamics: FlowOrDescent = FLOW,
    level: float = 0.9,
    draws: int | None = None,
    key: Array | None = None,
    test_samples: int | None = None,
    method: OwnSize | Interpolated | None = None,
) -> Forecast:
    """The band in which the losses of one run lie, and its times, from draws of runs like it.

    Parameters
    ----------
    problem : QuadraticCommittee or MeanFieldNetwork
        What is run. Runs of a committee have data and start of their own, those of a MeanFieldNetwork (whose data are
        given) a start.
    x : array_like or Sequence
        As in `solve`.
    dim : int, optional
        Input dimensions D of the run of a QuadraticCommittee; a MeanFieldNetwork brings its data.
    width : int, optional
        Number N of its neurons; None is an infinitely wide QuadraticCommittee, a MeanFieldNetwork needs one.
    dynamics : GradientFlow or GradientDescent, default GradientFlow()
        As in `simulate`.
    level : float, default 0.9
        Probability that one run's whole curve lies inside its band, in (0, 1).
    draws : int, optional
        How many runs are drawn; 48 if left out. With fewer than 24 the scatter is too uncertain, and noted.
    key : Array, optional
        Of the draws; the same ones if left out.
    test_samples : int, optional
        How many fresh samples a committee's test loss is measured on; left out, it is taken for exact.
    method : OwnSize or Interpolated, optional
        Of a committee: `OwnSize()` (default), or for large dim `Interpolated(dim)`, with draws=24 a third of the cost
        at dim 100 and less above.

    Returns
    -------
    Forecast
        Bands of `train_loss` and `test_loss`, `.crossing(...)` and `.delay(...)`.

    Raises
    ------
    BadValue
        For an argument out of its range, naming field, value and remedy, and where a run diverges.
    TooLarge
        Before an allocation that would not fit.
    SolveFailed
        Where DMFT has no trustworthy answer.
    Float64Required
        Where JAX computes in float32.
    """
    if isinstance(problem, MeanFieldNetwork):
        for name, value in (("dim", dim), ("test_samples", test_samples)):
            if value is not None:
                raise BadValue(f"{name} is {value!r}, but a MeanFieldNetwork brings its own data. Leave {name} out.")
        return forecast_mean_field(problem, x, dynamics, width=width, level=level, draws=draws, key=key, method=method)  # type: ignore[arg-type]
    if not isinstance(problem, QuadraticCommittee):
        raise BadValue(
            f"problem is {problem!r}, but it must be a QuadraticCommittee or a MeanFieldNetwork. "
            "Build one with its fields."
        )
    return forecast_committee(
        problem,
        x,
        dynamics,
        dim=dim,
        width=width,
        level=level,
        draws=draws,
        key=key,
        test_samples=test_samples,
        method=method,
    )


def stable_below(problem: QuadraticCommittee | MeanFieldNetwork, *, samples: int | None = None) -> Array:
    """The learning rate below which descent is stable, in the units of the Problem (`tau_per_step`).

    Parameters
    ----------
    problem : QuadraticCommittee or MeanFieldNetwork
        What is trained.
    samples : int, optional
        P of a QuadraticCommittee: the largest of so many targets sets the curvature at the fit
        (`largest_stable_learning_rate`); left out, data are unlimited, as in `Population()`. A MeanFieldNetwork has its
        data.

    Returns
    -------
    Array
        An estimate for large sizes. Of a MeanFieldNetwork that of its start: where features grow, the edge falls.

    Raises
    ------
    BadValue
        For another Problem, and samples that are no whole number of at least 1.

    Examples
    --------
    >>> problem = QuadraticCommittee(output_scale=1.0, curvature=1.0, samples_per_dim=2.0)
    >>> float(stable_below(problem, samples=400)) < float(stable_below(problem))
    True
    """
    return largest_learning_rate(problem, samples)
