"""The band of one run of `TeacherStudent`, from theory alone (`law_of_one_run`): no run is drawn.

Where a loss scatters by so much that its law is no longer log-normal, the forecast is refused.
"""

from __future__ import annotations

from collections.abc import Sequence

import jax
import numpy as np

from ..checks import check_choice, check_integer, check_key, check_size, require_float64
from ..errors import BadValue
from ..results import Forecast
from ..results.made_forecast import check_level, forecast_of_parts
from ..status import NOTED, Status
from .checked import check_single
from .law_of_one_run import LOSSES, MOST_VARIANCE, LogLossLaw, log_loss_law
from .methods import SpectralQuadrature
from .mode_relaxation import ByModes, Times, check
from .problem import TeacherStudent

__all__ = ["LOSSES", "forecast_teacher_student"]

LOOKED, KEPT = 4000, 1000  # draws that the width of a band is read from, and those that times are
PAD = 64  # lengths of x that are compiled


def forecast_teacher_student(
    problem: TeacherStudent,
    x: Times,
    dynamics: ByModes,
    *,
    dim: int,
    level: float,
    draws: int | None,
    key: jax.Array | None,
    test_samples: int | None,
    curves: Sequence[str],
) -> Forecast:
    """See `grok_theory.linear.forecast`."""
    require_float64("grok_theory.linear.forecast")
    check_single(problem, "forecast")
    check(problem, dynamics, x, "forecast")
    level = check_level(level)
    names = checked_names(curves)
    dim = check_integer("dim", dim, 1, "Pass the number of weights, for example dim=200.")
    alpha = float(np.asarray(problem.samples_per_dim))
    check_size("samples_per_dim * dim", alpha * dim, knob="dim", per=alpha)
    kept = KEPT if draws is None else check_integer("draws", draws, 8, f"{KEPT} is the default.")
    times = np.asarray(x, float)
    # The start too, of which fractions are taken; repeated at the end, so that few lengths are compiled.
    grid = np.concatenate([[0.0], times])
    padded = np.pad(grid, (0, -grid.size % PAD), mode="edge")
    law = log_loss_law(problem, padded, dim=dim, dynamics=dynamics)
    _refuse_no_log_normal(names, law, grid, dim, dynamics.x_name)
    law = law if test_samples is None else law.tested_on(test_samples)
    size = grid.size
    kept_x = np.concatenate([np.arange(size), padded.size + np.arange(size)])
    covariance = law.covariance[np.ix_(kept_x, kept_x)]
    variance, means, error = law.variance[:, :size], law.mean[:, :size], law.numerical_error[:, :size]
    drawn = _gaussian_paths(covariance, max(LOOKED, kept), key).reshape(-1, 2, size)
    middle, scatter, excursions, curves_of, starts, errors = ({} for _ in range(6))
    for i, name in enumerate(LOSSES):
        if name not in names:
            continue
        centre, deviation = means[i], np.sqrt(variance[i] + error[i] ** 2)
        largest = np.max(np.abs(drawn[:, i, 1:]) / np.maximum(deviation[1:], 1e-300), axis=1)
        middle[name], scatter[name], excursions[name] = centre[1:], deviation[1:], np.sort(largest)
        values = np.exp(centre + drawn[:kept, i])
        curves_of[name], starts[name] = values[:, 1:], values[:, 0]
        errors[name] = (error[i] * np.exp(centre))[1:]
    return forecast_of_parts(
        middle,
        scatter,
        level,
        kept,
        excursions,
        problem=problem,
        x=times,
        x_name=dynamics.x_name,
        x_unit=dynamics.x_unit,
        dynamics=dynamics,
        draws=curves_of,
        starts=starts,
        made_from="theory",
        dim=dim,
        test_samples=test_samples,
        numerical_error=errors,
        method=SpectralQuadrature(),
        status=Status(NOTED if law.noted else 0, noted=law.noted),
    )


def checked_names(curves: Sequence[str]) -> tuple[str, ...]:
    """The curves asked for, in their order; refuses others."""
    if isinstance(curves, str) or not curves:
        raise BadValue(f"curves is {curves!r}, but it must list some of {', '.join(LOSSES)}. Pass ['test_loss'].")
    asked = [check_choice("curves", name, LOSSES, "Losses of one run are forecast.") for name in curves]
    return tuple(name for name in LOSSES if name in asked)


def _refuse_no_log_normal(names, law: LogLossLaw, grid: np.ndarray, dim: int, x_name: str) -> None:
    for i, name in enumerate(LOSSES):
        variance = np.expm1(law.variance[i, : grid.size])
        wrong = ~(variance <= MOST_VARIANCE)
        if name not in names:
            continue
        if wrong.any():
            at = int(np.flatnonzero(wrong)[0])
            other = next(n for n in LOSSES if n != name)
            ends = f"end x before {x_name} {grid[at]:.4g}, " if at else ""
            raise BadValue(
                f"x reaches {x_name} {grid[-1]:g}, but from {grid[at]:.4g} on the {name} of a run of dim {dim} is not "
                f"self-averaging (its variance is {variance[at]:.2g} of its squared mean, where {MOST_VARIANCE:g} is "
                f'allowed), and a band would not hold. Pass a larger dim, {ends}or curves=["{other}"].'
            )


def _gaussian_paths(covariance: np.ndarray, count: int, key: jax.Array | None) -> np.ndarray:
    """(count, n) Gaussian vectors of mean zero; where a curve was refused and not asked for, zeros."""
    known = np.isfinite(np.diagonal(covariance))
    covariance = np.where(known[:, None] & known[None, :], covariance, 0.0)
    scale = np.sqrt(np.maximum(np.diagonal(covariance), 0.0))
    unit = np.where(scale > 0, scale, 1.0)
    values, vectors = np.linalg.eigh(covariance / np.outer(unit, unit))
    # Logarithms of a covariance need not be one; what is below zero is rounding and terms of higher order. The
    # symmetric root is continuous: eigenvectors have any sign and rank hangs on rounding, so that another machine's
    # draws would be others.
    root = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    # Each curve keeps the variance it has.
    norm = np.sqrt(np.sum(root**2, axis=1))
    root *= (scale / np.where(norm > 0, norm, 1.0))[:, None]
    if key is not None:
        check_key(key)
    words = [0] if key is None else np.asarray(jax.random.key_data(key)).ravel().tolist()
    return np.random.default_rng(words).standard_normal((count, root.shape[1])) @ root.T
