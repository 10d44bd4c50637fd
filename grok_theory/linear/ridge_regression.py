"""Where training ends: limits of the flow, ridge regression at any penalty, and the best penalty.

A flow with weight decay g ends at ridge regression with penalty g.
"""

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array

from ..checks import check_non_negative, check_shape, require_float64
from ..numerics.edges import kinked, moved_only
from ..numerics.padding import AnyArray, as_numbers, namespace
from ..numerics.programs import compiled
from ..numerics.spectra import FAR, SpectralRule, marchenko_pastur_rule, spectral_edges, stieltjes
from ..pytrees import record
from .checked import check_single, is_legal
from .closed_forms import late_test_loss, late_train_loss, late_weight_norm
from .curves import STEP
from .lost import refuse_lost
from .problem import TeacherStudent

__all__ = ["Losses", "OptimalRidge", "optimal_ridge", "ridge_losses", "teacher_student_limits", "teacher_student_ridge"]


SMALLEST_PENALTY = 1e-270
LOST = (
    "The fields, noise^2 or the penalty are too large or too small: bring them nearer to 1 (1e-140 and 1e140 are safe)."
)


@record()
class Losses:
    """Where training or ridge regression ends.

    Parameters
    ----------
    train_loss : Array
        () mean square error on the training set, in label units squared, without the penalty.
    test_loss : Array
        () expected square error on a fresh noisy label, in label units squared; inf at the interpolation peak.
    weight_norm : Array
        () w.w over the number of weights; inf at the interpolation peak.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> from grok_theory import linear
    >>> end = linear.limits(linear.TeacherStudent(0.5, 5.0))
    >>> print(end.train_loss, end.test_loss)
    0.0 4.5
    """

    train_loss: Array
    test_loss: Array
    weight_norm: Array


@record()
class OptimalRidge:
    """The penalty with the least test error, and that error.

    Parameters
    ----------
    penalty : Array
        () the penalty; inf without signal: predict nothing.
    test_loss : Array
        () its test error, in label units squared.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> from grok_theory import linear
    >>> best = linear.optimal_ridge(linear.TeacherStudent(0.5, 5.0))
    >>> print(f"{best.penalty:.1f} {best.test_loss:.3f}")
    0.2 4.108
    """

    penalty: Array
    test_loss: Array


def ridge_losses(problem: TeacherStudent, penalty: AnyArray, rule: SpectralRule) -> Losses:
    """Ridge at one penalty g > 0: E_g = 1 + int rho (SNR g^2 + l)/(l+g)^2, and its companions, times noise^2."""
    xp = namespace(problem, penalty, rule)
    l, w, snr, alpha = rule.eigenvalues, rule.weights, problem.snr, problem.samples_per_dim
    # sqrt(l)/(l + g) is squared, not 1/(l + g): that overflows at g = 1e-200.
    kept, learned, heard = penalty / (l + penalty), l / (l + penalty), xp.sqrt(l) / (l + penalty)
    test = 1 + xp.sum(w * (snr * kept**2 + heard**2)) + rule.atom * snr
    train = xp.sum(w * (l * snr + 1) * kept**2) / alpha + late_train_loss(alpha)
    norm = xp.sum(w * (snr * learned**2 + heard**2))
    unit = problem.noise**2
    return Losses(unit * train, unit * test, unit * norm)


def _ridgeless(problem: TeacherStudent, inr: Array) -> Losses:
    unit, alpha = problem.noise**2, problem.samples_per_dim
    return Losses(
        unit * late_train_loss(alpha),
        unit * late_test_loss(alpha, problem.snr + inr),
        unit * late_weight_norm(alpha, problem.snr, inr),
    )


def _end(problem: TeacherStudent, penalty: Array, inr: Array) -> Losses:
    """The end at `penalty`, chosen element-wise so that a traced penalty may be zero; nan where out of range."""
    rule = marchenko_pastur_rule(problem.samples_per_dim, step=STEP, left=FAR)
    none, at_threshold = penalty == 0, problem.samples_per_dim == 1
    peak = none & at_threshold
    fixed = jax.lax.stop_gradient(penalty)
    decayed, held = (ridge_losses(problem, jnp.where(peak, 1.0, g), rule) for g in (penalty, fixed))
    # The limit's derivatives in the penalty are those of what it is the limit of. There are none at the peak, nor where
    # a penalty, however small, takes away at last what the start left in the modes that see no data.
    jumps = peak | (none & (problem.samples_per_dim < 1) & (inr > 0))
    broken = Losses(kinked(penalty, peak), kinked(penalty, jumps), kinked(penalty, jumps))
    ends = jax.tree_util.tree_map(
        lambda limit, end, held, broken: jnp.where(none, limit + moved_only(end - held) + broken, end),
        *(_ridgeless(problem, inr), decayed, held, broken),
    )
    # The rule ends at eigenvalues of 1e-300. Infinite is the peak without a penalty, and overflow anywhere else.
    reached = none | (penalty > SMALLEST_PENALTY) | (rule.lower > 0)
    legal = is_legal(problem) & (penalty >= 0) & (penalty < jnp.inf) & reached
    return jax.tree_util.tree_map(lambda value: jnp.where(legal & (peak | (value < jnp.inf)), value, jnp.nan), ends)


@compiled
def _limits(problem: TeacherStudent) -> Losses:
    return _end(problem, problem.weight_decay, problem.inr)


@compiled
def _ridge(problem: TeacherStudent, penalty: Array) -> Losses:
    return _end(problem, penalty, jnp.zeros_like(penalty))


@compiled
def _optimal(problem: TeacherStudent) -> OptimalRidge:
    snr, alpha = problem.snr, problem.samples_per_dim
    none = snr == 0
    penalty = 1 / jnp.where(none, 1.0, snr)
    # At penalty 1/SNR the numerator SNR g^2 + l is g + l: the test error is 1 plus the trace of one resolvent.
    # Without signal m(1/SNR) is 0 and begins as SNR - alpha SNR^2 does.
    lower, upper = spectral_edges(alpha)
    slight = jnp.where(none, snr, 0.0)
    begun = 2 * slight / (jnp.sqrt((1 + slight * lower) * (1 + slight * upper)) + 1 - slight * (1 - alpha))
    loss = 1 + jnp.where(none, begun, stieltjes(penalty, alpha))
    legal, loss = is_legal(problem), problem.noise**2 * loss
    return OptimalRidge(
        jnp.where(legal, jnp.where(none, jnp.inf, penalty) + kinked(snr, none), jnp.nan),
        jnp.where(legal & (loss < jnp.inf), loss, jnp.nan),
    )


def teacher_student_limits(problem: TeacherStudent) -> Losses:
    """See `grok_theory.linear.limits`."""
    require_float64("grok_theory.linear.limits")
    check_single(problem, "limits")
    return refuse_lost(_limits(as_numbers(problem)), "limits", LOST)


def teacher_student_ridge(problem: TeacherStudent, penalty: ArrayLike) -> Losses:
    """See `grok_theory.linear.ridge`."""
    require_float64("grok_theory.linear.ridge")
    check_single(problem, "ridge")
    check_shape("penalty", penalty, (), "Use jax.vmap for many penalties.")
    check_non_negative("penalty", penalty, "Pass the penalty g of |y - wX|^2 + g |w|^2, for example 0.2.")
    return refuse_lost(_ridge(*as_numbers((problem, penalty))), "ridge", LOST)


def optimal_ridge(problem: TeacherStudent) -> OptimalRidge:
    """Find the best ridge penalty, 1/SNR at every aspect ratio, and its test error 1 + m(1/SNR) in units of noise^2.

    Parameters
    ----------
    problem : TeacherStudent
        Its `inr` and `weight_decay` are ignored: ridge regression knows no initial weights.

    Returns
    -------
    OptimalRidge
        `.penalty` (inf for `snr=0`, where predicting nothing is best), `.test_loss` (label units squared); both to
        1e-14.

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
    >>> best = optimal_ridge(TeacherStudent(samples_per_dim=0.25, snr=5.0))
    >>> print(f"{best.penalty:.1f} {best.test_loss:.10f}")
    0.2 5.0000000000
    """
    require_float64("grok_theory.linear.optimal_ridge")
    check_single(problem, "optimal_ridge", TeacherStudent)
    return refuse_lost(_optimal(as_numbers(problem)), "optimal_ridge", LOST)
