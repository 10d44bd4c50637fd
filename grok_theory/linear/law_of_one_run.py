"""The law of one run of `TeacherStudent`: mean and covariance of the logarithms of its losses, from theory alone.

With m = theory + mean shift and V_tu = covariance/(m_t m_u) the logarithm of a loss is taken for Gaussian with the same
two moments,

    log loss(t) = log m - v/2 + sqrt(v) g(t),    v = ln(1 + V_tt),    <g_t g_u> = ln(1 + V_tu)/sqrt(v_t v_u),

train and test loss together. A Gaussian law of the loss itself fails where the relative spread is large; the log-normal
one holds up to V_tt = 1/2 (docs/forecast.md).
"""

from __future__ import annotations

import dataclasses

import numpy as np

from ..checks import check_integer, require_float64
from ..errors import BadValue
from ..numerics.padding import repeated
from ..pytrees import record
from ..results.made_forecast import log_variance
from .checked import check_single
from .curves import solve_teacher_student
from .finite_size import spread_of_curves
from .mode_relaxation import FLOW, ByModes, Times, check
from .problem import TeacherStudent

__all__ = ["LOSSES", "MOST_VARIANCE", "LogLossLaw", "log_loss_law"]

LOSSES = ("train_loss", "test_loss")
MOST_VARIANCE = 0.5  # of a loss over its square, from where on its law is no longer log-normal


@record(static=("names", "noted"))
class LogLossLaw:
    """Gaussian law of the logarithms of the losses of one run, all curves and times together.

    Parameters
    ----------
    names : tuple of str
        The curves, in the order of the first axis of `mean`.
    x : ndarray
        (T,) times or steps.
    mean : ndarray
        (curves, T) means of the logarithms; nan where the expansion in 1/N gives no positive loss.
    covariance : ndarray
        (curves T, curves T), curve by curve.
    numerical_error : ndarray
        (curves, T) of `mean`, from that of the theory's curves.
    noted : str
        A remark of the theory; empty where it has none.
    """

    names: tuple[str, ...]
    x: np.ndarray
    mean: np.ndarray
    covariance: np.ndarray
    numerical_error: np.ndarray
    noted: str = ""

    @property
    def variance(self) -> np.ndarray:
        """(curves, T) of the logarithms; the squared relative spread of a loss is exp(variance) - 1."""
        return np.diagonal(self.covariance).reshape(self.mean.shape)

    def tested_on(self, samples: int) -> LogLossLaw:
        """The law where the test loss is measured on so many fresh noisy samples.

        Parameters
        ----------
        samples : int
            How many, at least 1. Errors on fresh inputs are Gaussian: their squares have twice the squared mean as
            variance, which all times share.

        Returns
        -------
        LogLossLaw
            With that variance in `covariance`, and half of it less in `mean`.

        Raises
        ------
        BadValue
            For another number of samples.
        """
        samples = check_integer("test_samples", samples, 1, "Pass how many fresh samples test it.")
        shared, size, at = log_variance(2.0 / samples), self.x.size, self.names.index("test_loss")
        mean, covariance = self.mean.copy(), self.covariance.copy()
        mean[at] -= shared / 2
        covariance[at * size : (at + 1) * size, at * size : (at + 1) * size] += shared
        return dataclasses.replace(self, mean=mean, covariance=covariance)


def log_loss_law(
    problem: TeacherStudent,
    x: Times,
    *,
    dim: int,
    dynamics: ByModes = FLOW,
    test_samples: int | None = None,
) -> LogLossLaw:
    """The law of one run that `forecast` draws its band from: mean and covariance of the logarithms of its losses.

    Parameters
    ----------
    problem : TeacherStudent
        What is run.
    x : array_like
        (T,), as in `solve`.
    dim : int
        N, the number of weights.
    dynamics : GradientFlow or GradientDescent, default GradientFlow()
        As in `solve`.
    test_samples : int, optional
        How many fresh noisy samples the run's test loss is measured on; left out, it is taken for exact.

    Returns
    -------
    LogLossLaw
        Of `train_loss` and `test_loss` together: a multivariate normal law of their logarithms.

    Raises
    ------
    BadValue
        For an argument out of its range, naming it.
    SolveFailed
        Where float64 ends, or a variance is negative (too few weights for an expansion in 1/N).
    Float64Required
        Where JAX computes in float32.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> law = log_loss_law(TeacherStudent(samples_per_dim=2.0, snr=5.0), [0.0, 1.0], dim=100)
    >>> law.covariance.shape
    (4, 4)
    """
    if not isinstance(problem, TeacherStudent):
        raise BadValue(
            f"problem is a {type(problem).__name__}, but grok_theory.linear.log_loss_law takes TeacherStudent. "
            "Pass one."
        )
    require_float64("grok_theory.linear.log_loss_law")
    check_single(problem, "log_loss_law")
    check(problem, dynamics, x, "log_loss_law")
    dim = check_integer("dim", dim, 1, "Pass the number of weights, for example dim=200.")
    times = np.asarray(x, float)
    size = times.size
    # The last one again and again, so that few lengths are compiled.
    padded = repeated(times)
    theory = solve_teacher_student(problem, padded, dynamics)
    spread = spread_of_curves(problem, padded, dim, dynamics, LOSSES)
    means = np.stack([(np.asarray(theory[n]) + np.asarray(spread.mean_shift[n]))[:size] for n in LOSSES])
    errors = np.stack([np.asarray(theory.numerical_error[n])[:size] for n in LOSSES])
    train, test = (np.asarray(spread.covariance[name])[:size, :size] for name in LOSSES)
    between = np.asarray(spread.train_test_covariance)[:size, :size]
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = np.block([[train, between], [between.T, test]]) / np.outer(means, means)
        covariance = log_variance(relative)
        centre = np.log(means) - np.diagonal(covariance).reshape(means.shape) / 2
        errors = errors / means
    law = LogLossLaw(LOSSES, times, centre, covariance, errors, theory.status.text)
    return law if test_samples is None else law.tested_on(test_samples)
