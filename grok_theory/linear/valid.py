"""Where theory speaks about runs of a given size: made from both, for it belongs to neither."""

import dataclasses
from collections.abc import Mapping

import numpy as np
from jax.typing import ArrayLike

from ..checks import check_integer
from ..dynamics import GradientDescent, GradientFlow, check_dynamics, check_x
from ..errors import BadValue
from ..numerics.padding import as_numbers
from ..numerics.spectra import FAR, SpectralRule, marchenko_pastur_rule
from ..results import Ensemble
from .checked import check_finite_samples
from .closed_forms import late_train_loss
from .covariance import solve_correlated
from .curve_names import CORRELATED_CURVES, CURVES, DEEP_CURVES, NETWORK_CURVES, ONE_PASS_CURVES
from .curves import STEP, curve_values
from .depth import solve_deep_linear
from .diagonal.methods import StateEvolution
from .diagonal.problem import DiagonalNetwork, SparseTask
from .diagonal.state_evolution import solve_sparse_task
from .methods import Problem
from .mode_relaxation import ByModes, elapsed
from .one_pass_dynamics import OnePass, check_one_pass
from .power_law_problem import PowerLawInputs
from .problem import DeepLinear, TeacherStudent
from .regression_problem import CorrelatedInputs, RandomFeatures
from .ridge_regression import ridge_losses

__all__ = ["mark_valid", "valid_by_size", "where_theory_speaks"]

Valid = Mapping[str, np.ndarray]  # curve -> (times,) booleans
# Time constants after which a diagonal network has fitted its data, and how large its decay may be against the root
# mean square error of a weight: the error of theory is about 0.7 of that ratio.
FITTED, DECAY_SHARE = 10.0, 0.02
# Share of its start below which the train loss of fewer samples than modes is one eigenvalue's.
DECAYED = {CorrelatedInputs: 0.01, PowerLawInputs: 0.01, RandomFeatures: 0.1}


def mark_valid(runs: Ensemble) -> Ensemble:
    """The same runs with `valid`: per curve and time, whether the theory of their Problem describes their size.

    Parameters
    ----------
    runs
        What a `simulate_...` of this wing made; its `stats` hold the sizes.

    Returns
    -------
    Ensemble
        Equal to `runs` but for `valid`.
    """
    kind = type(runs.problem)
    if kind is TeacherStudent:
        dim, samples = runs.stats["dim"], runs.stats["samples"]
        valid = where_theory_speaks(runs.problem, runs.dynamics, runs.x, dim, samples)  # type: ignore[arg-type]
    elif kind is DeepLinear:
        valid = _of_layers(runs.problem, runs.x, runs.stats["dim"], runs.stats["samples"])
    elif kind is DiagonalNetwork:
        valid = dict.fromkeys(runs.curves, np.ones(np.shape(runs.x), bool))
    elif kind is SparseTask:
        valid = _of_interpolator(runs.problem, _times(runs.problem, runs.dynamics, runs.x))  # type: ignore[arg-type]
    else:
        valid = _of_spectrum(runs)
    return dataclasses.replace(runs, valid=valid)


def where_theory_speaks(problem: TeacherStudent, dynamics: ByModes, times: ArrayLike, dim: int, samples: int) -> Valid:
    """Per curve and time, whether the N -> inf curve of a `TeacherStudent` describes runs of this size.

    Losses that decay to nothing stop self-averaging at t ~ N^(2/3), where the smallest eigenvalue of the single run
    decides; at alpha = 1 (abs(N - P) <= 3) every curve does so at t ~ 0.01 N^2.

    Parameters
    ----------
    problem
        What was run.
    dynamics
        `GradientFlow()` or `GradientDescent(...)`.
    times
        (times,) in tau under flow, whole steps under descent.
    dim
        N, the number of weights.
    samples
        P, the number of samples.

    Returns
    -------
    Valid
        Curve -> (times,) booleans.
    """
    clock = np.asarray(elapsed(problem, dynamics, np.asarray(times, float)))
    if abs(dim - samples) <= 3:
        early = clock <= 0.01 * dim**2
        return dict.fromkeys(CURVES, early)
    early = clock <= 0.25 * dim ** (2 / 3)
    if early.all():
        return dict.fromkeys(CURVES, early)
    # By NumPy: a run need not wait for the curves to be compiled.
    numbers = as_numbers(problem)
    rule = marchenko_pastur_rule(numbers.samples_per_dim, step=STEP, left=FAR)
    with np.errstate(all="ignore"):  # far modes are nothing at late times
        theory = curve_values(numbers, as_numbers(dynamics), np.asarray(times, float), rule)
        ends = _decaying_ends(numbers, rule)
    return {
        # Later it is still described as long as what decays is no more than a tenth of what stays.
        name: early | (theory[name] <= 1.1 * ends[name]) if name in ends else np.ones_like(early)
        for name in CURVES
    }


def _decaying_ends(problem: TeacherStudent, rule: SpectralRule) -> dict[str, float]:
    """Late values of the curves that may decay; the two biases are only known to stay somewhere without decay."""
    if float(problem.weight_decay) > 0:
        return {"train_loss": float(ridge_losses(problem, problem.weight_decay, rule).train_loss)}
    frozen = max(0.0, 1 - float(problem.samples_per_dim)) * float(problem.snr + problem.inr)
    unit = float(problem.noise) ** 2
    return {
        "train_loss": unit * float(late_train_loss(problem.samples_per_dim)),
        "train_bias": 0.0,
        "test_bias": unit * frozen,
    }


def valid_by_size(problem: Problem, x: ArrayLike, dim: int, dynamics: ByModes | OnePass) -> Valid:
    """Per curve and x, whether theory describes runs of `dim` weights and round(samples_per_dim * dim) samples.

    Of Problems with sizes of their own the theory's train loss stands for the mean of the runs.

    Raises
    ------
    BadValue
        For a `dim` that is no whole number of at least 1, or another one than the Problem has.
    """
    dim = check_integer("dim", dim, 1, "Pass the number of weights N.")
    kind = type(problem)
    problem = problem.correlated() if isinstance(problem, PowerLawInputs) else problem
    if isinstance(dynamics, OnePass) and isinstance(problem, CorrelatedInputs):
        check_one_pass(problem, dynamics, x)
        _check_modes(problem, dim)
        return {name: np.ones(np.shape(x), bool) for name in ONE_PASS_CURVES}
    check_dynamics(dynamics, (GradientFlow, GradientDescent), "valid_at")
    check_x(dynamics, x)
    if isinstance(problem, TeacherStudent):
        samples = max(1, round(float(problem.samples_per_dim) * dim))
        return where_theory_speaks(problem, dynamics, x, dim, samples)
    if isinstance(problem, DeepLinear):
        return _of_layers(problem, x, dim, max(1, round(float(problem.samples_per_dim) * dim)))
    if isinstance(problem, SparseTask):
        return _of_interpolator(problem, _times(problem, dynamics, x))
    if isinstance(problem, DiagonalNetwork):
        columns = np.shape(problem.inputs)[1]
        if dim != columns:
            raise BadValue(f"dim is {dim}, but the inputs of the Problem have {columns} columns. Pass {columns}.")
        names = NETWORK_CURVES[: 3 if problem.teacher is None else 5]
        return {name: np.ones(np.shape(x), bool) for name in names}
    if not isinstance(problem, (CorrelatedInputs, RandomFeatures)):
        raise BadValue(
            f"problem is a {type(problem).__name__}, but valid_at takes TeacherStudent, DeepLinear, CorrelatedInputs, "
            "RandomFeatures, PowerLawInputs, DiagonalNetwork and SparseTask. Pass one of them."
        )
    check_finite_samples(problem, "valid_at")
    modes = _check_modes(problem, dim)
    valid = {name: np.ones(np.shape(x), bool) for name in CORRELATED_CURVES}
    if float(problem.samples) < modes:
        times = np.concatenate([[0.0], np.asarray(x, float)])
        mean = np.asarray(solve_correlated(problem, times)["train_loss"])
        valid["train_loss"] = mean[1:] > DECAYED[kind] * mean[0]
    return valid


def _check_modes(problem: CorrelatedInputs | RandomFeatures, dim: int) -> int:
    """How many modes or features there are, which `dim` must be."""
    modes = np.shape(problem.spectrum if isinstance(problem, CorrelatedInputs) else problem.features)[0]
    if dim != modes:
        raise BadValue(f"dim is {dim}, but the Problem has {modes} modes or features. Pass {modes}.")
    return modes


def _of_layers(problem: DeepLinear, x: ArrayLike, dim: int, samples: int) -> Valid:
    """Of a deep network: the clock of the modes is int v^2 dt, not t."""
    clock = np.asarray(solve_deep_linear(problem, x).stats["clock"])
    valid = {name: np.ones(clock.shape, bool) for name in DEEP_CURVES}
    if abs(dim - samples) <= 3:
        valid = {name: clock <= 0.01 * dim**2 for name in DEEP_CURVES}
    elif samples < dim:
        valid["train_loss"] = clock <= 0.25 * dim ** (2 / 3)
    return valid


def _times(problem: SparseTask, dynamics: ByModes, x: ArrayLike) -> np.ndarray:
    """x in units of tau."""
    worth = 1.0 if isinstance(dynamics, GradientFlow) else problem.tau_per_step(dynamics)
    return np.asarray(worth) * np.asarray(x, float)


def _of_interpolator(problem: SparseTask, times: np.ndarray) -> Valid:
    """Of a network on a sparse teacher: once it has fitted its data, and while what decay keeps unfitted is small.

    The train loss of an interpolator is zero, and that of a network is not: it is never described.
    """
    start, decay, delta = (float(v) for v in (problem.start, problem.weight_decay, problem.samples_per_dim))
    # Slowest rate of the fit while u and v are as at the start.
    fitted = 8 * start**2 * (1 / np.sqrt(delta) - 1) ** 2 * times >= FITTED
    theory = solve_sparse_task(problem, times, method=StateEvolution())
    near = decay <= DECAY_SHARE * np.sqrt(np.asarray(theory["weight_error"]))
    valid = {name: fitted & near for name in NETWORK_CURVES}
    return valid | {"scale": np.ones(times.shape, bool), "train_loss": np.zeros(times.shape, bool)}


def _of_spectrum(runs: Ensemble) -> Valid:
    """Of correlated inputs or features: with fewer samples than modes, while much of the train loss is left."""
    valid = {name: np.ones(np.shape(runs.x), bool) for name in runs.curves}
    if runs.stats["samples"] < runs.stats["modes"]:
        # Once little is left of the train loss, the smallest eigenvalue of the single run decides it.
        mean = runs["train_loss"].mean(0)
        valid["train_loss"] = mean > DECAYED[type(runs.problem)] * mean[0]
    return valid
