"""Inference against data: how many answers reach a given error, and what more training data are worth in answers."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from jax.typing import ArrayLike

from ..checks import check_between, check_positive, check_shape
from ..errors import BadValue
from ..pytrees import record
from ..reports import table
from ..status import Status
from .evaluation import Search
from .optima import checked_problem, refuse_traced
from .optimum import RESOLUTION, error_at
from .problem import LinearJudge, Posterior, Prompt
from .sloped_curve import Curve
from .temperatures import check_temperature

_STEP = 1e-4  # relative step of the derivative along the data, for the exchange rate


@record()
class EqualError:
    """Pairs of data and answers that reach one error.

    Parameters
    ----------
    error : float
        The mean squared error that all pairs share.
    examples_per_dim : ndarray
        (ratios,) training examples a dimension, n/d.
    samples : ndarray
        (ratios,) the least real k at each of `examples_per_dim`; 1 where a single answer is enough, inf where no k up
        to the largest looked at is.
    exchange_rate : ndarray
        (ratios,) -d ln k / d ln(n/d) along the curve, the percent of answers that one percent of data replaces; nan
        where k is 1 or inf.
    status : Status
        `noted` where an exact curve that was looked at is.
    """

    error: float
    examples_per_dim: np.ndarray
    samples: np.ndarray
    exchange_rate: np.ndarray
    status: Status

    def __str__(self) -> str:
        rows = [
            (f"n/d = {n:g}", f"k = {k:.6g}", f"rate {r:.4g}" if r == r else "")
            for n, k, r in zip(self.examples_per_dim, self.samples, self.exchange_rate)
        ]
        said = [] if self.status.name == "good" else [str(self.status)]
        return "\n".join([f"Answers needed for error {self.error:g}", *table(rows), *said])


def samples_needed(
    problem: Prompt | Posterior | LinearJudge,
    error: ArrayLike | Sequence[float],
    *,
    temperature: ArrayLike,
    max_samples: float = 1e9,
) -> np.ndarray:
    """The least real number of answers k whose expected error is at most `error`.

    The exact curve is scanned with its slope up to `max_samples`, its minima are found, and its first crossing is
    refined to about 1e-10 relative. With an overshooting judge the curve can rise again behind it.

    Parameters
    ----------
    problem : Prompt or Posterior or LinearJudge
        The prompt or population; a `LinearJudge` is taken at its `posterior`.
    error : array_like or Sequence[float]
        A number or (errors,), in the unit of the squared answers, > 0.
    temperature : array_like
        Of the softmax over scores, in units of squared error; one number, 0 (best of k) to inf (no selection).
    max_samples : float, default 1e9
        The largest k to look at, >= 1 and finite.

    Returns
    -------
    ndarray
        Of the shape of `error`: the least k; 1 where one answer is enough, inf where no k up to `max_samples` is. A
        warning says where an exact curve that was looked at is `noted`.

    Raises
    ------
    BadValue
        For an argument out of its range, named with what is allowed, and for one that JAX traces.
    SolveFailed
        Where the exact curve has no trustworthy answer, as in `solve`.
    Float64Required
        Where JAX computes in float32.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> print(samples_needed(Prompt(0.3, 0.3), [2.0, 0.1, 1e-6], temperature=0.0).round(4))
    [1.0000000e+00 4.7239000e+00 1.8525379e+03]
    """
    search = Search()
    found = _needed(search, problem, error, temperature, max_samples)
    if search.level:
        warnings.warn(f"samples_needed: {search.status().text}", stacklevel=2)
    return found


def _needed(search, problem, error, temperature, max_samples):
    solved = checked_problem("samples_needed", problem)
    refuse_traced("temperature", temperature)
    refuse_traced("error", error)
    check_temperature(temperature)
    check_shape("error", error, (None,) if np.ndim(error) else (), "Pass one error, or a list of them.")
    check_positive("error", error, "Pass the mean squared error to reach, for example 0.1.")
    check_between(
        "max_samples", max_samples, 1.0, np.inf, "Pass the largest k to look at, for example 1e9.", include_high=False
    )
    targets = np.atleast_1d(np.asarray(error, float))
    found = _crossings(search, solved, targets, float(temperature), float(max_samples))
    return found.reshape(np.shape(error))


def _crossings(search, solved, targets, temperature, largest):
    if temperature == np.inf:  # nothing is selected
        return np.where(error_at(search, solved, 1.0, temperature).error <= targets, 1.0, np.inf)
    curve = Curve(search, solved, temperature)
    targets = targets * (1 + RESOLUTION)  # the error at the optimum is reached, whichever way it was rounded
    # The curve of an overshooting judge dips, and errors just above its minimum may be reached between two points only.
    found = curve.with_minima(curve.scan(largest), targets.min(initial=np.inf))
    return np.array([np.exp(curve.first_below(found, target)) for target in targets])


def equal_error(
    judge: LinearJudge,
    examples_per_dim: ArrayLike | Sequence[float],
    *,
    error: float,
    temperature: ArrayLike,
    max_samples: float = 1e9,
) -> EqualError:
    """Inference against data at equal error: the answers k needed at each amount of training data n/d.

    Parameters
    ----------
    judge : LinearJudge
        The regression; its own `examples_per_dim` is replaced.
    examples_per_dim : array_like or Sequence[float]
        (ratios,) training examples a dimension to compare, > 0.
    error : float
        The mean squared error that all pairs share, > 0.
    temperature : array_like
        Of the softmax over scores, in units of squared error; one number, 0 (best of k) to inf (no selection).
    max_samples : float, default 1e9
        The largest k to look at, >= 1 and finite.

    Returns
    -------
    EqualError
        With `samples` and `exchange_rate` = -d ln k/d ln(n/d) = (dE/d ln n)/(dE/d ln k) on the exact curve, the former
        by central differences.

    Raises
    ------
    BadValue
        For an argument out of its range, named with what is allowed, for a judge that is no `LinearJudge`, and for an
        argument that JAX traces.
    SolveFailed
        Where an exact curve has no trustworthy answer, as in `solve`.
    Float64Required
        Where JAX computes in float32.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> judge = LinearJudge(examples_per_dim=1.0, noise=1.0, prior_scale=3.0)
    >>> print(equal_error(judge, [2.0], error=0.1, temperature=0.0))
    Answers needed for error 0.1
      n/d = 2  k = 8.68745  rate 0.6139
    """
    if not isinstance(judge, LinearJudge):
        raise BadValue(
            f"judge is {type(judge).__name__}, but only a LinearJudge is trained on data. "
            "Build best_of_k.LinearJudge(...), or use samples_needed."
        )
    refuse_traced("examples_per_dim", examples_per_dim)
    check_shape("examples_per_dim", examples_per_dim, (None,), "Pass a list, for example [2.0, 8.0, 32.0].")
    check_positive("examples_per_dim", examples_per_dim, "Pass training examples / dimension, for example 2.0.")
    check_shape("error", error, (), "Pass one error; call once for each.")
    ratios = np.asarray(examples_per_dim, float)
    samples, rates = np.full(ratios.size, np.nan), np.full(ratios.size, np.nan)
    search = Search()
    for i, ratio in enumerate(ratios):
        at = replace(judge, examples_per_dim=float(ratio))
        samples[i] = _needed(search, at, error, temperature, max_samples)
        if 1 < samples[i] < np.inf:
            rates[i] = _exchange_rate(search, at, samples[i], temperature)
    return EqualError(float(error), ratios, samples, rates, search.status())


def _exchange_rate(search: Search, judge: LinearJudge, k: float, temperature: ArrayLike) -> float:
    """(dE/d ln n)/(dE/d ln k), the former by central differences on the exact curve."""

    def at(ratio):
        solved = checked_problem("equal_error", replace(judge, examples_per_dim=ratio))
        return Curve(search, solved, temperature).at(np.log([k]))

    ratio = float(judge.examples_per_dim)
    more, less = (float(at(ratio * np.exp(step)).error[0]) for step in (_STEP, -_STEP))
    return (more - less) / (2 * _STEP) / float(at(ratio).slope[0])
