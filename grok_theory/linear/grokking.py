"""When a linear student groks: two clocks, and the delay between them.

With weight decay, alpha < 1 and large initial weights the train error falls within a
few 1/l-, the test error only when the weights that see no data have decayed, at the rate of the decay.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from ..checks import check_between, check_positive, check_shape, is_traced, require_float64
from ..dynamics import GradientDescent
from ..errors import BadValue
from ..numerics.crossings import last_above
from ..numerics.programs import compiled
from ..numerics.spectra import FAR, SpectralRule, marchenko_pastur_rule
from ..pytrees import as_arrays, record
from .checked import FAINT, check_single, is_legal
from .closed_forms import noiseless_ratio
from .curves import STEP, curve_values
from .descent_clocks import LAST_STEP, first_step_below, read_steps, refuse_traced
from .diagonal.clocks import network_clocks, task_clocks
from .diagonal.problem import DiagonalNetwork, SparseTask
from .lost import refuse_lost
from .mode_relaxation import FLOW, ByModes, check
from .problem import TeacherStudent
from .ridge_regression import teacher_student_limits
from .two_clocks import GrokkingTime

__all__ = ["GrokkingTime", "NoiselessDelay", "grokking_time", "noiseless_delay"]

SCAN = 1000  # log-spaced times that are scanned
LATEST = 620.0  # e^620 = 1e269 tau: there the rule ends close to alpha = 1
LOST = (
    "The fields, noise^2, the decay or the tolerance are too large or too small: bring them nearer to 1. Where "
    "training ends stands in limits(problem)."
)


def _scanned(rule: SpectralRule, decay: ArrayLike) -> Float[Array, " scan"]:
    """Logarithms of times from before the fastest mode has moved until all have ended."""
    slowest = jnp.maximum(jnp.where(decay > 0, decay, rule.lower), 1e-300)
    last = jnp.minimum(jnp.log(800.0) - jnp.log(slowest), LATEST)
    return jnp.linspace(jnp.log(1e-17) - jnp.log(rule.upper + decay), last, SCAN)


def _last_time(curve: Callable[[Array], Array], threshold: Array, grid: Float[Array, " scan"]) -> Array:
    """The last time at which curve(log t) > threshold: 0 if it starts below and stays there, inf if it never ends."""
    log_time, never, always = last_above(curve, threshold, grid)
    return jnp.where(never, 0.0, jnp.where(always, jnp.inf, jnp.exp(log_time)))


@compiled
def _clocks(problem: TeacherStudent, train_fraction: Array, test_factor: Array) -> tuple[Array, Array, Array]:
    rule = marchenko_pastur_rule(problem.samples_per_dim, step=STEP, left=FAR)
    grid = _scanned(rule, problem.weight_decay)

    def curve(name):
        return lambda log_times: curve_values(problem, FLOW, jnp.exp(log_times), rule)[name]

    start = problem.noise**2 * (1 + problem.snr + problem.inr)
    end = teacher_student_limits(problem).test_loss
    train = _last_time(curve("train_loss"), train_fraction * start, grid)
    # Without decay at alpha = 1 the test error never ends, and has no clock.
    ends = end < jnp.inf
    test = jnp.where(ends, _last_time(curve("test_loss"), test_factor * jnp.where(ends, end, 1.0), grid), jnp.nan)
    # In units of noise^2: what the frozen weights add against what the end allows.
    frozen = jnp.maximum(1 - problem.samples_per_dim, 0.0) * problem.inr * problem.noise**2
    estimate = jnp.log(frozen / ((test_factor - 1) * end)) / (2 * problem.weight_decay)
    estimate = jnp.where((frozen > 0) & (problem.weight_decay > 0), estimate, jnp.nan)
    slow = (problem.weight_decay > 0) & (problem.weight_decay < 1000 * jnp.exp(-LATEST))  # beyond what is scanned
    legal = is_legal(problem) & ~slow
    return tuple(jnp.where(legal, value, jnp.nan) for value in (train, test, estimate))


def grokking_time(
    problem: TeacherStudent | DiagonalNetwork | SparseTask,
    *,
    train_fraction: ArrayLike = 0.01,
    test_factor: ArrayLike = 2.0,
    test_fraction: ArrayLike | None = None,
    dynamics: ByModes = FLOW,
) -> GrokkingTime:
    """When the train error has fallen, when the test error has, and the delay: grokking by weight decay.

    `train_time` is the last time with train_loss > `train_fraction` * (its start), `test_time` the last time with
    test_loss > `test_factor` * (its end); inf if that never ends (before 1e269 tau), 0 if it never begins, nan for the
    test error at samples_per_dim = 1 without decay, whose end is infinite. `estimate` =
    ln[(1 - alpha) INR/((f - 1) E_inf)]/(2 g), f = `test_factor`, holds for INR >> SNR, alpha < 1 and small g.

    Under `GradientDescent` the clocks are the whole steps from which on the losses are never above again (inf from
    2^52 steps on), and `estimate` is in steps too.

    The test error of diagonal networks is that of the interpolator at the scale beta: it is last above the larger of
    `test_factor` * (its end at small scales) and `test_fraction` * (its start, that of w = 0) at a scale beta* that
    knows neither start nor decay, and `test_time` = `estimate` = ln(start^2/beta*)/(2 weight_decay) (`scale_time`).
    SparseTask has no train loss, and `train_time` 0.

    Parameters
    ----------
    problem : TeacherStudent, DiagonalNetwork or SparseTask
        With weight decay, large initial weights and fewer samples than weights it groks. A DiagonalNetwork needs its
        `teacher`.
    train_fraction : array_like, default 0.01
        Share of its start below which the train error counts as fallen, in (0, 1).
    test_factor : array_like, default 2.0
        Multiple of its end below which the test error counts as fallen, > 1.
    test_fraction : array_like, optional
        Of diagonal networks, whose test error may end at zero: share of its start below which it counts as fallen, in
        (0, 1); 0.01 if left out.
    dynamics : GradientFlow or GradientDescent, default GradientFlow()
        As in `solve`; under descent nothing may be traced.

    Returns
    -------
    GrokkingTime
        Times in units of tau, relative error below 1e-10 where the curve crosses steeply; under flow differentiable in
        every field and level.

    Raises
    ------
    BadValue
        For values out of range.
    SolveFailed
        Where float64 ends.
    Float64Required
        Where JAX computes in float32.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> clocks = grokking_time(TeacherStudent(0.9, snr=100.0, inr=1e4, weight_decay=1e-2))
    >>> print(f"{clocks.train_time:.4f} {clocks.test_time:.3f} {clocks.estimate:.3f}")
    4.4705 206.368 205.323
    """
    require_float64("grok_theory.linear.grokking_time")
    share = "Pass a share, for example 0.01."
    check_between("train_fraction", train_fraction, 0, 1, share, include_low=False, include_high=False)
    check_positive("test_factor", test_factor, "Pass a factor above 1, for example 2.0.")
    check_between("test_factor", test_factor, 1, np.inf, "Pass a factor above 1, for example 2.0.", include_low=False)
    if isinstance(problem, (DiagonalNetwork, SparseTask)):
        fraction = 0.01 if test_fraction is None else test_fraction
        check_between("test_fraction", fraction, 0, 1, share, include_low=False, include_high=False)
        clocks = network_clocks if isinstance(problem, DiagonalNetwork) else task_clocks
        return clocks(problem, dynamics, train_fraction, test_factor, fraction)
    check_single(problem, "grokking_time", TeacherStudent)
    if test_fraction is not None:
        raise BadValue(
            f"test_fraction is {test_fraction!r}, but the test error of a TeacherStudent is measured from its end, "
            "which is never zero. Leave test_fraction out and pass test_factor."
        )
    check(problem, dynamics, [0.0], "grokking_time")
    levels = jnp.asarray(train_fraction, float), jnp.asarray(test_factor, float)
    train, test, estimate = _clocks(as_arrays(problem), *levels)
    if isinstance(dynamics, GradientDescent):
        refuse_traced(problem, dynamics, "grokking_time")
        train, test = _steps(problem, dynamics, *(float(level) for level in levels))
        estimate = estimate / problem.tau_per_step(dynamics)
    refuse_lost(train, "grokking_time", LOST)
    delay = jnp.where(jnp.isinf(train), jnp.nan, test - train)
    meaningless = not is_traced(estimate) and bool(jnp.all(jnp.isnan(estimate)))
    return GrokkingTime(train, test, delay, None if meaningless else estimate)


def _steps(
    problem: TeacherStudent, dynamics: GradientDescent, train_fraction: float, test_factor: float
) -> tuple[Array, Array]:
    """Both clocks in whole steps."""
    start = float(problem.noise) ** 2 * (1 + float(problem.snr) + float(problem.inr))
    end = float(teacher_student_limits(problem).test_loss)
    below = {"train_loss": train_fraction * start, "test_loss": test_factor * end}
    train, test = (
        first_step_below(read_steps(problem, dynamics, name), level, LAST_STEP) if level < np.inf else np.nan
        for name, level in below.items()
    )
    return jnp.asarray(train), jnp.asarray(test)


@record()
class NoiselessDelay:
    """When the train and the test accuracy of a noiseless learner arrive, in units of tau, and the delay between.

    Parameters
    ----------
    train_time : Array
        () last time at which the train accuracy is below its level.
    test_time : Array
        () the same of the test accuracy; inf where it never arrives.
    delay : Array
        () `test_time` - `train_time`.
    estimate : Array
        () the closed form ln(alpha/l-)/(2 l-) of the delay; inf at samples_per_dim <= 1.
    """

    train_time: Array
    test_time: Array
    delay: Array
    estimate: Array


@compiled
def _noiseless(samples_per_dim: Array, tolerance: Array, accuracy: Array) -> NoiselessDelay:
    problem = as_arrays(TeacherStudent(samples_per_dim, 1.0))
    rule = marchenko_pastur_rule(samples_per_dim, step=STEP, left=FAR)
    grid = _scanned(rule, jnp.zeros(()))
    # Errors are Gaussian: a share erf(tolerance/sqrt(2 v)) lies within the tolerance when their variance is v.
    variance = tolerance**2 / (2 * jax.scipy.special.erfinv(accuracy) ** 2)

    def curve(name):
        return lambda log_times: curve_values(problem, FLOW, jnp.exp(log_times), rule)[name]

    train = _last_time(curve("train_bias"), variance, grid)
    test = _last_time(curve("test_bias"), variance, grid)
    above = samples_per_dim > 1
    safe = jnp.where(above, samples_per_dim, 2.0)
    estimate = jnp.where(above, jnp.log(noiseless_ratio(safe)) / (2 * rule.lower), jnp.inf)
    answer = NoiselessDelay(train, test, test - train, estimate)
    # Curves underflow below: they would cross where float64 ends. No accuracy of 1 or more has a variance above it.
    legal = (samples_per_dim > 0) & (tolerance > 0) & (accuracy > 0) & (variance > FAINT)
    return jax.tree_util.tree_map(lambda value: jnp.where(legal, value, jnp.nan), answer)


def noiseless_delay(samples_per_dim: ArrayLike, tolerance: ArrayLike, *, accuracy: ArrayLike = 0.95) -> NoiselessDelay:
    """Grokking near the interpolation threshold without noise or decay: accuracy on the training set comes first.

    Accuracy is the share of points with abs(error) below `tolerance`; the student starts from zero. Both errors fall as
    exp(-2 l- t) t^(-3/2), so for small tolerances the times at which they pass one level are ln(alpha/l-)/(2 l-) apart
    (corrections fall as one over the time): the delay of Levi et al., which diverges as alpha -> 1.

    Parameters
    ----------
    samples_per_dim : array_like
        alpha > 0. For alpha < 1 the test accuracy may never arrive: inf (or later than 1e269 tau).
    tolerance : array_like
        > 0, from about 1e-145, in units of the standard deviation of the teacher's output.
    accuracy : array_like, default 0.95
        The share at which the clocks are read, in (0, 1).

    Returns
    -------
    NoiselessDelay
        Both times, the delay and its closed form, in units of tau; differentiable in all three.

    Raises
    ------
    BadValue
        For values out of range.
    SolveFailed
        Where float64 ends.
    Float64Required
        Where JAX computes in float32.

    References
    ----------
    Levi, Beck & Bar-Sinai, arXiv:2310.16441.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> clocks = noiseless_delay(1.5, 1e-3)
    >>> print(f"{clocks.delay:.2f} {clocks.estimate:.2f}")
    26.88 33.57
    """
    require_float64("grok_theory.linear.noiseless_delay")
    remedy = "Use jax.vmap for many values."
    for name, value in (("samples_per_dim", samples_per_dim), ("tolerance", tolerance), ("accuracy", accuracy)):
        check_shape(name, value, (), remedy)
    check_positive("samples_per_dim", samples_per_dim, "Pass samples / dim, for example 1.2.")
    check_positive("tolerance", tolerance, "Pass an error in units of the teacher's output, for example 1e-3.")
    share = "Pass a share, for example 0.95."
    check_between("accuracy", accuracy, 0, 1, share, include_low=False, include_high=False)
    answer = _noiseless(*(jnp.asarray(value, float) for value in (samples_per_dim, tolerance, accuracy)))
    refuse_lost(answer.train_time, "noiseless_delay", LOST)
    return answer
