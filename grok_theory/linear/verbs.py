"""The verbs of the linear wing, `solve`, `simulate`, `limits` ..., each for every Problem that has it."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from jax import Array
from jax.typing import ArrayLike

from ..errors import BadValue
from ..results import Ensemble, Forecast, Solution
from .covariance import correlated_limits, correlated_ridge, solve_correlated
from .curves import solve_teacher_student
from .depth import DeepLosses, deep_limits, solve_deep_linear
from .diagonal.network_curves import solve_diagonal_network
from .diagonal.problem import DiagonalNetwork, SparseTask
from .diagonal.stability import stable_diagonal_network, stable_sparse_task
from .diagonal.state_evolution import solve_sparse_task
from .drawn_forecasts import forecast_from_draws
from .methods import Method, Problem, the_method
from .mode_relaxation import FLOW, ByModes, Times
from .one_pass import solve_one_pass
from .one_pass_dynamics import OnePass
from .power_law import power_law_limits, power_law_ridge, solve_power_law, solve_power_law_one_pass, stable_power_law
from .power_law_problem import PowerLawInputs
from .problem import DeepLinear, TeacherStudent
from .regression_problem import CorrelatedInputs, RandomFeatures
from .ridge_regression import Losses, teacher_student_limits, teacher_student_ridge
from .runs.deep_linear import simulate_deep_linear
from .runs.diagonal import simulate_diagonal_network, simulate_sparse_task
from .runs.power_law import simulate_power_law
from .runs.regression import simulate_correlated, simulate_random_features
from .runs.teacher_student import simulate_teacher_student
from .single_runs import LOSSES, forecast_teacher_student
from .stability import stable_correlated, stable_features, stable_teacher_student
from .valid import Valid, mark_valid, valid_by_size

_SOLVERS = {
    TeacherStudent: solve_teacher_student,
    DeepLinear: solve_deep_linear,
    CorrelatedInputs: solve_correlated,
    RandomFeatures: solve_correlated,
    PowerLawInputs: solve_power_law,
    DiagonalNetwork: solve_diagonal_network,
    SparseTask: solve_sparse_task,
}
_ONE_PASS = {CorrelatedInputs: solve_one_pass, PowerLawInputs: solve_power_law_one_pass}
_EXPERIMENTS = {
    TeacherStudent: simulate_teacher_student,
    DeepLinear: simulate_deep_linear,
    CorrelatedInputs: simulate_correlated,
    RandomFeatures: simulate_random_features,
    PowerLawInputs: simulate_power_law,
    DiagonalNetwork: simulate_diagonal_network,
    SparseTask: simulate_sparse_task,
}
_LIMITS = {
    TeacherStudent: teacher_student_limits,
    DeepLinear: deep_limits,
    CorrelatedInputs: correlated_limits,
    RandomFeatures: correlated_limits,
    PowerLawInputs: power_law_limits,
}
_RIDGES = {
    TeacherStudent: teacher_student_ridge,
    CorrelatedInputs: correlated_ridge,
    RandomFeatures: correlated_ridge,
    PowerLawInputs: power_law_ridge,
}
_EDGES = {
    TeacherStudent: stable_teacher_student,
    CorrelatedInputs: stable_correlated,
    RandomFeatures: stable_features,
    PowerLawInputs: stable_power_law,
    DiagonalNetwork: stable_diagonal_network,
    SparseTask: stable_sparse_task,
}

__all__ = ["forecast", "limits", "ridge", "simulate", "solve", "stable_below", "valid_at"]


def solve(
    problem: Problem, x: Times, *, dynamics: ByModes | OnePass = FLOW, method: Method | None = None, throw: bool = True
) -> Solution:
    """Learning curves of a linear student at `x`.

    Parameters
    ----------
    problem : TeacherStudent, DeepLinear, CorrelatedInputs, RandomFeatures, PowerLawInputs, DiagonalNetwork, SparseTask
        What is studied.
    x : array_like
        (T,), sorted, >= 0: times in tau under flow, whole steps under descent.
    dynamics : GradientFlow, GradientDescent or OnePass, default GradientFlow()
        `GradientDescent(...)` is taken by TeacherStudent alone, `OnePass(...)` by CorrelatedInputs and
        PowerLawInputs with samples = inf, and those by it alone.
    method : optional
        Leave it out: every Problem has one of its own (`linear.methods`). A DiagonalNetwork is solved by `DualFlow()`,
        the flow itself, or by `Interpolator()`, what it follows once its train loss has fallen.
    throw : bool, default True
        False hands a failed Solution back instead of raising `SolveFailed`.

    Returns
    -------
    Solution
        Curves `train_loss`, `test_loss`, `weight_norm` (TeacherStudent also `test_bias`, `test_variance`,
        `train_bias`; DeepLinear also `upper_norm`; diagonal networks `scale`, `l1_norm`, `weight_error` in place of
        `weight_norm`, and SparseTask `proximal_weight`) with their numerical errors (from half the nodes, two
        tolerances or contours). Goes through `jax.jit`, `jax.vmap` (over fields or x) and `jax.grad`, also at
        samples_per_dim = 1; out-of-range traced values give nan.

    Raises
    ------
    BadValue
        Naming the argument.
    Float64Required
        Where JAX computes in float32.
    SolveFailed
        Where there is no trustworthy answer.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> theory = solve(TeacherStudent(samples_per_dim=0.5, snr=5.0), [0.0, 10.0])
    >>> print([f"{loss:.12f}" for loss in theory["test_loss"]])
    ['6.000000000000', '4.333484019821']
    """
    solver = _pick("solve", problem, _SOLVERS)
    if isinstance(dynamics, OnePass) and type(problem) in _ONE_PASS:
        return _ONE_PASS[type(problem)](problem, x, dynamics, method, throw=throw)
    own = the_method(problem, method)
    chosen = {"method": own} if isinstance(problem, (DiagonalNetwork, SparseTask)) else {}
    return solver(problem, x, dynamics, throw=throw, **chosen)


def simulate(
    problem: Problem,
    x: Times,
    *,
    dynamics: ByModes | OnePass = FLOW,
    runs: int,
    key: Array,
    dim: int | None = None,
) -> Ensemble:
    """Real runs of the same problem: drawn data, teacher, noise and start, trained exactly, at finite size.

    Parameters
    ----------
    problem : TeacherStudent, DeepLinear, CorrelatedInputs, RandomFeatures, PowerLawInputs, DiagonalNetwork, SparseTask
        As in `solve`. Nothing in a DiagonalNetwork is drawn: its runs are one network, trained once.
    x : array_like
        (T,), as in `solve`.
    dynamics : GradientFlow, GradientDescent or OnePass, default GradientFlow()
        As in `solve`; diagonal networks are trained by `GradientDescent(...)` too, step by step.
    runs : int
        How many, at least 1.
    key : Array
        A `jax.random.key`; run i uses `fold_in(key, i)`, so run 7 is the same among 8 or 800.
    dim : int, optional
        N, the number of weights; `samples_per_dim * dim` must be a whole number. Left out for CorrelatedInputs,
        RandomFeatures, PowerLawInputs and DiagonalNetwork, whose size is their own.

    Returns
    -------
    Ensemble
        The curves of `solve`, `valid` marking where theory speaks at this size.

    Raises
    ------
    BadValue
        Naming the argument (and the nearest usable `dim`).
    Float64Required
        Where JAX computes in float32.
    TooLarge
        Before a large allocation.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> real = simulate(TeacherStudent(2.0, 5.0), [0.0, 1.0], runs=3, key=jax.random.key(0), dim=20)
    >>> real["test_loss"].shape
    (3, 2)
    """
    run = _pick("simulate", problem, _EXPERIMENTS)
    return mark_valid(run(problem, x, dynamics, runs=runs, key=key, dim=dim))


def forecast(
    problem: Problem,
    x: Times,
    *,
    dim: int | None = None,
    width: None = None,
    dynamics: ByModes | OnePass = FLOW,
    level: float = 0.9,
    draws: int | None = None,
    key: Array | None = None,
    test_samples: int | None = None,
    curves: Sequence[str] = LOSSES,
) -> Forecast:
    """The band in which the losses of one run lie: every run has its own data, noise and teacher.

    Of a TeacherStudent from theory alone, of the other Problems from draws of `simulate`.

    Parameters
    ----------
    problem : TeacherStudent, DeepLinear, CorrelatedInputs, RandomFeatures or PowerLawInputs
        What is run.
    x : array_like
        (T,), as in `solve`.
    dim : int, optional
        N, the number of weights; `samples_per_dim * dim` must be a whole number. Left out for CorrelatedInputs,
        RandomFeatures and PowerLawInputs, whose size is their own.
    width : None, default None
        A linear student has no hidden layer: only None is taken.
    dynamics : GradientFlow, GradientDescent or OnePass, default GradientFlow()
        As in `solve`.
    level : float, default 0.9
        Probability that one run's whole curve lies inside its band, in (0, 1).
    draws : int, optional
        Of a TeacherStudent: curves that are drawn from the theory's law and kept, of which times are told; 1000 if left
        out. Of the others: runs that are drawn; 48 if left out, and noted below 24.
    key : Array, optional
        Of these draws; the same ones if left out.
    test_samples : int, optional
        How many fresh noisy samples the run's test loss is measured on; left out, it is taken for exact. The train loss
        of a run under OnePass is that of one batch.
    curves : sequence of str, default ("train_loss", "test_loss")
        Which of these to forecast.

    Returns
    -------
    Forecast
        Bands of `train_loss` and `test_loss`, `.crossing(...)` and `.delay(...)`.

    Raises
    ------
    BadValue
        For an argument out of its range, naming it, and where a loss is not self-averaging at this size: late train
        losses of fewer samples than weights, with what may be changed.
    SolveFailed
        Where float64 ends, or a variance is negative (too few weights for an expansion in 1/N).
    Float64Required
        Where JAX computes in float32.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> told = forecast(TeacherStudent(samples_per_dim=2.0, snr=5.0), [0.0, 1.0, 5.0], dim=100)
    >>> low, high = told["test_loss"].low[-1], told["test_loss"].high[-1]
    >>> bool(low < told["test_loss"].median[-1] < high < 2 * low)
    True
    """
    # Nothing in a DiagonalNetwork is drawn: its runs have no band.
    drawn = {kind: run for kind, run in _EXPERIMENTS.items() if kind is not DiagonalNetwork}
    experiment = _pick("forecast", problem, drawn)
    if width is not None:
        raise BadValue(f"width is {width!r}, but a linear student has no hidden layer. Leave width out.")
    theory = isinstance(problem, TeacherStudent)
    make = forecast_teacher_student if theory else partial(forecast_from_draws, experiment)
    return make(
        problem, x, dynamics, dim=dim, level=level, draws=draws, key=key, test_samples=test_samples, curves=curves
    )


def limits(problem: Problem) -> Losses | DeepLosses:
    """Where the flow ends, t -> inf; with weight decay this is ridge regression at that penalty.

    Parameters
    ----------
    problem : TeacherStudent, DeepLinear, CorrelatedInputs, RandomFeatures or PowerLawInputs
        As in `solve`.

    Returns
    -------
    Losses or DeepLosses
        `.train_loss`, `.test_loss` (inf at samples_per_dim = 1), `.weight_norm`; DeepLinear also has `.upper_norm`.

    Raises
    ------
    BadValue
        For an argument out of its range, named with what is allowed.
    SolveFailed
        Where float64 ends.
    Float64Required
        Where JAX computes in float32.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> print(limits(TeacherStudent(samples_per_dim=2.0, snr=5.0)).test_loss)
    2.0
    """
    return _pick("limits", problem, _LIMITS)(problem)


def ridge(problem: TeacherStudent | CorrelatedInputs | RandomFeatures | PowerLawInputs, penalty: ArrayLike) -> Losses:
    """Ridge regression with the penalty g of norm(y - wX)^2 + g norm(w)^2.

    Parameters
    ----------
    problem : TeacherStudent, CorrelatedInputs, RandomFeatures or PowerLawInputs
        Its `inr` and `weight_decay` are ignored.
    penalty : array_like
        g >= 0; 0 is the limit g -> 0.

    Returns
    -------
    Losses
        `.train_loss`, `.test_loss`, `.weight_norm`.

    Raises
    ------
    BadValue
        For an argument out of its range, named with what is allowed.
    SolveFailed
        Where float64 ends.
    Float64Required
        Where JAX computes in float32.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> print(f"{ridge(TeacherStudent(samples_per_dim=0.9, snr=5.0), 0.2).test_loss:.10f}")
    3.0000000000
    """
    return _pick("ridge", problem, _RIDGES)(problem, penalty)


def _pick(verb: str, problem: object, solvers: dict[type, Any]) -> Callable:
    if type(problem) not in solvers:
        names = ", ".join(kind.__name__ for kind in solvers)
        raise BadValue(
            f"problem is a {type(problem).__name__}, but grok_theory.linear.{verb} takes {names}. Pass one of them."
        )
    return solvers[type(problem)]


def stable_below(
    problem: TeacherStudent | CorrelatedInputs | RandomFeatures | PowerLawInputs | DiagonalNetwork | SparseTask,
) -> Array:
    """The learning rate below which descent is stable, in the units of the Problem: 2 over the largest curvature.

    Parameters
    ----------
    problem : TeacherStudent, CorrelatedInputs, RandomFeatures, PowerLawInputs, DiagonalNetwork or SparseTask
        What is studied. Of a DeepLinear the curvature moves with its layers, and no such number is known. Of a diagonal
        network it moves too, and the largest at the start and where the data are fitted counts.

    Returns
    -------
    Array
        For large sizes; the largest eigenvalue of one draw differs by about the power -2/3 of the smaller size.

    Raises
    ------
    BadValue
        For another Problem.

    Examples
    --------
    >>> print(f"{float(stable_below(TeacherStudent(samples_per_dim=1.0, snr=1.0))):.3f}")
    0.500
    """
    return _pick("stable_below", problem, _EDGES)(problem)


def valid_at(problem: Problem, x: Times, *, dim: int, dynamics: ByModes | OnePass = FLOW) -> Valid:
    """Where the theory of a Problem speaks about runs of a size, as `simulate` marks it in `Ensemble.valid`.

    Parameters
    ----------
    problem : TeacherStudent, DeepLinear, CorrelatedInputs, RandomFeatures, PowerLawInputs, DiagonalNetwork, SparseTask
        What is studied.
    x : array_like
        (T,) as in `solve`.
    dim : int
        N, the number of weights; the samples are the nearest whole number to samples_per_dim * dim, or those of the
        Problem, whose modes, features or columns `dim` must count.
    dynamics : GradientFlow, GradientDescent or OnePass, default GradientFlow()
        As in `solve`; under OnePass theory is exact at every size.

    Returns
    -------
    Mapping[str, ndarray]
        Curve -> (T,) booleans.

    Raises
    ------
    BadValue
        For a `dim` that is no whole number of at least 1, or another one than a Problem with sizes of its own has.

    Examples
    --------
    >>> from grok_theory.linear import TeacherStudent
    >>> print(valid_at(TeacherStudent(0.5, 5.0), [1.0, 100.0], dim=100)['train_loss'])
    [ True False]
    """
    return valid_by_size(problem, x, dim, dynamics)
